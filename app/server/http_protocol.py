"""BoundedHttpProtocol: uvicorn's HTTP protocol with limits on everything before the application code runs.

uvicorn has no limit on the size of headers or on the time to wait for them: it accepts headers of 20 MB and keeps an
idle connection. Bodies are limited by `app.middleware.body_limit`.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.codecs.tensor_json import encode_json
from app.errors import AppError, HeadersTooLarge, MalformedRequest, RequestTooSlow
from app.middleware.request_id import HEADER as REQUEST_ID_HEADER
from app.middleware.request_id import new_request_id
from app.middleware.security_headers import DOCUMENT_HEADERS, HEADERS
from app.problems import PROBLEM_JSON

HEADER_BYTES = 32_768
"""Names and values of all headers, and the address. Browsers send a few thousand."""

HEADER_SECONDS = 10.0
"""Time from the beginning of a connection or request to the end of its headers."""

PIPELINED = 16
"""Requests that may wait on one connection for the response to an earlier one. Browsers send none."""

READ_SECONDS = 120.0
"""Time for a client to read a whole response, once the system buffers no more of it. A proxy reads at once."""


INVALID = "The request is not valid HTTP/1.1, which has one Host header and one length of a body."


class BoundedHttpProtocol(HttpToolsProtocol):
    """Responds with 431 to large headers, 408 to slow ones, 400 to invalid HTTP; each as a problem."""

    def __init__(self, *args: Any, root_path: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._root_path = root_path
        self._header_bytes = 0
        self._unparsed_bytes = 0
        self._reading_headers = True
        self._header_timer: asyncio.TimerHandle | None = None
        self._read_timer: asyncio.TimerHandle | None = None
        self._running: RequestResponseCycle | None = None
        self._rejection: AppError | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_waiting_for_reader()
        if self._running is not None:
            # uvicorn marks only the newest request as disconnected; an earlier one would write to a closed connection.
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        _unread.add(self.transport)
        if self._read_timer is None:
            self._read_timer = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        _unread.discard(self.transport)
        if self._running is None or self._running.response_complete:
            self._stop_waiting_for_reader()
        super().resume_writing()

    def _stop_waiting_for_reader(self) -> None:
        _unread.discard(self.transport)
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def data_received(self, data: bytes) -> None:
        # A single header that never ends reaches no callback, so the bytes given to the parser are counted as well.
        if self._reading_headers:
            self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._reading_headers and self._unparsed_bytes > 2 * HEADER_BYTES and not self.transport.is_closing():
            self._reject(_headers_too_large())

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            raise ValueError("too many requests wait on this connection")
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        self._header_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if self._header_bytes > HEADER_BYTES:
            # The parser turns this into its own error, which ends in `send_400_response`.
            raise ValueError("headers too large")
        hosts = sum(name == b"host" for name, _value in self.headers)
        if hosts != 1 and self.parser.get_http_version() == "1.1":
            # A proxy and this server could take the request for different sites.
            raise ValueError("not one Host header")
        self._reading_headers = False
        self._unparsed_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.flow.write_paused:
            self._stop_waiting_for_reader()
        if self._rejection is not None and self.cycle.response_complete and not self.transport.is_closing():
            send_problem(self.transport, self._rejection, self._root_path)
        elif self.pipeline or self._rejection is not None:
            # uvicorn reads on after each response, so that requests would arrive faster than they are responded to.
            self.flow.pause_reading()

    def send_400_response(self, msg: str) -> None:
        """Called for input that the parser rejects."""
        too_large = self._header_bytes > HEADER_BYTES
        self._reject(_headers_too_large() if too_large else MalformedRequest(INVALID))

    def _expect_headers(self) -> None:
        self._header_bytes = 0
        self._reading_headers = True
        self._stop_timer()
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._reject_slow)

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _reject_slow(self) -> None:
        if not self.transport.is_closing():
            self._reject(RequestTooSlow(f"No complete request headers arrived within {HEADER_SECONDS:g} s."))

    def _reject(self, error: AppError) -> None:
        """Respond with an error and close the connection, after the responses to earlier requests."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            send_problem(self.transport, error, self._root_path)
        elif not cycle.more_body:
            self._rejection = error
            self.flow.pause_reading()
        elif cycle is self._running and not cycle.response_started:
            # The application waits for the rest of a body that cannot be read.
            send_problem(self.transport, error, self._root_path)
        else:
            self.transport.close()


_unread: set[asyncio.Transport] = set()
"""Connections of this process whose clients read more slowly than the server writes."""


def unsent_bytes() -> int:
    """Bytes of responses that were handed to connections of this process and that their clients have not read."""
    # A copy, which is made in one step: the threads of a pool call this while connections come and go.
    return sum(transport.get_write_buffer_size() for transport in tuple(_unread))


def send_problem(transport: asyncio.Transport, error: AppError, root_path: str) -> None:
    """Respond without the application, and close the connection."""
    body = encode_json(error.as_problem("", root_path))
    headers = {
        "Content-Type": PROBLEM_JSON,
        "Content-Length": str(len(body)),
        "Connection": "close",
        REQUEST_ID_HEADER: new_request_id(),
        **error.headers,
        **HEADERS,
        **DOCUMENT_HEADERS,
    }
    lines = [f"HTTP/1.1 {error.status} {error.title}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    transport.write("\r\n".join(lines).encode() + body)
    transport.close()


def _headers_too_large() -> AppError:
    return HeadersTooLarge(f"The headers have more than {HEADER_BYTES:,} bytes.", limit_bytes=HEADER_BYTES)
