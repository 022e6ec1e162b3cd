"""ResponsePiecesMiddleware: sends large bodies in pieces, and counts those that clients have not read yet.

The event loop keeps all of what it was given until the last byte of it is sent, but reports only the bytes that remain.
So a body of 7 MB of which a client read 6 MB would count as 1 MB.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PIECE_BYTES = 2**18
"""What a connection may hold uncounted."""


class UnreadResponses:
    """Bodies of this process that are being sent.

    Attributes:
        bytes: Their sum, each counted in full until its last piece is handed to the connection.
    """

    def __init__(self) -> None:
        self.bytes = 0


class ResponsePiecesMiddleware:
    """The server accepts a piece when the client has read most of those before."""

    def __init__(self, app: ASGIApp, unread: UnreadResponses) -> None:
        self._app = app
        self._unread = unread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
                await send(message)
                return
            self._unread.bytes += len(body)
            try:
                view = memoryview(body)
                for begin in range(0, len(body), PIECE_BYTES):
                    end = begin + PIECE_BYTES
                    more = end < len(body) or message.get("more_body", False)
                    await send({"type": message["type"], "body": view[begin:end], "more_body": more})
            finally:
                self._unread.bytes -= len(body)

        await self._app(scope, receive, send_in_pieces)
