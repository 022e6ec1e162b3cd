"""Pen strokes become ink: one rasterizer for the page, the API, the training set and the tests.

It lives beside the framing, and not with the codecs, because the synthetic training digits are
drawn by it too: what a pen stroke looks like is part of what the weights mean.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.arrays import Ink

INK_SIZE = 112
"""Cells along each side of the pad: four for each pixel of an MNIST digit."""

PIECE = 4.0
"""Longest piece of a stroke that is drawn at once, in cells; bounds the window that a piece touches."""

Stroke = NDArray[np.float64]
"""(n, 2) float64: x and y of each point in pad units, 0–1 inside the pad, y down."""


def rasterize_strokes(strokes: Sequence[Stroke], pen_width: float) -> Ink:
    """Draw round-capped strokes, antialiased.

    A cell's ink falls off linearly over one cell around the pen's edge, which is the area of the
    cell that a straight edge covers, to within a few percent.

    Args:
        strokes: (n, 2) each, pad units; what lies outside the pad is cut off. One point is a dot.
        pen_width: Diameter of the pen, in pad units.

    Returns:
        (112, 112) uint8, 0 paper, 255 ink.
    """
    starts, ends = _pieces(strokes)
    radius = pen_width * INK_SIZE / 2
    # One window size fits all pieces, so they are drawn by one array expression instead of a loop.
    reach = math.ceil(PIECE / 2 + radius + 1)
    near_pad = np.all((np.minimum(starts, ends) > -reach) & (np.maximum(starts, ends) < INK_SIZE + reach), axis=1)
    starts, ends = starts[near_pad], ends[near_pad]

    margin = 2 * reach + 1
    side = INK_SIZE + 2 * margin
    coverage = np.zeros(side * side, dtype=np.float32)
    middles = np.floor((starts + ends) / 2).astype(np.intp)
    offsets = np.arange(-reach, reach + 1)

    # (window row, window column, piece): the distances from each cell's center to the piece's start, along x and along
    # y. Pieces stand last, since they are many and a window is small: NumPy is fast along the last axis.
    from_x = (middles[:, 0] + offsets[:, np.newaxis] + 0.5 - starts[:, 0]).astype(np.float32)
    from_y = (middles[:, 1] + offsets[:, np.newaxis] + 0.5 - starts[:, 1]).astype(np.float32)[:, np.newaxis]
    along_x, along_y = np.ascontiguousarray((ends - starts).T, dtype=np.float32)
    length_squared = np.maximum(along_x**2 + along_y**2, np.float32(1e-12))
    nearest = np.clip((from_x * along_x + from_y * along_y) / length_squared, 0, 1)
    distance = np.sqrt((from_x - nearest * along_x) ** 2 + (from_y - nearest * along_y) ** 2)
    covered = np.clip(np.float32(radius + 0.5) - distance, 0, 1)

    rows = (middles[:, 1] + offsets[:, np.newaxis] + margin) * side
    cells = rows[:, np.newaxis] + (middles[:, 0] + offsets[:, np.newaxis] + margin)
    np.maximum.at(coverage, cells.ravel(), covered.ravel())
    inside = coverage.reshape(side, side)[margin : margin + INK_SIZE, margin : margin + INK_SIZE]
    # A pen thinner than a cell cannot fill one.
    return np.rint(inside * np.float32(255 * min(1.0, 2 * radius))).astype(np.uint8)


def _pieces(strokes: Sequence[Stroke]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cut strokes into pieces no longer than `PIECE`; (n, 2) start and end points, in cells."""
    starts, ends = [np.empty((0, 2))], [np.empty((0, 2))]
    for stroke in strokes:
        if not len(stroke):
            continue
        points = _thin_out(np.asarray(stroke, dtype=np.float64) * INK_SIZE)
        steps = np.diff(points, axis=0)
        parts = np.maximum(1, np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / PIECE)).astype(np.intp)
        of_step = np.repeat(np.arange(len(parts)), parts)
        part = np.arange(len(of_step)) - np.repeat(np.cumsum(parts) - parts, parts)
        step = steps[of_step] / parts[of_step, np.newaxis]
        start = points[of_step] + step * part[:, np.newaxis]
        starts.append(start)
        ends.append(start + step)
    return np.concatenate(starts), np.concatenate(ends)


def _thin_out(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Drop points less than half a cell along the path from one that is kept: a slow pen sends hundreds.

    A single point comes back twice, as a step of no length.
    """
    path = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    bins = np.floor(path * 2)
    kept = np.concatenate([[True], bins[1:] != bins[:-1]])
    kept[-1] = True
    if len(points) == 1:
        kept = np.array([0, 0])
    return points[kept]
