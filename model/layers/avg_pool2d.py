"""Average pooling: the mean of each window."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Shape3
from model.layers.change import Change, Shares
from model.layers.fast_path import Step
from model.layers.neuron_terms import NeuronTerms, patch_of
from model.layers.pooling import COLUMNS, ROWS, Cells, Pooling, members_of_groups, pooling_steps


@dataclass(frozen=True, eq=False)
class AvgPool2d(Pooling):
    """The mean of the values in each window; padding is not counted."""

    kind: ClassVar[str] = "avg_pool2d"
    operation: ClassVar[str] = "mean"

    def forward(self, x: Float32) -> tuple[Float32, Shape3]:
        self.output_shape(x.shape[1:])
        if not self.is_tiled:
            y = self._cell_sums(x)
            y /= self._counts(x.shape[1:]).astype(y.dtype)
            return y, x.shape[1:]
        # First over the rows of a window: there whole rows of memory are added, and half the values remain.
        height, width = self.size
        y = _sums(_sums(x, ROWS, height), COLUMNS, width)
        y *= 1 / (height * width)
        return y, x.shape[1:]

    def backward(
        self, dy: Float32, context: Shape3, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        share = dy / self._counts(context).astype(dy.dtype)
        dx = Cells(np.zeros((len(dy), *context), dtype=dy.dtype), self.window, 0)
        for cell in dx.views:
            cell += share
        return dx.inside, {}

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        dx, _ = self.backward(dy, x.before.shape[1:])
        assert dx is not None, "it is left out only on request"
        return Shares(dx)

    def forward_exactly(self, x: Float64) -> Float64:
        means: Float64 = self._cell_sums(x) / self._counts(x.shape[1:])
        return means

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source[filter_number : filter_number + 1], self.window, row, column)
        seen = span.inside(*source.shape[1:])
        mean = float(patch.sum(dtype=np.float64)) / (seen.height * seen.width)
        return NeuronTerms(filter_number, patch, span, mean)

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        share: Any = np.float32(1 / math.prod(self.size))
        if not self.is_tiled:
            share = np.float32(1) / self._counts((x.shape[3], *x.shape[1:3])).astype(np.float32)[:, :, np.newaxis]
        return [*pooling_steps(self, x, y, np.add, 0), partial(np.multiply, y, share, out=y)]

    def _cell_sums(self, x: NDArray[Any]) -> NDArray[Any]:
        """(N, C, H', W'), cell by cell, so that every sum is taken in the same order."""
        first, *others = Cells(x, self.window, 0).views
        sums = first.copy(order="K")
        for cell in others:
            sums += cell
        return sums

    def _counts(self, input_shape: Shape3) -> NDArray[np.int64]:
        """(H', W'): how many values of the input each window holds."""
        ones = Cells(np.ones((1, 1, *input_shape[1:]), dtype=np.int64), self.window, 0)
        counts: NDArray[np.int64] = np.sum(ones.views, axis=0)[0, 0]
        return counts


def _sums(x: Float32, axis: int, size: int) -> Float32:
    """The sum of every group of neighbors along an axis, in new memory that lies as x does."""
    first, *others = members_of_groups(x, axis, size)
    sums = first.copy(order="K")
    for member in others:
        sums += member
    return sums
