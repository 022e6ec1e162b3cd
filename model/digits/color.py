"""From colors to one gray in which ink and paper differ most.

Knows nothing of digits.
"""

import numpy as np

from model.arrays import Float32

LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of red, green and blue.

Source: ITU-R Recommendation BT.601.
"""

MIDDLE = 0.1
"""Share of the image at each border that is left out when contrasts are compared: frames and shadows lie there."""

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


def _inner(colors: Float32) -> Float32:
    """Some 10,000 pixels of the middle part."""
    rows, columns = (round(MIDDLE * size) for size in colors.shape[:2])
    step = 1 + max(colors.shape) // SAMPLED
    return colors[rows : colors.shape[0] - rows : step, columns : colors.shape[1] - columns : step]


def _contrast(gray: Float32) -> float:
    """How far the outermost hundredth lies from the middle."""
    low, middle, high = np.quantile(gray, [0.01, 0.5, 0.99])
    return float(max(high - middle, middle - low))
