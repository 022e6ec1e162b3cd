"""Average pooling: the mean of each window."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Shape3
from model.layers.pooling import COLUMNS, ROWS, Pooling, members_of_groups


@dataclass(frozen=True, eq=False)
class AvgPool2d(Pooling):
    """The mean of each size×size window; windows do not overlap, and a rest that fills no window is not read."""

    kind: ClassVar[str] = "avg_pool2d"

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
