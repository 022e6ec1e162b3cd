"""Clients that draw over the live channel as fast as they are answered: a stroke that grows point by point.

They are written in Python and take a part of the machine from the server, of the constant responses as of the real
ones.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator

import numpy as np
from websockets.asyncio.client import connect

POINTS = 120


def messages(layers: list[str], dtype: str) -> Iterator[str]:
    """What a client sends, one after the other: a stroke of 120 points, and again from a blank pad."""
    turn = np.linspace(0, 5, POINTS)
    points = np.stack([0.5 + 0.06 * np.cos(turn) * turn, 0.5 + 0.35 * np.sin(turn)], axis=1).round(4).tolist()
    for sequence in itertools.count(1):
        place = (sequence - 1) % POINTS
        message = {"extend": [points[place]]} if place else {"strokes": [points[:1]]}
        view = {"layers": layers, "dtype": dtype} if sequence == 1 else {}
        yield json.dumps({"sequence": sequence, **message, **view})


async def draw_live(url: str, layers: list[str], dtype: str, clients: int, seconds: float) -> dict[str, float]:
    """Answers a second over all clients, and their latencies; what comes in the first half second does not count."""
    latencies: list[float] = []
    begin = time.perf_counter() + 0.5
    end = begin + seconds

    async def draw() -> None:
        async with connect(url, compression=None, max_size=None) as live:
            for message in messages(layers, dtype):
                sent = time.perf_counter()
                await live.send(message)
                answer = await live.recv()
                if isinstance(answer, str):
                    raise RuntimeError(f"refused: {answer[:200]}")
                answered = time.perf_counter()
                if answered > end:
                    return
                if sent > begin:
                    latencies.append(answered - sent)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(clients):
            tasks.create_task(draw())
    median, p99 = np.percentile(latencies, [50, 99]) * 1000
    return {"per_second": len(latencies) / seconds, "median_ms": float(median), "p99_ms": float(p99)}


def measure_live(
    address: str, path: str, layers: list[str], dtype: str, clients: int, seconds: float
) -> dict[str, float]:
    """The same from outside an event loop."""
    return asyncio.run(draw_live(f"{address.replace('http', 'ws', 1)}{path}", layers, dtype, clients, seconds))
