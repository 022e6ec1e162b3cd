"""A network between browser and server that can be slow, and cut, for live sessions alone."""

import asyncio
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page

LIVE = b"GET /api/v1/live"


class Network:
    """Passes bytes on in both directions, from a port of its own.

    Attributes:
        delay: Seconds that every piece of a live session travels, each way.
    """

    def __init__(self, server: str) -> None:
        self._server = httpx.URL(server)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._live: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._port = 0
        self.delay = 0.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def cut(self) -> None:
        """End every live session, and let no other begin."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._end_sessions)

    def mend(self) -> None:
        """Let live sessions begin again."""
        self._is_cut = False

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _end_sessions(self) -> None:
        for writer in self._live:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        with suppress(ConnectionError, asyncio.CancelledError):
            first = await reader.read(65536)
            is_live = first.startswith(LIVE)
            if not (is_live and self._is_cut):
                server_reader, server_writer = await asyncio.open_connection(self._server.host, self._server.port)
                ends.append(server_writer)
                if is_live:
                    self._live.update(ends)
                server_writer.write(first)
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._copy(reader, server_writer, is_live))
                    both.create_task(self._copy(server_reader, writer, is_live))
        for end in ends:
            self._live.discard(end)
            end.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_live: bool) -> None:
        """Pieces arrive in order and late; how many are under way makes no difference to any of them."""
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                loop.call_later(self.delay if is_live else 0, self._deliver, writer, data)
        loop.call_later(self.delay if is_live else 0, writer.close)

    @staticmethod
    def _deliver(writer: asyncio.StreamWriter, data: bytes) -> None:
        if not writer.is_closing():
            writer.write(data)


def requested_paths(page: Page) -> list[str]:
    """The path of every request and WebSocket of a page, from now on."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(urlsplit(request.url).path))
    page.on("websocket", lambda socket: paths.append(urlsplit(socket.url).path))
    return paths
