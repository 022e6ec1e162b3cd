"""Average pooling: the mean of each window."""

import math
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Float64, Shape3
from model.layers.change import Change, Shares
from model.layers.fast_path import Step
from model.layers.neuron_terms import NeuronTerms, patch_of
from model.layers.pooling import COLUMNS, ROWS, Pooling, exact_windows, members_of_groups, pooling_steps


@dataclass(frozen=True, eq=False)
class AvgPool2d(Pooling):
    """The mean of each window; windows do not overlap, and rows and columns that fill no window are not read."""

    kind: ClassVar[str] = "avg_pool2d"
    operation: ClassVar[str] = "mean"

    def forward(self, x: Float32) -> tuple[Float32, Shape3]:
        # First over the rows of a window: there whole rows of memory are added, and half the values remain.
        self.output_shape(x.shape[1:])
        height, width = self.size
        y = _sums(_sums(x, ROWS, height), COLUMNS, width)
        y *= 1 / (height * width)
        return y, x.shape[1:]

    def backward(
        self, dy: Float32, context: Shape3, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        height, width = self.size
        dx = np.zeros((len(dy), *context), dtype=dy.dtype)
        share = dy / (height * width)
        for row in members_of_groups(dx, ROWS, height):
            for cell in members_of_groups(row, COLUMNS, width):
                cell[...] = share
        return dx, {}

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        dx, _ = self.backward(dy, x.before.shape[1:])
        assert dx is not None, "it is left out only on request"
        return Shares(dx)

    def forward_exactly(self, x: Float64) -> Float64:
        tall, wide = self.size
        windows = exact_windows(x, self.size)
        sums: Float64 = np.zeros(windows[:, :, :, 0, :, 0].shape)
        for row, column in product(range(tall), range(wide)):
            sums += windows[:, :, :, row, :, column]
        return sums / (tall * wide)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source[filter_number : filter_number + 1], self.window, row, column)
        return NeuronTerms(filter_number, patch, span, float(patch.mean(dtype=np.float64)))

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        share = np.float32(1 / math.prod(self.size))
        return [*pooling_steps(self.size, x, y, np.add), lambda: np.multiply(y, share, out=y)]


def _sums(x: Float32, axis: int, size: int) -> Float32:
    """The sum of every group of neighbors along an axis, in new memory that lies as x does."""
    first, *others = members_of_groups(x, axis, size)
    sums = first.copy(order="K")
    for member in others:
        sums += member
    return sums
