"""Pen strokes become ink, within bounds.

A stroke of few bytes can be long and a pen can be wide, so what is bounded is the work: the cells that the pen touches.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from app.errors import DrawingTooLarge
from model.arrays import Ink
from model.strokes import INK_SIZE, PIECE, Stroke, rasterize_strokes

MAX_CELLS = 20_000_000
"""Cells touched by all pieces of a drawing; about half a second of work. A minute of scribbling is under a million."""

CELLS_AT_ONCE = 2_000_000
"""Cells drawn by one array expression; bounds memory to some 60 MB a thread."""


def require_size(strokes: int, points: int, most_strokes: int, most_points: int) -> None:
    """Raises DrawingTooLarge if a drawing has more strokes, or more points over all of them, than it may have."""
    if strokes > most_strokes or points > most_points:
        raise DrawingTooLarge(
            f"The drawing has {strokes:,} strokes with {points:,} points in all; "
            f"this server draws up to {most_strokes:,} strokes and {most_points:,} points.",
            limit_strokes=most_strokes,
            limit_points=most_points,
        )


def draw(strokes: Sequence[Stroke], pen_width: float) -> Ink:
    """Draw strokes.

    Args:
        strokes: (n, 2) float64 each, in pad units.
        pen_width: Diameter of the pen, in pad units.

    Returns:
        (112, 112) uint8, 0 paper, 255 ink.

    Raises:
        DrawingTooLarge: The pen would touch too many cells.
    """
    window = (2 * math.ceil(PIECE / 2 + pen_width * INK_SIZE / 2 + 1) + 1) ** 2
    pieces = [_pieces_per_step(stroke) for stroke in strokes]
    cells = sum(int(counts.sum()) for counts in pieces) * window
    if cells > MAX_CELLS:
        raise DrawingTooLarge(
            f"The pen would touch {cells:,} cells; this server draws up to {MAX_CELLS:,}.",
            cells=cells,
            limit_cells=MAX_CELLS,
        )
    ink = np.zeros((INK_SIZE, INK_SIZE), dtype=np.uint8)
    for part in _parts(strokes, pieces, CELLS_AT_ONCE // window):
        # Ink does not add up where strokes cross, so parts of a drawing are joined by their maximum.
        np.maximum(ink, rasterize_strokes(part, pen_width), out=ink)
    return ink


def _pieces_per_step(stroke: Stroke) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """(n,) pieces that each point of a stroke adds; the first is a dot."""
    steps = np.diff(stroke, axis=0, prepend=stroke[:1]) * INK_SIZE
    counts = np.maximum(1, np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / PIECE))
    return np.asarray(counts, dtype=np.intp)


def _parts(
    strokes: Sequence[Stroke], pieces: Sequence[np.ndarray[tuple[int], np.dtype[np.intp]]], most: int
) -> Iterator[list[Stroke]]:
    """Group strokes so that no group has many more than ``most`` pieces; a longer stroke is cut at points."""
    part: list[Stroke] = []
    room = most
    for stroke, counts in zip(strokes, pieces, strict=True):
        begin = 0
        while begin < len(stroke):
            fitting = max(1, int(np.searchsorted(np.cumsum(counts[begin:]), room, side="right")))
            # The last point of one part is the first of the next, so that no step is lost between them.
            part.append(stroke[max(0, begin - 1) : begin + fitting])
            room -= int(counts[begin : begin + fitting].sum())
            begin += fitting
            if room <= 0 or begin < len(stroke):
                yield part
                part, room = [], most
    if part:
        yield part
