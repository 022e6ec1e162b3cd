"""python -m model.export: write a trained network as ONNX, with every layer as an output.

Standard operators only, batches of any size: `input` is (N, 1, 28, 28) float32, and each layer's output has the layer's
name and the shape it has here. Needs the package `onnx`, which the service itself does not.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.artifact import Artifact, load_artifact
from model.errors import ModelError
from model.layers import AvgPool2d, Conv2d, Layer, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax
from model.train.cli import ARTIFACTS

if TYPE_CHECKING:
    import onnx

OPSET = 17
INPUT = "input"


def to_onnx(artifact: Artifact) -> "onnx.ModelProto":
    """The network as an ONNX model.

    Args:
        artifact: The network; its title and record travel along as metadata.

    Raises:
        ModelError: The package `onnx` is not installed, or a layer has no counterpart.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError:
        raise ModelError("exporting needs the package onnx: pip install onnx") from None

    network = artifact.network
    nodes: list[Any] = []
    initializers: list[Any] = []

    def constant(name: str, array: NDArray[Any]) -> str:
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def add(name: str, layer: Layer, x: str) -> None:
        match layer:
            case Conv2d():
                weight, bias = constant(f"{name}.weight", layer.weight), constant(f"{name}.bias", layer.bias)
                node("Conv", [x, weight, bias], name, strides=[layer.stride] * 2, pads=[layer.padding] * 4)
            case Linear():
                # A kernel as large as the input: the output keeps its two axes of places, both of extent 1.
                shape = (len(layer.bias), *network.input_shape_of(name))
                weight = constant(f"{name}.weight", layer.weight.reshape(shape))
                node("Conv", [x, weight, constant(f"{name}.bias", layer.bias)], name)
            case LocallyConnected2d():
                # A convolution with one-hot kernels lays every patch out as channels; then each place has its own sum.
                rows, columns, filters, channels, tall, wide = layer.weight.shape
                size = channels * tall * wide
                one_hot = np.eye(size, dtype=np.float32).reshape(size, channels, tall, wide)
                settings = {"strides": [layer.stride] * 2, "pads": [layer.padding] * 4}
                patches = node("Conv", [x, constant(f"{name}.patches", one_hot)], f"{name}.patch", **settings)
                weights = layer.weight.reshape(rows, columns, filters, size).transpose(2, 3, 0, 1)
                terms = [patches, constant(f"{name}.weight", weights)]
                sums = node("Einsum", terms, f"{name}.sums", equation="nphw,fphw->nfhw")
                node("Add", [sums, constant(f"{name}.bias", layer.bias.transpose(2, 0, 1))], name)
            case MaxPool2d():
                node("MaxPool", [x], name, kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)
            case AvgPool2d():
                node("AveragePool", [x], name, kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)
            case ReLU():
                node("Relu", [x], name)
            case Softmax():
                node("Softmax", [x], name, axis=1)
            case _:
                raise ModelError(f"layer {name} is a {layer.kind}, for which no ONNX operator is written here")

    x = INPUT
    for name, layer in network.layers.items():
        add(name, layer, x)
        x = name

    def value(name: str, shape: tuple[int, ...]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])

    graph = helper.make_graph(
        nodes,
        artifact.name,
        [value(INPUT, network.input_shape)],
        [value(name, network.output_shapes[name]) for name in network.layers],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="kernelscope")
    model.ir_version = 8  # what runtimes of the opset's time read
    helper.set_model_props(model, {"title": artifact.title})
    checker.check_model(model, full_check=True)
    return model


def main() -> int:
    """Export as asked; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.export", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="ids of models; by default all that are there")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where the networks are")
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
