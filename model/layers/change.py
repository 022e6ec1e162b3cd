"""How a change of a layer's output is divided among its inputs, from one image to another.

A network's output changes from one image to the next. Going back through the layers, every output value has a
*multiplier*: its share of the final change is multiplier · (after − before). `Layer.multipliers` finds multipliers of
the inputs such that the shares of the inputs add up to the shares of the outputs. That is exact also where a ReLU
switches on or another value of a pooling window becomes the largest; a gradient, taken at one point, loses the
difference.

Source:
    Shrikumar, Greenside & Kundaje (2017), "Learning important features through propagating activation differences",
    the rescale rule. For small changes a multiplier is the gradient.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Change(NamedTuple):
    """Values of one layer for N pairs of images.

    Attributes:
        before: (N, C, H, W).
        after: (N, C, H, W).
    """

    before: NDArray[Any]
    after: NDArray[Any]

    @property
    def difference(self) -> NDArray[Any]:
        return self.after - self.before


class Shares(NamedTuple):
    """What `Layer.multipliers` returns.

    Attributes:
        multipliers: (N, C, H, W), of the layer's input.
        links: (F, C) summed over the pairs, the part of output map f's share that comes through input map c; None if
            each map reads only the map of the same number.
    """

    multipliers: NDArray[Any]
    links: NDArray[Any] | None = None


class _WeightedSum(Protocol):
    """A layer whose output is linear in its input, apart from the bias."""

    @property
    def weight(self) -> Any: ...

    def forward(self, x: Any) -> tuple[Any, Any]: ...

    def backward(self, dy: Any, context: Any, needs_dx: bool = ...) -> tuple[Any, dict[str, Any]]: ...


def weighted_sum_shares(layer: _WeightedSum, dy: NDArray[Any], x: Change, map_axes: tuple[int, ...]) -> Shares:
    """A weighted sum's multipliers are its gradient, which is the same everywhere.

    The gradient by a weight, with the difference for an input, is Σ δ · difference: times the weight it is the part of
    the share that comes through this weight.

    Args:
        layer: The layer.
        dy: (N, F, H', W'), the multipliers of its output.
        x: Its input.
        map_axes: The axes of its weight to sum over, so that (F, C) remain.
    """
    _, context = layer.forward(x.difference)
    dx, gradients = layer.backward(dy, context)
    links: NDArray[Any] = (layer.weight * gradients["weight"]).sum(axis=map_axes, dtype=np.float64)
    return Shares(dx, links)


def elementwise_shares(dy: NDArray[Any], slope: NDArray[Any], x: Change, y: Change) -> Shares:
    """For a function of each single value: the slope of the chord from before to after.

    Args:
        dy: The multipliers of its output.
        slope: Its derivative before, for values that did not change.
        x: Its input.
        y: Its output.
    """
    across = x.difference
    changed = across != 0
    chord = np.divide(y.difference, across, out=np.array(slope, dtype=across.dtype), where=changed)
    return Shares(dy * chord)
