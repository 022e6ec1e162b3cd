"""From colors to one gray in which ink and paper differ most.

Knows nothing of digits.
"""

import numpy as np

from model.arrays import Float32, Ink

LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of red, green and blue.

Source: ITU-R Recommendation BT.601.
"""

MIDDLE = 0.1
"""Share of the image at each border that is left out when contrasts are compared: frames and shadows lie there."""

LEAST_REACH = 64
"""Least difference, of 255, that a fraction is taken of: below it, a camera's noise would be a large one."""

SAMPLED = 100
"""Rows and columns that are looked at, for the direction."""


def luminance_of(image: Float32) -> Float32:
    """(H, W) of (H, W, 3) colors; gray stays as it is."""
    return image if image.ndim == 2 else np.asarray(image @ LUMINANCE, dtype=np.float32)


def separating_gray(colors: Float32) -> tuple[Float32, bool]:
    """The luminance, or the direction of color that separates better.

    That direction is the one along which colors of equal luminance vary most: yellow on blue and red on green are
    as bright as each other, and differ in it.

    Args:
        colors: (H, W, 3) float32, 0–255; or (H, W), which has no color to choose.

    Returns:
        (H, W) float32; and whether it is not the luminance. A direction of color has its paper at 128.
    """
    luminance = luminance_of(colors)
    if colors.ndim == 2:
        return luminance, False
    inner = _inner(colors).reshape(-1, 3)
    brightness = inner @ LUMINANCE
    color = inner - brightness[:, np.newaxis]
    paper = np.median(color, axis=0)
    deviation = color - paper
    if np.abs(deviation).max(initial=0) < 1:
        return luminance, False
    direction = np.linalg.eigh(deviation.T @ deviation)[1][:, -1].astype(np.float32)
    if _contrast(deviation @ direction) <= _contrast(brightness):
        return luminance, False
    shade = colors @ direction - luminance * direction.sum() - paper @ direction
    return np.asarray(np.clip(shade + 128, 0, 255), dtype=np.float32), True


def has_light_colors(colors: Float32, ink: Ink) -> bool:
    """Whether the ink found in (H, W, 3) colors is brighter than what is around it; (H, W) uint8, 255 ink."""
    luminance, is_ink = luminance_of(colors), ink >= 128
    return bool(is_ink.any() and luminance[is_ink].mean() > np.median(luminance[~is_ink]))


def shares_of_ink(colors: Float32, ink: Ink, *, light_ink: bool) -> Float32:
    """How the ink of an image is divided among the colors, so that the strongest of the three has all of it.

    A channel in which the ink is darker than the paper (lighter, if it is light ink) differs from it by a fraction
    of what it could differ there; its share is this fraction divided by the largest of the three. Black ink, on white
    or on yellow paper, has all of it in every channel; red ink on white paper has it in green and blue, which the paper
    reflects and the ink does not; red ink on black has it in red.

    Args:
        colors: (H, W, 3) float32, 0–255.
        ink: (H, W) uint8, 0 paper, 255 ink.
        light_ink: Whether the ink is lighter than the paper.

    Returns:
        (3, H, W) float32, 0–1.
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return np.ones((3, *ink.shape), dtype=np.float32)
    around = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    paper = colors[around][ink[around] == 0]
    ground = np.median(paper if len(paper) else colors.reshape(-1, 3), axis=0)
    difference = np.maximum(colors - ground if light_ink else ground - colors, 0)
    fractions = (difference / np.maximum(255 - ground if light_ink else ground, LEAST_REACH)).transpose(2, 0, 1)
    largest = fractions.max(axis=0)
    return np.asarray(np.where(largest >= 1 / 255, fractions / np.maximum(largest, 1 / 255), 1), dtype=np.float32)


def _inner(colors: Float32) -> Float32:
    """Some 10,000 pixels of the middle part."""
    rows, columns = (round(MIDDLE * size) for size in colors.shape[:2])
    step = 1 + max(colors.shape) // SAMPLED
    return colors[rows : colors.shape[0] - rows : step, columns : colors.shape[1] - columns : step]


def _contrast(gray: Float32) -> float:
    """How far the outermost hundredth lies from the middle."""
    low, middle, high = np.quantile(gray, [0.01, 0.5, 0.99])
    return float(max(high - middle, middle - low))
