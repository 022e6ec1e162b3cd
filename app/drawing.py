"""From pen strokes to ink, within limits.

A stroke of few bytes can be long and a pen can be wide, so the limit is on the work: the cells that the pen touches.
"""

import math
from collections.abc import Sequence

import numpy as np

from app.errors import DrawingTooLarge
from model.arrays import Ink
from model.digits.strokes import INK_SIZE, PIECE, GrowingInk, Stroke, rasterize_strokes

MAX_CELLS = 20_000_000
"""Cells touched by all pieces of a drawing; about half a second of work. A minute of scribbling is under a million."""

SHORT_CELLS = 250_000
"""Cells of a drawing that counts as a short job: about 6 ms, and ten times as many as a digit needs."""

INSTANT_CELLS = 40_000
"""Cells of a drawing that is drawn at once, in the event loop: about 1 ms."""


class DrawingTakesLong(Exception):  # noqa: N818 - it is not an error
    """The digit is not as short a job as expected: all drawings would wait for it."""


def require_size(strokes: int, points: int, most_strokes: int, most_points: int) -> None:
    """Raises DrawingTooLarge if a drawing has more strokes, or more points over all of them, than it may have."""
    if strokes > most_strokes or points > most_points:
        raise DrawingTooLarge(
            f"The drawing has {strokes:,} strokes with {points:,} points in all; "
            f"this server draws up to {most_strokes:,} strokes and {most_points:,} points.",
            limit_strokes=most_strokes,
            limit_points=most_points,
        )


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
        DrawingTooLarge: The pen would touch too many cells now.
        DrawingTakesLong: It would touch more than ``most_cells``.
    """
    to_draw = strokes if growing is None else growing.unfinished(strokes, pen_width)
    cells = sum(map(_pieces_of, to_draw)) * (2 * math.ceil(PIECE / 2 + pen_width * INK_SIZE / 2 + 1) + 1) ** 2
    if cells > MAX_CELLS:
        raise DrawingTooLarge(
            f"The pen would touch {cells:,} cells; this server draws up to {MAX_CELLS:,}.",
            cells=cells,
            limit_cells=MAX_CELLS,
        )
    if cells > most_cells:
        raise DrawingTakesLong
    return rasterize_strokes(strokes, pen_width) if growing is None else growing.draw(strokes, pen_width)


def _pieces_of(stroke: Stroke) -> int:
    """How many pieces a stroke has at most; its first point is a dot."""
    steps = np.diff(stroke, axis=0, prepend=stroke[:1]) * INK_SIZE
    return int(np.maximum(1, np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / PIECE)).sum())
