"""BoundedHttpProtocol: uvicorn's HTTP protocol with bounds on what comes before any application code runs.

uvicorn reads headers without end and waits for them for ever: headers of 20 MB are accepted, and a silent connection
is kept. Bodies are bounded by `app.middleware.body_limit`.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.codecs.tensor_json import encode_json
from app.errors import AppError, HeadersTooLarge, MalformedRequest, RequestTooSlow

HEADER_BYTES = 32_768
"""Names and values of all headers, and the address. Browsers send a few thousand."""

HEADER_SECONDS = 10.0
"""Time from the beginning of a connection or request to the end of its headers."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Answers 431 to large headers, 408 to slow ones, 400 to what is no HTTP; each as a problem."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._header_bytes = 0
        self._unparsed_bytes = 0
        self._reading_headers = True
        self._header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # A single header that never ends reaches no callback, so what was fed to the parser is counted as well.
        if self._reading_headers:
            self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._reading_headers and self._unparsed_bytes > 2 * HEADER_BYTES and not self.transport.is_closing():
            self._refuse(_headers_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_headers()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._reading_headers = False
        self._unparsed_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser refused."""
        too_large = self._header_bytes > HEADER_BYTES
        self._refuse(_headers_too_large() if too_large else MalformedRequest("The request is not valid HTTP/1.1."))

    def _expect_headers(self) -> None:
        self._header_bytes = 0
        self._reading_headers = True
        self._stop_timer()
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._refuse_slow)

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADER_BYTES:
            # The parser turns this into its own error, which ends in `send_400_response`.
            raise ValueError("headers too large")

    def _refuse_slow(self) -> None:
        if not self.transport.is_closing():
            self._refuse(RequestTooSlow(f"No complete request headers arrived within {HEADER_SECONDS:g} s."))

    def _refuse(self, error: AppError) -> None:
        refuse_outright(self.transport, error)


def refuse_outright(transport: asyncio.Transport, error: AppError) -> None:
    """Answer without an application, and close."""
    body = encode_json(error.as_problem(instance=""))
    head = (
        f"HTTP/1.1 {error.status} {error.title}\r\n"
        "content-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    transport.write(head.encode() + body)
    transport.close()


def _headers_too_large() -> AppError:
    return HeadersTooLarge(f"The headers have more than {HEADER_BYTES:,} bytes.", limit_bytes=HEADER_BYTES)
