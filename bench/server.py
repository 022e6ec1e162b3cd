"""The service with one more operation, which reads the body and responds with a constant one of the same size.

Its throughput is the limit set by server, middleware and client; that of the real operations is given as a share of it.
"""

import os
from contextlib import suppress

import uvicorn
from fastapi import Request, Response, WebSocket
from starlette.websockets import WebSocketDisconnect

from app.main import create_app
from app.serve import uvicorn_options
from app.settings import Settings

SETTINGS = Settings(log_level="error", live_messages=100_000, port=int(os.environ["PORT"]))

app = create_app(SETTINGS)
BODIES = {size: bytes(size) for size in map(int, filter(None, os.environ.get("BENCH_SIZES", "").split(",")))}


@app.post("/constant/{size}", include_in_schema=False)
async def constant(request: Request, size: int) -> Response:
    """As many bytes as the response of the real operation."""
    await request.body()
    return Response(BODIES[size], media_type="application/octet-stream")


@app.websocket("/constant/{size}")
async def constant_live(websocket: WebSocket, size: int) -> None:
    """As many bytes for each message as a response of the live channel."""
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()
            await websocket.send_bytes(BODIES[size])


# Before the one that rejects all other addresses.
app.router.routes.insert(0, app.router.routes.pop())

if __name__ == "__main__":
    uvicorn.run(
        "bench.server:app",
        workers=int(os.environ["BENCH_WORKERS"]),
        **uvicorn_options(SETTINGS),
    )
