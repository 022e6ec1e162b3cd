"""BodyLimitMiddleware: limits the bytes and the seconds of request bodies, of each one and of all together.

It counts the bytes that arrive, since a Content-Length may be missing or wrong. For headers and idle connections see
`app.server.http_protocol`.
"""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError, BodyTooLarge, RequestTooSlow, ServerBusy
from app.middleware.headers import request_header
from app.problems import problem_response

# The rest of a rejected body is not read, so the connection cannot serve another request.
_CLOSE = {"Connection": "close"}


class BodyLimitMiddleware:
    """Rejects a body as soon as it is too large, too slow or one too many."""

    def __init__(self, app: ASGIApp, body_bytes: int, buffered_bytes: int, seconds: float) -> None:
        """Limit bodies.

        Args:
            app: The application.
            body_bytes: Largest body.
            buffered_bytes: Largest sum of the bodies of all running requests.
            seconds: Time for a body to arrive.
        """
        self._app = app
        self._body_bytes = body_bytes
        self._buffered_bytes = buffered_bytes
        self._seconds = seconds
        self._buffered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = request_header(scope, b"content-length")
        if declared.isdecimal() and int(declared[:20]) > self._body_bytes:
            await problem_response(Request(scope), self._too_large(int(declared[:20])))(scope, receive, send)
            return

        deadline = asyncio.get_running_loop().time() + self._seconds
        received = 0
        complete = False

        async def receive_bounded() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise RequestTooSlow(
                    f"{received:,} bytes of the body arrived within {self._seconds:g} s, but it is not complete.",
                    headers=_CLOSE,
                    limit_seconds=self._seconds,
                ) from None
            size = len(message.get("body", b""))
            received += size
            self._buffered += size
            complete = not message.get("more_body", False)
            self._check(received)
            return message

        try:
            await self._app(scope, receive_bounded, send)
        finally:
            self._buffered -= received

    def _check(self, received: int) -> None:
        if received > self._body_bytes:
            raise self._too_large(received)
        if self._buffered > self._buffered_bytes:
            raise ServerBusy(
                "The bodies of other requests already take all the memory that this server allows.",
                headers=_CLOSE,
            )

    def _too_large(self, size: int) -> AppError:
        return BodyTooLarge(
            f"The body has {size:,} bytes or more; this server reads up to {self._body_bytes:,}.",
            headers=_CLOSE,
            limit_bytes=self._body_bytes,
        )
