"""Servers in this process without sockets, in a thread of it, or, for what only sockets can show, as a process."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import uvicorn

from app.main import create_app
from app.serve import uvicorn_options
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]

START_SECONDS = STOP_SECONDS = 300
"""Until a test gives up; on a quiet machine a server starts within two seconds."""


# A client of its own for each request would load certificates, in most of the time in which a server starts.
CLIENT = httpx.Client(headers={"Connection": "close"})


@dataclass
class ServerProcess:
    """A running ``python -m app``."""

    process: "subprocess.Popen[bytes]"
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident_bytes(self) -> int:
        """Its memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def peak_bytes(self) -> int:
        """The most memory that it had since `forget_peak`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def is_ready(self) -> bool:
        try:
            return CLIENT.get(f"{self.address}/readyz").status_code == 200
        except httpx.TransportError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(
    log: IO[bytes] | int = subprocess.DEVNULL, port: int | None = None, **environment: str
) -> Iterator[ServerProcess]:
    """``python -m app`` on this port or on a free one, ready; ended at the end."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **environment},
        stdout=log,
        stderr=log,
    )
    server = ServerProcess(process, port)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.is_ready():
            assert process.poll() is None, f"the server ended with status {process.returncode} instead of starting"
            assert time.monotonic() < deadline, f"the server was not ready within {START_SECONDS} s"
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with these settings, in this process and without sockets."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


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
