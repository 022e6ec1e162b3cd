"""Sizes, boxes and receptive fields: which inputs feed an output.

Knows layer geometry only: nothing of weights, images or training.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from model.errors import ShapeError


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels; one that a neuron reads may reach beyond the image, into its padding.

    Attributes:
        top: First row; negative above the image.
        left: First column; negative left of it.
        height: Rows.
        width: Columns.
    """

    top: int
    left: int
    height: int
    width: int

    def inside(self, height: int, width: int) -> "Box":
        """The part that lies in an image of this size; the rest is padding."""
        top, left = max(self.top, 0), max(self.left, 0)
        bottom, right = min(self.top + self.height, height), min(self.left + self.width, width)
        return Box(top, left, max(0, bottom - top), max(0, right - left))


@dataclass(frozen=True)
class Window:
    """How a layer reads its input along both axes: a square that steps.

    A layer that reads its whole input has no Window; a layer that reads single values has a Window of size 1.
    """

    size: int
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True)
class ReceptiveField:
    """The box of input pixels that the neurons of one layer see.

    Attributes:
        size: Extent of the box, in input pixels.
        jump: Distance between the boxes of neighboring neurons, in input pixels.
        start: First pixel of the box of neuron (0, 0), in input pixels; negative where padding is read.

    Source:
        Araujo, Norris & Sim (2019), "Computing receptive fields of convolutional neural networks".

    >>> ReceptiveField(size=1, jump=1, start=0).through(Window(5, padding=2))
    ReceptiveField(size=5, jump=1, start=-2)
    """

    size: int
    jump: int
    start: int

    def through(self, window: Window) -> "ReceptiveField":
        """The receptive field after one more layer that reads through ``window``."""
        return ReceptiveField(
            size=self.size + (window.size - 1) * self.jump,
            jump=self.jump * window.stride,
            start=self.start - window.padding * self.jump,
        )

    def inside(self, pixels: int, neurons: int) -> range:
        """The neurons along one axis that see nothing but image.

        Args:
            pixels: Extent of the image.
            neurons: Extent of the map.

        >>> ReceptiveField(size=5, jump=1, start=-2).inside(28, 28)
        range(2, 26)
        """
        first = max(0, -(self.start // self.jump))
        last = (pixels - self.size - self.start) // self.jump
        return range(first, max(first, min(neurons, last + 1)))

    def nearest(self, position: float, neurons: int) -> int:
        """The neuron along one axis whose box is centered nearest to a position, in pixels from the image's edge."""
        return min(max(round((position - self.start - self.size / 2) / self.jump), 0), neurons - 1)


INPUT_FIELD = ReceptiveField(size=1, jump=1, start=0)
"""What an input pixel sees: itself."""


def field_through(windows: Iterable[Window]) -> ReceptiveField:
    """The receptive field after the given windows, first layer first."""
    field = INPUT_FIELD
    for window in windows:
        field = field.through(window)
    return field


def conv_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Count the positions a kernel takes along one axis.

    Args:
        size: Input extent, in pixels.
        kernel: Kernel extent, in pixels.
        stride: Step between positions, in pixels.
        padding: Zeros added at each end, in pixels.

    Returns:
        ``floor((size + 2*padding - kernel) / stride) + 1``.

    Raises:
        ShapeError: The kernel is larger than the padded input.

    Source:
        Dumoulin & Visin (2016), "A guide to convolution arithmetic for
        deep learning", relationship 6.

    >>> conv_output_size(28, kernel=5, padding=2)
    28
    """
    padded = size + 2 * padding
    if kernel > padded:
        raise ShapeError(f"kernel is {kernel} px but the padded input is only {padded} px")
    return (padded - kernel) // stride + 1
