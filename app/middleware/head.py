"""HeadMiddleware: HEAD wherever GET works, as HTTP requires: the same headers, no body."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadMiddleware:
    """Calls the application with GET; the server knows that it was HEAD, and does not send the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # A copy, because the server reads the method again when it responds.
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, send)
        finally:
            # Middleware around this one counts requests by route.
            scope.update({name: as_get[name] for name in ("route", "path_params") if name in as_get})
