"""Which marks are the digit, and which are dust, a neighbor's rest or a line at the border.

Knows nothing of light and paper.
"""

from typing import Literal

import numpy as np

from model.digits.marks import Marks, Mask

Removed = Literal["brightness", "surroundings", "shadow", "ruling", "edge", "specks", "marks apart"]

SPECK = 0.02
"""Marks with less than this share of the largest mark's ink are dust."""

REST = 0.15
"""A mark at the border with less than this share is the rest of something beyond it."""

INSIDE = 0.3
"""Share of the ink that must lie clear of the border for the marks that touch it to be dropped."""

APART = 0.3
"""Gap, as a share of the digit's longer side, from which on a smaller mark is no part of it."""

STRIP = 0.9
"""Share of a side that a line along it covers."""

DEEP = 0.2
"""Share of the image that such a line reaches into it at most."""


def digit_marks(marks: Marks) -> tuple[Mask, list[Removed]]:
    """Choose the marks of the digit.

    Returns:
        (n + 1,) true for those to keep; and what the others are.
    """
    removed: list[Removed] = []
    kept = marks.mass > 0
    kept, dropped = _without_edge(marks, kept)
    removed += ["edge"] * dropped
    if not kept.any():
        return kept, removed
    specks = kept & (marks.mass < SPECK * marks.mass[kept].max())
    kept &= ~specks
    together = _together(marks, kept)
    removed += ["specks"] * bool(specks.any())
    removed += ["marks apart"] * bool((kept & ~together).any())
    return together, removed


def _without_edge(marks: Marks, kept: Mask) -> tuple[Mask, bool]:
    """Drop what touches the border: lines along it always, other marks if enough ink is clear of it."""
    height, width = marks.labels.shape
    top, left = marks.top == 0, marks.left == 0
    bottom, right = marks.bottom == height - 1, marks.right == width - 1
    touches = kept & (top | left | bottom | right)
    along = ((marks.width >= STRIP * width) & (marks.height <= DEEP * height) & (top | bottom)) | (
        (marks.height >= STRIP * height) & (marks.width <= DEEP * width) & (left | right)
    )
    strips = touches & along
    if not (kept & ~strips).any():
        return kept, False
    kept = kept & ~strips
    touches &= ~strips
    inside = marks.mass[kept & ~touches].sum()
    if inside >= INSIDE * marks.mass[kept].sum():
        dropped = touches
    else:
        dropped = touches & (marks.mass < REST * marks.mass[kept].max())
    return kept & ~dropped, bool((strips | dropped).any())


def _together(marks: Marks, kept: Mask) -> Mask:
    """The largest mark, those half as large at any distance, and all that is close to what is chosen."""
    largest = int(np.argmax(np.where(kept, marks.mass, 0)))
    chosen = kept & (marks.mass >= 0.5 * marks.mass[largest])
    while True:
        top, left = marks.top[chosen].min(), marks.left[chosen].min()
        bottom, right = marks.bottom[chosen].max(), marks.right[chosen].max()
        gap = np.maximum(
            np.maximum(top - marks.bottom, marks.top - bottom), np.maximum(left - marks.right, marks.left - right)
        )
        near = kept & (gap <= APART * max(bottom - top, right - left, 1))
        if (near == chosen).all() or not (near & ~chosen).any():
            return chosen
        chosen |= near
