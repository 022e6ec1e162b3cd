"""A server process of its own, small limits, and nothing between the tests and its sockets."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.servers import ServerProcess, started

SECONDS = 300.0
"""Until a test gives up: none of them takes so long."""

ESTABLISHED = "01"
"""State of a connection in ``/proc/net/tcp``."""


@dataclass
class Service(ServerProcess):
    """A server process that is watched."""

    log: Path

    @property
    def is_healthy(self) -> bool:
        return httpx.get(f"{self.address}/healthz", timeout=SECONDS).status_code == 200

    @property
    def workers(self) -> list[int]:
        """Processes that it started and that serve."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
        return [pid for pid, command in commands.items() if b"spawn_main" in command]

    @property
    def started_workers(self) -> int:
        """Workers that have logged that they accept connections."""
        return self.log.read_text().count('"ready"')

    def worker_of(self, client_port: int) -> int | None:
        """The worker that holds the connection from this port of a client; None if none has accepted it yet."""
        for pid in self.workers:
            rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
            peers = {row[9]: int(row[2].partition(":")[2], 16) for row in rows if row[3] == ESTABLISHED}
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):  # closed since it was listed
                    inode = os.readlink(descriptor).removeprefix("socket:[").removesuffix("]")
                    if peers.get(inode) == client_port:
                        return pid
        return None

    def errors(self) -> str:
        """What it logged of mistakes of its own."""
        return "\n".join(line for line in self.log.read_text().splitlines() if "Traceback" in line or '"error"' in line)


@contextmanager
def running(artifacts: Path, **settings: object) -> Iterator[Service]:
    """A service with these settings, ended at the end."""
    environment = {
        "KERNELSCOPE_ARTIFACTS": str(artifacts),
        **{f"KERNELSCOPE_{name.upper()}": str(value) for name, value in settings.items()},
    }
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as sink, started(sink, **environment) as server:
            yield Service(server.process, server.port, log)


def wait_until(condition, seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def service(artifacts: Path) -> Iterator[Service]:
    """One server for a module, with limits that are quick to reach; its log must stay free of mistakes."""
    limits = {"body_bytes": 200_000, "body_seconds": 1, "strokes": 10, "points": 100, "live_messages": 50}
    with running(artifacts, **limits) as service:
        yield service
        assert service.errors() == ""
