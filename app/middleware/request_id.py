"""RequestIdMiddleware: one id for each request, in its response and in its log lines."""

import random
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.headers import add_headers, request_header
from app.observability.logging import request_id

HEADER = "X-Request-ID"
NAME = HEADER.lower().encode()

# The client's id goes into headers and logs, so only harmless characters are accepted.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")

RESPONSES = ("http.response.start", "websocket.accept", "websocket.http.response.start")


def new_request_id() -> str:
    """16 hexadecimal digits; anyone may guess them."""
    return f"{random.getrandbits(64):016x}"


class RequestIdMiddleware:
    """Uses the id that a client or proxy sends, or creates one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        sent = request_header(scope, NAME)
        own = sent if _ACCEPTED.fullmatch(sent) else new_request_id()

        async def send_with_id(message: Message) -> None:
            if message["type"] in RESPONSES:
                add_headers(message, [(NAME, own.encode())])
            await send(message)

        token = request_id.set(own)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            request_id.reset(token)
