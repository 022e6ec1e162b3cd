"""BoundedWebSocketProtocol: uvicorn's WebSocket protocol with bounds on what a client can make it keep.

uvicorn waits for a slow reader for ever, even to say goodbye; it answers pings into a buffer without end, keeps the
pieces of a message however many there are, and leaves a handshake that it cannot read without an answer.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from app.errors import HeadersTooLarge
from app.http_protocol import refuse_outright

MESSAGE_BYTES = 65_536
"""Largest message of a client; beyond, the connection is closed with 1009."""

PIECES = 64
"""Most frames of one message. Browsers send one."""

SEND_SECONDS = 10.0
"""Time for a client to read what is buffered for it."""

UNSENT_BYTES = 65_536
"""What the kernel may hold back of answers. Left to itself it takes megabytes for a slow client: dozens of answers, all
of them older than the newest drawing. To one that reads ten answers a second they came 3.9 s late, with this 1.7 s."""

INVALID_DATA, TRY_AGAIN_LATER = 1007, 1013
"""Codes that close a WebSocket (RFC 6455, 7.4.1, and its registry)."""


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Says goodbye to a client that does not read in time, with 1013, and hangs up if it does not read that either."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_complete:
            # uvicorn would leave the client without an answer, and keep the connection.
            self.handshake_complete = True
            refuse_outright(
                self.transport, HeadersTooLarge(f"The handshake cannot be read: {self.conn.handshake_exc}.")
            )

    def shutdown(self) -> None:
        if self.handshake_complete and self.conn.state is not State.OPEN:
            # uvicorn would say goodbye a second time, and fail to stop.
            self.stop_keepalive()
            self.transport.abort()
            return
        super().shutdown()
        if not self.writable.is_set():
            self.transport.abort()  # the server need not wait for those who do not read

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self._give_up)

    def resume_writing(self) -> None:
        self._stop_timer()
        super().resume_writing()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the pong: there is no use in one that is not read

    def handle_cont(self, event: Any) -> None:
        super().handle_cont(event)
        if len(self.frames) > PIECES:
            self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(b"".join(self.frames)):
            # uvicorn would log what a client got wrong as a mistake of ours.
            self.frames = []
            self.conn.send_close(INVALID_DATA, "A text frame held what is no UTF-8.")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # a refused one; uvicorn would log each as a mistake of ours

    def _stop_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _give_up(self) -> None:
        if self.conn.state is not State.OPEN:  # goodbyes were said, and what is left to read was not
            self.transport.abort()
            return
        self.conn.send_close(TRY_AGAIN_LATER, f"Answers were not read within {SEND_SECONDS:g} s.")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": TRY_AGAIN_LATER})
        self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
