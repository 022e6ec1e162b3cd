"""Pen strokes become ink, within bounds.

A stroke of few bytes can be long and a pen can be wide, so what is bounded is the work: the cells that the pen touches.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import numpy as np

from app.errors import DrawingTooLarge
from model.arrays import Ink
from model.strokes import INK_SIZE, PIECE, GrowingInk, Stroke, rasterize_strokes

MAX_CELLS = 20_000_000
"""Cells touched by all pieces of a drawing; about half a second of work. A minute of scribbling is under a million."""

SHORT_CELLS = 250_000
"""Cells that are drawn among the short jobs: some 6 ms, and ten times what a digit needs."""


T = TypeVar("T")

Run = Callable[[Callable[[int], T], int], Awaitable[T]]


class DrawingTakesLong(Exception):  # noqa: N818 - nothing is wrong with it
    """Not among the short jobs: everybody's drawing would wait for this one."""


def require_size(strokes: int, points: int, most_strokes: int, most_points: int) -> None:
    """Raises DrawingTooLarge if a drawing has more strokes, or more points over all of them, than it may have."""
    if strokes > most_strokes or points > most_points:
        raise DrawingTooLarge(
            f"The drawing has {strokes:,} strokes with {points:,} points in all; "
            f"this server draws up to {most_strokes:,} strokes and {most_points:,} points.",
            limit_strokes=most_strokes,
            limit_points=most_points,
        )


async def short_else_long(short: Run[T], long: Run[T], compute: Callable[[int], T]) -> T:
    """Compute among the short jobs; what turns out to take long, among the long ones.

    Args:
        short: Runs a function in the pool for what is short.
        long: Runs it in the pool for what may take long.
        compute: Takes as many cells as it may draw.
    """
    try:
        return await short(compute, SHORT_CELLS)
    except DrawingTakesLong:
        return await long(compute, MAX_CELLS)


def draw(
    strokes: Sequence[Stroke], pen_width: float, growing: GrowingInk | None = None, most_cells: int = MAX_CELLS
) -> Ink:
    """Draw strokes.

    Args:
        strokes: (n, 2) float64 each, in pad units.
        pen_width: Diameter of the pen, in pad units.
        growing: What an earlier stage of the same drawing has left, for a drawing that grows.
        most_cells: As many may be touched here.

    Returns:
        (112, 112) uint8, 0 paper, 255 ink.

    Raises:
        DrawingTooLarge: The pen would touch too many cells.
        DrawingTakesLong: It would touch more than ``most_cells`` now.
    """
    window = (2 * math.ceil(PIECE / 2 + pen_width * INK_SIZE / 2 + 1) + 1) ** 2
    cells = [_pieces_of(stroke) * window for stroke in strokes]
    if sum(cells) > MAX_CELLS:
        raise DrawingTooLarge(
            f"The pen would touch {sum(cells):,} cells; this server draws up to {MAX_CELLS:,}.",
            cells=sum(cells),
            limit_cells=MAX_CELLS,
        )
    begun = 0 if growing is None else len(strokes) - len(growing.unfinished(strokes, pen_width))
    if sum(cells[begun:]) > most_cells:
        raise DrawingTakesLong
    return rasterize_strokes(strokes, pen_width) if growing is None else growing.draw(strokes, pen_width)


def _pieces_of(stroke: Stroke) -> int:
    """How many pieces a stroke has at most; its first point is a dot."""
    steps = np.diff(stroke, axis=0, prepend=stroke[:1]) * INK_SIZE
    return int(np.maximum(1, np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / PIECE)).sum())
