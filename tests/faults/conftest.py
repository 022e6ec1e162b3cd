"""A server process of its own, small limits, and nothing between the tests and its sockets."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60.0
"""Until a test gives up: none of them takes so long."""


@dataclass
class Service:
    """A running ``python -m app``."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    address: str = field(init=False)

    def __post_init__(self) -> None:
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def is_healthy(self) -> bool:
        return httpx.get(f"{self.address}/healthz", timeout=SECONDS).status_code == 200

    @property
    def resident_bytes(self) -> int:
        """Memory of the process."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def workers(self) -> list[int]:
        """Processes that it started and that serve."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
        return [pid for pid, command in commands.items() if b"spawn_main" in command]

    def errors(self) -> str:
        """What it logged of mistakes of its own."""
        return "\n".join(line for line in self.log.read_text().splitlines() if "Traceback" in line or '"error"' in line)


@contextmanager
def running(artifacts: Path, **settings: object) -> Iterator[Service]:
    """A service with these settings, ended at the end."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        port = free_port()
        environment = {
            **os.environ,
            "PORT": str(port),
            "KERNELSCOPE_ARTIFACTS": str(artifacts),
            **{f"KERNELSCOPE_{name.upper()}": str(value) for name, value in settings.items()},
        }
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "app"], cwd=ROOT, env=environment, stdout=sink, stderr=sink
            )
        service = Service(process, port, log)
        try:
            wait_until(lambda: is_ready(service))
            yield service
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=SECONDS)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_ready(service: Service) -> bool:
    assert service.process.poll() is None, service.log.read_text()
    try:
        return httpx.get(f"{service.address}/readyz").status_code == 200
    except httpx.TransportError:
        return False


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
