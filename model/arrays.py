"""The array types of `model`, and the one check of a batch of images."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.errors import ShapeError

Float32: TypeAlias = NDArray[np.float32]
"""Any float32 array; the shape is given where it is used."""

Float64: TypeAlias = NDArray[np.float64]
"""Any float64 array; the shape is given where it is used."""

Images: TypeAlias = NDArray[np.float32]
"""(N, C, H, W) float32, 0 paper, 1 ink."""

Logits: TypeAlias = NDArray[np.float32]
"""(N, classes) float32."""

Labels: TypeAlias = NDArray[np.uint8]
"""(N,) uint8, one class each."""

Ink: TypeAlias = NDArray[np.uint8]
"""(H, W) uint8, 0 paper, 255 ink."""

Shape3: TypeAlias = tuple[int, int, int]
"""(C, H, W) of one image or of one layer's feature maps."""


def require_images(images: NDArray[np.generic], shape: Shape3) -> None:
    """Check that images are a float32 batch of this shape.

    Raises:
        ShapeError: Wrong rank, extents or dtype; the message states what was expected and what was given.
    """
    if images.ndim != 4 or images.shape[1:] != shape:
        raise ShapeError(f"expected images of shape (N, {shape[0]}, {shape[1]}, {shape[2]}), got {images.shape}")
    if images.dtype != np.float32:
        raise ShapeError(f"expected float32 images, got {images.dtype}")
