"""ForwardedMiddleware: what a trusted proxy says of a request that it passes on."""

import re
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.middleware.headers import request_header
from app.settings import ROOT_PATH

_PREFIX = re.compile(ROOT_PATH)


class ForwardedMiddleware:
    """Reads X-Forwarded-Proto and X-Forwarded-For as uvicorn does, and X-Forwarded-Prefix, of trusted proxies alone."""

    def __init__(self, app: ASGIApp, trusted: str, is_free: Callable[[str], bool]) -> None:
        """Trust proxies.

        Args:
            app: The application.
            trusted: Addresses and networks of proxies, separated by commas; ``*``: all.
            is_free: Whether no address of the service begins with a path.
        """
        self._app = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type]
        self._is_free = is_free

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            client = scope.get("client")
            if client is not None and client[0] in self._app.trusted_hosts:
                prefix = request_header(scope, b"x-forwarded-prefix").rstrip("/")
                if prefix and _PREFIX.fullmatch(prefix) and self._is_free(prefix):
                    scope = {**scope, "root_path": prefix}
        await self._app(scope, receive, send)  # type: ignore[arg-type]
