"""Max pooling: the largest value of each window, so that small translations of a feature change little."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.layers.change import Change, Shares
from model.layers.fast_path import Step
from model.layers.neuron_terms import NeuronTerms, patch_of
from model.layers.pooling import COLUMNS, ROWS, Cells, Pooling, members_of_groups, pooling_steps


class MaxPool2dContext(NamedTuple):
    """What `MaxPool2d.backward` needs: the input, the maxima over rows, and the maxima over those.

    Windows that are not side by side have no separate maxima over rows.
    """

    x: Float32
    row_maxima: Float32
    y: Float32


LOWEST = float(np.finfo(np.float32).min)
"""The value of padding. Minus infinity would make multiples of it that are no number."""


@dataclass(frozen=True, eq=False)
class MaxPool2d(Pooling):
    """The maximum of each window; padding is never the maximum.

    Of equal maxima the leftmost wins, and of those the topmost: it takes the whole gradient.
    """

    kind: ClassVar[str] = "max_pool2d"
    operation: ClassVar[str] = "maximum"

    def forward(self, x: Float32) -> tuple[Float32, MaxPool2dContext]:
        self.output_shape(x.shape[1:])
        if not self.is_tiled:
            first, *others = self._cells(x).views
            y = first.copy(order="K")
            for cell in others:
                np.maximum(y, cell, out=y)
            return y, MaxPool2dContext(x, y, y)
        # First over the rows of a window: there whole rows of memory are compared, and half the values remain.
        row_maxima = _largest(x, ROWS, self.size[0])
        y = _largest(row_maxima, COLUMNS, self.size[1])
        return y, MaxPool2dContext(x, row_maxima, y)

    def backward(
        self, dy: Float32, context: MaxPool2dContext, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        if not self.is_tiled:
            winners = _winners(self._cells(context.x).views, context.y)
            dx = Cells(np.zeros_like(context.x), self.window, 0)
            for cell, wins in zip(dx.views, winners, strict=True):
                cell += dy * wins
            return dx.inside, {}
        d_row_maxima = _hand_back(dy, context.y, context.row_maxima, COLUMNS, self.size[1])
        return _hand_back(d_row_maxima, context.row_maxima, context.x, ROWS, self.size[0]), {}

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        """Shares of the largest value before (b) and of the largest after (a).

        On the straight way from before to after, the two are equal at one point, after a part t of the way. Up to there
        the output follows b and from there a, so that t · change of b + (1 − t) · change of a is the change of y.
        """
        before, after = self._cells(x.before).views, self._cells(x.after).views
        first, last = _winners(before, y.before), _winners(after, y.after)
        lead_before = y.before - sum(mask * cell for mask, cell in zip(last, before, strict=True))
        lead_after = y.after - sum(mask * cell for mask, cell in zip(first, after, strict=True))
        leads = lead_before + lead_after
        part = np.divide(lead_before, leads, out=np.zeros_like(leads), where=leads > 0)
        to_first, to_last = dy * part, dy * (1 - part)
        dx = Cells(np.zeros_like(x.before), self.window, 0)
        for cell, of_first, of_last in zip(dx.views, first, last, strict=True):
            cell += to_first * of_first + to_last * of_last
        return Shares(dx.inside)

    def forward_exactly(self, x: Float64) -> Float64:
        largest, *others = self._cells(x).views
        for cell in others:
            largest = np.maximum(largest, cell)
        return np.ascontiguousarray(largest)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source[filter_number : filter_number + 1], self.window, row, column)
        # Of equal values the leftmost, and of those the topmost, as in `backward`. Padding is never the largest.
        inside = patch_of(np.ones_like(source[:1]), self.window, row, column)[0]
        column_in_patch, row_in_patch = divmod(int(np.where(inside, patch, -np.inf)[0].T.argmax()), self.size[0])
        winner = (row_in_patch, column_in_patch)
        return NeuronTerms(filter_number, patch, span, float(patch[0][winner]), winner=winner)

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        return pooling_steps(self, x, y, np.maximum, LOWEST)

    def _cells(self, x: NDArray[Any]) -> Cells:
        return Cells(x, self.window, LOWEST)


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
        # The last of a group takes the gradient if none did before.
        d_maxima = np.subtract(d_maxima, gradient, out=last_gradient if gradient is gradients[-1] else None)
    if size == 1:
        last_gradient[...] = d_maxima
    dx[(slice(None),) * axis + (slice(maxima.shape[axis] * size, None),)] = 0
    return dx


def _winners(cells: list[Float32], y: Float32) -> list[NDArray[np.bool_]]:
    """For each position in a window, where it holds the largest value; of equal ones the first."""
    open_windows = np.ones(y.shape, dtype=bool)
    winners = []
    for cell in cells:
        wins = open_windows & (cell == y)
        open_windows &= ~wins
        winners.append(wins)
    return winners
