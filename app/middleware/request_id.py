"""RequestIdMiddleware: one id for a request, in its answer and in every log line."""

import re
import uuid
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What a client sends goes into headers and logs, so only harmless characters are taken over.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


ANSWERS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class RequestIdMiddleware:
    """Takes over the id that a client or proxy sends, or makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(HEADER, "")
        own = sent if _ACCEPTED.fullmatch(sent) else uuid.uuid4().hex

        async def send_with_id(message: Message) -> None:
            if message["type"] in ANSWERS:
                MutableHeaders(scope=message)[HEADER] = own
            await send(message)

        token = request_id.set(own)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            request_id.reset(token)
