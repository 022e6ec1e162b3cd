"""The paper behind the ink: which way the ink lies, and how bright the paper is at each pixel.

Knows nothing of digits but that their strokes are thinner than a third of the image.
"""

import numpy as np

from model.arrays import Float32
from model.digits.marks import largest_in_window
from model.digits.resampling import resize

MEDIANS = 32
"""The paper's local median is taken on at most 32×32 means."""

MEDIAN_WINDOW = 0.5
"""Share of the image that each local median looks at: so much that strokes are the lesser part of it everywhere."""

STROKE_WINDOW = 0.35
"""Share of the image's longer side below which a dark part is ink, and from which on it is paper in a shadow."""

FLAT_BORDER = 0.75
"""Share of the border with one gray from which on that is the paper's: no light fell on it."""

POWER = 5
"""Of a pixel's distance from the local median; odd, so that lighter and darker ones cancel each other."""

DARKEST_PAPER = 40
"""Least brightness of 255 that contrast is related to: below it, a camera's noise is larger than what it shows."""


def has_light_ink(gray: Float32) -> bool:
    """Whether the marks are lighter than the paper around them.

    In a drawing the border shows the paper. In a photo, the local median is paper wherever strokes cover less than half
    of the window, and it follows the edge of a shadow. Marks count by a power of their distance from it, so that a thin
    line outweighs gentle shading, and more in the middle of the image.

    Args:
        gray: (H, W) float32, 0–255.
    """
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    if np.mean(np.abs(border - np.median(border)) <= 1) >= FLAT_BORDER:
        return bool(np.sum((gray - np.median(border)) ** 3, dtype=np.float64) > 0)
    rows, columns = min(gray.shape[0], MEDIANS), min(gray.shape[1], MEDIANS)
    small = block_means(gray, rows, columns)
    reach = max(1, round(MEDIAN_WINDOW / 2 * max(rows, columns)))
    padded = np.pad(small, reach, mode="edge")
    size = 2 * reach + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size)).reshape(rows, columns, -1)
    paper = np.partition(windows, size**2 // 2, axis=-1)[:, :, size**2 // 2]
    y, x = (np.arange(count) * (2 / count) - 1 + 1 / count for count in gray.shape)
    weight = np.exp(-2 * (y[:, np.newaxis] ** 2 + x**2)).astype(np.float32)
    return bool(np.sum(weight * (gray - resize(paper, *gray.shape)) ** POWER, dtype=np.float64) > 0)


def contrast_to_paper(gray: Float32, *, light_ink: bool) -> tuple[Float32, float]:
    """How far each pixel is from the paper behind it, 0–255.

    The paper behind dark ink is what a closing leaves: every dark part that no square of a third of the image fits
    into is filled up. Shadows, whose edges may be hard, and the table beside a sheet reach beyond the border, where a
    square fits; they stay, as paper. In a shadow ink loses as much contrast as the paper loses light, so dark ink is
    measured as a share of its paper.

    Args:
        gray: (H, W) float32, 0–255.
        light_ink: Whether the ink is lighter than the paper.

    Returns:
        (H, W) float32, negative nowhere; and the paper's range, 0–255.

    Source:
        Serra (1982), "Image Analysis and Mathematical Morphology", for the closing and the top-hat transform.
    """
    # Bytes: four times as fast, and finer than any camera's noise.
    values = np.asarray(np.rint(255 - gray if light_ink else gray), dtype=np.uint8)
    window = 2 * (round(STROKE_WINDOW * max(gray.shape)) // 2) + 1
    filled = largest_in_window(values, window)
    paper = np.asarray(255 - largest_in_window(255 - filled, window), dtype=np.float32)
    contrast = np.maximum(paper - (255 - gray if light_ink else gray), 0)
    if not light_ink:
        contrast *= 255 / np.maximum(paper, DARKEST_PAPER)
    return np.asarray(contrast, dtype=np.float32), float(np.ptp(paper))


def block_means(image: Float32, rows: int, columns: int) -> Float32:
    """(rows, columns) means of blocks as equal as whole pixels allow."""
    tops = np.arange(rows) * image.shape[0] // rows
    lefts = np.arange(columns) * image.shape[1] // columns
    sums = np.add.reduceat(np.add.reduceat(image, tops, axis=0, dtype=np.float64), lefts, axis=1)
    heights, widths = np.diff(tops, append=image.shape[0]), np.diff(lefts, append=image.shape[1])
    return np.asarray(sums / np.outer(heights, widths), dtype=np.float32)
