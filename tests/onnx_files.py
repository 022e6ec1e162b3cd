"""ONNX files built node by node, as other programs write them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class OnnxFile:
    """Nodes that each read the output of the one before."""

    def __init__(
        self, channels: int = 1, input_size: int = 12, *, batch: Any = "N", shape: Sequence[int] | None = None
    ) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.input_shape = [batch, *(shape if shape is not None else (channels, input_size, input_size))]
        self.element = TensorProto.FLOAT
        self.last = "picture"

    def add(self, operator: str, *weights: np.ndarray, reads: Sequence[str] = (), **attributes: Any) -> "OnnxFile":
        """Append a node; its constants follow its other inputs."""
        names = []
        for weight in weights:
            names.append(f"c{len(self.constants)}")
            self.constants.append(numpy_helper.from_array(np.asarray(weight), names[-1]))
        output = f"t{len(self.nodes)}"
        inputs = [*(reads or [self.last]), *names]
        self.nodes.append(helper.make_node(operator, inputs, [output], name=f"n{len(self.nodes)}", **attributes))
        self.last = output
        return self

    def model(self) -> onnx.ModelProto:
        """The model, with every node's output as an output."""
        inputs = [helper.make_tensor_value_info("picture", self.element, self.input_shape)]
        outputs = [helper.make_empty_tensor_value_info(node.output[0]) for node in self.nodes]
        graph = helper.make_graph(self.nodes, "net", inputs, outputs, self.constants)
        inferred = onnx.shape_inference.infer_shapes(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        )
        known = {each.name: each for each in (*inferred.graph.value_info, *inferred.graph.output)}
        del graph.output[:]
        graph.output.extend(known[node.output[0]] for node in self.nodes)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def save(self, path: Path) -> Path:
        onnx.save(self.model(), path)
        return path


def small_network(rng: np.random.Generator, channels: int = 1, input_size: int = 12, classes: int = 10) -> OnnxFile:
    """Every supported layer once: Conv, BatchNormalization, Relu, AveragePool, Conv with a bias added, Relu, MaxPool,
    Flatten, Gemm."""

    def normal(*shape: int, scale: float = 0.3) -> np.ndarray:
        return rng.normal(0, scale, shape).astype(np.float32)

    def positive(*shape: int) -> np.ndarray:
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)

    rest = ((input_size // 2 - 2) // 2) ** 2 * 6
    return (
        OnnxFile(channels, input_size)
        .add("Conv", normal(4, channels, 5, 5), normal(4), pads=[2, 2, 2, 2])
        .add("BatchNormalization", positive(4), normal(4), normal(4), positive(4), epsilon=1e-3)
        .add("Relu")
        .add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
        .add("Conv", normal(6, 4, 3, 3))
        .add("Add", normal(1, 6, 1, 1))
        .add("Relu")
        .add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        .add("Flatten")
        .add("Gemm", normal(classes, rest, scale=0.05), normal(classes), transB=1)
        .add("Softmax", axis=1)
    )


def unusual_network(rng: np.random.Generator, classes: int = 26) -> OnnxFile:
    """Kinds and orders of layers that the project's own networks do not have; reads 20×20 pixels in color.

    Its layers: scale1, conv1 (depthwise), act1, pool1 (overlapping, padded), conv2, act2, scale2, pad1, pool2 (padded),
    conv3 (depthwise), act3, relu1, linear1.
    """

    def normal(*shape: int, scale: float = 0.3) -> np.ndarray:
        return rng.normal(0, scale, shape).astype(np.float32)

    return (
        OnnxFile(3, 20)
        .add("Sub", np.array([0.4, 0.5, 0.6], np.float32).reshape(1, 3, 1, 1))
        .add("Conv", normal(6, 1, 3, 3), normal(6), group=3, pads=[0, 0, 1, 1])
        .add("LeakyRelu", alpha=0.1)
        .add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        .add("Conv", normal(8, 6, 1, 1), normal(8))
        .add("Elu")
        .add("BatchNormalization", *[np.abs(normal(8)) for _ in range(4)])
        .add("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.array(-0.5, np.float32))
        .add("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        .add("Conv", normal(8, 1, 3, 3), normal(8), group=8)
        .add("Tanh")
        .add("Relu")
        .add("Flatten")
        .add("Gemm", normal(classes, 128, scale=0.2), normal(classes), transB=1)
    )
