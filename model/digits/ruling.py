"""Straight lines across an image: printed ruling, and the lines of a table at its border.

Knows nothing of digits.
"""

import math

import numpy as np

from model.digits.marks import Mask, grown

SLOPES = np.linspace(-0.1, 0.1, 21)
"""Tilts that are tried, in pixels of rise for each pixel of run: six degrees either way."""

COVERED = 0.7
"""Share of the image's extent that a line must cover."""

MARGIN = 0.04
"""Share of the extent by which a line must go on beyond the rest of the ink, at both ends."""

MARGIN_TOUCHING = 0.12
"""The same for a line that touches the rest, as the bar of a 7 does."""

GRID = 224
"""Lines are looked for on no more cells than this along each axis."""

THIN = 0.6
"""Of the strokes' width, the most that a line's may have which ends where the digit does."""


def ruling(mask: Mask) -> Mask:
    """(H, W): those pixels of the mask that belong to lines from border to border, and not to what crosses them.

    A digit's own straight stroke may reach both borders of a tight crop, so a line counts only if it goes on beyond
    the rest of the ink at both ends, or is much thinner than the strokes.
    """
    # Lines are looked for as nearly horizontal ones; for vertical ones the image is turned.
    across, upright = _thin_lines(mask), _thin_lines(mask.T).T
    if not (across.any() or upright.any()):
        return np.zeros_like(mask)
    rest = mask & ~(across | upright)
    across = across & _are_no_strokes(across, rest)
    return across | (upright & _are_no_strokes(upright.T, rest.T))


def _thin_lines(mask: Mask) -> Mask:
    """The nearly horizontal lines, without the strokes that cross them."""
    along = _along_lines(mask)
    if not along.any():
        return along
    run = _run_lengths(mask)
    return along & (run <= 1.8 * np.median(run[along]) + 1)


def _are_no_strokes(lines: Mask, rest: Mask) -> bool:
    height, width = rest.shape
    near = grown(lines, 1)
    margin = width * (MARGIN_TOUCHING if (near & rest).any() else MARGIN)
    rest = rest & ~near
    if not lines.any() or rest.sum() < 0.1 * lines.sum():
        return False
    columns = np.flatnonzero(rest.sum(axis=0) >= max(1, height // 100))
    if not columns.size:
        return False
    if columns[0] >= margin and columns[-1] < width - margin:
        return True
    thickness = np.median(_run_lengths(lines)[lines])
    return bool(thickness <= THIN * np.median(_run_lengths(rest.T)[rest.T]))


def _along_lines(mask: Mask) -> Mask:
    """The pixels of the mask within a cell of a line that covers most of the width."""
    height, width = mask.shape
    rows, columns = min(height, GRID), min(width, GRID)
    row_of, column_of = np.arange(height) * rows // height, np.arange(width) * columns // width
    cells = np.zeros((rows, columns), dtype=np.bool_)
    y, x = np.nonzero(mask)
    cells[row_of[y], column_of[x]] = True
    wide = cells.copy()
    wide[1:] |= cells[:-1]
    wide[:-1] |= cells[1:]
    on_line = np.zeros_like(cells)
    down, right = np.nonzero(wide)
    # A line of a wide, low image begins and ends far above and below it.
    beyond = math.ceil(max(map(abs, SLOPES)) * columns / 2)
    for slope in SLOPES:
        offset = down - np.rint(slope * (right - columns / 2)).astype(np.intp) + beyond
        covered = np.bincount(offset, minlength=rows + 2 * beyond)
        good = covered >= COVERED * columns
        if good.any():
            good &= _reaches_both_ends(offset, right, good, columns)
            chosen = good[offset]
            on_line[down[chosen], right[chosen]] = True
    return mask & on_line[row_of][:, column_of]


def _reaches_both_ends(offset: np.ndarray, right: np.ndarray, good: Mask, columns: int) -> Mask:
    near = max(1, round(MARGIN * columns))
    first, last = np.zeros_like(good), np.zeros_like(good)
    first[offset[right < near]] = True
    last[offset[right >= columns - near]] = True
    return first & last


def _run_lengths(mask: Mask) -> np.ndarray:
    """(H, W): for each pixel of the mask, how long its run down its column is; 0 elsewhere."""
    rows = np.arange(1, mask.shape[0] + 1)[:, np.newaxis]
    gap_above = np.maximum.accumulate(np.where(mask, 0, rows), axis=0)
    gap_below = np.minimum.accumulate(np.where(mask, mask.shape[0] + 1, rows)[::-1], axis=0)[::-1]
    return np.where(mask, gap_below - gap_above - 1, 0)
