"""What goes wrong elsewhere: workers that die, servers that are stopped, clients that crawl, and many at once."""

import json
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest
from safetensors.numpy import load
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.builders import SEVEN
from tests.faults.conftest import SECONDS, Service, running, wait_until

MAPS = "/api/v1/models/cnn/feature-maps"
TENSORS = {"Accept": "application/x-safetensors"}


def open_live(service: Service) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{service.port}/api/v1/live", max_size=None, compression=None)


def head_of(body: bytes) -> bytes:
    """What goes before a body."""
    lines = [
        f"POST {MAPS} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def draws(live: ClientConnection, sequence: int) -> bool:
    """Whether a session answers."""
    try:
        live.send(json.dumps({"sequence": sequence, "layers": ["pool1"], "strokes": SEVEN}))
        return isinstance(live.recv(timeout=SECONDS), bytes)
    except (ConnectionClosed, OSError):
        return False


def test_killed_worker_takes_only_its_own_sessions_along_and_comes_back(artifacts: Path):
    with running(artifacts, workers=2) as service, ExitStack() as sessions:
        wait_until(lambda: service.started_workers == 2)
        # The kernel chooses who accepts: sessions are opened until both workers hold one.
        holders: dict[ClientConnection, int | None] = {}
        while len(set(holders.values())) < 2:
            assert len(holders) < 150, f"one worker accepted all {len(holders)} sessions"
            live = sessions.enter_context(open_live(service))
            assert draws(live, 1)
            holders[live] = service.worker_of(live.socket.getsockname()[1])
        doomed, other = service.workers

        os.kill(doomed, signal.SIGKILL)
        wait_until(lambda: doomed not in service.workers)
        answers = [httpx.post(f"{service.address}{MAPS}", json={"sample": 0}).status_code for _ in range(20)]
        alive = {live: draws(live, 2) for live in holders}

        assert answers == [200] * 20
        assert alive == {live: holder == other for live, holder in holders.items()}
        assert other in service.workers
        wait_until(lambda: len(service.workers) == 2)
        assert draws(sessions.enter_context(open_live(service)), 1)


def test_request_that_is_on_its_way_is_answered_before_the_server_stops(artifacts: Path):
    with running(artifacts, shutdown_seconds=30) as service:
        body = json.dumps({"strokes": SEVEN}).encode()
        head = head_of(body)
        with socket.create_connection(("127.0.0.1", service.port), timeout=SECONDS) as slow, open_live(service) as live:
            slow.sendall(head + body[:10])
            assert draws(live, 1)

            service.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as end:
                live.recv(timeout=SECONDS)
            slow.sendall(body[10:])
            response = b""
            while piece := slow.recv(65_536):
                response += piece

        assert end.value.rcvd is not None
        assert end.value.rcvd.code == 1012  # the service restarts: come back
        assert response.startswith(b"HTTP/1.1 200 OK")
        assert service.process.wait(timeout=SECONDS) in (0, -signal.SIGTERM)


def test_who_reads_slowly_or_sends_slowly_holds_nobody_up(artifacts: Path):
    with running(artifacts, body_seconds=60) as service, ExitStack() as crawlers:

        def crawler(*parts: bytes) -> socket.socket:
            connection = crawlers.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=SECONDS))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            for part in parts:
                connection.sendall(part)
            return connection

        body = json.dumps({"sample": 0}).encode()
        head = head_of(body)
        for _ in range(30):
            crawler((head + body) * 5)  # asks for five answers and reads none
            crawler(head, body[:5])  # stops in the middle of its body
            crawler(b"GET / HTTP/1.1\r\nHost")  # stops in the middle of its headers
            crawler()  # says nothing

        for index in range(20):
            response = httpx.post(f"{service.address}{MAPS}", json={"sample": index}, timeout=SECONDS)
            assert response.status_code == 200
        assert service.is_healthy


def test_nobody_sees_anybody_elses_digit(artifacts: Path):
    """32 clients at once, each with drawings of its own, each response compared with the one it got alone."""
    rng = np.random.default_rng(32)
    drawings = [{"strokes": [rng.uniform(0.1, 0.9, (5, 2)).tolist()]} for _ in range(32)]
    with running(artifacts, queue=200) as service:

        def request_maps(client: httpx.Client, drawing: dict) -> dict[str, np.ndarray]:
            response = client.post(f"{service.address}{MAPS}", json=drawing, headers=TENSORS, timeout=SECONDS)
            return load(response.raise_for_status().content)

        with httpx.Client() as alone:
            expected = [request_maps(alone, drawing) for drawing in drawings]
        start = threading.Barrier(len(drawings))

        def hammer(number: int) -> int:
            right = 0
            start.wait(timeout=SECONDS)
            with httpx.Client() as client:
                for _ in range(30):
                    response = request_maps(client, drawings[number])
                    right += all(np.array_equal(response[name], expected[number][name]) for name in expected[number])
            return right

        with ThreadPoolExecutor(len(drawings)) as clients:
            assert list(clients.map(hammer, range(len(drawings)))) == [30] * len(drawings)
        assert service.errors() == ""


def test_live_sessions_are_as_private(artifacts: Path):
    rng = np.random.default_rng(16)
    drawings = [[rng.uniform(0.1, 0.9, (5, 2)).tolist()] for _ in range(16)]
    with running(artifacts) as service:
        expected = [
            load(httpx.post(f"{service.address}{MAPS}", json={"strokes": strokes}, headers=TENSORS).content)
            for strokes in drawings
        ]
        start = threading.Barrier(len(drawings))

        def hammer(number: int) -> int:
            right = 0
            with open_live(service) as live:
                start.wait(timeout=SECONDS)
                for sequence in range(1, 31):
                    live.send(json.dumps({"sequence": sequence, "strokes": drawings[number]}))
                    response = load(live.recv(timeout=SECONDS))
                    right += all(np.array_equal(response[name], expected[number][name]) for name in response)
            return right

        with ThreadPoolExecutor(len(drawings)) as clients:
            assert list(clients.map(hammer, range(len(drawings)))) == [30] * len(drawings)
