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
    pieces = _joined([_pieces(stroke) for stroke in strokes if len(stroke)])
    return _with_pieces(_blank(), pieces, pen_width)


class GrowingInk:
    """The ink of a drawing that is drawn again and again while it grows: what can no longer change is drawn once.

    Serves one thread at a time.
    """

    def __init__(self) -> None:
        self._strokes: Sequence[Stroke] = ()
        self._pen_width = 0.0
        self._settled = _blank()
        self._place = START

    def draw(self, strokes: Sequence[Stroke], pen_width: float) -> Ink:
        """What `rasterize_strokes` gives, to the last bit, but for the time it takes.

        Any strokes will do. Those that go on where the last ones ended, longer or more of them, are drawn quickly.
        """
        known, ink, place = self._strokes, self._settled, self._place
        if not self._goes_on(strokes, pen_width):
            known, ink, place = (), _blank(), START
        finished, growing = [], _joined([])
        for number, stroke in enumerate(_behind(known, strokes)):
            # The stroke before this one is finished, its last pieces too.
            finished.append(growing)
            if number:
                place = START
            growing = _pieces(stroke, place)
        if growing.settled:
            finished.append(growing.cut(0, growing.settled))
            place = growing.place
            growing = growing.cut(growing.settled, len(growing.starts))
        ink = _with_pieces(ink, _joined(finished), pen_width)
        self._strokes, self._pen_width, self._settled, self._place = strokes, pen_width, ink, place
        return _with_pieces(ink, growing, pen_width)

    def unfinished(self, strokes: Sequence[Stroke], pen_width: float) -> Sequence[Stroke]:
        """Of these strokes, what `draw` has to look at."""
        if not self._strokes or not self._goes_on(strokes, pen_width):
            return strokes
        growing, *others = _behind(self._strokes, strokes)
        return [growing[self._place.point :], *others]

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


def _blank() -> Ink:
    return np.zeros((INK_SIZE, INK_SIZE), dtype=np.uint8)


def _behind(known: Sequence[Stroke], strokes: Sequence[Stroke]) -> Sequence[Stroke]:
    """The strokes from the last known one on: that one may have grown."""
    return strokes[max(0, len(known) - 1) :]


def _with_pieces(ink: Ink, pieces: "Pieces", pen_width: float) -> Ink:
    """The ink with these pieces drawn over it, in a new array: somebody may still be looking at the old one."""
    starts, ends = pieces.starts, pieces.ends
    if not len(starts):
        return ink
    radius = pen_width * INK_SIZE / 2
    # One window size fits all pieces, so they are drawn by one array expression instead of a loop.
    reach = math.ceil(PIECE / 2 + radius + 1)
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    if low.min() <= -reach or high.max() >= INK_SIZE + reach:
        near_pad = np.all((low > -reach) & (high < INK_SIZE + reach), axis=1)
        starts, ends = starts[near_pad], ends[near_pad]
        if not len(starts):
            return ink

    # Only the box of all windows: a stroke that grows by a point touches a fraction of the pad.
    middles = np.floor((starts + ends) / 2).astype(np.intp)
    left, top = middles.min(axis=0) - reach
    width, height = middles.max(axis=0) + reach + 1 - (left, top)
    coverage = np.zeros(height * width, dtype=np.float32)
    at_once = max(1, CELLS_AT_ONCE // (2 * reach + 1) ** 2)
    for begin in range(0, len(starts), at_once):
        part = slice(begin, begin + at_once)
        _cover(coverage, (top, left), width, middles[part], starts[part], ends[part], radius, reach)

    first_row, first_column = max(0, top), max(0, left)
    inside = coverage.reshape(height, width)[first_row - top : INK_SIZE - top, first_column - left : INK_SIZE - left]
    # A pen thinner than a cell cannot fill one.
    drawn = np.rint(inside * np.float32(255 * min(1.0, 2 * radius))).astype(np.uint8)
    darker = ink.copy()
    below = darker[first_row : first_row + drawn.shape[0], first_column : first_column + drawn.shape[1]]
    np.maximum(below, drawn, out=below)
    return darker


def _cover(
    coverage: Float32,
    corner: tuple[int, int],
    width: int,
    middles: NDArray[np.intp],
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    radius: float,
    reach: int,
) -> None:
    """Raise each cell's coverage to what any of the pieces covers of it.

    Args:
        coverage: Of the cells of a box, row by row.
        corner: Row and column of its first cell.
        width: Of the box, in cells.
        middles: (n, 2), the column and row of the middle of each piece.
        starts: (n, 2) in cells.
        ends: (n, 2) in cells.
        radius: Of the pen, in cells.
        reach: Cells around a middle that its piece may touch.
    """
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

    top, left = corner
    rows = (middles[:, 1] + offsets[:, np.newaxis] - top) * width
    cells = rows[:, np.newaxis] + (middles[:, 0] + offsets[:, np.newaxis] - left)
    np.maximum.at(coverage, cells.ravel(), covered.ravel())


@dataclass(frozen=True)
class Place:
    """A point of a stroke.

    Attributes:
        point: Its number in the stroke.
        path: Length of the stroke up to it, in cells.
    """

    point: int
    path: float


START = Place(0, 0.0)


@dataclass(frozen=True)
class Pieces:
    """Pieces of strokes, none longer than `PIECE`.

    Attributes:
        starts: (n, 2) in cells.
        ends: (n, 2) in cells.
        settled: How many of them stay as they are if the stroke goes on: all but those to a last point that is kept
            only because it is the last.
        place: The point where those end.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    settled: int = 0
    place: Place = START

    def cut(self, begin: int, end: int) -> "Pieces":
        """Some of them."""
        return Pieces(self.starts[begin:end], self.ends[begin:end])


def _joined(pieces: Sequence[Pieces]) -> Pieces:
    nothing = np.empty((0, 2))
    starts = np.concatenate([nothing, *(each.starts for each in pieces)])
    return Pieces(starts, np.concatenate([nothing, *(each.ends for each in pieces)]))


def _pieces(stroke: Stroke, place: Place = START) -> Pieces:
    """Of a stroke, from a point on that is kept however the stroke goes on."""
    behind = np.asarray(stroke[place.point :], dtype=np.float64) * INK_SIZE
    if len(behind) <= (1 if place.point else 0):
        return _joined([])
    path = np.cumsum(np.concatenate([[place.path], _lengths(behind[1:] - behind[:-1])]))
    kept, last_stays = _thin_out(path)
    points = behind[kept]
    steps = points[1:] - points[:-1]
    parts = np.maximum(1, np.ceil(_lengths(steps) / PIECE)).astype(np.intp)
    of_step = np.repeat(np.arange(len(parts)), parts)
    part = np.arange(len(of_step)) - np.repeat(np.cumsum(parts) - parts, parts)
    step = steps[of_step] / parts[of_step, np.newaxis]
    starts = points[of_step] + step * part[:, np.newaxis]
    last, settled = (-1, len(starts)) if last_stays else (-2, len(starts) - int(parts[-1]))
    return Pieces(starts, starts + step, settled, Place(place.point + int(kept[last]), float(path[kept[last]])))


def _lengths(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) → (n,)."""
    return np.hypot(steps[:, 0], steps[:, 1])


def _thin_out(path: NDArray[np.float64]) -> tuple[NDArray[np.intp], bool]:
    """Drop points less than half a cell along the path from one that is kept: a slow pen sends hundreds.

    A single point comes back twice, as a step of no length.

    Args:
        path: (n,), the length of the stroke up to each point, in cells.

    Returns:
        The numbers of the points that are kept, and whether the last of them would be if the stroke went on.
    """
    if len(path) == 1:
        return np.zeros(2, dtype=np.intp), False
    bins = np.floor(path * 2)
    kept = np.concatenate([[True], bins[1:] != bins[:-1]])
    last_stays = bool(kept[-1])
    kept[-1] = True
    return kept.nonzero()[0], last_stays
