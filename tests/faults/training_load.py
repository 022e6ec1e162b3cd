"""A class that trains at the same time, and what it costs: ``python -m tests.faults.training_load``.

Each client starts a default run and follows it to its end, first alone, then beside one longest run. Prints the figures
of docs/operations.md: when the last run has ended, how much the longest run delays the first updates of the others, a
drawer's median meanwhile, and the memory of the servers. With ``--replicas 2``, the clients are spread over two servers
that share their state. The status is 1 if a bound is broken.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.faults.dearest import TRAININGS, draw_until
from tests.servers import ServerProcess, started

LONGEST = {"digits": 5000, "epochs": 20, "filters": 32, "kernel_size": 9}

END_SECONDS = 180.0
"""Until the last default run has ended."""

DELAY_SECONDS = 15.0
"""By how much the longest run may delay the first update of another."""

SLOWDOWN = 2.0
"""Of a drawer's median, over the idle one."""

KEPT_BYTES = 40e6
"""By how much the memory of a server may have grown when all runs have ended."""


@dataclass
class Followed:
    """A run, with the seconds from its request to its first update and to its end."""

    run: dict[str, str]
    first: float = 0.0
    end: float = 0.0
    state: str = ""


@dataclass
class Load:
    """What was measured while all clients trained."""

    runs: list[Followed] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def firsts(self) -> list[float]:
        return sorted(each.first for each in self.runs)

    @property
    def last_end(self) -> float:
        return max(each.end for each in self.runs)


async def follow(address: str, body: dict[str, int], followed: list[Followed]) -> None:
    """Start a run and follow it to its end."""
    async with httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(60, read=600)) as client:
        began = time.monotonic()
        each = Followed((await client.post(TRAININGS, json=body)).raise_for_status().json())
        followed.append(each)
        async with client.stream("GET", f"{TRAININGS}/{each.run['id']}/events") as response:
            async for line in response.aiter_lines():
                if line.startswith('data: {"step"') and not each.first:
                    each.first = time.monotonic() - began
                if line.startswith('data: {"state"'):
                    each.state = json.loads(line.removeprefix("data: "))["state"]
        each.end = time.monotonic() - began


async def train_together(servers: Sequence[ServerProcess], clients: int, *, beside_longest: bool) -> Load:
    """All clients at once, in turn at each server; the longest run is canceled when they have ended."""
    load, is_over = Load(), threading.Event()
    drawer = threading.Thread(target=lambda: load.waits.extend(draw_until(servers[0].port, is_over.is_set)))
    drawer.start()
    longest: list[Followed] = []
    long_run = asyncio.create_task(follow(servers[0].address, LONGEST, longest)) if beside_longest else None
    if long_run:
        while not longest or not longest[0].first:  # noqa: ASYNC110 - it is read from another connection
            await asyncio.sleep(0.1)
    await asyncio.gather(*(follow(servers[i % len(servers)].address, {}, load.runs) for i in range(clients)))
    is_over.set()
    drawer.join()
    async with httpx.AsyncClient(base_url=servers[-1].address) as client:
        for each in (load.runs[0], load.runs[-1]):  # of another server, if there are two
            wrong = await client.delete(f"{TRAININGS}/{each.run['id']}", headers=bearer(load.runs[1]))
            assert wrong.status_code == 404, "a run was stopped by somebody else"
        for each in (*load.runs, *longest):
            (await client.delete(f"{TRAININGS}/{each.run['id']}", headers=bearer(each))).raise_for_status()
    if long_run:
        await long_run
    return load


def bearer(each: Followed) -> dict[str, str]:
    return {"Authorization": f"Bearer {each.run['owner']}"}


def processes_of(folder: Path) -> int:
    """Training processes that write into a folder."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += f"--output={folder}".encode() in path.read_bytes()
        except OSError:
            continue
    return found


def measure(servers: Sequence[ServerProcess], clients: int, state: Path) -> list[str]:
    """Print the figures; returns the bounds that were broken."""
    end = time.monotonic() + 5
    idle = statistics.median(draw_until(servers[0].port, lambda: time.monotonic() > end))
    before = [server.resident_bytes for server in servers]
    for server in servers:
        server.forget_peak()
    alone = asyncio.run(train_together(servers, clients, beside_longest=False))
    beside = asyncio.run(train_together(servers, clients, beside_longest=True))
    end = time.monotonic() + 30
    while processes_of(state) and time.monotonic() < end:
        time.sleep(0.1)
    delay = max(late - early for early, late in zip(alone.firsts, beside.firsts, strict=True))
    growth = max(server.resident_bytes - size for server, size in zip(servers, before, strict=True))
    print("| | alone | beside one longest run |\n|---|---:|---:|")
    for name, of in (
        ("first update of the first client", lambda load: f"{load.firsts[0]:.1f} s"),
        ("first update of the last client", lambda load: f"{load.firsts[-1]:.1f} s"),
        ("end of the last run", lambda load: f"{load.last_end:.1f} s"),
        ("a drawer's median", lambda load: f"{1000 * statistics.median(load.waits):.1f} ms"),
    ):
        print(f"| {name} | {of(alone)} | {of(beside)} |")
    peak = max(server.peak_bytes for server in servers)
    sizes = [f"{size / 1e6:.0f} MB" for size in (max(before), peak)]
    print(f"The longest run delays a first update by {max(0.0, delay):.1f} s at most.")
    print(f"A drawer's median alone: {1000 * idle:.1f} ms.")
    print(f"Memory of a server: {sizes[0]} before, {sizes[1]} at most, {growth / 1e6:+.0f} MB after.")
    slowdown = max(statistics.median(load.waits) for load in (alone, beside)) / idle
    checks = {
        "a run was not done": all(each.state == "done" for each in (*alone.runs, *beside.runs)),
        "the last run ended too late": max(alone.last_end, beside.last_end) <= END_SECONDS,
        "a first update was delayed too long": delay <= DELAY_SECONDS,
        "drawings became too slow": slowdown <= SLOWDOWN,
        "memory was kept": growth <= KEPT_BYTES,
        "a process was left": processes_of(state) == 0,
        "files were left": not any((state / "trainings").iterdir()),
    }
    return [name for name, is_fine in checks.items() if not is_fine]


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.training_load", description=__doc__)
    parser.add_argument("--clients", type=int, default=30, help="that train at the same time (default: %(default)s)")
    parser.add_argument("--replicas", type=int, default=1, help="servers that share their state (default: %(default)s)")
    options = parser.parse_args()
    print(f"load average of the machine before: {os.getloadavg()[0]:.1f}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="kernelscope-load-") as folder, ExitStack() as stack:
        environment = {"OPENBLAS_NUM_THREADS": "1", "KERNELSCOPE_LOG_LEVEL": "error", "KERNELSCOPE_STATE": folder}
        servers = [stack.enter_context(started(**environment)) for _ in range(options.replicas)]
        broken = measure(servers, options.clients, Path(folder))
    print(f"broken: {', '.join(broken) or 'none'}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
