"""Antialiased resizing of one image, as two small matrices.

Knows nothing of digits.
"""

from functools import lru_cache

import numpy as np

from model.arrays import Float32


@lru_cache(maxsize=512)
def resize_matrix(size: int, new_size: int) -> Float32:
    """The linear map that resizes one axis.

    Each new pixel is a weighted mean of old ones under a triangle as wide as two new pixels, or two old
    ones where the axis grows: no old pixel is skipped, so thin strokes never vanish.

    Args:
        size: Extent of the axis, in pixels.
        new_size: Extent after resizing, in pixels.

    Returns:
        (new_size, size) float32, non-negative, read-only; each row sums to 1.
    """
    scale = size / new_size
    centers = (np.arange(new_size) + 0.5) * scale
    distance = np.abs(np.arange(size) + 0.5 - centers[:, np.newaxis])
    weights = np.maximum(0.0, 1.0 - distance / max(scale, 1.0))
    matrix = np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
    matrix.flags.writeable = False  # shared by all who resize so
    return matrix


def resize(image: Float32, height: int, width: int) -> Float32:
    """Resize (…, H, W) float32 images to (height, width), each axis on its own."""
    rows = resize_matrix(image.shape[-2], height)
    columns = resize_matrix(image.shape[-1], width)
    return np.asarray(rows @ image @ columns.T, dtype=np.float32)
