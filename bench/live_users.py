"""python -m bench.live_users: many people who draw at once, for minutes; how long their maps take, and what it costs.

Each draws as people do: a stroke of a second or so, a point every 16 ms, then a pause, and every few strokes a new
digit. As the page does, at most 16 messages are under way; the time of a message is that from when it was sent to when
it, or a newer one of the same drawing, was answered.
"""

import argparse
import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from bench.service import SHOWN, serving

FRAME_SECONDS = 0.016
MOST_UNANSWERED = 16


@dataclass
class Seen:
    """What all of them saw."""

    latencies: list[float] = field(default_factory=list)
    responses: int = 0
    refusals: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


async def draw(address: str, until: float, seen: Seen, layers: list[str]) -> None:
    """One person."""
    await asyncio.sleep(random.uniform(0, 2))
    try:
        async with connect(f"{address}/api/v1/live", compression=None, max_size=None) as live:
            sent: dict[int, float] = {}
            listening = asyncio.create_task(_listen(live, sent, seen))
            await _scribble(live, until, sent, layers)
            listening.cancel()
    except Exception as error:  # whatever it is, it is counted
        seen.lost.append(repr(error)[:200])


async def _listen(live: ClientConnection, sent: dict[int, float], seen: Seen) -> None:
    async for answer in live:
        now = time.perf_counter()
        if isinstance(answer, str):
            seen.refusals.append(answer[:200])
            continue
        size = int.from_bytes(answer[:8], "little")
        sequence = int(json.loads(answer[8 : 8 + size])["__metadata__"]["sequence"])
        seen.responses += 1
        for number in [number for number in sent if number <= sequence]:
            seen.latencies.append(now - sent.pop(number))


async def _scribble(live: ClientConnection, until: float, sent: dict[int, float], layers: list[str]) -> None:
    sequence = 0
    view = {"layers": layers, "dtype": "float16"}

    async def say(**message: object) -> None:
        nonlocal sequence
        sequence += 1
        sent[sequence] = time.perf_counter()
        await live.send(json.dumps({"sequence": sequence, **message}))

    while time.perf_counter() < until:
        await say(strokes=[], **view)
        view = {}
        for _ in range(random.randint(1, 4)):
            x, y, direction = random.uniform(0.2, 0.8), random.uniform(0.2, 0.8), random.uniform(0, 6.3)
            await say(begin=[[round(x, 4), round(y, 4)]])
            waiting: list[list[float]] = []
            for _ in range(random.randint(30, 90)):
                await asyncio.sleep(FRAME_SECONDS)
                direction += random.uniform(-0.3, 0.3)
                x, y = (float(np.clip(v, 0, 1)) for v in (x + 0.012 * np.cos(direction), y + 0.012 * np.sin(direction)))
                waiting.append([round(x, 4), round(y, 4)])
                if len(sent) < MOST_UNANSWERED:
                    await say(extend=waiting)
                    waiting = []
            await asyncio.sleep(random.uniform(0.2, 1.5))  # the pen is lifted, and somebody looks


async def watch(address: str, clients: int, minutes: float, pids: list[int]) -> dict[str, object]:
    """All of them, and the server's memory while they draw."""
    seen, memory = Seen(), []
    until = time.perf_counter() + 60 * minutes
    everybody = [
        asyncio.create_task(draw(address.replace("http", "ws", 1), until, seen, SHOWN.split(",")))
        for _ in range(clients)
    ]
    while not all(person.done() for person in everybody):
        await asyncio.sleep(5)
        memory.append(sum(_resident(pid) for pid in pids))
    p50, p95, p99 = np.percentile(seen.latencies, [50, 95, 99]) * 1000
    return {
        "clients": clients,
        "minutes": minutes,
        "messages": len(seen.latencies),
        "responses_per_second": round(seen.responses / (60 * minutes)),
        "median_ms": round(p50, 1),
        "p95_ms": round(p95, 1),
        "p99_ms": round(p99, 1),
        "refusals": len(seen.refusals),
        "lost": len(seen.lost),
        "examples": [*seen.refusals[:2], *seen.lost[:2]],
        "memory_mb": [round(bytes_ / 1e6) for bytes_ in (memory[1], memory[len(memory) // 2], memory[-1])],
    }


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(grandchild for child in children for grandchild in _family(int(child)))]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.live_users", description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with serving(options.workers) as address:
        pids = [pid for pid in _family(os.getpid()) if b"bench.server" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        pids = [each for pid in pids for each in _family(pid)]
        print(json.dumps(asyncio.run(watch(address, options.clients, options.minutes, pids))))


if __name__ == "__main__":
    main()
