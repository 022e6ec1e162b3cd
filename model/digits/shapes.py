"""Two shapes side by side: more than one digit.

Knows nothing of classes.
"""

import numpy as np

from model.arrays import Ink

SLANTS = np.array([[0.0], [-0.2], [0.2], [-0.4], [0.4]])
"""Directions of the gap between two shapes, in columns for each row."""

GAP = 0.1
"""Least width of the gap, as a share of the height. Of 2,498 pen digits none has such a gap between two shapes of the
least height, and of 10,000 training digits of MNIST 13 have; of pairs 0.1 to 0.5 apart, 93% do."""

LOOKED_AT = 56
"""Rows and columns that are looked at."""

HEIGHT = 0.55
"""Least height of the lower shape, as a share of both: the bar of a 5 lies beside it, and is flat."""


def second_shape(ink: Ink, threshold: float) -> Ink | None:
    """The ink without the shape that is read, if there are two side by side.

    The one with more ink is read; of two that hardly differ, the left one.

    Args:
        ink: (H, W) uint8, cropped to its box.
        threshold: Least ink that counts.

    Returns:
        (H, W) uint8, the ink of the shape that is not read; None if there is only one.
    """
    height, width = ink.shape
    step = 1 + max(height, width) // LOOKED_AT
    if width < (GAP + 0.1) * height:
        return None
    rows, columns = (step * each for each in (_blocks(ink, step) >= threshold).nonzero())
    if not rows.size:
        return None
    # (slant, block): its column, if the digit is sheared so that the gap is upright.
    across = np.rint(columns + SLANTS * (rows - height / 2)).astype(np.intp)
    first = across.min()
    extent = across.max() + 1 - first
    occupied = np.zeros(len(SLANTS) * extent, dtype=bool)
    occupied[across + (np.arange(len(SLANTS))[:, np.newaxis] * extent - first)] = True
    slants, filled = occupied.reshape(len(SLANTS), extent).nonzero()
    is_gap = (filled[1:] - filled[:-1] - step >= GAP * height) & (slants[1:] == slants[:-1])
    for gap in is_gap.nonzero()[0]:
        slant, middle = slants[gap], float(filled[gap] + filled[gap + 1]) / 2 + first
        left = across[slant] < middle
        if min(np.ptp(rows[left]), np.ptp(rows[~left])) + step >= HEIGHT * height:
            return _smaller(ink, float(SLANTS[slant, 0]), middle)
    return None


def _blocks(ink: Ink, step: int) -> Ink:
    """The largest of each block: a hairline between the rows that are looked at would be missed."""
    if step == 1:
        return ink
    height, width = ink.shape
    by_row = np.maximum.reduceat(ink, np.arange(0, height, step), axis=0)
    return np.maximum.reduceat(by_row, np.arange(0, width, step), axis=1)


def _smaller(ink: Ink, slant: float, middle: float) -> Ink:
    row, column = np.arange(ink.shape[0])[:, np.newaxis], np.arange(ink.shape[1])
    is_left = column + slant * (row - ink.shape[0] / 2) < middle
    left, right = ink[is_left].sum(dtype=np.int64), ink[~is_left].sum(dtype=np.int64)
    return np.where(is_left if right > 1.2 * left else ~is_left, ink, np.uint8(0))
