"""Whatever a client sends becomes the 28×28 that a network reads, and how it came to be so."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.errors import FramingImpossible
from app.services.drawing import MAX_CELLS, draw
from model.arrays import Float32, Ink
from model.geometry import Box
from model.preprocessing import FRAME_SIZE, to_mnist_frame
from model.resampling import resize
from model.strokes import INK_SIZE, GrowingInk, Stroke

FramingChoice = Literal["auto", "mnist", "none"]
Polarity = Literal["light-on-dark", "dark-on-light"]


@dataclass(frozen=True)
class Source:
    """A digit as it came.

    Attributes:
        ink: (H, W) uint8, 0 paper, 255 ink.
        size: (rows, columns) of what the client sent; an image may have been reduced to its ink.
        unframed: (28, 28) float32 0–1, what the network reads if nothing is framed; None if that cannot be.
        is_framed: Whether it is already placed as MNIST's digits are.
        polarity: Which way an image's ink lies; None if the question does not arise.
    """

    ink: Ink
    size: tuple[int, int]
    unframed: Float32 | None
    is_framed: bool
    polarity: Polarity | None = None


MakeSource = Callable[[int], Source]
"""Gives a digit when it is computed, and takes how many cells `draw` may touch for it."""


@dataclass(frozen=True)
class Framing:
    """How the source was framed; crop and scale are in pixels of the source.

    Attributes:
        requested: What the client asked for.
        applied: ``mnist`` or ``none``.
        source_size: (rows, columns) of the source.
        crop: The ink's bounding box; None for a blank one, or if nothing was framed.
        scale: Framed pixels for each pixel of the source; None as above.
        placed: Where the crop landed in the 28×28; None as above.
        polarity: Which way an image's ink lies.
    """

    requested: FramingChoice
    applied: Literal["mnist", "none"]
    source_size: tuple[int, int]
    crop: Box | None
    scale: float | None
    placed: Box | None
    polarity: Polarity | None


@dataclass(frozen=True)
class NetworkInput:
    """(28, 28) float32 0–1, or as large as the network reads, and how it was framed."""

    pixels: Float32
    framing: Framing


def from_strokes(
    strokes: Sequence[Stroke], pen_width: float, growing: GrowingInk | None = None, most_cells: int = MAX_CELLS
) -> Source:
    """A drawing: (n, 2) float64 each, in pad units; ``growing``, ``most_cells`` and what is raised as in `draw`."""
    ink = draw(strokes, pen_width, growing, most_cells)
    cells = INK_SIZE // FRAME_SIZE
    # First over whole rows, then over few values: a fifth of the time of one mean over both axes, and the same sums.
    row_sums = ink.reshape(FRAME_SIZE, cells, INK_SIZE).sum(axis=1, dtype=np.float32)
    sums = row_sums.reshape(FRAME_SIZE, FRAME_SIZE, cells).sum(axis=2)
    return Source(ink, ink.shape, unframed=sums / np.float32(255 * cells**2), is_framed=False)


def from_pixels(pixels: Float32) -> Source:
    """(28, 28) float32, 0–1."""
    ink = np.rint(pixels * 255).astype(np.uint8)
    return Source(ink, ink.shape, unframed=pixels, is_framed=True)


def from_sample(ink: Ink) -> Source:
    """One of MNIST's own digits."""
    return Source(ink, ink.shape, unframed=as_pixels(ink), is_framed=True)


def as_pixels(ink: Ink) -> Float32:
    """0–255 → 0–1."""
    return ink.astype(np.float32) / np.float32(255)


def from_image(ink: Ink, size: tuple[int, int], polarity: Polarity | None) -> Source:
    """An uploaded image: its ink, its own size and which way its ink lies."""
    fits = size == (FRAME_SIZE, FRAME_SIZE)
    return Source(
        ink,
        size,
        unframed=as_pixels(ink) if fits else None,
        is_framed=fits and polarity == "light-on-dark",
        polarity=polarity,
    )


def frame(source: Source, requested: FramingChoice, side: int = FRAME_SIZE) -> NetworkInput:
    """Make the 28×28, or what a network of another input reads.

    ``auto`` frames as MNIST did, except what is already placed so: pixels, MNIST's own digits, and images of 28×28
    with light ink on dark ground.

    Args:
        source: The digit as it came.
        requested: How to frame it.
        side: Extent of the network's input, in pixels; what is not framed is scaled to it.

    Raises:
        FramingImpossible: The source is no 28×28, and framing was declined.
    """
    if requested == "none" or (requested == "auto" and source.is_framed):
        if source.unframed is None:
            height, width = source.size
            raise FramingImpossible(
                f'"framing": "none" needs an image of {FRAME_SIZE}×{FRAME_SIZE} pixels; this one has {width}×{height} '
                '(width×height). With "mnist" or "auto" it is cropped, scaled and centered.',
                width=width,
                height=height,
            )
        untouched = Framing(requested, "none", source.size, None, None, None, source.polarity)
        return NetworkInput(scaled(source.unframed, side), untouched)

    digit = to_mnist_frame(source.ink, side)
    reduction = source.size[0] / source.ink.shape[0]
    framing = Framing(
        requested=requested,
        applied="mnist",
        source_size=source.size,
        crop=_enlarged(digit.crop, reduction, source.size),
        scale=None if digit.scale is None else digit.scale / reduction,
        placed=digit.placed,
        polarity=source.polarity,
    )
    return NetworkInput(digit.pixels, framing)


def scaled(pixels: Float32, side: int) -> Float32:
    """(28, 28) → (side, side), 0–1."""
    return pixels if len(pixels) == side else np.clip(resize(pixels, side, side), 0, 1)


def _enlarged(box: Box | None, factor: float, size: tuple[int, int]) -> Box | None:
    """The box in an image that is ``factor`` times as large; rounded outwards."""
    if box is None or factor == 1:
        return box
    top, left = math.floor(box.top * factor), math.floor(box.left * factor)
    bottom = min(size[0], math.ceil((box.top + box.height) * factor))
    right = min(size[1], math.ceil((box.left + box.width) * factor))
    return Box(top, left, bottom - top, right - left)
