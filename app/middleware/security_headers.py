"""SecurityHeadersMiddleware: what a browser may do with our responses."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}

DOCUMENT_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""For whatever a browser might open as a page of its own."""

PARTS = ("text/javascript", "text/css")
"""Never pages: a browser heeds the policies of the page that loads them. A page loads forty of them, so bytes count."""


RESPONSES = ("http.response.start", "websocket.http.response.start")
"""The second one is the response to a WebSocket handshake that is not accepted."""


class SecurityHeadersMiddleware:
    """No inline script, no foreign host, no frame around us."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] in RESPONSES:
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if not headers.get("Content-Type", "").startswith(PARTS):
                    headers.update(DOCUMENT_HEADERS)
            await send(message)

        await self._app(scope, receive, send_secured)
