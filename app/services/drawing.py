"""Pen strokes become ink, within bounds.

A stroke of few bytes can be long and a pen can be wide, so what is bounded is the work: the cells that the pen touches.
"""

import math
from collections.abc import Sequence

import numpy as np

from app.errors import DrawingTooLarge
from model.arrays import Ink
from model.strokes import INK_SIZE, PIECE, GrowingInk, Stroke, rasterize_strokes

MAX_CELLS = 20_000_000
"""Cells touched by all pieces of a drawing; about half a second of work. A minute of scribbling is under a million."""


def require_size(strokes: int, points: int, most_strokes: int, most_points: int) -> None:
    """Raises DrawingTooLarge if a drawing has more strokes, or more points over all of them, than it may have."""
    if strokes > most_strokes or points > most_points:
        raise DrawingTooLarge(
            f"The drawing has {strokes:,} strokes with {points:,} points in all; "
            f"this server draws up to {most_strokes:,} strokes and {most_points:,} points.",
            limit_strokes=most_strokes,
            limit_points=most_points,
        )


def draw(strokes: Sequence[Stroke], pen_width: float, growing: GrowingInk | None = None) -> Ink:
    """Draw strokes.

    Args:
        strokes: (n, 2) float64 each, in pad units.
        pen_width: Diameter of the pen, in pad units.
        growing: What an earlier stage of the same drawing has left, for a drawing that grows.

    Returns:
        (112, 112) uint8, 0 paper, 255 ink.

    Raises:
        DrawingTooLarge: The pen would touch too many cells.
    """
    window = (2 * math.ceil(PIECE / 2 + pen_width * INK_SIZE / 2 + 1) + 1) ** 2
    cells = sum(map(_pieces_of, strokes)) * window
    if cells > MAX_CELLS:
        raise DrawingTooLarge(
            f"The pen would touch {cells:,} cells; this server draws up to {MAX_CELLS:,}.",
            cells=cells,
            limit_cells=MAX_CELLS,
        )
    return rasterize_strokes(strokes, pen_width) if growing is None else growing.draw(strokes, pen_width)


def _pieces_of(stroke: Stroke) -> int:
    """How many pieces a stroke has at most; its first point is a dot."""
    steps = np.diff(stroke, axis=0, prepend=stroke[:1]) * INK_SIZE
    return int(np.maximum(1, np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / PIECE)).sum())
