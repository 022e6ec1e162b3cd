"""Marks: the connected parts of an image of ink.

Knows nothing of digits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32

Mask = NDArray[np.bool_]
Labels = NDArray[np.intp]


@dataclass(frozen=True)
class Marks:
    """The connected parts of a mask, diagonals included.

    Attributes:
        labels: (H, W), the number of each pixel's mark; 0 for paper.
        mass: (n + 1,) float64, the ink of each mark; 0 for paper.
        pixels: (n + 1,) how many pixels each mark has; 0 for paper.
        top: (n + 1,) first row of each mark.
        bottom: (n + 1,) last row.
        left: (n + 1,) first column.
        right: (n + 1,) last column.
    """

    labels: Labels
    mass: NDArray[np.float64]
    pixels: NDArray[np.intp]
    top: NDArray[np.intp]
    bottom: NDArray[np.intp]
    left: NDArray[np.intp]
    right: NDArray[np.intp]

    @property
    def height(self) -> NDArray[np.intp]:
        """(n + 1,) rows from first to last."""
        return self.bottom - self.top + 1

    @property
    def width(self) -> NDArray[np.intp]:
        """(n + 1,) columns from first to last."""
        return self.right - self.left + 1

    def mask(self, chosen: Mask) -> Mask:
        """(H, W), the pixels of some marks; ``chosen``: (n + 1,)."""
        return np.asarray((chosen & (self.pixels > 0))[self.labels])


def find_marks(mask: Mask, ink: Float32) -> Marks:
    """Number the connected parts of a mask and measure them.

    Args:
        mask: (H, W), true where there is ink.
        ink: (H, W) float32, how much.
    """
    labels, runs, part = _label_runs(mask, reach=1)
    size = int(part.max(initial=0)) + 1
    top, left = np.full(size, mask.shape[0]), np.full(size, mask.shape[1])
    bottom, right = np.full(size, -1), np.full(size, -1)
    np.minimum.at(top, part, runs.rows)
    np.maximum.at(bottom, part, runs.rows)
    np.minimum.at(left, part, runs.starts)
    np.maximum.at(right, part, runs.ends - 1)
    pixels = np.bincount(part, weights=runs.ends - runs.starts, minlength=size).astype(np.intp)
    mass = np.bincount(labels[mask], weights=ink[mask].astype(np.float64), minlength=size).astype(np.float64)
    return Marks(labels, mass, pixels, top, bottom, left, right)


def label_parts(mask: Mask, *, diagonals: bool = True) -> tuple[Labels, int]:
    """Number the connected parts of a mask, from 1.

    Returns:
        (H, W) numbers, 0 outside the mask; how many parts there are.
    """
    labels, _runs, part = _label_runs(mask, reach=1 if diagonals else 0)
    return labels, int(part.max(initial=0))


@dataclass(frozen=True)
class Runs:
    """The runs of a mask's rows, in reading order.

    Attributes:
        rows: (n,) the row of each run.
        starts: (n,) its first column.
        ends: (n,) the column after its last.
    """

    rows: Labels
    starts: Labels
    ends: Labels


def _label_runs(mask: Mask, reach: int) -> tuple[Labels, Runs, Labels]:
    """Number the connected parts; runs that touch take the smaller of their two numbers until none changes.

    Returns:
        (H, W) numbers, 0 outside the mask; the runs; and (n,) the number of each run's part.
    """
    height, width = mask.shape
    padded = np.zeros((height, width + 2), dtype=np.bool_)
    padded[:, 1:-1] = mask
    rows, starts = np.nonzero(padded[:, 1:] & ~padded[:, :-1])
    ends = np.nonzero(padded[:, :-1] & ~padded[:, 1:])[1]
    runs = Runs(rows, starts, ends)
    upper, lower = _touching_runs(runs, width, reach)
    number = np.arange(len(rows))
    changed = len(rows) > 0
    while changed:
        before = number
        smallest = np.minimum(number[upper], number[lower])
        number = number.copy()
        np.minimum.at(number, before[upper], smallest)
        np.minimum.at(number, before[lower], smallest)
        # Chains of numbers are followed to their ends, so few rounds are needed however winding a part is.
        while not np.array_equal(number, shorter := number[number]):
            number = shorter
        changed = not np.array_equal(number, before)
    part = np.asarray(np.unique(number, return_inverse=True)[1] + 1, dtype=np.intp)
    labels = np.zeros(height * width, dtype=np.intp)
    labels[np.flatnonzero(mask)] = np.repeat(part, ends - starts)
    return labels.reshape(height, width), runs, part


def _touching_runs(runs: Runs, width: int, reach: int) -> tuple[Labels, Labels]:
    """Pairs of runs (indices) in neighboring rows that overlap, or with a reach of 1 touch at a corner."""
    # Runs in reading order have increasing keys, so those of the next row that a run touches lie next to each other.
    stride = width + 2
    below = (runs.rows + 1) * stride
    first = np.searchsorted(runs.rows * stride + runs.ends, below + runs.starts - reach, side="right")
    last = np.searchsorted(runs.rows * stride + runs.starts, below + runs.ends + reach, side="left")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(runs.rows)), counts)
    lower = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return upper, lower


def holes_filled(mask: Mask) -> Mask:
    """The mask and every part of the rest that does not touch the border."""
    padded = np.pad(~mask, 1, constant_values=True)
    outside, _count = label_parts(padded, diagonals=False)
    return np.asarray((outside != outside[0, 0])[1:-1, 1:-1])


def largest_in_window(values: NDArray[np.generic], size: int) -> NDArray[np.generic]:
    """The maximum over a square of ``size`` pixels (odd) around each pixel, as far as it lies in the image."""
    result = np.asarray(values)
    for axis in (0, 1):
        result = _largest_along(result, min(size, 2 * values.shape[axis] - 1), axis)
    return result


def _largest_along(values: NDArray[np.generic], size: int, axis: int) -> NDArray[np.generic]:
    """By doubling: the maximum over 2n pixels is that of two maxima over n."""
    lowest = -np.inf if values.dtype.kind == "f" else 0
    reach = size // 2
    pad = [(0, 0), (0, 0)]
    pad[axis] = (reach, reach)
    window = np.moveaxis(np.pad(values, pad, constant_values=lowest), axis, 0)
    covered = 1
    while covered < size:
        step = min(covered, size - covered)
        window = np.maximum(window[: len(window) - step], window[step:])
        covered += step
    return np.moveaxis(window, 0, axis)


def grown(mask: Mask, pixels: int) -> Mask:
    """The mask and everything within a square of that many pixels around it."""
    return np.asarray(largest_in_window(mask, 2 * pixels + 1), dtype=np.bool_)
