"""BoundedWebSocketProtocol: uvicorn's WebSocket protocol with limits on the memory and time that a client can take.

uvicorn waits without limit for a slow reader, even to close; it writes pongs into an unlimited buffer, keeps any number
of frames of one message, and does not respond to a handshake that it cannot parse.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.protocol import State

from app.errors import HeadersTooLarge
from app.server.http_protocol import send_problem

MESSAGE_BYTES = 65_536
"""The maximum size of a message; larger messages close the connection with 1009."""

PIECES = 64
"""The maximum number of frames of one message. Browsers send one."""

SEND_SECONDS = 10.0
"""Time for a client to read its buffered responses."""

UNSENT_BYTES = 65_536
"""The most that the kernel buffers of responses. Its default is megabytes for a slow client: dozens of responses,
all older than the newest drawing. To a client that reads ten responses a second they came 3.9 s late, now 1.7 s."""

CONTROL_FRAMES = 20
"""Pings and pongs of a client in one second. Browsers send none but pongs for our pings, three a minute."""

READ_BYTES = 1024
"""Bytes that are parsed before the limits are checked again: 170 of the smallest frames, a millisecond."""


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Closes the connection of a client that does not read in time with 1013, then aborts it."""

    def __init__(self, *args: Any, root_path: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._root_path = root_path
        self._send_timer: asyncio.TimerHandle | None = None
        self._control_frames = 0
        self._counted_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for begin in range(0, len(data), READ_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[begin : begin + READ_BYTES])
        if self.conn.handshake_exc is not None and not self.handshake_complete:
            # uvicorn would not respond, and would keep the connection open.
            self.handshake_complete = True
            error = HeadersTooLarge(f"The handshake cannot be read: {self.conn.handshake_exc}.")
            send_problem(self.transport, error, self._root_path)

    def shutdown(self) -> None:
        if self.handshake_complete and self.conn.state is not State.OPEN:
            # uvicorn would close a second time, and fail to stop.
            self.stop_keepalive()
            self.transport.abort()
            return
        super().shutdown()
        if not self.writable.is_set():
            self.transport.abort()  # the server does not wait for clients that do not read

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self._give_up)

    def resume_writing(self) -> None:
        self._stop_timer()
        super().resume_writing()

    def handle_ping(self) -> None:
        if self._is_one_too_many():
            return
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # drops the pong, which the client would not read

    def handle_pong(self, event: Any) -> None:
        if not self._is_one_too_many():
            super().handle_pong(event)

    def _is_one_too_many(self) -> bool:
        """Count a ping or pong; the connection of a client that sends too many of them is closed."""
        if self.transport.is_closing():
            return True
        now = self.loop.time()
        if now - self._counted_since >= 1:
            self._control_frames, self._counted_since = 0, now
        self._control_frames += 1
        if self._control_frames <= CONTROL_FRAMES:
            return False
        if self.conn.state is State.OPEN:
            self.conn.send_close(CloseCode.POLICY_VIOLATION, f"More than {CONTROL_FRAMES} pings or pongs a second.")
            self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.POLICY_VIOLATION})
        self.transport.close()
        return True

    def handle_cont(self, event: Any) -> None:
        super().handle_cont(event)
        if len(self.frames) > PIECES:
            self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(b"".join(self.frames)):
            # uvicorn would log the client's error as an error of the server.
            self.frames = []
            self.conn.send_close(CloseCode.INVALID_DATA, "The text frame is not valid UTF-8.")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # a rejected one, which uvicorn would log as an error of the server

    def _stop_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _give_up(self) -> None:
        if self.conn.state is not State.OPEN:  # already closing, and the rest was not read
            self.transport.abort()
            return
        self.conn.send_close(CloseCode.TRY_AGAIN_LATER, f"Responses were not read within {SEND_SECONDS:g} s.")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.TRY_AGAIN_LATER})
        self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
