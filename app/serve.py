"""Serving with uvicorn, with settings from the environment."""

import os
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.main import create_app
from app.observability.logging import configure_logging
from app.server.http_protocol import BoundedHttpProtocol
from app.server.websocket_protocol import MESSAGE_BYTES, BoundedWebSocketProtocol
from app.settings import Settings
from app.state_folder import state_of


def uvicorn_options(settings: Settings) -> dict[str, Any]:
    """The options of uvicorn."""
    return {
        "host": settings.host,
        "port": settings.port,
        "http": partial(BoundedHttpProtocol, root_path=settings.root_path),
        "ws": partial(BoundedWebSocketProtocol, root_path=settings.root_path),
        "proxy_headers": False,  # `ForwardedMiddleware` reads them, and X-Forwarded-Prefix
        "lifespan": "on",
        "log_config": None,
        "access_log": False,  # `TimingMiddleware` logs requests, without their queries
        "server_header": False,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": settings.shutdown_seconds,
        "ws_max_size": MESSAGE_BYTES,
        "ws_per_message_deflate": False,  # tensors hardly shrink, and it costs 16 times as much as the messages
    }


def create_worker() -> FastAPI:
    """The application of a worker process."""
    settings = Settings()
    configure_logging(settings.log_level)
    return create_app(settings)


def main() -> None:
    """Serve until a signal stops the process."""
    settings = Settings()
    configure_logging(settings.log_level)
    with state_of(settings) as state:
        os.environ["KERNELSCOPE_STATE"] = str(state)  # for all workers
        _run(settings)


def _run(settings: Settings) -> None:
    # One worker is this process. Of several, each creates its own application, and uvicorn restarts one that died.
    uvicorn.run("app.serve:create_worker", factory=True, workers=settings.workers, **uvicorn_options(settings))
