"""What a digit lies in: the paper on a table, the square of a plotted figure, the frame around a cell.

Knows nothing of digits but that they have fewer than four corners.
"""

import numpy as np

from model.digits.marks import Marks, Mask, grown, holes_filled, label_parts

SMALLEST = 0.04
"""Share of the image that a panel has at least."""

FOUR_CORNERED = 0.9
"""Least share of a panel that lies within the quadrilateral of its outermost corners; of an ellipse it is 0.64."""


SOLID = 0.55
"""Share of a panel from which on it is paper with a digit in it, and not a frame around one."""

UPRIGHT = 0.75
"""Least share of its bounding box that a panel fills: of a square turned by eight degrees it is 0.79."""


def panel_of(marks: Marks, mask: Mask) -> Mask | None:
    """The inside of the largest mark that is a rectangle, nearly upright, with something in it.

    Args:
        marks: Parts of the mask.
        mask: (H, W), true where there is ink of either polarity.

    Returns:
        (H, W), the inside: of a solid mark (paper, on which the digit lies as holes) or of a frame. None if there is
        no such mark.
    """
    area = mask.size
    boxes = marks.height * marks.width
    boxes[0] = 0
    for mark in map(int, np.argsort(-boxes)):
        if boxes[mark] < SMALLEST * area:
            break
        if _sides_touched(marks, mark) > 1:
            continue  # the sheet itself, or the part of it that no shadow falls on
        window = (slice(marks.top[mark], marks.bottom[mark] + 1), slice(marks.left[mark], marks.right[mark] + 1))
        part = marks.labels[window] == mark
        filled = holes_filled(part)
        if filled.sum() < SMALLEST * area or not _has_four_corners(filled):
            continue
        inside = filled & ~part
        solid = bool(part.sum() >= SOLID * filled.sum())
        region = filled if solid else _largest_part(inside)
        content = inside if solid else mask[window] & ~part & region
        if not _is_content(content, region, solid=solid):
            continue
        whole = np.zeros_like(mask)
        whole[window] = region
        return ~grown(~whole, 1 + round(0.01 * max(region.shape)))
    return None


def _sides_touched(marks: Marks, mark: int) -> int:
    height, width = marks.labels.shape
    return (
        int(marks.top[mark] == 0)
        + int(marks.left[mark] == 0)
        + int(marks.bottom[mark] == height - 1)
        + int(marks.right[mark] == width - 1)
    )


def _is_content(content: Mask, region: Mask, *, solid: bool) -> bool:
    share = float(np.count_nonzero(content) / np.count_nonzero(region))
    if not 0.002 <= share <= 0.5:
        return False
    if not solid:
        return True
    # The one hole of an angular 0 is a rectangle too; one in a plotted square is much smaller than it.
    rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return bool(content.sum() < 0.75 * box or share < 0.06)


def _has_four_corners(filled: Mask) -> bool:
    if filled.mean() < UPRIGHT:
        return False
    y, x = np.nonzero(filled)
    corners = [int(np.argmin(x + y)), int(np.argmax(x - y)), int(np.argmax(x + y)), int(np.argmin(x - y))]
    cx, cy = x[corners].astype(np.float64), y[corners].astype(np.float64)
    # The shoelace formula over the corners' pixel centers; half a pixel around them belongs to the shape.
    area = abs(cx @ np.roll(cy, -1) - cy @ np.roll(cx, -1)) / 2 + (np.ptp(cx) + np.ptp(cy)) + 1
    lesser, greater = sorted((float(area), float(len(x))))
    return lesser >= FOUR_CORNERED * greater


def _largest_part(mask: Mask) -> Mask:
    labels, count = label_parts(mask, diagonals=False)
    if not count:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:])))
