"""A network with some of its kernels changed by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from model.arrays import Float32
from model.errors import ParameterError
from model.layers import Conv2d, Layer, LocallyConnected2d
from model.network import Network


@dataclass(frozen=True)
class KernelEdit:
    """What becomes of one filter.

    Attributes:
        layer: Its layer.
        filter: Its number.
        kernel: (C, kH, kW) float32 in place of its own; None leaves it.
        bias: In place of its own; None leaves it.
        silenced: Whether kernel and bias become zero, so that its map is.
        place: Row and column in the feature map of the only neuron that is changed; None changes all that share the
            kernel.
    """

    layer: str
    filter: int
    kernel: Float32 | None = None
    bias: float | None = None
    silenced: bool = False
    place: tuple[int, int] | None = None


def edit(network: Network, edits: Sequence[KernelEdit]) -> Network:
    """The network after the edits, one after the other.

    An edit of one place unties the layer: a convolution becomes a locally connected layer that has the same kernel
    everywhere but there.

    Args:
        network: Left as it is.
        edits: In order; a later one may overwrite an earlier one.

    Raises:
        ParameterError: There is no such filter or place, or the kernel has another shape; the message has the numbers.
    """
    layers: dict[str, Layer] = dict(network.layers)
    for change in edits:
        layer = layers.get(change.layer)
        if layer is None or "weight" not in layer.parameters:
            owners = [name for name, of in layers.items() if "weight" in of.parameters]
            raise ParameterError(f"there are no kernels in {change.layer!r}; there are in: {', '.join(owners)}")
        if layer is network.layers[change.layer]:
            layer = _copy(layer)
        filters, rows, columns = network.output_shapes[change.layer]
        if not 0 <= change.filter < filters:
            raise ParameterError(
                f"{change.layer} has no filter {change.filter}; its {filters} filters are counted from 0"
            )
        if change.place is not None:
            row, column = change.place
            if not (0 <= row < rows and 0 <= column < columns):
                raise ParameterError(f"{change.layer} has no neuron at {row}, {column}; its maps are {rows}×{columns}")
            if isinstance(layer, Conv2d):
                layer = _untied(layer, rows, columns)
        layers[change.layer] = layer
        _change(layer, change)
    return Network(network.input_shape, layers)


def _change(layer: Layer, change: KernelEdit) -> None:
    """Write into a layer's own arrays."""
    weight, bias = layer.parameters["weight"], layer.parameters["bias"]
    of_filter: tuple[Any, ...] = (change.filter,)
    if isinstance(layer, LocallyConnected2d):
        of_filter = (*(change.place or (slice(None), slice(None))), change.filter)
    if change.kernel is not None:
        shape = weight.shape[-3:]
        if change.kernel.shape != shape:
            raise ParameterError(
                f"a kernel of {change.layer} has the shape {list(shape)}, not {list(change.kernel.shape)}"
            )
        weight[of_filter] = change.kernel
    if change.bias is not None:
        bias[of_filter] = change.bias
    if change.silenced:
        weight[of_filter] = 0
        bias[of_filter] = 0


def _copy(layer: Layer) -> Layer:
    own: dict[str, Any] = {name: array.copy() for name, array in layer.parameters.items()}
    changed: Layer = replace(layer, **own)  # type: ignore[type-var]
    return changed


def _untied(layer: Conv2d, rows: int, columns: int) -> LocallyConnected2d:
    """The same layer with a copy of each kernel for each place."""
    weight = np.broadcast_to(layer.weight, (rows, columns, *layer.weight.shape)).copy()
    return LocallyConnected2d(
        weight, np.broadcast_to(layer.bias, (rows, columns, len(layer.bias))).copy(), layer.stride, layer.padding
    )
