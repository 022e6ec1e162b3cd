"""CompressionMiddleware: gzip for clients that take it, and next to no work for those that do not."""

from collections.abc import Sequence

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.headers import request_header

MINIMUM_BYTES = 500
"""A smaller response would shrink by little more than the headers that say that it is compressed."""

VARY = b"Accept-Encoding"


class CompressionMiddleware:
    """Starlette's, which does nearly as much for a client that takes no gzip: only to say that the response varies."""

    def __init__(self, app: ASGIApp, level: int, excluded: Sequence[str]) -> None:
        """Compress responses.

        Args:
            app: The application.
            level: 1 to 9.
            excluded: Media types that hardly shrink, or are compressed already.
        """
        self._app = app
        types = (*DEFAULT_EXCLUDED_CONTENT_TYPES, *excluded)
        self._compressing = GZipMiddleware(app, MINIMUM_BYTES, level, exclude_content_types=types)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "gzip" in request_header(scope, b"accept-encoding"):
            await self._compressing(scope, receive, send)
            return

        async def send_varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _varied(message["headers"])
            await send(message)

        await self._app(scope, receive, send_varied)


def _varied(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    vary = [value for name, value in headers if name == b"vary"]
    if VARY in b", ".join(vary):
        return list(headers)
    others = [header for header in headers if header[0] != b"vary"]
    return [*others, (b"vary", b", ".join([*vary, VARY]))]
