"""A computation runs where those of its length run, and where longer ones do if it turns out to take longer."""

import threading

import pytest

from app.compute_pool import ComputePool
from app.drawing import INSTANT_CELLS, MAX_CELLS, SHORT_CELLS, DrawingTakesLong
from app.scheduling import Length, run_by_length

pytestmark = pytest.mark.anyio


class Work:
    """Draws so many cells, and notes where it was begun and with how many cells allowed."""

    def __init__(self, cells: int) -> None:
        self.cells = cells
        self.allowed: list[int] = []
        self.threads: list[str] = []

    def __call__(self, most_cells: int) -> str:
        self.allowed.append(most_cells)
        self.threads.append(threading.current_thread().name)
        if self.cells > most_cells:
            raise DrawingTakesLong
        return "drawn"


@pytest.mark.parametrize("has_seat", [False, True])
@pytest.mark.parametrize(
    ("cells", "length", "allowed"),
    [
        (INSTANT_CELLS, Length.INSTANT, [INSTANT_CELLS]),
        (INSTANT_CELLS + 1, Length.INSTANT, [INSTANT_CELLS, SHORT_CELLS]),
        (SHORT_CELLS + 1, Length.INSTANT, [INSTANT_CELLS, SHORT_CELLS, MAX_CELLS]),
        (1, Length.SHORT, [SHORT_CELLS]),
        (SHORT_CELLS + 1, Length.SHORT, [SHORT_CELLS, MAX_CELLS]),
        (1, Length.LONG, [MAX_CELLS]),
    ],
)
async def test_drawing_moves_on_until_it_may_take_as_long_as_it_takes(
    cells: int, length: Length, allowed: list[int], has_seat: bool
):
    pool, slow_pool = (ComputePool(threads=1, queue=0, queue_seconds=10) for _ in range(2))
    work = Work(cells)

    assert await run_by_length(pool, slow_pool, length, work, has_seat=has_seat) == "drawn"

    assert work.allowed == allowed
    in_loop = [name == threading.current_thread().name for name in work.threads]
    assert in_loop == [cells == INSTANT_CELLS for cells in allowed]
    pool.close(10)
    slow_pool.close(10)


async def test_an_error_of_the_computation_is_not_tried_again_elsewhere():
    pool, slow_pool = (ComputePool(threads=1, queue=0, queue_seconds=10) for _ in range(2))

    with pytest.raises(ZeroDivisionError):
        await run_by_length(pool, slow_pool, Length.INSTANT, lambda most_cells: most_cells // 0)

    pool.close(10)
    slow_pool.close(10)
