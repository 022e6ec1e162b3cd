"""Requests per second of the service, compared with the same server and a constant body.

The load comes from wrk, which is written in C and takes little of the machine from the server; on the live channel from
`live_load`.
"""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import numpy as np

from bench.live_load import measure_live
from model.digits.framing import to_mnist_frame
from model.digits.strokes import rasterize_strokes

SECONDS = 3
ROUNDS = 3
CLIENTS = (16, 64)
WORKERS = (1, 2)
CLIENT_SERIES = (1, 4, 16, 64, 256)
MODEL = "/api/v1/models/cnn/feature-maps"
SHOWN = "relu1,pool1,relu2,relu3,pool2,relu4,relu5,linear"
"""The layers that the page requests."""

RESPONSES = {
    "JSON": (f"{MODEL}?layers={SHOWN}", "application/json"),
    "safetensors": (f"{MODEL}?layers={SHOWN}", "application/x-safetensors"),
    "safetensors, float16": (f"{MODEL}?layers={SHOWN}&dtype=float16", "application/x-safetensors"),
}


LIVE = "live, float16"
"""As the page does: a stroke that grows point by point, with responses in half precision."""


def drawing() -> bytes:
    """A body with a drawn 6 of 120 points."""
    turn = np.linspace(0, 5, 120)
    points = np.stack([0.5 + 0.06 * np.cos(turn) * turn, 0.5 + 0.35 * np.sin(turn)], axis=1)
    return json.dumps({"strokes": [points.round(4).tolist()], "pen_width": 0.065}).encode()


def measure() -> list[dict[str, object]]:
    """Requests per second and latencies, for each format, number of workers and of clients."""
    if not shutil.which("wrk"):
        print("wrk is not installed (Debian: apt-get install wrk): the service is not measured", file=sys.stderr)
        return []
    rows: list[dict[str, object]] = []
    sizes = _sizes()
    for workers in WORKERS:
        with serving(workers, sizes.values()) as address:
            for name, (path, accept) in RESPONSES.items():
                for clients in CLIENTS:
                    # Constant, real, constant again: other load on the machine affects both.
                    before = _load(address, f"/constant/{sizes[name]}", accept, clients)
                    real = _load(address, path, accept, clients)
                    after = _load(address, f"/constant/{sizes[name]}", accept, clients)
                    rows.append(_row(name, sizes[name], workers, clients, before, real, after))
            for clients in CLIENTS:
                live, constant_live = "/api/v1/live", f"/constant/{sizes[LIVE]}"
                before, real, after = (
                    measure_live(address, path, SHOWN.split(","), "float16", clients, SECONDS)
                    for path in (constant_live, live, constant_live)
                )
                rows.append(_row(LIVE, sizes[LIVE], workers, clients, before, real, after))
    return rows


def _row(
    response: str,
    size: int,
    workers: int,
    clients: int,
    before: dict[str, float],
    real: dict[str, float],
    after: dict[str, float],
) -> dict[str, object]:
    constant = (before["per_second"] + after["per_second"]) / 2
    row = {
        "response": response,
        "bytes": size,
        "workers": workers,
        "clients": clients,
        **real,
        "constant_per_second": constant,
        "share": real["per_second"] / constant,
    }
    print(row, file=sys.stderr)
    return row


def _sizes() -> dict[str, int]:
    with serving(1) as address, httpx.Client(base_url=address) as client:
        headers = {"Content-Type": "application/json"}
        sizes = {
            name: len(client.post(path, content=drawing(), headers={**headers, "Accept": accept}).content)
            for name, (path, accept) in RESPONSES.items()
        }
        return {**sizes, LIVE: sizes["safetensors, float16"]}


def pixels() -> bytes:
    """A body with the pixels of a digit, as MNIST has them."""
    ink = rasterize_strokes([np.array(json.loads(drawing())["strokes"][0])], 0.065)
    return json.dumps({"pixels": to_mnist_frame(ink).pixels.round(4).tolist()}).encode()


OPERATIONS = {
    "JSON": "/onnx-runtime/json",
    "bytes": "/onnx-runtime/bytes",
    "lists": "/onnx-runtime/lists",
    "PyTorch JSON": "/torch/json",
}
"""Of the servers that a user would write instead: `bench.pixel_servers`."""

RIVALS = {
    "JSON": {"kernelscope": (MODEL, "application/json"), "plain": (OPERATIONS["JSON"], "*/*"),
             "guarded": (OPERATIONS["JSON"], "*/*")},
    "bytes": {"kernelscope": (MODEL, "application/x-safetensors"), "plain": (OPERATIONS["bytes"], "*/*"),
              "guarded": (OPERATIONS["bytes"], "*/*")},
}  # fmt: skip
"""The same pixels in and every layer out: the servers that take turns, each with its path and what it is to send."""

OTHERS = ("lists", "PyTorch JSON")
"""Operations of the plain server that are measured once."""


def measure_rivals() -> list[dict[str, object]]:
    """Requests per second beside those of servers that a user would write instead: medians of interleaved rounds."""
    rows: list[dict[str, object]] = []
    body = pixels()
    for workers in WORKERS:
        with ExitStack() as running:
            addresses = {
                server: running.enter_context(serving(workers, module="bench.pixel_servers", BENCH_SERVER=server))
                for server in RIVALS["JSON"]
            }
            for response, servers in RIVALS.items():
                for clients in CLIENTS:
                    rounds = [
                        {server: _load(addresses[server], path, accept, clients, body)
                         for server, (path, accept) in servers.items()}
                        for _ in range(ROUNDS)
                    ]  # fmt: skip
                    rows += [
                        {"response": response, "server": server, "workers": workers, "clients": clients}
                        | _medians([each[server] for each in rounds])
                        for server in servers
                    ]
            if workers == 1:
                rows += [
                    {"response": response, "server": "plain", "workers": 1, "clients": CLIENTS[0]}
                    | _load(addresses["plain"], OPERATIONS[response], "*/*", CLIENTS[0], body)
                    for response in OTHERS
                ]
    for row in rows:
        print(row, file=sys.stderr)
    return rows


def measure_clients() -> list[dict[str, object]]:
    """Requests per second and latencies of one worker as clients grow, with the drawing as safetensors."""
    path, accept = RESPONSES["safetensors"]
    with serving(1) as address:
        rounds = [{clients: _load(address, path, accept, clients) for clients in CLIENT_SERIES} for _ in range(ROUNDS)]
    return [{"clients": clients} | _medians([each[clients] for each in rounds]) for clients in CLIENT_SERIES]


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


@contextmanager
def serving(workers: int, sizes: Iterable[int] = (), module: str = "bench.server", **environment: str) -> Iterator[str]:
    """The address of a server; `bench.server` has constant responses of these sizes, too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"PORT": str(port), "BENCH_WORKERS": str(workers), "BENCH_SIZES": ",".join(map(str, sizes))}
    process = subprocess.Popen([sys.executable, "-m", module], env={**os.environ, **given, **environment})
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{address}/readyz").is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the server did not become ready within 30 s")
        time.sleep(1)  # the other workers
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _load(address: str, path: str, accept: str, clients: int, body: bytes | None = None) -> dict[str, float]:
    """The figures of wrk; by default with a drawing."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(
            'wrk.method = "POST"\n'
            f"wrk.body = [==[{(body or drawing()).decode()}]==]\n"
            'wrk.headers["Content-Type"] = "application/json"\n'
            f'wrk.headers["Accept"] = "{accept}"\n'
            "done = function(summary, latency)\n"
            '  io.write(string.format("RESULT %f %f %d\\n", latency:percentile(50), latency:percentile(99),\n'
            "    summary.errors.status + summary.errors.read + summary.errors.timeout))\n"
            "end\n"
        )
        command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "-s", str(script), address + path]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    median, p99, errors = re.search(r"RESULT (\S+) (\S+) (\d+)", output).groups()  # type: ignore[union-attr]
    rate = re.search(r"Requests/sec:\s+(\S+)", output).group(1)  # type: ignore[union-attr]
    if int(errors):
        raise RuntimeError(f"{errors} requests to {path} failed")
    return {"per_second": float(rate), "median_ms": float(median) / 1000, "p99_ms": float(p99) / 1000}
