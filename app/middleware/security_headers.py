"""SecurityHeadersMiddleware: what a browser may do with our responses."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.headers import add_headers, encoded


def content_security_policy(framed_by: Sequence[str] = ()) -> str:
    """The policy of a page that these origins, and no others, may show in a frame."""
    ancestors = " ".join(framed_by) or "'none'"
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        ]
    )


HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

DOCUMENT_HEADERS = {
    "Content-Security-Policy": content_security_policy(),
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""For everything that a browser might open as a page of its own; a page may have its own policy."""

PARTS = (b"text/javascript", b"text/css")
"""Never pages: a browser heeds the policies of the page that loads them. A page loads forty of them, so bytes count."""


RESPONSES = ("http.response.start", "websocket.http.response.start")
"""The second one is the response to a WebSocket handshake that is not accepted."""


class SecurityHeadersMiddleware:
    """No inline script, no foreign host, no frame around us but those of embeds."""

    def __init__(self, app: ASGIApp, *, has_embeds: bool) -> None:
        """Say how browsers treat responses.

        Args:
            app: The application.
            has_embeds: Whether pieces of pages may be shown in frames. A sandboxed frame has no origin, so that styles
                and scripts would be those of another site.
        """
        self._app = app
        policy = "cross-origin" if has_embeds else "same-origin"
        self._of_all = encoded({**HEADERS, "Cross-Origin-Resource-Policy": policy})
        self._of_documents = encoded(DOCUMENT_HEADERS)
        # Browsers keep these files, and use the same ones in frames without an origin.
        self._of_parts = encoded({"Access-Control-Allow-Origin": "*"} if has_embeds else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] in RESPONSES:
                own = dict(message["headers"])
                is_part = own.get(b"content-type", b"").startswith(PARTS)
                # A page may have a policy of its own.
                more = self._of_parts if is_part else [each for each in self._of_documents if each[0] not in own]
                add_headers(message, [*self._of_all, *more])
            await send(message)

        await self._app(scope, receive, send_secured)
