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
