"""Framing: ink becomes the 28×28 that MNIST would have made of it.

MNIST's makers fitted each digit into 20×20, keeping its aspect, with gray levels from antialiasing, and
placed it in 28×28 so that its center of mass lies at the center. Preprocessing is part of what the weights
mean, so it lives beside them.

Source: LeCun, Cortes & Burges, "The MNIST database of handwritten digits".
"""

import math
from dataclasses import dataclass

import numpy as np

from model.arrays import Float32, Ink
from model.geometry import Box
from model.resampling import resize

FRAME_SIZE = 28
BOX_SHARE = 20 / FRAME_SIZE
"""Of the frame's extent that the digit's longer side is scaled to."""
CENTER_SHARE = (FRAME_SIZE / 2 + 0.5) / FRAME_SIZE
"""Where MNIST's digits have their center of mass: the middle of pixel 14 of 28, counted from 0. Measured: placed so,
the framed training digits land where they lay; around 14.0, half of them land a pixel off."""

INK_THRESHOLD = 64
"""Lowest ink, of 255, that counts as part of the digit when its box is cropped: the faint rim of an antialiased
stroke does not."""


@dataclass(frozen=True)
class FramedDigit:
    """A digit as the network reads it, and how it came to be so.

    Attributes:
        pixels: (28, 28) float32, or of the side asked for; 0 paper, 1 ink.
        crop: The ink's bounding box in the original; None for a blank one, or if nothing was framed.
        scale: Framed pixels for each original pixel; None as above.
        placed: Where the crop landed in the frame; None as above.
    """

    pixels: Float32
    crop: Box | None = None
    scale: float | None = None
    placed: Box | None = None


def to_mnist_frame(ink: Ink, side: int = FRAME_SIZE) -> FramedDigit:
    """Crop to the ink, scale to 20×20, center by mass in 28×28.

    Args:
        ink: (H, W) uint8, 0 paper, 255 ink.
        side: Extent of the frame, in pixels; of another than 28, all in proportion.

    Returns:
        The framed digit; all paper if the ink is blank.
    """
    crop = ink_box(ink)
    if crop is None:
        return FramedDigit(np.zeros((side, side), dtype=np.float32))
    cropped = ink[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    scale = round(BOX_SHARE * side) / max(crop.height, crop.width)
    height = max(1, round(crop.height * scale))
    width = max(1, round(crop.width * scale))
    digit = np.clip(resize(cropped.astype(np.float32) / np.float32(255), height, width), 0, 1)

    row, column = center_of_mass(digit)
    # Whole pixels only, as MNIST did: a fraction would blur the digit once more.
    placed = Box(_placed_at(row, height, side), _placed_at(column, width, side), height, width)
    pixels = np.zeros((side, side), dtype=np.float32)
    pixels[placed.top : placed.top + height, placed.left : placed.left + width] = digit
    return FramedDigit(pixels, crop, scale, placed)


def ink_box(ink: Ink) -> Box | None:
    """The bounding box of everything at least as dark as the threshold; None if nothing is."""
    dark = ink >= INK_THRESHOLD
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    return Box(top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)


def center_of_mass(image: Float32) -> tuple[float, float]:
    """Row and column of the center of mass; the middle of pixel (0, 0) is at (0.5, 0.5)."""
    mass = float(image.sum(dtype=np.float64))
    row = float(image.sum(axis=1, dtype=np.float64) @ (np.arange(image.shape[0]) + 0.5)) / mass
    column = float(image.sum(axis=0, dtype=np.float64) @ (np.arange(image.shape[1]) + 0.5)) / mass
    return row, column


def _placed_at(center: float, size: int, side: int) -> int:
    """First row or column, so that the center of mass falls into the middle of pixel 14 and nothing is cut off."""
    first = math.floor(CENTER_SHARE * side - center + 0.5)
    return min(max(first, 0), side - size)
