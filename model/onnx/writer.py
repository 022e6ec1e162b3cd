"""python -m model.onnx.writer: write a trained network as ONNX, with every layer as an output.

Standard operators only, batches of any size: `input` is (N, C, H, W) float32, and each layer's output has the layer's
name and the shape it has here. Needs the package `onnx`, which the service imports only to write one.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.artifact import Artifact, load_artifact
from model.errors import ModelError
from model.layers import AvgPool2d, Conv2d, Layer, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax

if TYPE_CHECKING:
    import onnx

OPSET = 17
IR_VERSION = 8
"""Read by every runtime that knows the opset."""

INPUT = "input"

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


class _Graph:
    """The nodes and constants written so far."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def constant(self, name: str, array: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output


def _conv(graph: _Graph, name: str, x: str, layer: Conv2d) -> None:
    weight, bias = graph.constant(f"{name}.weight", layer.weight), graph.constant(f"{name}.bias", layer.bias)
    graph.node("Conv", [x, weight, bias], name, strides=layer.stride, pads=layer.padding * 2)


def _linear(graph: _Graph, name: str, x: str, layer: Linear) -> None:
    # A convolution whose kernel is as large as the input: the output keeps its two axes of positions, both of extent 1.
    weight, bias = graph.constant(f"{name}.weight", layer.weight), graph.constant(f"{name}.bias", layer.bias)
    graph.node("Conv", [x, weight, bias], name)


def _locally_connected(graph: _Graph, name: str, x: str, layer: LocallyConnected2d) -> None:
    # A convolution with one-hot kernels lays every patch out as channels; then each position has its own sum.
    rows, columns, filters, channels, tall, wide = layer.weight.shape
    cells = channels * tall * wide
    one_hot = np.eye(cells, dtype=np.float32).reshape(cells, channels, tall, wide)
    reads = [x, graph.constant(f"{name}.patches", one_hot)]
    patches = graph.node("Conv", reads, f"{name}.patch", strides=layer.stride, pads=layer.padding * 2)
    weights = layer.weight.reshape(rows, columns, filters, cells).transpose(2, 3, 0, 1)
    terms = [patches, graph.constant(f"{name}.weight", weights)]
    sums = graph.node("Einsum", terms, f"{name}.sums", equation="nphw,fphw->nfhw")
    graph.node("Add", [sums, graph.constant(f"{name}.bias", layer.bias.transpose(2, 0, 1))], name)


def _max_pool(graph: _Graph, name: str, x: str, layer: MaxPool2d) -> None:
    graph.node("MaxPool", [x], name, kernel_shape=layer.size, strides=layer.size)


def _average_pool(graph: _Graph, name: str, x: str, layer: AvgPool2d) -> None:
    graph.node("AveragePool", [x], name, kernel_shape=layer.size, strides=layer.size)


def _relu(graph: _Graph, name: str, x: str, _layer: ReLU) -> None:
    graph.node("Relu", [x], name)


def _softmax(graph: _Graph, name: str, x: str, _layer: Softmax) -> None:
    graph.node("Softmax", [x], name, axis=1)


OPERATORS: Mapping[type[Layer], Callable[[_Graph, str, str, Any], None]] = {
    AvgPool2d: _average_pool,
    Conv2d: _conv,
    Linear: _linear,
    LocallyConnected2d: _locally_connected,
    MaxPool2d: _max_pool,
    ReLU: _relu,
    Softmax: _softmax,
}
"""Kind of layer → what writes a layer's operators; the last of them has the layer's name."""


def to_onnx(artifact: Artifact) -> "onnx.ModelProto":
    """The network as an ONNX model.

    Args:
        artifact: The network; its title is stored as metadata, and so are the names of its classes if it has some.

    Raises:
        ModelError: The package `onnx` is not installed, or a layer has no counterpart.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError:
        raise ModelError("exporting needs the package onnx: pip install onnx") from None

    network, graph, x = artifact.network, _Graph(), INPUT
    for name, layer in network.layers.items():
        if type(layer) not in OPERATORS:
            raise ModelError(f"layer {name} is of kind {layer.kind}, which cannot be written as ONNX")
        OPERATORS[type(layer)](graph, name, x, layer)
        x = name

    shapes = {INPUT: network.input_shape, **network.output_shapes}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]) for name, shape in shapes.items()]
    written = helper.make_graph(graph.nodes, artifact.name, values[:1], values[1:], graph.initializers)
    model = helper.make_model(written, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="kernelscope")
    model.ir_version = IR_VERSION
    properties = {"title": artifact.title}
    if "classes" in artifact.record:
        properties["classes"] = json.dumps(artifact.record["classes"])
    helper.set_model_props(model, properties)
    checker.check_model(model, full_check=True)
    return model


def main() -> int:
    """Write the files; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.onnx.writer", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="ids of models (default: all)")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="folder of the trained networks")
    parser.add_argument("--output", type=Path, default=Path("runs/onnx"), help="folder to write MODEL.onnx into")
    options = parser.parse_args()
    names = options.models or sorted(path.parent.name for path in options.artifacts.glob("*/weights.safetensors"))
    try:
        for name in names:
            model = to_onnx(load_artifact(options.artifacts / name))
            options.output.mkdir(parents=True, exist_ok=True)
            path = options.output / f"{name}.onnx"
            path.write_bytes(model.SerializeToString())
            print(f"wrote {path}")
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
