"""Where a computation runs, by how long it takes: in the event loop, or in the thread for short or for long ones."""

from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import TypeVar

from app.compute_pool import ComputePool
from app.drawing import INSTANT_CELLS, MAX_CELLS, SHORT_CELLS, DrawingTakesLong

T = TypeVar("T")

INSTANT_POINTS = 500
"""Points of a drawing that is read at once; a digit of several strokes has about 200."""


class Length(IntEnum):
    """How long a computation is expected to take.

    Attributes:
        INSTANT: About as long as handing it to a thread and back would; it runs in the event loop.
        SHORT: A few milliseconds.
        LONG: Longer.
    """

    INSTANT = 0
    SHORT = 1
    LONG = 2


def length_of_drawing(points: int, *, is_quick: bool) -> Length:
    """How long a drawing of so many points takes, with a network and a response that are quick to compute or not."""
    return Length.INSTANT if is_quick and points <= INSTANT_POINTS else Length.SHORT


async def run_by_length(
    pool: ComputePool,
    slow_pool: ComputePool,
    length: Length,
    compute: Callable[[int], T],
    *,
    has_seat: bool = False,
) -> T:
    """Compute where jobs of this length run, and where longer ones do if the drawing turns out to take longer.

    Args:
        pool: Of short jobs.
        slow_pool: Of long jobs.
        length: How long it is expected to take.
        compute: Its argument is the number of cells that it may draw.
        has_seat: Whether the seats of live sessions limit these computations, and not the queue.

    Raises:
        ServerBusy: As `ComputePool.run` and `ComputePool.run_seated` do.
        NotReady: The pool is closed.
    """
    if length == Length.INSTANT:
        with suppress(DrawingTakesLong):
            return await (pool.run_here_seated if has_seat else pool.run_here)(compute, INSTANT_CELLS)
    if length <= Length.SHORT:
        with suppress(DrawingTakesLong):
            return await (pool.run_seated if has_seat else pool.run)(compute, SHORT_CELLS)
    return await (slow_pool.run_seated if has_seat else slow_pool.run)(compute, MAX_CELLS)
