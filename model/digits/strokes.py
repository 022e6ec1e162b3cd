"""Pen strokes become ink: one rasterizer for the page, the API, the training set and the tests.

It lives beside the framing, and not with the codecs, because the synthetic training digits are
drawn by it too: what a pen stroke looks like is part of what the weights mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Ink

INK_SIZE = 112
"""Cells along each side of the pad: four for each pixel of an MNIST digit."""

PIECE = 4.0
"""Longest piece of a stroke that is drawn at once, in cells; bounds the window that a piece touches."""

CELLS_AT_ONCE = 2_000_000
"""Cells drawn by one array expression; bounds memory to some 60 MB."""

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
    return _draw_pieces(_joined([_pieces(stroke) for stroke in strokes if len(stroke)]), pen_width)


class GrowingInk:
    """The ink of a drawing that is drawn again and again while it grows: what can no longer change is drawn once.

    Serves one thread at a time.
    """

    def __init__(self) -> None:
        self._strokes: Sequence[Stroke] = ()
        self._pen_width = 0.0
        self._settled = np.zeros((INK_SIZE, INK_SIZE), dtype=np.uint8)
        self._settled_pieces = 0

    def draw(self, strokes: Sequence[Stroke], pen_width: float) -> Ink:
        """What `rasterize_strokes` gives, to the last bit, but for the time it takes.

        Any strokes will do. Those that go on where the last ones ended, longer or more of them, are drawn quickly.
        """
        known, settled, done = self._strokes, self._settled, self._settled_pieces
        if not self._goes_on(strokes, pen_width):
            known, settled, done = (), np.zeros((INK_SIZE, INK_SIZE), dtype=np.uint8), 0
        settling, loose = [], _joined([])
        for stroke in _behind(known, strokes):
            # The stroke before this one is finished, its last pieces too.
            settling.append(loose)
            pieces = _pieces(stroke) if len(stroke) else _joined([])
            settling.append(pieces.cut(done, pieces.settled))
            loose = pieces.cut(pieces.settled, len(pieces.starts))
            done = 0 if stroke is not strokes[-1] else pieces.settled
        new = _joined(settling)
        if len(new.starts):
            # A new array: somebody may still be looking at the old one.
            settled = np.maximum(settled, _draw_pieces(new, pen_width))
        self._strokes, self._pen_width, self._settled, self._settled_pieces = strokes, pen_width, settled, done
        return np.maximum(settled, _draw_pieces(loose, pen_width)) if len(loose.starts) else settled

    def unfinished(self, strokes: Sequence[Stroke], pen_width: float) -> Sequence[Stroke]:
        """Of these strokes, those that are not known to be finished: what `draw` has to look at."""
        return _behind(self._strokes, strokes) if self._goes_on(strokes, pen_width) else strokes

    def _goes_on(self, strokes: Sequence[Stroke], pen_width: float) -> bool:
        known = self._strokes
        if pen_width != self._pen_width or len(known) > len(strokes):
            return False
        if not known:
            return True
        *finished, growing = known
        longer = strokes[len(finished)]
        return all(mine is theirs for mine, theirs in zip(finished, strokes, strict=False)) and np.array_equal(
            growing, longer[: len(growing)]
        )


def _behind(known: Sequence[Stroke], strokes: Sequence[Stroke]) -> Sequence[Stroke]:
    """The strokes from the last known one on: that one may have grown."""
    return strokes[max(0, len(known) - 1) :]


def _draw_pieces(pieces: "Pieces", pen_width: float) -> Ink:
    starts, ends = pieces.starts, pieces.ends
    radius = pen_width * INK_SIZE / 2
    # One window size fits all pieces, so they are drawn by one array expression instead of a loop.
    reach = math.ceil(PIECE / 2 + radius + 1)
    near_pad = np.all((np.minimum(starts, ends) > -reach) & (np.maximum(starts, ends) < INK_SIZE + reach), axis=1)
    starts, ends = starts[near_pad], ends[near_pad]

    margin = 2 * reach + 1
    side = INK_SIZE + 2 * margin
    coverage = np.zeros(side * side, dtype=np.float32)
    at_once = max(1, CELLS_AT_ONCE // margin**2)
    for begin in range(0, len(starts), at_once):
        part = slice(begin, begin + at_once)
        _cover(coverage, side, margin, starts[part], ends[part], radius, reach)
    inside = coverage.reshape(side, side)[margin : margin + INK_SIZE, margin : margin + INK_SIZE]
    # A pen thinner than a cell cannot fill one.
    return np.rint(inside * np.float32(255 * min(1.0, 2 * radius))).astype(np.uint8)


def _cover(
    coverage: Float32,
    side: int,
    margin: int,
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    radius: float,
    reach: int,
) -> None:
    """Raise each cell's coverage, of (side · side,), to what any of the pieces covers of it."""
    middles = np.floor((starts + ends) / 2).astype(np.intp)
    offsets = np.arange(-reach, reach + 1)

    # (window row, window column, piece): the distances from each cell's center to the piece's start, along x and along
    # y. Pieces stand last, since they are many and a window is small: NumPy is fast along the last axis. Each step
    # writes over the one before, since new memory costs as much as the arithmetic.
    from_x = (middles[:, 0] + offsets[:, np.newaxis] + 0.5 - starts[:, 0]).astype(np.float32)
    from_y = (middles[:, 1] + offsets[:, np.newaxis] + 0.5 - starts[:, 1]).astype(np.float32)[:, np.newaxis]
    along_x, along_y = np.ascontiguousarray((ends - starts).T, dtype=np.float32)
    length_squared = np.maximum(along_x**2 + along_y**2, np.float32(1e-12))
    nearest = from_x * along_x + from_y * along_y
    nearest /= length_squared
    np.clip(nearest, 0, 1, out=nearest)
    distance = nearest * along_x
    np.subtract(from_x, distance, out=distance)
    distance *= distance
    nearest *= along_y
    np.subtract(from_y, nearest, out=nearest)
    nearest *= nearest
    distance += nearest
    np.sqrt(distance, out=distance)
    covered = np.subtract(np.float32(radius + 0.5), distance, out=distance)
    np.clip(covered, 0, 1, out=covered)

    rows = (middles[:, 1] + offsets[:, np.newaxis] + margin) * side
    cells = rows[:, np.newaxis] + (middles[:, 0] + offsets[:, np.newaxis] + margin)
    np.maximum.at(coverage, cells.ravel(), covered.ravel())


@dataclass(frozen=True)
class Pieces:
    """Pieces of strokes, none longer than `PIECE`.

    Attributes:
        starts: (n, 2) in cells.
        ends: (n, 2) in cells.
        settled: How many of them stay as they are if the stroke goes on: all but those to a last point that is kept
            only because it is the last.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    settled: int = 0

    def cut(self, begin: int, end: int) -> "Pieces":
        """Some of them."""
        return Pieces(self.starts[begin:end], self.ends[begin:end])


def _joined(pieces: Sequence[Pieces]) -> Pieces:
    nothing = np.empty((0, 2))
    starts = np.concatenate([nothing, *(each.starts for each in pieces)])
    return Pieces(starts, np.concatenate([nothing, *(each.ends for each in pieces)]))


def _pieces(stroke: Stroke) -> Pieces:
    points, last_stays = _thin_out(np.asarray(stroke, dtype=np.float64) * INK_SIZE)
    steps = np.diff(points, axis=0)
    parts = np.maximum(1, np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / PIECE)).astype(np.intp)
    of_step = np.repeat(np.arange(len(parts)), parts)
    part = np.arange(len(of_step)) - np.repeat(np.cumsum(parts) - parts, parts)
    step = steps[of_step] / parts[of_step, np.newaxis]
    starts = points[of_step] + step * part[:, np.newaxis]
    return Pieces(starts, starts + step, len(starts) if last_stays else len(starts) - int(parts[-1]))


def _thin_out(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Drop points less than half a cell along the path from one that is kept: a slow pen sends hundreds.

    A single point comes back twice, as a step of no length.

    Returns:
        The points that are kept, and whether the last of them would be if the stroke went on.
    """
    path = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    bins = np.floor(path * 2)
    kept = np.concatenate([[True], bins[1:] != bins[:-1]])
    last_stays = bool(kept[-1]) and len(points) > 1
    kept[-1] = True
    return points[[0, 0] if len(points) == 1 else kept], last_stays
