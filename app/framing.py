"""Framing: from a digit as a client sends it to the 28×28 pixels (or another size) that a network reads.

Knows no network and no request.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from app.codecs.array_schema import Array, Pixels
from app.drawing import MAX_CELLS, DrawingTakesLong, draw
from app.errors import FramingImpossible
from model.arrays import Float32, Ink, Shape3
from model.digits.clutter import Removed
from model.digits.color import luminance_of
from model.digits.framing import FRAME_SIZE, could_be_mnist, to_mnist_frame
from model.digits.ink import Polarity, find_ink
from model.digits.paper import has_light_ink
from model.digits.resampling import resize
from model.digits.strokes import INK_SIZE, GrowingInk, Stroke
from model.geometry import Box
from model.onnx.limits import MAX_INPUT_SIZE

FramingChoice = Literal["auto", "mnist", "none"]


@dataclass(frozen=True)
class Source:
    """A digit as the client sent it.

    Attributes:
        ink: (H, W) uint8, 0 paper, 255 ink.
        size: (rows, columns) of what the client sent; an image may have been cropped to its ink.
        unframed: Creates (S, S) float32 0–1, the input without framing, of networks that read this size; None if the
            source is no square, or larger than any input.
        is_framed: Whether it is already scaled and centered as MNIST's digits are.
        polarity: Whether an image has dark ink on light ground or the reverse; None if it is not an image.
        removed: What was in an image besides ink.
        colors: (H, W, 3) float32 0–255, of an image in color.
        by_threshold: Whether the client chose which pixels are ink.
        is_one_shape: Whether the ink is known to be one shape.
    """

    ink: Ink
    size: tuple[int, int]
    unframed: Callable[[], Float32] | None
    is_framed: bool
    polarity: Polarity | None = None
    removed: tuple[Removed, ...] = ()
    colors: Float32 | None = None
    by_threshold: bool = False
    is_one_shape: bool = False


MakeSource = Callable[[int], Source]
"""Creates a digit; its argument is the number of cells that `draw` may touch."""


@dataclass(frozen=True)
class Framing:
    """How the digit was framed; crop and scale are in pixels of the source."""

    requested: Annotated[FramingChoice, Field(description="What the client requested.")]
    applied: Annotated[Literal["mnist", "none"], Field(description="What was done.")]
    source_size: Annotated[tuple[int, int], Field(description="[H, W] of the source; a drawing is 112×112.")]
    crop: Annotated[Box | None, Field(description="The ink's box in the source; null if blank or not framed.")]
    scale: Annotated[float | None, Field(description="Framed pixels for each pixel of the source.")]
    placed: Annotated[Box | None, Field(description="The crop's box in the framed digit.")]
    gain: Annotated[float | None, Field(description="What the ink was multiplied by to make its darkest pixel 1.")]
    polarity: Annotated[Polarity | None, Field(description="Of an image: light or dark ink.")]
    removed: Annotated[
        tuple[Removed, ...],
        Field(
            description="What was found in an image and is no ink: `surroundings` of the sheet, figure or frame that "
            "the digit is in; `brightness`, since ink and ground differ in color only; `shadow`; `ruling`; marks at "
            "the `edge`; `specks`; smaller `marks apart` from the digit."
        ),
    ]
    shapes: Annotated[
        Literal[1, 2],
        Field(description="2 if two shapes lie side by side: the one with more ink was framed, as crop says."),
    ]


@dataclass(frozen=True)
class FramedDigit:
    """The pixels that the network reads, and how they were framed."""

    pixels: Pixels
    colors: Annotated[
        Annotated[Float32, Array("3", "H", "W", description="Red, green and blue; 0 paper to 1 ink.")] | None,
        Field(
            description="Of an image in color, what a network that reads colors gets instead of `pixels`; null for "
            "other digits, whose ink every channel gets alike, and if none of the networks reads colors."
        ),
    ]
    framing: Framing


def from_strokes(
    strokes: Sequence[Stroke], pen_width: float, growing: GrowingInk | None = None, most_cells: int = MAX_CELLS
) -> Source:
    """A drawing: (n, 2) float64 each, in pad units; ``growing``, ``most_cells`` and what is raised as in `draw`."""
    ink = draw(strokes, pen_width, growing, most_cells)
    # A stroke that stays within the pad has no gap.
    is_one_shape = len(strokes) == 1 and bool(strokes[0].min() >= 0 and strokes[0].max() <= 1)
    return Source(ink, ink.shape, lambda: _means_of_cells(ink), is_framed=False, is_one_shape=is_one_shape)


def _means_of_cells(ink: Ink) -> Float32:
    """(112, 112) uint8 → (28, 28) float32, 0–1."""
    cells = INK_SIZE // FRAME_SIZE
    means: Float32 = ink.reshape(FRAME_SIZE, cells, FRAME_SIZE, cells).mean(axis=(1, 3), dtype=np.float32)
    return means / np.float32(255)


def from_pixels(pixels: Float32, most_cells: int = MAX_CELLS) -> Source:
    """(28, 28) float32, 0–1; as MNIST's digits are, or an image like any other.

    Raises:
        DrawingTakesLong: Ink is to be found in it, which takes up to 10 ms, and fewer cells may be touched than of a
            long drawing.
    """
    gray = pixels * np.float32(255)
    if could_be_mnist(gray):
        return Source(np.rint(gray).astype(np.uint8), pixels.shape, unframed=lambda: pixels, is_framed=True)
    if most_cells < MAX_CELLS:
        raise DrawingTakesLong
    found = find_ink(gray)
    return Source(
        found.ink,
        pixels.shape,
        unframed=lambda: pixels,
        is_framed=False,
        polarity=found.polarity,
        removed=found.removed,
    )


def from_sample(ink: Ink) -> Source:
    """One of MNIST's own digits."""
    return Source(ink, ink.shape, unframed=lambda: as_pixels(ink), is_framed=True)


def as_pixels(ink: NDArray[Any]) -> Float32:
    """0–255 → 0–1."""
    return ink.astype(np.float32) / np.float32(255)


def from_image(colors: Float32, size: tuple[int, int], threshold: float | None = None) -> Source:
    """An uploaded image.

    Args:
        colors: (H, W) or (H, W, 3) float32, 0–255.
        size: (rows, columns) of the image itself.
        threshold: Share of the full contrast from which on a pixel is ink; None: as the contrasts suggest.
    """
    unframed = None
    in_color = colors if colors.ndim == 3 and np.ptp(colors, axis=2).any() else None
    if size[0] == size[1] <= MAX_INPUT_SIZE:
        gray = np.rint(luminance_of(colors))
        light_ink = has_light_ink(gray)

        def unframed() -> Float32:
            return as_pixels(gray if light_ink else 255 - gray)

        if could_be_mnist(gray) and threshold is None:
            return Source(gray.astype(np.uint8), size, unframed, True, polarity="light-on-dark", colors=in_color)
    found = find_ink(colors, threshold)
    return Source(found.ink, size, unframed, False, found.polarity, found.removed, in_color, threshold is not None)


def frame(source: Source, requested: FramingChoice, input_shape: Shape3 = (1, FRAME_SIZE, FRAME_SIZE)) -> FramedDigit:
    """Frame a digit for a network.

    ``auto`` frames as MNIST did, except MNIST's own digits, pixels and images of 28×28 that could be, and, for a
    network that reads colors, images in color that have the size of its input.

    Args:
        source: The digit as the client sent it.
        requested: How to frame it.
        input_shape: (C, S, S) of the network's input, with one channel or three; an unframed digit is scaled to it.

    Raises:
        FramingImpossible: The source has not the size of an input, and the client requested no framing.
    """
    channels, size, _ = input_shape
    colors = source.colors if channels > 1 else None
    is_whole_input = colors is not None and source.size == (size, size) and not source.by_threshold
    if requested == "none" or (requested == "auto" and (source.is_framed or is_whole_input)):
        pixels = source.unframed and source.unframed()
        if pixels is None or len(pixels) not in (FRAME_SIZE, size):
            height, width = source.size
            sizes = " or ".join(f"{each}×{each}" for each in dict.fromkeys((FRAME_SIZE, size)))
            raise FramingImpossible(
                f'"framing": "none" needs an image of {sizes} pixels; this one has {width}×{height} '
                '(width×height). With "mnist" or "auto" it is cropped, scaled and centered.',
                width=width,
                height=height,
            )
        untouched = Framing(requested, "none", source.size, None, None, None, None, source.polarity, (), 1)
        unchanged = None if colors is None else _scaled(as_pixels(colors.transpose(2, 0, 1)), size)
        return FramedDigit(_scaled(pixels, size), unchanged, untouched)

    digit = to_mnist_frame(
        source.ink,
        size,
        colors,
        light_ink=source.polarity == "light-on-dark",
        is_one_shape=source.is_one_shape,
    )
    reduction = source.size[0] / source.ink.shape[0]
    framing = Framing(
        requested=requested,
        applied="mnist",
        source_size=source.size,
        crop=_enlarged(digit.crop, reduction, source.size),
        scale=None if digit.scale is None else digit.scale / reduction,
        placed=digit.placed,
        gain=digit.gain,
        polarity=source.polarity,
        removed=source.removed,
        shapes=digit.shapes,
    )
    return FramedDigit(digit.pixels, digit.colors, framing)


def scaled_digits(digits: Ink, input_size: int) -> Float32:
    """(N, 28, 28) uint8 of MNIST's own → (N, input_size, input_size) float32, 0–1."""
    pixels = as_pixels(digits)
    return pixels if input_size == FRAME_SIZE else np.stack([_scaled(each, input_size) for each in pixels])


def _scaled(pixels: Float32, input_size: int) -> Float32:
    """(…, S, S) → (…, input_size, input_size), 0–1."""
    return pixels if pixels.shape[-1] == input_size else np.clip(resize(pixels, input_size, input_size), 0, 1)


def _enlarged(box: Box | None, factor: float, size: tuple[int, int]) -> Box | None:
    """The box in an image that is ``factor`` times as large; rounded outwards."""
    if box is None or factor == 1:
        return box
    top, left = math.floor(box.top * factor), math.floor(box.left * factor)
    bottom = min(size[0], math.ceil((box.top + box.height) * factor))
    right = min(size[1], math.ceil((box.left + box.width) * factor))
    return Box(top, left, bottom - top, right - left)
