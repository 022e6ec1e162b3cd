"""Separating ink from everything else in an image: paper, light, ruling, frames and dust.

Knows nothing of files or networks.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Ink
from model.digits.clutter import Removed, digit_marks
from model.digits.color import has_light_colors, separating_gray
from model.digits.marks import Mask, find_marks, grown
from model.digits.panels import panel_of
from model.digits.paper import contrast_to_paper, has_light_ink
from model.digits.ruling import ruling
from model.geometry import Box

Polarity = Literal["light-on-dark", "dark-on-light"]

FAINTEST = 16
"""Least difference from the paper, of 255, that can be ink."""

SHADOW = 40
"""Least range of the paper's brightness, of 255, that is called a shadow."""

GRAIN = 1.0
"""Median difference of neighbors, of 255, from which on an image is smoothed."""

BINOMIAL = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16

PANELS = 3
"""Most surroundings inside each other that are taken off: a table, a sheet, a printed box."""


@dataclass(frozen=True)
class FoundInk:
    """The ink of an image.

    Attributes:
        ink: (H, W) uint8, 0 paper, 255 ink.
        polarity: Which way it lay; None if there is nothing to be seen.
        removed: What was there besides, and is no ink.
    """

    ink: Ink
    polarity: Polarity | None
    removed: tuple[Removed, ...] = ()


def find_ink(image: Float32, threshold: float | None = None) -> FoundInk:
    """Separate ink from paper and from what else is in an image.

    Args:
        image: (H, W) float32 gray or (H, W, 3) colors, 0–255.
        threshold: Share of the full contrast, 0–1, from which on a pixel is ink; None: as the contrasts suggest.

    Returns:
        The ink, scaled so that full ink is 255 and the paper's grain 0.
    """
    blank = np.zeros(image.shape[:2], dtype=np.uint8)
    gray, by_color = separating_gray(image)
    if np.ptp(gray) < FAINTEST:
        return FoundInk(blank, None)
    removed: list[Removed] = ["brightness"] if by_color else []
    gray = _without_grain(gray)
    box, inside = Box(0, 0, *gray.shape), np.ones(gray.shape, dtype=np.bool_)
    for _ in range(PANELS):
        panel = _panel(gray)
        if panel is None:
            break
        removed[:0] = ["surroundings"] * ("surroundings" not in removed)
        gray, box, inside = _cut_out(gray, panel, box)
    light_ink = has_light_ink(gray)
    contrast, paper_range = contrast_to_paper(gray, light_ink=light_ink)
    ink = _scaled(np.where(inside, contrast, np.float32(0)), threshold)
    if ink is None:
        return FoundInk(blank, None)
    if paper_range >= SHADOW:
        removed.append("shadow")
    cleaned, more = _without_clutter(ink)
    blank[box.top : box.top + box.height, box.left : box.left + box.width] = np.rint(cleaned)
    # A direction of color has no bright side.
    is_light = has_light_colors(image, blank) if by_color else light_ink
    return FoundInk(blank, "light-on-dark" if is_light else "dark-on-light", (*removed, *more))


def _without_grain(gray: Float32) -> Float32:
    """Smoothed over five pixels if neighbors differ as a camera's noise makes them; a drawing's stay as they are."""
    steps = np.abs(np.diff(gray, axis=1))
    if not steps.size or np.median(steps) < GRAIN:
        return gray
    for axis in (0, 1):
        padded = np.pad(gray, [(2, 2) if each == axis else (0, 0) for each in (0, 1)], mode="edge")
        moved = [np.take(padded, np.arange(gray.shape[axis]) + step, axis=axis) for step in range(5)]
        gray = sum((weight * each for weight, each in zip(BINOMIAL, moved, strict=True)), np.zeros_like(gray))
    return gray


def _panel(gray: Float32) -> Mask | None:
    """What the digit lies in, be it lighter or darker than what is around it."""
    light = gray > _otsu_threshold(gray)
    found = [panel_of(find_marks(mask, gray), mask) for mask in (light, ~light)]
    return max((each for each in found if each is not None), key=np.count_nonzero, default=None)


def _cut_out(gray: Float32, within: Mask, box: Box) -> tuple[Float32, Box, Mask]:
    """The part of the image within a mask: its gray, with the rest painted over; where it lies; and its mask."""
    rows, columns = np.flatnonzero(within.any(axis=1)), np.flatnonzero(within.any(axis=0))
    top, left, height, width = int(rows[0]), int(columns[0]), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    cut = (slice(top, top + height), slice(left, left + width))
    ground = np.float32(np.median(gray[within]))
    return (
        np.where(within[cut], gray[cut], ground),
        Box(box.top + top, box.left + left, height, width),
        within[cut],
    )


def _scaled(contrast: Float32, threshold: float | None) -> Float32 | None:
    """Contrast such that full ink is 255 and the paper's grain 0; None if it is all grain."""
    if np.ptp(contrast) < FAINTEST:
        return None
    cut = _otsu_threshold(contrast)
    below = contrast[contrast <= cut]
    paper = float(np.median(below))
    noise = 1.4826 * float(np.median(np.abs(below - paper)))
    cut = max(cut, paper + 4 * noise)
    above = contrast > cut
    # Grain divides into halves as well, but those lie close together.
    if not above.any() or (strength := float(np.median(contrast[above])) - paper) < max(FAINTEST, 5 * noise):
        return None
    if threshold is not None:
        # A soft step a tenth of the contrast wide, so that edges keep their grays.
        return np.clip(((contrast - paper) / np.float32(strength) - threshold) * 10 + 0.5, 0, 1) * np.float32(255)
    floor = min(3 * noise, strength / 2)
    return np.clip((contrast - paper - floor) * np.float32(255 / (strength - floor)), 0, 255)


def _without_clutter(ink: Float32) -> tuple[Float32, list[Removed]]:
    """The ink of the digit alone, and what else there was."""
    mask = ink >= 64
    lines = ruling(mask)
    removed: list[Removed] = ["ruling"] if lines.any() else []
    marks = find_marks(mask & ~lines, ink)
    kept, more = digit_marks(marks)
    digit = marks.mask(kept)
    # The faint rim of a stroke lies below the threshold, so each mark keeps a few pixels around it.
    rim = max(1, round(max(ink.shape) / 150))
    near = grown(digit, rim) & ~grown(mask & ~digit, rim)
    return np.where(digit | near, ink, np.float32(0)), [*removed, *more]


def _otsu_threshold(values: NDArray[np.floating]) -> float:
    """The cut that leaves the least variance on its two sides.

    Source: Otsu (1979), "A threshold selection method from gray-level histograms".
    """
    counts, edges = np.histogram(values, bins=256)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between))])
