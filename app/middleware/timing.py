"""TimingMiddleware: how long responses take, as a log line, a histogram and a Server-Timing header."""

import logging
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.headers import add_headers
from app.observability.metrics import Metrics
from app.static_files import PREFIX
from app.view_id import without_view_ids

logger = logging.getLogger("app.requests")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class TimingMiddleware:
    """Measures every response; only `RequestIdMiddleware` is outside of it, so that its log lines have the id."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = perf_counter()
        is_static = scope["path"].startswith(f"{scope.get('root_path', '')}{PREFIX}/")
        status = 500

        async def send_timed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # A page loads fifty static files: there the header would only add to what is downloaded.
                if not is_static:
                    milliseconds = (perf_counter() - begin) * 1000
                    add_headers(message, [(b"server-timing", f"app;dur={milliseconds:.2f}".encode())])
            await send(message)

        try:
            await self._app(scope, receive, send_timed)
        finally:
            seconds = perf_counter() - begin
            # Labels come from this server's own routes and methods: a client must not be able to invent any.
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = "/static" if is_static else str(getattr(scope.get("route"), "path", "unknown"))
            self._metrics.count_response(method, route, status, seconds)
            # The path alone: a query may hold a shared drawing.
            path = without_view_ids(scope["path"])[:200]
            fields = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 2)}
            logger.info("request", extra=fields)
