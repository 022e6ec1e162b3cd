"""Average pooling: the mean of each window."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Shape3
from model.geometry import Window, conv_output_size
from model.windows import members_of_groups

ROWS, COLUMNS = 2, 3
"""Axes of (N, C, H, W)."""


@dataclass(frozen=True, eq=False)
class AvgPool2d:
    """The mean of each size×size window; windows do not overlap, and a rest that fills no window is not read.

    Attributes:
        size: Extent of the window and the step between windows, in pixels.
    """

    kind: ClassVar[str] = "avg_pool2d"

    size: int = 2

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window(self.size, stride=self.size)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        return (
            channels,
            conv_output_size(height, self.size, self.size),
            conv_output_size(width, self.size, self.size),
        )

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0

    def forward(self, x: Float32) -> tuple[Float32, Shape3]:
        # First over the rows of a window: there whole rows of memory are added, and half the values remain.
        self.output_shape(x.shape[1:])
        y = _sums(_sums(x, ROWS, self.size), COLUMNS, self.size)
        y *= 1 / self.size**2
        return y, x.shape[1:]

    def backward(
        self, dy: Float32, context: Shape3, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        channels, height, width = context
        dx = np.zeros((len(dy), channels, height, width), dtype=dy.dtype)
        share = dy / self.size**2
        for row in members_of_groups(dx, ROWS, self.size):
            for cell in members_of_groups(row, COLUMNS, self.size):
                cell[...] = share
        return dx, {}


def _sums(x: Float32, axis: int, size: int) -> Float32:
    """The sum of every group of neighbors along an axis, in new memory that lies as x does."""
    first, *others = members_of_groups(x, axis, size)
    sums = first.copy(order="K")
    for member in others:
        sums += member
    return sums
