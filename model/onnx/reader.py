"""An uploaded network: an ONNX file whose layers follow one another becomes a `Network` of this project's layers.

The operators of `LAYERS` become layers; those of `model.onnx.fold` become part of a layer or disappear. The error names
any other operator of a file, and what is supported. A fully connected layer is one whose kernel is as large as its
input, so a convolution of that size becomes one.

Needs the package `onnx`. The file is only data; nothing in it is executed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Shape3
from model.errors import ArtifactError, ModelError
from model.geometry import Pair
from model.layers import AvgPool2d, Conv2d, Layer, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network
from model.onnx.fold import INTO_THE_LAYER_BEFORE, TO_A_ROW, WITHOUT_EFFECT, read_constants
from model.onnx.node import Node, extents_text

MIN_INPUT_SIZE = 8
"""Pixels."""

MAX_INPUT_SIZE = 64
"""Pixels. Larger inputs have maps too large to show and take long to compute."""

MAX_FILE_BYTES = 2**26


@dataclass(frozen=True)
class OnnxNetwork:
    """What an ONNX file holds.

    Attributes:
        network: The network, in float32. If the file ends in logits, a softmax is added.
    """

    network: Network


def load_onnx(path: Path) -> OnnxNetwork:
    """Read a file and, if its weights are stored beside it, the files that it names.

    Args:
        path: An ONNX file.

    Raises:
        ArtifactError: As `read_onnx`; the message begins with the path.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ArtifactError(f"{path} has {size:,} bytes; at most {MAX_FILE_BYTES:,} bytes are accepted")
    try:
        return read_onnx(path.read_bytes())
    except ArtifactError as error:
        raise ArtifactError(f"{path} {error}") from None


def read_onnx(data: bytes, external: Mapping[str, bytes] | None = None) -> OnnxNetwork:
    """Read a network from the bytes of an ONNX file.

    Every bound is checked from the shapes that the file declares, before anything of that size is allocated.

    Args:
        data: The file. Its input is (N, C, H, W) with one channel or three, square, up to 64×64: 0 paper, 1 ink.
        external: The files beside it that hold its weights, by the name that it gives them.

    Raises:
        ArtifactError: It cannot be read, or is not a network that can be shown here. The message says why and begins
            with a verb, so that the file's name can stand before it.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ArtifactError(f"has {len(data):,} bytes; at most {MAX_FILE_BYTES:,} bytes are accepted")
    model = _parse(data)
    try:
        return OnnxNetwork(_network_of(model.graph))
    except ModelError as error:
        raise ArtifactError(f"cannot be shown: {error}") from None


def _parse(data: bytes) -> Any:
    try:
        import onnx
    except ImportError:
        raise ArtifactError("cannot be read: reading ONNX files needs the package onnx: pip install onnx") from None
    try:
        model = onnx.load_model_from_string(data)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf's and the checker's own kinds of error
        raise ArtifactError(f"is not an ONNX model: {' '.join(str(error).split())[:300]}") from None
    return model


def _network_of(graph: Any) -> Network:
    """All nodes, in order.

    Args:
        graph: An ``onnx.GraphProto``.

    Raises:
        ModelError: An operator is not supported, or reads something else than the output of the one before it.
    """
    constants = read_constants(graph)
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise ModelError(f"it has {len(inputs)} inputs; a network must have one, the image")
    input_shape = shape = _input_shape_of(inputs[0])
    layers: list[Layer] = []
    is_row = False
    last = inputs[0].name
    for node in _nodes_of(graph, constants):
        _require_in_order(node, last)
        if layers and isinstance(layers[-1], Softmax):
            raise ModelError(f"operator Softmax is followed by {node}; it must be the last one")
        if node.operator in LAYERS:
            layers.append(LAYERS[node.operator](node, LayerInput(shape, is_row)))
            shape = layers[-1].output_shape(shape)
        elif node.operator in INTO_THE_LAYER_BEFORE:
            layer = layers[-1] if layers else None
            if not isinstance(layer, Conv2d | Linear):
                raise ModelError(f"{node} must directly follow a Conv, Gemm or MatMul, whose weights take it in")
            layers[-1] = INTO_THE_LAYER_BEFORE[node.operator](node, layer)
        elif node.operator in TO_A_ROW:
            TO_A_ROW[node.operator](node, shape)
            is_row = True
        last = node.outputs[0]
    if not layers:
        raise ModelError("it has no layers")
    if shape[1:] != (1, 1) or shape[0] < 2:
        raise ModelError(f"its output is {extents_text(shape)}; a classifier's output is a row of at least two numbers")
    return Network(input_shape, _named(layers))


def _nodes_of(graph: Any, constants: Mapping[str, NDArray[Any]]) -> list[Node]:
    """All operators but constants.

    Raises:
        ModelError: One is not supported.
    """
    from onnx import helper

    supported = {*LAYERS, *INTO_THE_LAYER_BEFORE, *TO_A_ROW, *WITHOUT_EFFECT}
    nodes = []
    for each in graph.node:
        if each.op_type != "Constant":
            attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in each.attribute}
            nodes.append(Node(each.op_type, each.name, tuple(each.input), tuple(each.output), attributes, constants))
            if each.op_type not in supported:
                raise ModelError(f"{nodes[-1]} is not supported; supported are {', '.join(sorted(supported))}")
    return nodes


def _require_in_order(node: Node, last: str) -> None:
    """Only a node that reads the output of the one before it can be shown."""
    data = [name for name in node.inputs if name and name not in node.constants]
    if data != [last]:
        raise ModelError(
            f"{node} reads {', '.join(data) or 'only constants'}, and the output before it is {last}: "
            "only layers that follow one another can be shown"
        )


def _input_shape_of(value: Any) -> Shape3:
    extents = [each.dim_value for each in value.type.tensor_type.shape.dim]
    if value.type.tensor_type.elem_type != 1:
        raise ModelError(f"its input {value.name} is not of float32")
    if len(extents) != 4:
        raise ModelError(f"its input {value.name} has {len(extents)} axes; images have four: N×C×H×W")
    channels, height, width = extents[1:]
    if channels not in (1, 3) or height != width or not MIN_INPUT_SIZE <= height <= MAX_INPUT_SIZE:
        raise ModelError(
            f"its input {value.name} is {extents_text(extents[1:])}; it must be 1×n×n or 3×n×n with n from "
            f"{MIN_INPUT_SIZE} to {MAX_INPUT_SIZE}"
        )
    return channels, height, width


# --- Operators -------------------------------------------------------------------------------------------------------


class LayerInput(NamedTuple):
    """What an operator reads.

    Attributes:
        shape: (C, H, W), also after a Flatten.
        is_row: Whether the file has flattened it.
    """

    shape: Shape3
    is_row: bool


def _conv(node: Node, x: LayerInput) -> Layer:
    weight = node.weights()
    if weight.ndim != 4:
        raise ModelError(f"{node} has kernels of {extents_text(weight.shape)}; they must be F×C×kH×kW")
    bias = node.constant(2)
    bias = np.zeros(len(weight), dtype=np.float32) if bias is None else bias
    node.require("group", 1, value=1)
    node.require_all("dilations", value=1)
    stride = node.pair("strides")
    padding = _padding_of(node, x.shape, node.pair("kernel_shape", weight.shape[2:]), stride)
    if weight.shape[1:] == x.shape and padding == (0, 0):
        return Linear(weight, bias)
    return Conv2d(weight, bias, stride=stride, padding=padding)


def _gemm(node: Node, x: LayerInput) -> Layer:
    node.require("transA", 0, value=0)
    weight = node.weights() * np.float32(node.attributes.get("alpha", 1.0))
    bias = node.constant(2)
    beta = np.float32(node.attributes.get("beta", 1.0))
    return _linear(
        node, x, weight if node.attributes.get("transB", 0) else weight.T, None if bias is None else bias * beta
    )


def _matmul(node: Node, x: LayerInput) -> Layer:
    if node.inputs[0] in node.constants:
        raise ModelError(f"{node} has its weights on the left; they must be on the right")
    weight = node.weights()
    if weight.ndim != 2:
        raise ModelError(f"{node} has weights of {extents_text(weight.shape)}; they must be a matrix")
    return _linear(node, x, weight.T, None)


def _linear(node: Node, x: LayerInput, weight: Float32, bias: Float32 | None) -> Linear:
    """A fully connected layer of (outputs, inputs) weights."""
    inputs = int(np.prod(x.shape))
    if x.shape[1:] != (1, 1) and not x.is_row:
        raise ModelError(f"{node} reads {extents_text(x.shape)}; put a Flatten before it")
    if weight.ndim != 2 or weight.shape[1] != inputs:
        raise ModelError(f"{node} has weights for {weight.shape[-1]} inputs, but its input has {inputs}")
    bias = np.zeros(1, dtype=np.float32) if bias is None else bias
    kernels = np.ascontiguousarray(weight).reshape(len(weight), *x.shape)
    return Linear(kernels, np.ascontiguousarray(np.broadcast_to(bias.reshape(-1), len(weight))))


def _max_pool(node: Node, x: LayerInput) -> Layer:
    if len(node.outputs) > 1 and node.outputs[1]:
        raise ModelError(f"{node} also returns the indices of its maxima, which is not supported")
    return MaxPool2d(_pooling_size(node, x))


def _average_pool(node: Node, x: LayerInput) -> Layer:
    return AvgPool2d(_pooling_size(node, x))


def _global_average_pool(_node: Node, x: LayerInput) -> Layer:
    return AvgPool2d(x.shape[1:])


def _pooling_size(node: Node, x: LayerInput) -> Pair:
    size, stride = node.pair("kernel_shape"), node.pair("strides")
    if stride != size:
        raise ModelError(
            f"{node} has windows of {extents_text(size)} and strides of {extents_text(stride)}; both must be the same, "
            "so that windows neither overlap nor leave gaps"
        )
    node.require("ceil_mode", 0, value=0)
    node.require_all("dilations", value=1)
    if _padding_of(node, x.shape, size, stride) != (0, 0):
        raise ModelError(f"{node} pads its input; pooling with padding is not supported")
    return size


def _padding_of(node: Node, shape: Shape3, kernel: Pair, stride: Pair) -> Pair:
    """(rows of zeros above and below, columns left and right).

    Raises:
        ModelError: There are not as many above as below, or left as right.
    """
    automatic = node.attributes.get("auto_pad", b"NOTSET")
    if automatic == b"VALID":
        return (0, 0)
    if automatic in (b"SAME_UPPER", b"SAME_LOWER"):
        axes = zip(shape[1:], kernel, stride, strict=True)
        totals = [max(0, (-(-size // step) - 1) * step + extent - size) for size, extent, step in axes]
        pads = [totals[0] // 2, totals[1] // 2, -(-totals[0] // 2), -(-totals[1] // 2)]
    else:
        pads = list(node.attributes.get("pads", [0, 0, 0, 0]))
    if len(pads) != 4 or pads[:2] != pads[2:]:
        raise ModelError(f"{node} has pads {pads}; there must be four, the same above and below, and left and right")
    return (int(pads[0]), int(pads[1]))


def _relu(_node: Node, _x: LayerInput) -> Layer:
    return ReLU()


def _softmax(node: Node, x: LayerInput) -> Layer:
    if x.shape[1:] != (1, 1) or (node.attributes.get("axis", -1) != 1 and not x.is_row):
        raise ModelError(f"{node} is not taken over the classes")
    return Softmax()


LAYERS: Mapping[str, Callable[[Node, LayerInput], Layer]] = {
    "AveragePool": _average_pool,
    "Conv": _conv,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_average_pool,
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Relu": _relu,
    "Softmax": _softmax,
}
"""Operator → the layer that computes the same."""

_STEMS = {Conv2d.kind: "conv", ReLU.kind: "relu", MaxPool2d.kind: "pool", AvgPool2d.kind: "pool", Linear.kind: "linear"}


def _named(layers: list[Layer]) -> dict[str, Layer]:
    """Each layer by its kind and number: conv1, relu1, pool1, conv2, …; a softmax last, added if there is none."""
    counts: dict[str, int] = {}
    named: dict[str, Layer] = {}
    for layer in layers:
        if not isinstance(layer, Softmax):
            stem = _STEMS[layer.kind]
            counts[stem] = counts.get(stem, 0) + 1
            named[f"{stem}{counts[stem]}"] = layer
    return {**named, "softmax": Softmax()}
