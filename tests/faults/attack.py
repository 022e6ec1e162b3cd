"""Every attack against one worker: ``python -m tests.faults.attack``. A table, and a status of 1 if a limit is broken.

``memory`` (the default) runs all attackers together and measures the memory of the process tree, what remains a minute
later, and how long a stop takes while they go on. ``crowd`` lets 200 people draw beside one attacker after the other
and compares their times with those beside as many requests to ``/healthz``.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from bench.live_users import Seen, draw
from bench.service import SHOWN
from tests.faults.attackers import KINDS
from tests.servers import ROOT, ServerProcess, started

MEMORY_BYTES = 512 * 10**6
"""What the container has."""

RETURN_SECONDS = 60
GROWTH = 1.2
"""Memory a minute after the attacks, as a multiple of that before; before, each attacker has attacked for a second."""

SHUTDOWN_SECONDS = 5
STOP_SECONDS = SHUTDOWN_SECONDS + 3
"""Until the process must have ended: requests have the first five, the pools and the training one each."""

SLOWDOWN = 2.0
"""Of the 99th percentile of drawers beside an attacker, over that beside the control."""

LIMITS = {"OPENBLAS_NUM_THREADS": "1", "KERNELSCOPE_LOG_LEVEL": "error"}


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    pids = [pid]
    for each in pids:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                pids += [int(child) for child in task.read_text().split()]
            except OSError:  # it has just ended
                continue
    return pids


def proportional_bytes(pids: list[int]) -> int:
    """The summed PSS of processes: memory that several share counts once."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def settled_bytes(pid: int, most: float, seconds: float) -> int:
    """The memory of a process and its family, as soon as it is at most this, else after this time."""
    end = time.monotonic() + seconds
    while (held := proportional_bytes(family(pid))) > most and time.monotonic() < end:
        time.sleep(1)
    return held


@contextmanager
def attacking(kinds: list[str], server: ServerProcess, seconds: float, share: float) -> Iterator[dict[str, int]]:
    """Attackers, each a process of its own, once all are ready; ended at the end.

    Yields:
        How many attacks each one made; filled at the end.
    """
    command = [sys.executable, "-m", "tests.faults.attackers"]
    settings = [f"{server.port}", f"--seconds={seconds}", f"--share={share}"]
    made: dict[str, int] = {}
    attackers = {
        kind: subprocess.Popen([*command, kind, *settings], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for kind in kinds
    }
    try:
        for attacker in attackers.values():
            assert attacker.stdout is not None
            assert attacker.stdout.readline() == "ready\n"
        yield made
    finally:
        for attacker in attackers.values():
            attacker.terminate()
        for kind, attacker in attackers.items():
            made[kind] = int(attacker.communicate()[0] or 0)


def measure_memory(kinds: list[str], seconds: float, share: float, settle: float = RETURN_SECONDS) -> list[str]:
    """All attackers at once; returns the limits that were broken."""
    broken: list[str] = []
    with started(KERNELSCOPE_SHUTDOWN_SECONDS=str(SHUTDOWN_SECONDS), **LIMITS) as server:
        with attacking(kinds, server, 600, share):
            time.sleep(1 + len(kinds) / 2)
        before = proportional_bytes(family(server.process.pid))
        peak, slowest, processes = before, 0.0, set(family(server.process.pid))
        with attacking(kinds, server, 600, share) as made:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(0.25)
                pids = family(server.process.pid)
                processes.update(pids)
                peak = max(peak, proportional_bytes(pids))
                if server.process.poll() is not None:
                    return [f"the server ended with status {server.process.returncode}"]
                begin = time.monotonic()
                httpx.get(f"{server.address}/healthz", timeout=60).raise_for_status()
                slowest = max(slowest, time.monotonic() - begin)
        after = settled_bytes(server.process.pid, GROWTH * before, settle)
        with attacking(kinds, server, 600, share):
            time.sleep(min(5.0, seconds))
            processes.update(family(server.process.pid))
            server.process.send_signal(signal.SIGTERM)
            begin = time.monotonic()
            try:
                server.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                server.process.kill()
            stopped = time.monotonic() - begin
        left = [pid for pid in processes if Path(f"/proc/{pid}").exists()]
    print("attacks: " + ", ".join(f"{kind} {number}" for kind, number in made.items()))
    if idle := [kind for kind, number in made.items() if number == 0]:
        broken.append(f"no attack by {', '.join(idle)}: the machine is too busy to measure anything")
    print(f"memory before {before / 1e6:.0f} MB, most {peak / 1e6:.0f} MB, after {after / 1e6:.0f} MB")
    print(
        f"slowest /healthz {slowest * 1000:.0f} ms; stopped {stopped:.1f} s after SIGTERM; {len(left)} processes left"
    )
    if peak > MEMORY_BYTES:
        broken.append(f"{peak / 1e6:.0f} MB of memory, more than {MEMORY_BYTES / 1e6:.0f}")
    if after > GROWTH * before:
        broken.append(f"memory stays at {after / before:.2f} times that of the start")
    if stopped > STOP_SECONDS:
        broken.append(f"stopped after {stopped:.1f} s, more than {STOP_SECONDS}")
    if left:
        broken.append(f"processes {left} were left")
    return broken


async def crowd_beside(kind: str, people: int, seconds: float, share: float) -> tuple[Seen, int]:
    """People who draw beside one attacker, on a server of their own; what they saw, and the attacks there were."""
    seen = Seen()
    with (
        started(KERNELSCOPE_LIVE_SESSIONS=str(people + 20), **LIMITS) as server,
        attacking([kind], server, 600 + seconds, share) as made,
    ):
        until = time.perf_counter() + seconds
        address = server.address.replace("http", "ws", 1)
        await asyncio.gather(*[draw(address, until, seen, SHOWN.split(",")) for _ in range(people)])
    return seen, made[kind]


def measure_crowds(kinds: list[str], people: int, seconds: float, share: float) -> list[str]:
    """One attacker after the other; returns the limits that were broken."""
    broken: list[str] = []
    limit = float("inf")
    print("| beside | attacks/s | median | 99% | lost | rejected |\n|---|---:|---:|---:|---:|---:|")
    for kind in ["control", *(kind for kind in kinds if kind != "control")]:
        seen, attacks = asyncio.run(crowd_beside(kind, people, seconds, share))
        median, p99 = np.percentile(seen.latencies, [50, 99]) * 1000
        limit = SLOWDOWN * p99 if kind == "control" else limit
        print(
            f"| {kind} | {attacks / seconds:.1f} | {median:.0f} ms | {p99:.0f} ms | {len(seen.lost)} | "
            f"{len(seen.refusals)} |",
            flush=True,
        )
        if seen.lost or seen.refusals:
            broken.append(f"beside {kind}: {[*seen.lost, *seen.refusals][:2]}")
        if p99 > limit:
            broken.append(f"beside {kind} the 99th percentile is {p99:.0f} ms, more than {limit:.0f}")
    return broken


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.attack", description=__doc__)
    parser.add_argument("what", choices=("memory", "crowd"), nargs="?", default="memory")
    parser.add_argument("--kinds", default=",".join(KINDS), help="separated by commas (default: all)")
    parser.add_argument("--seconds", type=float, default=60, help="of the attack, or of each (default: %(default)s)")
    parser.add_argument("--people", type=int, default=200, help="who draw (default: %(default)s)")
    parser.add_argument("--share", type=float, default=0.2, help="of one core, of each attacker (default: %(default)s)")
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    print(f"load average of the machine before: {os.getloadavg()[0]:.1f}")
    if options.what == "memory":
        broken = measure_memory(kinds, options.seconds, options.share)
    else:
        broken = measure_crowds(kinds, options.people, options.seconds, options.share)
    print("\n".join(broken) or "every limit was kept")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
