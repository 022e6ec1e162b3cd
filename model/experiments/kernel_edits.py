"""Kernel edits: a network in which some kernels are replaced or turned off.

Knows no digits: what the edited network makes of one is computed like that of any other network.
"""

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
    """A change to one filter.

    Attributes:
        layer: Name of its layer.
        filter: Its number, from 0.
        kernel: (C, kH, kW) float32, the new kernel; None keeps the present one.
        bias: The new bias; None keeps the present one.
        ablate: Whether kernel and bias become zero, so that the filter's map is zero.
        position: Row and column in the feature map of the only neuron that changes; None changes every neuron of the
            map.
    """

    layer: str
    filter: int
    kernel: Float32 | None = None
    bias: float | None = None
    ablate: bool = False
    position: tuple[int, int] | None = None


def edit_kernels(network: Network, edits: Sequence[KernelEdit]) -> Network:
    """The network after the edits, one after the other.

    An edit of one position unshares the weights of its layer: a convolution becomes a locally connected layer that has
    the same kernel at every other position.

    Args:
        network: Stays as it is.
        edits: In order; a later one may overwrite an earlier one.

    Raises:
        ParameterError: There is no such filter or position, or the kernel has another shape; the message has the
            numbers.
    """
    layers: dict[str, Layer] = dict(network.layers)
    for edit in edits:
        layer = layers.get(edit.layer)
        if layer is None or "weight" not in layer.parameters:
            owners = [name for name, of in layers.items() if "weight" in of.parameters]
            raise ParameterError(f"there are no kernels in {edit.layer!r}; there are in: {', '.join(owners)}")
        if layer is network.layers[edit.layer]:
            layer = _copy(layer)
        filters, rows, columns = network.output_shapes[edit.layer]
        if not 0 <= edit.filter < filters:
            raise ParameterError(f"layer {edit.layer} has no filter {edit.filter}; its {filters} filters begin at 0")
        if edit.position is not None:
            row, column = edit.position
            if not (0 <= row < rows and 0 <= column < columns):
                raise ParameterError(f"layer {edit.layer} has no neuron {row}, {column}; its maps are {rows}×{columns}")
            if isinstance(layer, Conv2d):
                layer = _with_unshared_weights(layer, rows, columns)
        layers[edit.layer] = layer
        _overwrite(layer, edit)
    return Network(network.input_shape, layers)


def _overwrite(layer: Layer, edit: KernelEdit) -> None:
    """Write the edit into the layer's own arrays."""
    weight, bias = layer.parameters["weight"], layer.parameters["bias"]
    of_filter: tuple[Any, ...] = (edit.filter,)
    if isinstance(layer, LocallyConnected2d):
        of_filter = (*(edit.position or (slice(None), slice(None))), edit.filter)
    if edit.kernel is not None:
        shape = weight.shape[-3:]
        if edit.kernel.shape != shape:
            raise ParameterError(f"a kernel of {edit.layer} has the shape {list(shape)}, not {list(edit.kernel.shape)}")
        weight[of_filter] = edit.kernel
    if edit.bias is not None:
        bias[of_filter] = edit.bias
    if edit.ablate:
        weight[of_filter] = 0
        bias[of_filter] = 0


def _copy(layer: Layer) -> Layer:
    own: dict[str, Any] = {name: array.copy() for name, array in layer.parameters.items()}
    changed: Layer = replace(layer, **own)  # type: ignore[type-var]
    return changed


def _with_unshared_weights(layer: Conv2d, rows: int, columns: int) -> LocallyConnected2d:
    """The same layer with a copy of each kernel for each position."""
    weight = np.broadcast_to(layer.weight, (rows, columns, *layer.weight.shape)).copy()
    bias = np.broadcast_to(layer.bias, (rows, columns, len(layer.bias))).copy()
    return LocallyConnected2d(weight, bias, layer.stride, layer.padding)
