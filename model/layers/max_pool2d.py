"""Max pooling: the largest value of each window, so that a feature may move a little."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from model.arrays import Float32
from model.layers.pooling import COLUMNS, ROWS, Pooling, members_of_groups


class MaxPool2dContext(NamedTuple):
    """What `MaxPool2d.backward` needs: the input, the maxima over rows, and the maxima over those."""

    x: Float32
    row_maxima: Float32
    y: Float32


@dataclass(frozen=True, eq=False)
class MaxPool2d(Pooling):
    """The maximum of each size×size window; windows do not overlap, and a rest that fills no window is not read.

    Of equal maxima the leftmost wins, and of those the topmost: it takes the whole gradient.

    Attributes:
        size: Extent of the window and the step between windows, in pixels.
    """

    kind: ClassVar[str] = "max_pool2d"

    def forward(self, x: Float32) -> tuple[Float32, MaxPool2dContext]:
        # First over the rows of a window: there whole rows of memory are compared, and half the values remain.
        self.output_shape(x.shape[1:])
        row_maxima = _largest(x, ROWS, self.size)
        y = _largest(row_maxima, COLUMNS, self.size)
        return y, MaxPool2dContext(x, row_maxima, y)

    def backward(
        self, dy: Float32, context: MaxPool2dContext, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        d_row_maxima = _hand_back(dy, context.y, context.row_maxima, COLUMNS, self.size)
        return _hand_back(d_row_maxima, context.row_maxima, context.x, ROWS, self.size), {}


def _largest(x: Float32, axis: int, size: int) -> Float32:
    """The largest of every group of neighbors along an axis, in new memory that lies as x does."""
    first, *others = members_of_groups(x, axis, size)
    largest = first.copy(order="K") if not others else np.maximum(first, others[0])
    for member in others[1:]:
        np.maximum(largest, member, out=largest)
    return largest


def _hand_back(d_maxima: Float32, maxima: Float32, x: Float32, axis: int, size: int) -> Float32:
    """The gradient by x, whose groups of neighbors along an axis have these maxima.

    Of equal values the first takes the whole gradient: after a ReLU whole windows are often zero, and all of them
    taking it would multiply it.
    """
    dx = np.empty_like(x)
    *members, _last = members_of_groups(x, axis, size)
    *gradients, last_gradient = members_of_groups(dx, axis, size)
    for member, gradient in zip(members, gradients, strict=True):
        # A mask as float and a product: several times as fast as `where=`, which goes element by element.
        np.multiply(d_maxima, (member == maxima).astype(d_maxima.dtype), out=gradient)
        # Whoever is left of a group has won, if nobody did before.
        d_maxima = np.subtract(d_maxima, gradient, out=last_gradient if gradient is gradients[-1] else None)
    if size == 1:
        last_gradient[...] = d_maxima
    dx[(slice(None),) * axis + (slice(maxima.shape[axis] * size, None),)] = 0
    return dx
