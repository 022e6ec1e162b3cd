"""The service with one more operation: it reads the body and answers with a constant one of the same size.

What that reaches is what server, middleware and client allow; the share that the real operations reach of it is theirs.
"""

import os
from contextlib import suppress

import uvicorn
from fastapi import Request, Response, WebSocket
from starlette.websockets import WebSocketDisconnect

from app.http_protocol import BoundedHttpProtocol
from app.main import create_app
from app.settings import Settings

app = create_app(Settings(log_level="error", live_messages=100_000))
BODIES = {size: bytes(size) for size in map(int, filter(None, os.environ.get("BENCH_SIZES", "").split(",")))}


@app.post("/constant/{size}", include_in_schema=False)
async def constant(request: Request, size: int) -> Response:
    """As many bytes as the real operation answers."""
    await request.body()
    return Response(BODIES[size], media_type="application/octet-stream")


@app.websocket("/constant/{size}")
async def constant_live(websocket: WebSocket, size: int) -> None:
    """As many bytes for each message as the live channel answers."""
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()
            await websocket.send_bytes(BODIES[size])


if __name__ == "__main__":
    uvicorn.run(
        "bench.server:app",
        port=int(os.environ["PORT"]),
        workers=int(os.environ["BENCH_WORKERS"]),
        http=BoundedHttpProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        ws_per_message_deflate=False,
    )
