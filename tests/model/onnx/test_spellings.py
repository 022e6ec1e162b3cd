"""What exporters write around layers: arrangements of the input, computed shapes, functions spelled out, outputs."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from model.layers import Activation
from model.onnx.reader import load_onnx
from tests.onnx_files import OnnxFile


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(0, 0.3, shape).astype(np.float32)


def save(path: Path, model: onnx.ModelProto) -> Path:
    onnx.save(model, path)
    return path


def run(path: Path, images: np.ndarray) -> np.ndarray:
    """The first output of a file, by ONNX Runtime."""
    session = onnxruntime.InferenceSession(path)
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def model_of(
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    *,
    shape: Sequence[int | str] = ("N", 1, 8, 8),
    outputs: Sequence[str] = ("y",),
    opset: int = 17,
    element: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A model of these operators; ``picture`` is its input."""
    return helper.make_model(
        helper.make_graph(
            list(nodes),
            "net",
            [helper.make_tensor_value_info("picture", element, shape)],
            [helper.make_empty_tensor_value_info(name) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )


node = helper.make_node
CONV = node("Conv", ["picture", "kernels"], ["maps"])
HEAD = [node("GlobalAveragePool", ["z"], ["mean"]), node("Flatten", ["mean"], ["y"])]

# Functions of `maps`, as PyTorch and TensorFlow write them; each makes `z`.
SPELLED_OUT: dict[str, tuple[list[onnx.NodeProto], dict[str, float], str]] = {
    "gelu": (
        [
            node("Div", ["maps", "root"], ["a"]),
            node("Erf", ["a"], ["b"]),
            node("Add", ["b", "one"], ["c"]),
            node("Mul", ["maps", "c"], ["d"]),
            node("Mul", ["d", "half"], ["z"]),
        ],
        {"root": 2**0.5, "one": 1, "half": 0.5},
        "GELU",
    ),
    "gelu with tanh": (
        [
            node("Pow", ["maps", "three"], ["a"]),
            node("Mul", ["a", "small"], ["b"]),
            node("Add", ["maps", "b"], ["c"]),
            node("Mul", ["c", "root"], ["d"]),
            node("Tanh", ["d"], ["e"]),
            node("Add", ["e", "one"], ["f"]),
            node("Mul", ["maps", "half"], ["g"]),
            node("Mul", ["g", "f"], ["z"]),
        ],
        {"three": 3, "small": 0.044715, "root": (2 / np.pi) ** 0.5, "one": 1, "half": 0.5},
        "GELU",
    ),
    "silu": ([node("Sigmoid", ["maps"], ["a"]), node("Mul", ["a", "maps"], ["z"])], {}, "Swish"),
    "mish": (
        [node("Softplus", ["maps"], ["a"]), node("Tanh", ["a"], ["b"]), node("Mul", ["maps", "b"], ["z"])],
        {},
        "Mish",
    ),
    "hardswish": (
        [
            node("Add", ["maps", "three"], ["a"]),
            node("Clip", ["a", "zero", "six"], ["b"]),
            node("Div", ["b", "six"], ["c"]),
            node("Mul", ["maps", "c"], ["z"]),
        ],
        {"three": 3, "zero": 0, "six": 6},
        "HardSwish",
    ),
    "leaky relu": (
        [node("Mul", ["maps", "slope"], ["a"]), node("Max", ["maps", "a"], ["z"])],
        {"slope": 0.2},
        "LeakyReLU(0.2)",
    ),
}


@pytest.mark.parametrize("case", SPELLED_OUT)
def test_function_that_is_spelled_out_is_recognized(rng: np.random.Generator, tmp_path: Path, case: str):
    nodes, numbers, title = SPELLED_OUT[case]
    constants = {"kernels": normal(4, 1, 3, 3), **{name: np.float32(value) for name, value in numbers.items()}}
    path = save(
        tmp_path / "net.onnx", model_of([CONV, *nodes, *HEAD], {k: np.asarray(v) for k, v in constants.items()})
    )
    images = rng.uniform(-2, 2, (3, 1, 8, 8)).astype(np.float32)

    network = load_onnx(path).network

    assert list(network.layers) == ["conv1", "act1", "pool1", "softmax"]
    function = network.layers["act1"]
    assert isinstance(function, Activation)
    assert function.title == title
    np.testing.assert_allclose(network.trace(images).logits, run(path, images), atol=1e-5)


def test_constants_of_a_function_may_be_operators_between_its_others(rng: np.random.Generator, tmp_path: Path):
    half = numpy_helper.from_array(np.array(0.5, np.float32))
    nodes = [
        CONV,
        node("Sigmoid", ["maps"], ["a"]),
        node("Constant", [], ["half"], value=half),
        node("Mul", ["a", "half"], ["b"]),
        node("Constant", [], ["two"], value_float=2.0),
        node("Mul", ["maps", "b"], ["c"]),
        node("Mul", ["c", "two"], ["z"]),
    ]
    path = save(tmp_path / "net.onnx", model_of([*nodes, *HEAD], {"kernels": normal(4, 1, 3, 3)}))
    images = rng.uniform(-2, 2, (3, 1, 8, 8)).astype(np.float32)

    network = load_onnx(path).network

    assert list(network.layers) == ["conv1", "act1", "pool1", "softmax"]
    np.testing.assert_allclose(network.trace(images).logits, run(path, images), atol=1e-5)


INPUTS: dict[str, tuple[tuple[int | str, ...], list[onnx.NodeProto], Callable[[np.ndarray], np.ndarray]]] = {
    "a row": (("N", 64), [node("Gemm", ["picture", "weights"], ["y"])], lambda images: images.reshape(-1, 64)),
    "a row of colors": (
        ("N", 192),
        [
            node("Reshape", ["picture", "maps"], ["m"]),
            node("Conv", ["m", "kernels"], ["c"]),
            node("Flatten", ["c"], ["y"]),
        ],
        lambda images: images.reshape(-1, 192),
    ),
    "without channels": (
        ("N", 8, 8),
        [
            node("Unsqueeze", ["picture", "axis"], ["m"]),
            node("Flatten", ["m"], ["f"]),
            node("Gemm", ["f", "weights"], ["y"]),
        ],
        lambda images: images.reshape(-1, 8, 8),
    ),
    "channels last": (
        ("N", 8, 8, 3),
        [
            node("Transpose", ["picture"], ["m"], perm=[0, 3, 1, 2]),
            node("Conv", ["m", "kernels"], ["c"]),
            node("Flatten", ["c"], ["y"]),
        ],
        lambda images: images.transpose(0, 2, 3, 1),
    ),
    "channels last, flattened": (
        ("N", 8, 8, 3),
        [node("Flatten", ["picture"], ["m"]), node("MatMul", ["m", "matrix"], ["y"])],
        lambda images: images.transpose(0, 2, 3, 1),
    ),
    "padded channels last": (
        ("N", 8, 8, 3),
        [
            node("Pad", ["picture", "margins"], ["p"]),
            node("Transpose", ["p"], ["m"], perm=[0, 3, 1, 2]),
            node("Conv", ["m", "small"], ["c"], strides=[5, 5]),
            node("GlobalMaxPool", ["c"], ["d"]),
            node("Flatten", ["d"], ["y"]),
        ],
        lambda images: images.transpose(0, 2, 3, 1),
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_input_may_be_arranged_in_other_ways(rng: np.random.Generator, tmp_path: Path, case: str):
    shape, nodes, arranged = INPUTS[case]
    constants = {
        "weights": normal(64, 5),
        "matrix": normal(192, 5),
        "kernels": normal(5, 3, 8, 8),
        "small": normal(5, 3, 3, 3),
        "maps": np.array([-1, 3, 8, 8]),
        "axis": np.array([1]),
        "margins": np.array([0, 1, 2, 0, 0, 0, 1, 0]),
    }
    path = save(tmp_path / "net.onnx", model_of(nodes, constants, shape=shape))
    network = load_onnx(path).network
    images = rng.uniform(0, 1, (3, *network.input_shape)).astype(np.float32)

    logits = network.trace(images).logits

    assert network.input_shape[1:] == (8, 8)
    np.testing.assert_allclose(logits, run(path, np.ascontiguousarray(arranged(images))), atol=1e-5)


def test_shape_of_a_reshape_may_be_computed_from_the_batch(rng: np.random.Generator, tmp_path: Path):
    nodes = [
        CONV,
        node("Relu", ["maps"], ["active"]),
        node("Shape", ["maps"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"]),
        node("Unsqueeze", ["batch", "first"], ["one"]),
        node("Concat", ["one", "rest"], ["target"], axis=0),
        node("Reshape", ["active", "target"], ["row"]),
        node("Reshape", ["stored", "matrix"], ["weights"]),
        node("MatMul", ["row", "weights"], ["y"]),
    ]
    constants = {
        "kernels": normal(4, 1, 3, 3),
        "zero": np.array(0),
        "first": np.array([0]),
        "rest": np.array([-1]),
        "stored": normal(4, 6, 6, 5),
        "matrix": np.array([144, 5]),
    }
    path = save(tmp_path / "net.onnx", model_of(nodes, constants))
    images = rng.uniform(0, 1, (3, 1, 8, 8)).astype(np.float32)

    network = load_onnx(path).network

    np.testing.assert_allclose(network.trace(images).logits, run(path, images), atol=1e-5)


def test_batch_that_the_file_fixes_may_be_named_in_reshapes(rng: np.random.Generator, tmp_path: Path):
    nodes = [CONV, node("Reshape", ["maps", "target"], ["row"]), node("Gemm", ["row", "weights"], ["y"])]
    constants = {"kernels": normal(2, 1, 3, 3), "target": np.array([4, 72]), "weights": normal(72, 5)}
    path = save(tmp_path / "net.onnx", model_of(nodes, constants, shape=(4, 1, 8, 8)))
    images = rng.uniform(0, 1, (4, 1, 8, 8)).astype(np.float32)

    network = load_onnx(path).network

    np.testing.assert_allclose(network.trace(images).logits, run(path, images), atol=1e-5)


@pytest.mark.parametrize("ending", ["LogSoftmax", "Softmax"])
@pytest.mark.parametrize("opset", [11, 17])
def test_probabilities_and_chosen_class_at_the_end_are_the_softmax(
    rng: np.random.Generator, tmp_path: Path, ending: str, opset: int
):
    nodes = [
        node("Flatten", ["picture"], ["row"]),
        node("Gemm", ["row", "weights"], ["logits"]),
        node(ending, ["logits"], ["end"], axis=1),
        node("ArgMax", ["end"], ["class"], axis=1),
        node("Cast", ["class"], ["chosen"], to=TensorProto.INT32),
    ]
    model = model_of(nodes, {"weights": normal(64, 5)}, outputs=("end", "chosen"), opset=opset)
    path = save(tmp_path / "net.onnx", model)
    images = rng.uniform(0, 1, (3, 1, 8, 8)).astype(np.float32)

    network = load_onnx(path).network

    assert list(network.layers) == ["linear1", "softmax"]
    theirs = run(path, images)
    np.testing.assert_allclose(
        network.trace(images).probabilities, np.exp(theirs) if ending == "LogSoftmax" else theirs, atol=1e-6
    )


def test_bytes_that_are_scaled_in_the_file_are_read(rng: np.random.Generator, tmp_path: Path):
    nodes = [
        node("Cast", ["picture"], ["numbers"], to=TensorProto.FLOAT),
        node("Div", ["numbers", "white"], ["pixels"]),
        node("Conv", ["pixels", "kernels"], ["c"]),
        node("Flatten", ["c"], ["y"]),
    ]
    constants = {"white": np.array(255, np.float32), "kernels": normal(5, 1, 8, 8)}
    model = model_of(nodes, constants, element=TensorProto.UINT8)
    path = save(tmp_path / "net.onnx", model)
    images = rng.integers(0, 256, (3, 1, 8, 8))

    network = load_onnx(path).network

    assert list(network.layers) == ["scale1", "linear1", "softmax"]
    np.testing.assert_allclose(
        network.trace(images.astype(np.float32)).logits, run(path, images.astype(np.uint8)), atol=1e-5
    )


def test_half_precision_double_precision_and_lists_of_numbers_are_read(rng: np.random.Generator, tmp_path: Path):
    weights = rng.normal(0, 0.3, (64, 3)).astype(np.float16)
    nodes = [node("Flatten", ["picture"], ["row"]), node("Gemm", ["row", "weights"], ["y"])]
    expected = weights.astype(np.float32)
    kept = {
        "half": numpy_helper.from_array(weights, "weights"),
        "double": numpy_helper.from_array(weights.astype(np.float64), "weights"),
        "list": helper.make_tensor("weights", TensorProto.FLOAT, (64, 3), expected.reshape(-1).tolist()),
        "half list": helper.make_tensor("weights", TensorProto.FLOAT16, (64, 3), weights.reshape(-1).tolist()),
        "double list": helper.make_tensor("weights", TensorProto.DOUBLE, (64, 3), expected.reshape(-1).tolist()),
    }
    for name, tensor in kept.items():
        model = model_of(nodes, {})
        model.graph.initializer.append(tensor)

        network = load_onnx(save(tmp_path / "net.onnx", model)).network

        np.testing.assert_array_equal(network.layers["linear1"].parameters["weight"].reshape(3, 64).T, expected, name)


def test_layers_know_the_tensors_that_have_their_values(rng: np.random.Generator, tmp_path: Path):
    file = (
        OnnxFile(1, 8)
        .add("Conv", normal(4, 1, 3, 3))
        .add("BatchNormalization", *[np.abs(normal(4)) for _ in range(4)])
        .add("Relu")
        .add("Transpose", perm=[0, 2, 3, 1])
        .add("Flatten")
        .add("MatMul", normal(144, 3))
        .add("Add", normal(3))
    )
    read = load_onnx(file.save(tmp_path / "net.onnx"))

    assert {layer: name for layer, (name, _) in read.tensors.items()} == {"conv1": "t1", "relu1": "t4", "linear1": "t6"}
    assert read.tensors["relu1"][1].shape == (1, 144)
