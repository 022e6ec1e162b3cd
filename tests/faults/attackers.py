"""Clients that try to take the service from others, each in one way: ``python -m tests.faults.attackers KIND PORT``.

An attacker repeats its attack at a stated rate and takes at most a share of one core, so that it is the server that is
measured and not a machine without time.
"""

import argparse
import base64
import io
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import numpy as np
from PIL import Image

from tests.onnx_files import OnnxFile, small_network

HOST = "127.0.0.1"

HANDSHAKE = (
    b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
EMPTY_PING = b"\x89\x80\x00\x00\x00\x00"
MAPS = "/api/v1/models/cnn/feature-maps"
HELD = 250
"""Connections that an attacker keeps open; with one more it leaves the oldest."""

Attack = Callable[["Attacker"], None]
KINDS: dict[str, tuple[float, Attack]] = {}
"""By name: attacks a second, and one attack."""


class Attacker:
    """What an attacker remembers between attacks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.client = httpx.Client(base_url=f"http://{HOST}:{port}", timeout=60)
        self.held: list[socket.socket] = []
        self.attacks = 0

    def send(self, data: bytes) -> None:
        """Send to a new connection, which is kept and not read."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.5)
        connection.connect((HOST, self.port))
        self.held.append(connection)
        with suppress(OSError):
            connection.sendall(data)
        if len(self.held) > HELD:
            self.held.pop(0).close()

    def post(self, content: bytes, path: str = MAPS) -> None:
        """Send a body, and read the response."""
        self.client.post(path, content=content, headers={"Content-Type": "application/json"})

    def run(self, kind: str, seconds: float, share: float) -> None:
        """Repeat an attack; an error of this client is no finding."""
        per_second, attack = KINDS[kind]
        begin, cpu = time.monotonic(), time.process_time()
        while (elapsed := time.monotonic() - begin) < seconds:
            with suppress(OSError, httpx.HTTPError):
                attack(self)
            self.attacks += 1
            earliest = max(self.attacks / per_second, (time.process_time() - cpu) / share)
            time.sleep(max(0.0, earliest - elapsed))


def _kind(per_second: float) -> Callable[[Attack], Attack]:
    def add(attack: Attack) -> Attack:
        KINDS[attack.__name__.replace("_", "-")] = per_second, attack
        return attack

    return add


@_kind(20)
def control(attacker: Attacker) -> None:
    """No attack: what others are compared with."""
    attacker.client.get("/healthz")


@_kind(4)
def pipelining(attacker: Attacker) -> None:
    """A thousand requests at once on a connection that is not read."""
    attacker.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)


@_kind(4)
def unread(attacker: Attacker) -> None:
    """Large responses that are not read."""
    tensor = {"name": "input", "shape": [32, 1, 28, 28], "datatype": "FP32", "data": [0] * (32 * 784)}
    body = json.dumps({"inputs": [tensor], "outputs": [{"name": "relu1"}]}).encode()
    head = f"POST /v2/models/cnn/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    attacker.send((head.encode() + body) * 4)


@_kind(4)
def pings(attacker: Attacker) -> None:
    """A flood of control frames."""
    attacker.send(HANDSHAKE + EMPTY_PING * 10_000)


@_kind(10)
def seats(attacker: Attacker) -> None:
    """Live sessions that do nothing."""
    attacker.send(HANDSHAKE)


@_kind(10)
def slow(attacker: Attacker) -> None:
    """Bodies that end in the middle."""
    attacker.send(
        f"POST {MAPS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        'Content-Length: 30000000\r\n\r\n{"sample"'.encode()
    )


@_kind(4)
def names(attacker: Attacker) -> None:
    """Unknown names, 41,000 in a body."""
    attacker.post(json.dumps({f"k{number}": 0 for number in range(41_000)}).encode())


@_kind(1)
def objects(attacker: Attacker) -> None:
    """JSON of 5 MB that would take 200 MB once it is read."""
    content = b'{"inputs": [' + b"{}," * 1_700_000 + b"0]}"
    attacker.post(content, "/v2/models/cnn/infer")


@_kind(4)
def strokes(attacker: Attacker) -> None:
    """As many points as the server draws, across the whole pad, with the widest pen."""
    turn = np.linspace(0, 300, 19_000)
    points = np.stack([0.5 + np.cos(turn * 7), 0.5 + np.sin(turn * 11)], axis=1).round(3)
    attacker.post(json.dumps({"strokes": [points.tolist()], "pen_width": 0.5}).encode())


@_kind(2)
def scans(attacker: Attacker) -> None:
    """A progressive JPEG that repeats a scan a thousand times."""
    attacker.client.post(f"{MAPS}/upload", files={"file": progressive_jpeg(256, 256, scans=1000)})


@_kind(1)
def large_image(attacker: Attacker) -> None:
    """An image of nearly 20 million pixels."""
    attacker.post(json.dumps({"image": base64.b64encode(large_png()).decode()}).encode())


@_kind(4)
def picture(attacker: Attacker) -> None:
    """The largest picture of kernels."""
    attacker.client.get(
        "/api/v1/models/mlp-500/layers/linear1/kernels", params={"zoom": 6}, headers={"Accept": "image/png"}
    )


@_kind(4)
def numbers(attacker: Attacker) -> None:
    """The largest responses in JSON."""
    attacker.client.get("/api/v1/models/mlp-500/layers/linear1/kernels")
    attacker.client.post("/api/v1/experiments/gradients", params={"weights": "true"}, json={"sample": 0})


@_kind(1)
def experiments(attacker: Attacker) -> None:
    """The slowest experiments."""
    edits = [{"layer": "conv1", "filter": 0, "bias": 1.0, "row": 0, "column": 0}]
    attacker.post(json.dumps({"edits": edits}).encode(), "/api/v1/experiments/kernel-edits/accuracy")
    attacker.post(json.dumps({"sample": 0, "steps": 64}).encode(), "/api/v1/models/cnn/evidence")


@_kind(1)
def networks(attacker: Attacker) -> None:
    """A network that takes seconds to read, and one whose file says that it is immense."""
    layers = small_network(np.random.default_rng(0), channels=3, input_size=64, classes=50)
    immense = OnnxFile(1, 64).add("Conv", np.ones((4096, 1, 1, 1), np.float32)).add("Relu")
    for network in (layers, immense):
        attacker.client.post("/api/v1/models", files={"file": ("a.onnx", network.model().SerializeToString())})


@_kind(0.5)
def trainings(attacker: Attacker) -> None:
    """The longest training, started and canceled soon after."""
    body = {"kernel_size": 9, "filters": 32, "epochs": 20}
    run = attacker.client.post("/api/v1/trainings", json=body).json()
    time.sleep(0.5)
    attacker.client.delete(f"/api/v1/trainings/{run['id']}", headers={"Authorization": f"Bearer {run['owner']}"})


def progressive_jpeg(height: int, width: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")  # start of scan; FF in its data is always followed by 00
    return data[:last] + data[last:-2] * scans + data[-2:]


def large_png() -> bytes:
    """4400×4500 pixels, nearly all alike."""
    file = io.BytesIO()
    Image.new("L", (4400, 4500), 255).save(file, "PNG", compress_level=1)
    return file.getvalue()


def main() -> None:
    """Print ``ready``, attack until the time is over or SIGTERM comes, and print how many attacks there were."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.attackers", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("port", type=int)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--share", type=float, default=0.2, help="of one core (default: %(default)s)")
    options = parser.parse_args()
    os.nice(5)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    attacker = Attacker(options.port)
    print("ready", flush=True)
    try:
        attacker.run(options.kind, options.seconds, options.share)
    finally:
        print(attacker.attacks, flush=True)


if __name__ == "__main__":
    main()
