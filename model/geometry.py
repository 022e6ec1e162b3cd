"""Sizes, boxes and receptive fields: which inputs feed an output.

Knows layer geometry only: nothing of weights, images or training.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from model.errors import ShapeError

Pair: TypeAlias = tuple[int, int]
"""(height, width), or (row, column)."""


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
    """How a layer steps over its input; every number is a (height, width) pair, in pixels.

    A layer that reads its whole input has no Window; a layer that reads single values has a Window of size (1, 1).

    Attributes:
        size: Extent of the patch that one neuron reads.
        stride: Step between the patches of neighboring neurons.
        padding: Values around the input: rows above it, and columns to its left.
        padding_after: Rows below it, and columns to its right; None: as many as above and to the left.
    """

    size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    padding_after: Pair | None = None

    @property
    def margins(self) -> tuple[Pair, Pair]:
        """The padding above and below, and left and right."""
        below, right = self.padding_after or self.padding
        return (self.padding[0], below), (self.padding[1], right)

    def patch_at(self, row: int, column: int) -> Box:
        """Where the patch of the neuron at a position lies in the input; may reach into padding."""
        return Box(
            row * self.stride[0] - self.padding[0],
            column * self.stride[1] - self.padding[1],
            self.size[0],
            self.size[1],
        )

    def output_size(self, height: int, width: int) -> Pair:
        """How many positions the window takes along each axis of an input.

        Raises:
            ShapeError: The window is larger than the padded input.
        """
        rows, columns = (
            conv_output_size(size, kernel, stride, before, after)
            for size, kernel, stride, (before, after) in zip(
                (height, width), self.size, self.stride, self.margins, strict=True
            )
        )
        return rows, columns


@dataclass(frozen=True)
class ReceptiveField:
    """The box of input pixels that the neurons of one layer see; every number is a (height, width) pair.

    Attributes:
        size: Extent of the box, in input pixels.
        jump: Distance between the boxes of neighboring neurons, in input pixels.
        start: First row and column of the box of neuron (0, 0), in input pixels; negative where padding is read.

    Source:
        Araujo, Norris & Sim (2019), "Computing receptive fields of convolutional neural networks".

    >>> ReceptiveField(size=(1, 1), jump=(1, 1), start=(0, 0)).through(Window((5, 3), padding=(2, 1)))
    ReceptiveField(size=(5, 3), jump=(1, 1), start=(-2, -1))
    """

    size: Pair
    jump: Pair
    start: Pair

    def through(self, window: Window) -> "ReceptiveField":
        """The receptive field after one more layer that reads through ``window``."""
        axes = [
            (size + (kernel - 1) * jump, jump * stride, start - padding * jump)
            for size, jump, start, kernel, stride, padding in zip(
                self.size, self.jump, self.start, window.size, window.stride, window.padding, strict=True
            )
        ]
        (height, down, top), (width, right, left) = axes
        return ReceptiveField(size=(height, width), jump=(down, right), start=(top, left))

    def box_at(self, row: int, column: int) -> Box:
        """The box that the neuron at a position sees; may reach into padding."""
        (top, left), (down, right), (height, width) = self.start, self.jump, self.size
        return Box(top + down * row, left + right * column, height, width)

    def inside(self, image: Pair, neurons: Pair) -> tuple[range, range]:
        """The rows and columns of neurons that see no padding.

        Args:
            image: Extent of the image.
            neurons: Extent of the map.

        >>> ReceptiveField(size=(5, 1), jump=(1, 1), start=(-2, 0)).inside((28, 28), (28, 28))
        (range(2, 26), range(0, 28))
        """
        rows, columns = (_inside(*axis) for axis in zip(self.size, self.jump, self.start, image, neurons, strict=True))
        return rows, columns

    def nearest(self, position: tuple[float, float], neurons: Pair) -> Pair:
        """Row and column of the neuron whose box is centered nearest to a position.

        Args:
            position: Pixels from the top and from the left edge of the image.
            neurons: Extent of the map.
        """
        row, column = (
            min(max(round((at - start - size / 2) / jump), 0), count - 1)
            for size, jump, start, at, count in zip(self.size, self.jump, self.start, position, neurons, strict=True)
        )
        return row, column


def _inside(size: int, jump: int, start: int, pixels: int, neurons: int) -> range:
    first = max(0, -(start // jump))
    last = (pixels - size - start) // jump
    return range(first, max(first, min(neurons, last + 1)))


INPUT_FIELD = ReceptiveField(size=(1, 1), jump=(1, 1), start=(0, 0))
"""What an input pixel sees: itself."""


def field_through(windows: Iterable[Window]) -> ReceptiveField:
    """The receptive field after the given windows, first layer first."""
    field = INPUT_FIELD
    for window in windows:
        field = field.through(window)
    return field


def pair_of(value: int | Sequence[int]) -> Pair:
    """(height, width) from one number for both axes, or from two.

    Raises:
        ValueError: There are not one or two numbers.

    >>> pair_of(3), pair_of([1, 2])
    ((3, 3), (1, 2))
    """
    height, width = (value, value) if isinstance(value, int) else value
    return int(height), int(width)


def optional_pair_of(value: int | Sequence[int] | None) -> Pair | None:
    """As `pair_of`; None stays None."""
    return None if value is None else pair_of(value)


def conv_output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, padding_after: int | None = None
) -> int:
    """Count the positions a kernel takes along one axis.

    Args:
        size: Input extent, in pixels.
        kernel: Kernel extent, in pixels.
        stride: Step between positions, in pixels.
        padding: Zeros added before the first value, in pixels.
        padding_after: Zeros added after the last one; None: as many as before.

    Returns:
        ``floor((size + padding + padding_after - kernel) / stride) + 1``.

    Raises:
        ShapeError: The kernel is larger than the padded input.

    Source:
        Dumoulin & Visin (2016), "A guide to convolution arithmetic for
        deep learning", relationship 6.

    >>> conv_output_size(28, kernel=5, padding=2)
    28
    """
    padded = size + padding + (padding if padding_after is None else padding_after)
    if kernel > padded:
        raise ShapeError(f"kernel is {kernel} px but the padded input is only {padded} px")
    return (padded - kernel) // stride + 1
