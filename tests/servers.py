"""A real server in a thread of the test process, for what only sockets can show."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from app.__main__ import uvicorn_options
from app.main import create_app
from app.settings import Settings


class Stoppable(uvicorn.Server):
    """Says when it serves, and where."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(uvicorn.Config(create_app(settings), **{**uvicorn_options(settings), "port": 0}))
        self.ready = threading.Event()

    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @property
    def address(self) -> str:
        """Host and port."""
        host, port = self.servers[0].sockets[0].getsockname()
        return f"{host}:{port}"


@contextmanager
def serving(settings: Settings) -> Iterator[Stoppable]:
    """A server with these settings, on a free port; stopped at the end."""
    server = Stoppable(settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.ready.wait(timeout=60)
        yield server
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        assert not thread.is_alive()
