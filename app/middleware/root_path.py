"""RootPathMiddleware: the service under a path of a proxy, whether or not the proxy removes that path."""

from starlette.types import ASGIApp, Receive, Scope, Send


class RootPathMiddleware:
    """Adds the root path to the path of a request that comes without it, as ASGI's `path` always has it.

    Routes are matched without the root path, so the service is also there for a health check that does not go through
    the proxy.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        """Serve under a path.

        Args:
            app: The application.
            root_path: Where the request itself has none.
        """
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root_path = scope.get("root_path") or self._root_path
        if root_path and scope["type"] in ("http", "websocket"):
            path = scope["path"]
            if path == root_path:
                path = f"{path}/"
            elif not path.startswith(f"{root_path}/"):
                path = f"{root_path}{path}"
            scope = {**scope, "path": path, "root_path": root_path}
        await self._app(scope, receive, send)
