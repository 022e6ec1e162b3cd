"""Uploaded networks, run by ONNX Runtime and by this project; files that cannot be shown, with their error messages."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from model.artifact import load_artifact
from model.errors import ArtifactError
from model.exact_trace import trace_exactly
from model.layers import AvgPool2d, Conv2d, Linear
from model.neuron import explain_neuron
from model.onnx.reader import load_onnx
from model.onnx.writer import to_onnx
from model.plan import InferencePlan
from tests.onnx_files import OnnxFile, small_network

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"


def theirs(path: Path, images: np.ndarray) -> dict[str, np.ndarray]:
    """Every output of a file, by ONNX Runtime."""
    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: images}), strict=True))


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(0, 0.3, shape).astype(np.float32)


@pytest.mark.parametrize(("channels", "input_size", "classes"), [(1, 12, 10), (3, 32, 5), (3, 64, 2), (1, 28, 30)])
def test_uploaded_network_computes_what_onnx_runtime_computes(
    rng: np.random.Generator, tmp_path: Path, channels: int, input_size: int, classes: int
):
    path = small_network(rng, channels, input_size, classes).save(tmp_path / "net.onnx")
    images = rng.uniform(0, 1, (3, channels, input_size, input_size)).astype(np.float32)

    network = load_onnx(path).network

    assert list(network.layers) == ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "linear1", "softmax"]
    outputs = theirs(path, images)
    # BatchNormalization and Add are part of the convolutions before them.
    pairs = {"conv1": "t1", "relu1": "t2", "pool1": "t3", "conv2": "t5", "relu2": "t6", "pool2": "t7"}
    ours = network.trace(images)
    for layer, node in pairs.items():
        np.testing.assert_allclose(ours.outputs[layer], outputs[node], atol=1e-5, err_msg=layer)
    np.testing.assert_allclose(ours.logits, outputs["t9"], atol=1e-5)
    np.testing.assert_allclose(ours.probabilities, outputs["t10"], atol=1e-5)


def test_plain_planned_and_exact_forward_passes_agree(rng: np.random.Generator, tmp_path: Path):
    network = load_onnx(small_network(rng, 3, 20).save(tmp_path / "net.onnx")).network
    images = rng.uniform(0, 1, (1, 3, 20, 20)).astype(np.float32)

    plain, planned, exact = network.trace(images), InferencePlan(network).trace(images), trace_exactly(network, images)

    for layer, output in plain.outputs.items():
        np.testing.assert_allclose(planned.outputs[layer], output, atol=1e-5, err_msg=layer)
        np.testing.assert_allclose(exact[layer], output, atol=1e-5, err_msg=layer)


def test_averaging_neuron_is_written_out_as_the_mean_of_its_patch(rng: np.random.Generator, tmp_path: Path):
    network = load_onnx(small_network(rng).save(tmp_path / "net.onnx")).network
    image = rng.uniform(0, 1, (1, 1, 12, 12)).astype(np.float32)

    neuron = explain_neuron(network, image, network.trace(image), "pool1", 2, 1, 3)

    assert (neuron.reads, neuron.patch.shape, neuron.winner) == ("relu1", (1, 2, 2), None)
    assert neuron.computed == pytest.approx(float(neuron.patch.sum()) / 4)
    assert neuron.difference == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", ["cnn", "mlp-500"])
def test_exported_network_is_read_back_unchanged(tmp_path: Path, rng: np.random.Generator, name: str):
    artifact = load_artifact(ARTIFACTS / name)
    onnx.save(to_onnx(artifact), tmp_path / "net.onnx")
    images = rng.uniform(0, 1, (2, 1, 28, 28)).astype(np.float32)

    network = load_onnx(tmp_path / "net.onnx").network

    assert [layer.kind for layer in network.layers.values()] == [
        layer.kind for layer in artifact.network.layers.values()
    ]
    ours, original = network.trace(images).outputs, artifact.network.trace(images).outputs
    for read, kept in zip(ours.values(), original.values(), strict=True):
        np.testing.assert_array_equal(read, kept)


# --- Equivalent operators ---------------------------------------------------------------------------------------------

SPELLINGS: dict[str, Callable[[], OnnxFile]] = {
    "gemm": lambda: OnnxFile(1, 8).add("Flatten").add("Gemm", normal(64, 3), normal(3)),
    "gemm with factors": lambda: (
        OnnxFile(1, 8).add("Flatten").add("Gemm", normal(64, 3), normal(3), alpha=0.5, beta=2.0)
    ),
    "gemm without a bias": lambda: OnnxFile(1, 8).add("Flatten").add("Gemm", normal(64, 3)),
    "gemm with one bias": lambda: OnnxFile(1, 8).add("Flatten").add("Gemm", normal(64, 3), normal(1)),
    "matmul and add": lambda: OnnxFile(1, 8).add("Flatten").add("MatMul", normal(64, 3)).add("Add", normal(3)),
    "reshape": lambda: OnnxFile(1, 8).add("Reshape", np.array([-1, 64])).add("Gemm", normal(64, 3)),
    "two gemms": lambda: OnnxFile(1, 8).add("Flatten").add("Gemm", normal(64, 5)).add("Relu").add("Gemm", normal(5, 3)),
    "batch normalization of a row": lambda: (
        OnnxFile(1, 8)
        .add("Flatten")
        .add("Gemm", normal(64, 3))
        .add("BatchNormalization", normal(3), normal(3), normal(3), np.abs(normal(3)))
    ),
    "global average": lambda: OnnxFile(3, 9).add("Conv", normal(4, 3, 2, 2)).add("GlobalAveragePool"),
    "strides": lambda: (
        OnnxFile(1, 9)
        .add("Conv", normal(4, 1, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
        .add("Flatten")
        .add("Gemm", normal(100, 3))
    ),
    "same": lambda: (
        OnnxFile(1, 8).add("Conv", normal(2, 1, 3, 3), auto_pad="SAME_UPPER").add("Flatten").add("Gemm", normal(128, 3))
    ),
    "rectangles": lambda: (
        OnnxFile(1, 12)
        .add("Conv", normal(4, 1, 3, 2), strides=[2, 1], pads=[1, 0, 1, 0])
        .add("MaxPool", kernel_shape=[2, 3], strides=[2, 3])
        .add("AveragePool", kernel_shape=[3, 1], strides=[3, 1])
        .add("Flatten")
        .add("Gemm", normal(12, 3))
    ),
    "rectangular global average": lambda: OnnxFile(1, 9).add("Conv", normal(4, 1, 2, 3)).add("GlobalAveragePool"),
    "same with a stride": lambda: (
        OnnxFile(1, 9)
        .add("Conv", normal(2, 1, 3, 5), strides=[2, 2], auto_pad="SAME_UPPER")
        .add("Flatten")
        .add("Gemm", normal(50, 3))
    ),
    "dropout": lambda: OnnxFile(1, 8).add("Dropout").add("Identity").add("Conv", normal(3, 1, 8, 8)),
    "a batch of one": lambda: OnnxFile(1, 8, batch=1).add("Conv", normal(3, 1, 8, 8)),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_equivalent_operators_are_read(rng: np.random.Generator, tmp_path: Path, spelling: str):
    file = SPELLINGS[spelling]()
    path = file.save(tmp_path / "net.onnx")
    images = rng.uniform(0, 1, (1, *file.input_shape[1:])).astype(np.float32)

    network = load_onnx(path).network

    logits = theirs(path, images)[file.last].reshape(1, -1)
    np.testing.assert_allclose(network.trace(images).logits, logits, atol=1e-5)


def constants_as_nodes(file: OnnxFile) -> onnx.ModelProto:
    """The same model, with a Constant operator in place of each stored constant."""
    model = file.model()
    stored = list(model.graph.initializer)
    nodes = [onnx.helper.make_node("Constant", [], [tensor.name], value=tensor) for tensor in stored]
    operators = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.node.extend([*nodes, *operators])
    return model


def test_weights_may_be_constant_operators(rng: np.random.Generator, tmp_path: Path):
    file = small_network(rng)
    onnx.save(constants_as_nodes(file), tmp_path / "constants.onnx")

    network = load_onnx(tmp_path / "constants.onnx").network

    stored = load_onnx(file.save(tmp_path / "stored.onnx")).network
    for layer in stored.layers:
        for name, array in stored.layers[layer].parameters.items():
            np.testing.assert_array_equal(network.layers[layer].parameters[name], array)


def test_constant_that_is_no_tensor_is_named_in_the_error(tmp_path: Path):
    model = OnnxFile(1, 8).add("Conv", normal(3, 1, 8, 8)).model()
    model.graph.node.insert(0, onnx.helper.make_node("Constant", [], ["c"], name="c", value_float=1.0))
    onnx.save(model, tmp_path / "net.onnx")

    with pytest.raises(ArtifactError, match="operator Constant 'c' has value_float; only value is supported"):
        load_onnx(tmp_path / "net.onnx")


def test_kernel_as_large_as_its_input_is_a_fully_connected_layer(tmp_path: Path):
    network = load_onnx(OnnxFile(1, 8).add("Conv", normal(3, 1, 8, 8)).save(tmp_path / "net.onnx")).network

    assert isinstance(network.layers["linear1"], Linear)


def test_global_average_is_a_window_as_large_as_the_map(tmp_path: Path):
    file = OnnxFile(1, 9).add("Conv", normal(4, 1, 2, 2)).add("GlobalAveragePool")
    network = load_onnx(file.save(tmp_path / "net.onnx")).network

    pooling = network.layers["pool1"]
    assert isinstance(pooling, AvgPool2d)
    assert pooling.size == (8, 8)
    assert isinstance(network.layers["conv1"], Conv2d)


# --- What cannot be shown --------------------------------------------------------------------------------------------

REJECTED: dict[str, tuple[Callable[[], OnnxFile], str]] = {
    "operator": (
        lambda: OnnxFile().add("Conv", normal(2, 1, 3, 3)).add("Sigmoid"),
        r"operator Sigmoid 'n1' is not supported; supported are Add, AveragePool, .*, Softmax",
    ),
    "skip": (
        lambda: OnnxFile().add("Relu").add("Relu").add("Add", reads=["t0", "t1"]),
        r"operator Add 'n2' reads t0, t1, and the output before it is t1: only layers that follow one another can be",
    ),
    "groups": (
        lambda: OnnxFile(3).add("Conv", normal(3, 1, 3, 3), group=3),
        r"operator Conv 'n0' has group 3; only 1 is supported",
    ),
    "dilation": (
        lambda: OnnxFile().add("Conv", normal(2, 1, 3, 3), dilations=[2, 2]),
        r"operator Conv 'n0' has dilations 2; only 1 is supported",
    ),
    "gaps between pools": (
        lambda: OnnxFile().add("MaxPool", kernel_shape=[2, 3], strides=[2, 4]),
        r"operator MaxPool 'n0' has windows of 2×3 and strides of 2×4; both must be the same",
    ),
    "pads": (
        lambda: OnnxFile().add("Conv", normal(2, 1, 3, 3), pads=[0, 0, 1, 1]),
        r"operator Conv 'n0' has pads \[0, 0, 1, 1\]; there must be four, the same above and below",
    ),
    "even same": (
        lambda: OnnxFile().add("Conv", normal(2, 1, 4, 4), auto_pad="SAME_UPPER"),
        r"operator Conv 'n0' has pads \[1, 1, 2, 2\]; there must be four, the same above and below",
    ),
    "overlapping pools": (
        lambda: OnnxFile().add("MaxPool", kernel_shape=[3, 3], strides=[2, 2]),
        r"operator MaxPool 'n0' has windows of 3×3 and strides of 2×2; both must be the same",
    ),
    "padded pools": (
        lambda: OnnxFile().add("MaxPool", kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1]),
        r"operator MaxPool 'n0' pads its input; pooling with padding is not supported",
    ),
    "normalized input": (
        lambda: OnnxFile().add("BatchNormalization", *[np.ones(1, np.float32)] * 4),
        r"operator BatchNormalization 'n0' must directly follow a Conv, Gemm or MatMul",
    ),
    "no flatten": (
        lambda: OnnxFile().add("MatMul", normal(12, 3)),
        r"operator MatMul 'n0' reads 1×12×12; put a Flatten before it",
    ),
    "maps at the end": (
        lambda: OnnxFile().add("Conv", normal(2, 1, 3, 3)),
        r"its output is 2×10×10; a classifier's output is a row of at least two numbers",
    ),
    "softmax in the middle": (
        lambda: OnnxFile(1, 8).add("Conv", normal(3, 1, 8, 8)).add("Softmax", axis=1).add("Relu"),
        r"operator Softmax is followed by operator Relu 'n2'; it must be the last one",
    ),
    "nothing": (lambda: OnnxFile(1, 8).add("Identity"), r"it has no layers"),
    "large": (
        lambda: OnnxFile(1, 65).add("Relu"),
        r"its input picture is 1×65×65; it must be 1×n×n or 3×n×n with n from 8 to 64",
    ),
    "oblong input": (lambda: OnnxFile(shape=(1, 12, 16)).add("Relu"), r"its input picture is 1×12×16"),
    "two channels": (lambda: OnnxFile(2, 12).add("Relu"), r"its input picture is 2×12×12"),
    "a row": (lambda: OnnxFile(shape=(784,)).add("Relu"), r"its input picture has 2 axes; images have four"),
    "not a number": (
        lambda: OnnxFile(1, 8).add("Conv", np.full((3, 1, 8, 8), np.nan, np.float32)),
        r"operator Conv 'n0' has weights that are not finite",
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_error_says_why_a_file_cannot_be_shown(tmp_path: Path, case: str):
    make, message = REJECTED[case]
    path = make().save(tmp_path / "net.onnx")

    with pytest.raises(ArtifactError, match=rf"net\.onnx cannot be shown: {message}"):
        load_onnx(path)


@pytest.mark.parametrize("content", [b"", b"no model", bytes(1000)])
def test_file_that_is_not_a_model_is_named_in_the_error(tmp_path: Path, content: bytes):
    (tmp_path / "net.onnx").write_bytes(content)

    with pytest.raises(ArtifactError, match=r"net\.onnx is not an ONNX model"):
        load_onnx(tmp_path / "net.onnx")


def test_missing_package_is_named_in_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)

    (tmp_path / "net.onnx").write_bytes(b"any")

    with pytest.raises(
        ArtifactError, match=r"net\.onnx cannot be read: reading ONNX files needs the package onnx: pip install onnx"
    ):
        load_onnx(tmp_path / "net.onnx")
