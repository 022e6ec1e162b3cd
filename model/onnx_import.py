"""Networks from elsewhere: an ONNX file of layers in a row becomes a `Network` of this project's own layers.

Read are Conv, Gemm, MatMul, Add (a bias), BatchNormalization (folded into the layer before it), Relu, MaxPool,
AveragePool, GlobalAveragePool, Flatten, Reshape (to a row), Softmax, and what changes nothing at inference. Whatever
else a file has is named in the error, with what would work. A fully connected layer is one whose kernel is as large as
its input, so a convolution of that size becomes one.

Needs the package `onnx`, and runs nothing of the file: it is read as data.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Shape3
from model.errors import ArtifactError, ModelError
from model.layers import AvgPool2d, Conv2d, Layer, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network

if TYPE_CHECKING:
    import onnx

LARGEST_SIDE = 64
"""Pixels: of larger inputs neither the maps nor the time to compute them would be small."""

SMALLEST_SIDE = 8

FILE_BYTES = 2**26
"""Largest file."""


def load_onnx(path: Path) -> Network:
    """Read a network.

    Args:
        path: An ONNX file. Its input is (N, C, H, W) with one channel or three, square, up to 64×64: 0 paper, 1 ink.

    Returns:
        The network, in float32. If the file ends in logits, a softmax is added.

    Raises:
        ArtifactError: The file cannot be read, or is no network that can be shown here; the message says why.
    """
    try:
        import onnx
    except ImportError:
        raise ArtifactError("reading ONNX files needs the package onnx: pip install onnx") from None
    try:
        size = path.stat().st_size
        if size > FILE_BYTES:
            raise ArtifactError(f"{path} has {size:,} bytes; networks of up to {FILE_BYTES:,} bytes are read")
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model)
    except ArtifactError:
        raise
    except Exception as error:  # protobuf's and the checker's own kinds of error
        raise ArtifactError(f"{path} is not an ONNX model: {' '.join(str(error).split())[:300]}") from None
    try:
        return _Reader(model).network()
    except ModelError as error:
        raise ArtifactError(f"{path} cannot be shown: {error}") from None


class _Reader:
    """Goes through a graph node by node, and keeps the layers read so far."""

    def __init__(self, model: "onnx.ModelProto") -> None:
        from onnx import numpy_helper

        graph = model.graph
        self._to_array = numpy_helper.to_array
        self._nodes = list(graph.node)
        self._outputs = {output.name for output in graph.output}
        self._constants: dict[str, NDArray[Any]] = {each.name: self._array(each) for each in graph.initializer}
        inputs = [each for each in graph.input if each.name not in self._constants]
        if len(inputs) != 1:
            raise ModelError(f"it has {len(inputs)} inputs, and one picture is all there is to show it")
        self._last = inputs[0].name
        self._input_shape = _input_shape_of(inputs[0])
        self._shape = self._input_shape
        self._is_row = False
        self._layers: list[Layer] = []

    def network(self) -> Network:
        """All nodes, in order.

        Raises:
            ModelError: A node is of another kind, or reads what is not the node's before it.
        """
        for node in self._nodes:
            if node.op_type == "Constant":
                self._constants[node.output[0]] = self._array(_attributes(node)["value"])
                continue
            read = _READERS.get(node.op_type)
            if read is None:
                raise ModelError(f"{_the(node)} is not supported; supported are {', '.join(sorted(_READERS))}")
            self._require_row(node)
            read(self, node)
            self._last = node.output[0]
        if not self._layers:
            raise ModelError("it has no layers")
        if self._shape[1:] != (1, 1) or self._shape[0] < 2:
            raise ModelError(f"it ends in {_text(self._shape)}; a classifier ends in a row of two numbers or more")
        if not isinstance(self._layers[-1], Softmax):
            self._add(Softmax())
        return Network(self._input_shape, _names(self._layers))

    def _require_row(self, node: Any) -> None:
        data = [name for name in node.input if name and name not in self._constants]
        if data != [self._last]:
            raise ModelError(
                f"{_the(node)} reads {', '.join(data) or 'constants alone'}, and the one before it "
                f"gives {self._last}: only layers in a row can be shown"
            )

    def _add(self, layer: Layer) -> None:
        self._shape = layer.output_shape(self._shape)
        self._layers.append(layer)

    def _array(self, tensor: Any) -> NDArray[Any]:
        if tensor.data_location == 1:
            raise ModelError(f"the weights {tensor.name} lie in another file; save the model with its weights inside")
        return np.asarray(self._to_array(tensor))

    def _constant(self, node: Any, place: int) -> Float32 | None:
        """A node's constant input, as float32; None if it has none there."""
        if place >= len(node.input) or not node.input[place]:
            return None
        if node.input[place] not in self._constants:
            raise ModelError(f"{_the(node)} computes its weights, which must be constants")
        return np.asarray(self._constants[node.input[place]], dtype=np.float32)

    def _weights(self, node: Any, place: int = 1) -> Float32:
        weights = self._constant(node, place)
        if weights is None:
            raise ModelError(f"{_the(node)} has no weights")
        if not np.isfinite(weights).all():
            raise ModelError(f"{_the(node)} has weights that are not finite")
        return weights

    # --- Operators ---------------------------------------------------------------------------------------------------

    def conv(self, node: Any) -> None:
        weight = self._weights(node)
        if weight.ndim != 4:
            raise ModelError(f"{_the(node)} has kernels of {_text(weight.shape)}; they must be F×C×k×k")
        bias = self._constant(node, 2)
        bias = np.zeros(len(weight), dtype=np.float32) if bias is None else bias
        settings = _attributes(node)
        _require(node, "group", settings.get("group", 1), 1)
        _require_all(node, "dilations", settings.get("dilations", []), 1)
        stride = _one_of(node, "strides", settings.get("strides", [1, 1]))
        padding = _padding_of(node, settings, weight.shape[2:], stride)
        if weight.shape[1:] == self._shape and not padding:
            self._add(Linear(weight, bias))
            return
        if weight.shape[2] != weight.shape[3]:
            raise ModelError(f"{_the(node)} has kernels of {_text(weight.shape[2:])}; they must be square")
        self._add(Conv2d(weight, bias, stride=stride, padding=padding))

    def gemm(self, node: Any) -> None:
        settings = _attributes(node)
        _require(node, "transA", settings.get("transA", 0), 0)
        weight = self._weights(node) * np.float32(settings.get("alpha", 1.0))
        weight = weight if settings.get("transB", 0) else weight.T
        bias = self._constant(node, 2)
        beta = np.float32(settings.get("beta", 1.0))
        self._connect(node, weight, np.zeros(1, dtype=np.float32) if bias is None else bias * beta)

    def matmul(self, node: Any) -> None:
        if node.input[0] in self._constants:
            raise ModelError(f"{_the(node)} has its weights on the left; they must stand on the right")
        weight = self._weights(node)
        if weight.ndim != 2:
            raise ModelError(f"{_the(node)} has weights of {_text(weight.shape)}; they must be a matrix")
        self._connect(node, weight.T, np.zeros(1, dtype=np.float32))

    def _connect(self, node: Any, weight: Float32, bias: Float32) -> None:
        """A fully connected layer of (classes, inputs) weights."""
        inputs = int(np.prod(self._shape))
        if self._shape[1:] != (1, 1) and not self._is_row:
            raise ModelError(f"{_the(node)} reads {_text(self._shape)}; put a Flatten before it")
        if weight.ndim != 2 or weight.shape[1] != inputs:
            raise ModelError(f"{_the(node)} has weights for {weight.shape[-1]} inputs, and there are {inputs}")
        kernels = np.ascontiguousarray(weight).reshape(len(weight), *self._shape)
        self._add(Linear(kernels, np.ascontiguousarray(np.broadcast_to(bias.reshape(-1), len(weight)))))

    def add(self, node: Any) -> None:
        places = [place for place, name in enumerate(node.input) if name in self._constants]
        if not places:
            raise ModelError(f"{_the(node)} adds no constant; only a bias can be added")
        bias = self._weights(node, places[0])
        layer = self._weighted_before(node)
        filters = len(layer.bias)
        if bias.size not in (1, filters):
            raise ModelError(f"{_the(node)} adds {bias.size} numbers to {filters} maps; a bias is one for each")
        own = np.asarray(layer.bias + bias.reshape(-1), dtype=np.float32)
        self._layers[-1] = replace(layer, bias=own)

    def batch_normalization(self, node: Any) -> None:
        layer = self._weighted_before(node)
        _require(node, "training_mode", _attributes(node).get("training_mode", 0), 0)
        epsilon = _attributes(node).get("epsilon", 1e-5)
        scale, shift, mean, variance = (self._weights(node, place) for place in range(1, 5))
        factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
        weight = layer.weight * factor[:, np.newaxis, np.newaxis, np.newaxis]
        bias = (layer.bias - mean) * factor + shift
        self._layers[-1] = replace(layer, weight=weight.astype(np.float32), bias=bias.astype(np.float32))

    def _weighted_before(self, node: Any) -> Conv2d | Linear:
        layer = self._layers[-1] if self._layers else None
        if not isinstance(layer, (Conv2d, Linear)):
            raise ModelError(f"{_the(node)} does not follow a Conv, Gemm or MatMul directly, and becomes part of one")
        return layer

    def relu(self, _node: Any) -> None:
        self._add(ReLU())

    def max_pool(self, node: Any) -> None:
        self._pool(node, MaxPool2d)

    def average_pool(self, node: Any) -> None:
        self._pool(node, AvgPool2d)

    def global_average_pool(self, node: Any) -> None:
        _, height, width = self._shape
        if height != width:
            raise ModelError(f"{_the(node)} reads {_text(self._shape)}, which is not square")
        self._add(AvgPool2d(height))

    def _pool(self, node: Any, kind: type[MaxPool2d] | type[AvgPool2d]) -> None:
        settings = _attributes(node)
        size = _one_of(node, "kernel_shape", settings["kernel_shape"])
        stride = _one_of(node, "strides", settings.get("strides", [1, 1]))
        if stride != size:
            raise ModelError(f"{_the(node)} has windows of {size} every {stride} pixels; they must lie side by side")
        _require(node, "ceil_mode", settings.get("ceil_mode", 0), 0)
        _require_all(node, "dilations", settings.get("dilations", []), 1)
        if _padding_of(node, settings, (size, size), stride):
            raise ModelError(f"{_the(node)} pads its input; pooling must not")
        if len(node.output) > 1 and node.output[1]:
            raise ModelError(f"{_the(node)} gives places besides maxima, which nothing here reads")
        self._add(kind(size))

    def flatten(self, node: Any) -> None:
        _require(node, "axis", _attributes(node).get("axis", 1), 1)
        self._is_row = True

    def reshape(self, node: Any) -> None:
        target = [int(extent) for extent in self._weights(node)]
        if len(target) != 2 or target[1] not in (-1, int(np.prod(self._shape))):
            raise ModelError(f"{_the(node)} makes {_text(target)}; only a row can be made, as by Flatten")
        self._is_row = True

    def softmax(self, node: Any) -> None:
        if node is not self._nodes[-1]:
            raise ModelError(f"{_the(node)} is not the last one")
        axis = _attributes(node).get("axis", -1)
        if self._shape[1:] != (1, 1) or (axis != 1 and not self._is_row):
            raise ModelError(f"{_the(node)} is not taken over the classes")
        self._add(Softmax())

    def nothing(self, _node: Any) -> None:
        """Something that only matters in training."""


_READERS: Mapping[str, Callable[[_Reader, Any], None]] = {
    "Add": _Reader.add,
    "AveragePool": _Reader.average_pool,
    "BatchNormalization": _Reader.batch_normalization,
    "Conv": _Reader.conv,
    "Dropout": _Reader.nothing,
    "Flatten": _Reader.flatten,
    "Gemm": _Reader.gemm,
    "GlobalAveragePool": _Reader.global_average_pool,
    "Identity": _Reader.nothing,
    "MatMul": _Reader.matmul,
    "MaxPool": _Reader.max_pool,
    "Relu": _Reader.relu,
    "Reshape": _Reader.reshape,
    "Softmax": _Reader.softmax,
}

_STEMS = {Conv2d.kind: "conv", ReLU.kind: "relu", MaxPool2d.kind: "pool", AvgPool2d.kind: "pool", Linear.kind: "linear"}


def _names(layers: list[Layer]) -> dict[str, Layer]:
    """Each layer by a name of its kind and its number: conv1, relu1, pool1, conv2 and so on."""
    counts: dict[str, int] = {}
    named: dict[str, Layer] = {}
    for layer in layers[:-1]:
        stem = _STEMS[layer.kind]
        counts[stem] = counts.get(stem, 0) + 1
        named[f"{stem}{counts[stem]}"] = layer
    return {**named, "softmax": layers[-1]}


def _input_shape_of(value: Any) -> Shape3:
    extents = [each.dim_value for each in value.type.tensor_type.shape.dim]
    if value.type.tensor_type.elem_type != 1:
        raise ModelError(f"its input {value.name} is not of float32")
    if len(extents) != 4:
        raise ModelError(f"its input {value.name} has {len(extents)} axes; a picture has four: N×C×H×W")
    channels, height, width = extents[1:]
    if channels not in (1, 3) or height != width or not SMALLEST_SIDE <= height <= LARGEST_SIDE:
        raise ModelError(
            f"its input {value.name} is {_text(extents[1:])}; it must be 1×n×n or 3×n×n with n from {SMALLEST_SIDE} to "
            f"{LARGEST_SIDE}"
        )
    return channels, height, width


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _padding_of(node: Any, settings: Mapping[str, Any], kernel: tuple[int, ...], stride: int) -> int:
    """Zeros on each side, which must be as many everywhere."""
    automatic = settings.get("auto_pad", b"NOTSET")
    if automatic == b"VALID":
        return 0
    if automatic in (b"SAME_UPPER", b"SAME_LOWER"):
        if stride == 1 and kernel[0] == kernel[1] and kernel[0] % 2:
            return (kernel[0] - 1) // 2
        raise ModelError(f"{_the(node)} pads one side more than the other; both must get as much")
    return _one_of(node, "pads", settings.get("pads", [0]))


def _one_of(node: Any, what: str, values: Any) -> int:
    """The number that all of them are."""
    if len(set(values)) != 1:
        raise ModelError(f"{_the(node)} has {what} {list(values)}; all must be the same")
    return int(values[0])


def _require_all(node: Any, what: str, values: Any, only: int) -> None:
    for value in values:
        _require(node, what, value, only)


def _require(node: Any, what: str, value: int, only: int) -> None:
    if value != only:
        raise ModelError(f"{_the(node)} has {what} {value}; only {only} is supported")


def _the(node: Any) -> str:
    return f"operator {node.op_type} {node.name!r}" if node.name else f"operator {node.op_type}"


def _text(extents: Any) -> str:
    return "×".join(str(extent) for extent in extents)
