"""python -m app: serve with uvicorn, as the environment sets it."""

from typing import Any

import uvicorn
from fastapi import FastAPI

from app.http_protocol import BoundedHttpProtocol
from app.main import create_app
from app.observability.logging import configure_logging
from app.settings import Settings
from app.websocket_protocol import MESSAGE_BYTES, BoundedWebSocketProtocol


def uvicorn_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn is to serve the application."""
    return {
        "host": settings.host,
        "port": settings.port,
        "http": BoundedHttpProtocol,
        "ws": BoundedWebSocketProtocol,
        "lifespan": "on",
        "log_config": None,
        "access_log": False,  # `TimingMiddleware` logs requests, without their queries
        "server_header": False,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": settings.shutdown_seconds,
        "ws_max_size": MESSAGE_BYTES,
        "ws_per_message_deflate": False,  # tensors hardly shrink, and it costs 16 times the messages
    }


def create_worker() -> FastAPI:
    """The application of one of several worker processes."""
    settings = Settings()
    configure_logging(settings.log_level)
    return create_app(settings)


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    if settings.workers == 1:
        uvicorn.run(create_worker(), **uvicorn_options(settings))
    else:
        # uvicorn starts a worker that died anew; each makes its own application.
        configure_logging(settings.log_level)
        options = {**uvicorn_options(settings), "workers": settings.workers, "factory": True}
        uvicorn.run("app.__main__:create_worker", **options)


if __name__ == "__main__":
    main()
