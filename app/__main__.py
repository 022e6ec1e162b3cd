"""python -m app: serve with uvicorn, as the environment sets it."""

import uvicorn

from app.http_protocol import BoundedHttpProtocol
from app.main import create_app
from app.observability.logging import configure_logging
from app.settings import Settings


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    configure_logging(settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=BoundedHttpProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,  # `TimingMiddleware` logs requests, without their queries
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        ws_max_size=65_536,
        ws_per_message_deflate=False,  # tensors hardly shrink, and it costs 16 times the messages
    )


if __name__ == "__main__":
    main()
