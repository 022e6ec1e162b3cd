"""The layers that were read so far, and how the graph's tensor arranges the values of the last one.

ONNX's tensors may lie as N×C×H×W, N×H×W×C, N×28×28 or N×784; layers here read (C, H, W). Operators that only rearrange
values become no layers: the arrangement is followed instead, and the weights that read it are put in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Shape3
from model.errors import ModelError
from model.layers import Affine, Conv2d, GroupedConv2d, Layer, Linear, Pad2d, Softmax
from model.onnx.limits import Budget
from model.onnx.node import Node, extents_text

Weighted = Conv2d | GroupedConv2d | Linear | Affine
"""A layer that a scale and a shift of its maps can become part of."""


@dataclass(frozen=True)
class Arrangement:
    """A tensor of the graph for one image, holding the values of (C, H, W).

    Attributes:
        maps: (C, H, W).
        shape: Its extents in the graph; a batch has extent 1.
        order: For each of its values, the position in (C, H, W) in row-major order; None if this order is its own.
    """

    maps: Shape3
    shape: tuple[int, ...]
    order: NDArray[np.int32] | None = None

    @classmethod
    def of(cls, maps: Shape3) -> "Arrangement":
        """The one that layers have: (1, C, H, W)."""
        return cls(maps, (1, *maps))

    @property
    def size(self) -> int:
        channels, height, width = self.maps
        return channels * height * width

    @property
    def is_maps(self) -> bool:
        """Whether it is (1, C, H, W)."""
        return self.order is None and self.shape == (1, *self.maps)

    def positions(self) -> NDArray[np.int32]:
        """`order`, also where it is None."""
        own = np.arange(self.size, dtype=np.int32) if self.order is None else self.order
        return own.reshape(self.shape)

    def reshaped(self, shape: tuple[int, ...]) -> "Arrangement":
        """The same values in the same order."""
        return replace(self, shape=shape)

    def transposed(self, axes: list[int]) -> "Arrangement":
        """Another order of axes."""
        order = np.ascontiguousarray(self.positions().transpose(axes))
        is_own = bool((order.reshape(-1) == np.arange(self.size)).all())
        return Arrangement(self.maps, order.shape, None if is_own else order)

    def by_position(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Values of the tensor's own shape → (C, H, W)."""
        arranged = np.empty(self.size, dtype=values.dtype)
        arranged[self.positions().reshape(-1)] = values.reshape(-1)
        return arranged.reshape(self.maps)


class Chain:
    """A network while it is read, layer by layer."""

    def __init__(self, input_: Arrangement, batch: int, budget: Budget) -> None:
        """Begin with the input.

        Args:
            input_: The image.
            batch: The number of images that the file fixes; reshapes may name it.
            budget: Counts the layers.
        """
        self.input_shape = input_.maps
        self.batch = batch
        self.value = input_
        self.layers: list[Layer] = []
        self._budget = budget
        self._pending: tuple[str, Float64, Float64] | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the tensor is not yet the output of a layer: a scale or shift waits for a fully connected layer."""
        return self._pending is not None

    @property
    def has_ended(self) -> bool:
        """Whether the last layer is a softmax."""
        return bool(self.layers) and isinstance(self.layers[-1], Softmax)

    def append(self, layer: Layer) -> None:
        """One more layer.

        Raises:
            ModelError: It does not fit, or the network is now too large.
        """
        self.require_nothing_pending()
        maps = self._budget.take(layer, self.value.maps)
        self.layers.append(layer)
        self.value = Arrangement.of(maps)

    def elementwise(self, node: Node, layer: Layer) -> None:
        """A layer that keeps the arrangement."""
        if self._pending:
            self.require_nothing_pending()
        arrangement = self.value
        self.append(layer)
        self.value = arrangement

    def require_nothing_pending(self) -> None:
        """Raises ModelError if a scale or shift was left that only a fully connected layer can take in."""
        if self._pending:
            raise ModelError(self._pending[0])

    def maps_for(self, node: Node) -> Shape3:
        """(C, H, W), for an operator that reads N×C×H×W.

        Raises:
            ModelError: The tensor is arranged in another way.
        """
        if not self.value.is_maps:
            raise ModelError(
                f"{node} reads a tensor of {extents_text(self.value.shape)}, in which the maps of "
                f"{extents_text(self.value.maps)} are arranged in another way than N×C×H×W"
            )
        return self.value.maps

    def take_padding(self) -> Pad2d | None:
        """Remove zeros around the maps that were the last layer, since a convolution can add them itself."""
        last = self.layers[-1] if self.layers else None
        if not isinstance(last, Pad2d) or last.value != 0:
            return None
        self.layers.pop()
        channels, height, width = self.value.maps
        (above, below), (before, after) = last.window.margins
        self.value = Arrangement.of((channels, height - above - below, width - before - after))
        return last

    def linear(self, node: Node, weight: Float32, bias: Float32 | None) -> None:
        """A fully connected layer of (outputs, inputs) weights.

        Raises:
            ModelError: It reads no row, or has another number of inputs.
        """
        value = self.value
        if value.shape[-1] != value.size:
            raise ModelError(f"{node} reads {extents_text(value.shape)}; put a Flatten before it")
        if weight.ndim != 2 or weight.shape[1] != value.size:
            inputs = weight.shape[-1] if weight.ndim else 0
            raise ModelError(f"{node} has weights for {inputs} inputs, but its input has {value.size}")
        filters = len(weight)
        if bias is not None and bias.size not in (1, filters):
            raise ModelError(f"{node} adds {bias.size} numbers to {filters}")
        self._budget.move(weight.size, str(node))
        if value.order is not None:
            ordered = np.empty_like(weight)
            ordered[:, value.order.reshape(-1)] = weight
            weight = ordered
        bias = np.zeros(filters, np.float32) if bias is None else np.broadcast_to(bias.reshape(-1), filters)
        if self._pending:
            _, scale, shift = self._pending
            self._pending = None
            bias = _float32(node, bias + weight.astype(np.float64) @ shift.reshape(-1))
            weight = _float32(node, weight * scale.reshape(-1))
        kernels = np.ascontiguousarray(weight).reshape(filters, *value.maps)
        self.append(Linear(kernels, np.ascontiguousarray(bias)))
        self.value = self.value.reshaped((*value.shape[:-1], filters))

    def affine(self, node: Node, scale: NDArray[np.floating], shift: NDArray[np.floating]) -> None:
        """Multiply by a scale and add a shift, both broadcast to the tensor as ONNX does.

        They become part of the layer before; if it has no weights, a layer of their own. If they differ within a map,
        a fully connected layer that follows takes them in.

        Raises:
            ModelError: They do not fit the tensor.
        """
        scales, shifts = (self._broadcast(node, each) for each in (scale, shift))
        if not (np.isfinite(scales).all() and np.isfinite(shifts).all()):
            raise ModelError(f"{node} multiplies by or adds something that is not finite")
        by_map, plus = scales[:, :1, :1], shifts[:, :1, :1]
        if self._pending or (scales != by_map).any() or (shifts != plus).any():
            self._keep_for_linear(node, scales, shifts)
            return
        factors, terms = by_map.reshape(-1), plus.reshape(-1)
        last = self.layers[-1] if self.layers else None
        if isinstance(last, Weighted):
            self._budget.move(last.weight.size, str(node))
            weight = _float32(node, last.weight * factors[:, np.newaxis, np.newaxis, np.newaxis])
            self.layers[-1] = replace(last, weight=weight, bias=_float32(node, last.bias * factors + terms))
        elif (factors != 1).any() or terms.any():
            weight = _float32(node, factors).reshape(-1, 1, 1, 1)
            self.elementwise(node, Affine(weight, _float32(node, terms)))

    def _keep_for_linear(self, node: Node, scales: Float64, shifts: Float64) -> None:
        if self._pending:
            _, before, plus = self._pending
            scales, shifts = before * scales, plus * scales + shifts
        reason = (
            f"{node} has numbers of its own for each position of maps of {extents_text(self.value.maps)}; only one "
            "number for all maps or one for each map can be shown, unless a fully connected layer follows"
        )
        self._pending = (reason, scales, shifts)

    def _broadcast(self, node: Node, numbers: NDArray[np.floating]) -> Float64:
        """(C, H, W) float64 of what ONNX broadcasts to the tensor."""
        shape = self.value.shape
        try:
            broadcast = np.broadcast_shapes(numbers.shape, shape)
        except ValueError:
            broadcast = ()
        if broadcast[len(broadcast) - len(shape) :] != shape or any(
            extent != 1 for extent in broadcast[: len(broadcast) - len(shape)]
        ):
            raise ModelError(
                f"{node} has numbers of {extents_text(numbers.shape) or 'one'}, which do not fit a tensor of "
                f"{extents_text(shape)}"
            )
        self._budget.move(self.value.size, str(node))
        wide = np.broadcast_to(numbers.astype(np.float64), broadcast).reshape(shape)
        return np.asarray(self.value.by_position(wide), dtype=np.float64)

    def rearrange(self, node: Node, change: Callable[[Arrangement], Arrangement]) -> None:
        """Another arrangement of the same values."""
        self._budget.move(self.value.size if self.value.order is not None else 1, str(node))
        self.value = change(self.value)


def _float32(node: Node, numbers: NDArray[np.floating]) -> Float32:
    with np.errstate(over="ignore"):
        converted = numbers.astype(np.float32)
    if not np.isfinite(converted).all():
        raise ModelError(f"{node} makes weights that are not finite")
    return converted
