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
    "depthwise": lambda: (
        OnnxFile(3, 9)
        .add("Conv", normal(6, 1, 3, 3), normal(6), group=3, pads=[1, 1, 1, 1])
        .add("BatchNormalization", normal(6), normal(6), normal(6), np.abs(normal(6)))
        .add("Conv", normal(4, 6, 1, 1))
        .add("GlobalAveragePool")
    ),
    "dilation": lambda: OnnxFile(1, 12).add("Conv", normal(2, 1, 3, 3), dilations=[2, 3]).add("GlobalMaxPool"),
    "pads on two sides": lambda: (
        OnnxFile(1, 9).add("Conv", normal(2, 1, 3, 3), strides=[2, 2], pads=[0, 0, 1, 1]).add("GlobalAveragePool")
    ),
    "same with even kernels": lambda: (
        OnnxFile(1, 9)
        .add("Conv", normal(2, 1, 4, 4), auto_pad="SAME_UPPER")
        .add("Conv", normal(2, 2, 2, 4), auto_pad="SAME_LOWER")
        .add("GlobalAveragePool")
    ),
    "pools that overlap, pad and round up": lambda: (
        OnnxFile(1, 16)
        .add("Conv", normal(3, 1, 3, 3))
        .add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        .add("AveragePool", kernel_shape=[3, 2], strides=[1, 2], pads=[1, 0, 1, 1])
        .add("MaxPool", kernel_shape=[2, 2], strides=[2, 3], ceil_mode=1)
        .add("Flatten")
        .add("Gemm", normal(24, 3))
    ),
    "average that counts padding": lambda: (
        OnnxFile(1, 9)
        .add("Conv", normal(3, 1, 2, 2))
        .add("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
        .add("GlobalAveragePool")
    ),
    "averages that round up": lambda: (
        OnnxFile(1, 9)
        .add("AveragePool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
        .add("Conv", normal(3, 1, 5, 5))
    ),
    "padding by itself": lambda: (
        OnnxFile(1, 9)
        .add("Pad", np.array([0, 0, 1, 2, 0, 0, 0, 1]))
        .add("Conv", normal(3, 1, 3, 3), pads=[1, 0, 0, 0])
        .add("Relu")
        .add("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.array(-0.5, np.float32))
        .add("AveragePool", kernel_shape=[2, 2])
        .add("GlobalMaxPool")
    ),
    "normalization of the input": lambda: (
        OnnxFile(3, 8)
        .add("Sub", np.array([0.4, 0.5, 0.6], np.float32).reshape(1, 3, 1, 1))
        .add("Div", np.array([0.2], np.float32))
        .add("Conv", normal(4, 3, 3, 3), pads=[1, 1, 1, 1])
        .add("GlobalAveragePool")
    ),
    "numbers before and after": lambda: (
        OnnxFile(1, 8)
        .add("Mul", np.array(2, np.float32))
        .add("Neg")
        .add("Relu")
        .add("Add", np.array(1, np.float32))
        .add("BatchNormalization", *[np.abs(normal(1)) for _ in range(4)])
        .add("Conv", normal(3, 1, 8, 8))
    ),
    "a mean for each pixel before a fully connected layer": lambda: (
        OnnxFile(1, 8)
        .add("Sub", normal(1, 8, 8))
        .add("Flatten")
        .add("Mul", normal(64))
        .add("Gemm", normal(64, 3), normal(3))
    ),
    "channels last": lambda: (
        OnnxFile(3, 8)
        .add("Conv", normal(5, 3, 3, 3))
        .add("Transpose", perm=[0, 2, 3, 1])
        .add("Add", normal(5))
        .add("Relu")
        .add("Reshape", np.array([-1, 180]))
        .add("MatMul", normal(180, 3))
    ),
    "mean over positions": lambda: (
        OnnxFile(1, 9)
        .add("Conv", normal(4, 1, 2, 2))
        .add("Transpose", perm=[0, 2, 3, 1])
        .add("ReduceMean", axes=[1, 2], keepdims=0)
    ),
    "largest over positions": lambda: OnnxFile(1, 9).add("Conv", normal(4, 1, 2, 2)).add("ReduceMax", axes=[2, 3]),
    "squeezes": lambda: (
        OnnxFile(1, 8)
        .add("Conv", normal(4, 1, 8, 8))
        .add("Squeeze", np.array([2, 3]))
        .add("Unsqueeze", np.array([1]))
        .add("Squeeze", np.array([1]))
        .add("Gemm", normal(4, 3))
    ),
    "functions": lambda: (
        OnnxFile(1, 8)
        .add("Conv", normal(6, 1, 5, 5))
        .add("LeakyRelu", alpha=0.2)
        .add("Conv", normal(6, 6, 1, 1))
        .add("Clip", np.array(0, np.float32), np.array(6, np.float32))
        .add("Conv", normal(6, 6, 1, 1))
        .add("Sigmoid")
        .add("Conv", normal(6, 6, 1, 1))
        .add("Tanh")
        .add("Conv", normal(6, 6, 1, 1))
        .add("HardSigmoid", alpha=0.3)
        .add("Conv", normal(6, 6, 1, 1))
        .add("Elu", alpha=0.7)
        .add("Selu")
        .add("Softplus")
        .add("PRelu", np.array([0.3], np.float32))
        .add("HardSwish")
        .add("GlobalAveragePool")
    ),
    "clip without an upper end": lambda: (
        OnnxFile(1, 8).add("Conv", normal(3, 1, 8, 8)).add("Clip", np.array(0, np.float32)).add("Cast", to=1)
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
        lambda: OnnxFile().add("Conv", normal(2, 1, 3, 3)).add("Sin"),
        r"operator Sin 'n1' is not supported; supported are Abs, Add, AveragePool, .*, Unsqueeze",
    ),
    "skip": (
        lambda: (
            OnnxFile().add("Conv", normal(1, 1, 1, 1)).add("Conv", normal(1, 1, 1, 1)).add("Add", reads=["t0", "t1"])
        ),
        r"the output 't0' is read by operator Conv 'n1' and operator Add 'n2': branches, such as residual additions",
    ),
    "unknown function": (
        lambda: OnnxFile().add("Relu").add("Relu").add("Add", reads=["t0", "t1"]),
        r"the operators up to operator Add 'n2' compute a function of each value that is not one of Abs, CELU, ",
    ),
    "unequal groups": (
        lambda: OnnxFile(3).add("Conv", normal(3, 1, 3, 3), group=3).add("Conv", normal(3, 2, 3, 3)),
        r"operator Conv 'n1' does not fit: kernels read 2 channels but the input has 3",
    ),
    "width": (
        lambda: OnnxFile().add("Conv", normal(4, 1, 3, 3)).add("Add", normal(10)).add("GlobalAveragePool"),
        r"operator Add 'n1' has numbers of its own for each position of maps of 4×10×10; only one number for all maps",
    ),
    "large padding": (
        lambda: OnnxFile().add("MaxPool", kernel_shape=[2, 2], strides=[2, 2], pads=[2, 2, 2, 2]),
        r"operator MaxPool 'n0' pads its input by \(2, 2\) and \(2, 2\), which is not less than its window of \(2, 2\)",
    ),
    "reflection": (
        lambda: OnnxFile().add("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1]), mode="reflect"),
        r"operator Pad 'n0' pads by mode reflect; only constant is supported",
    ),
    "pooling with dilation": (
        lambda: OnnxFile().add("MaxPool", kernel_shape=[2, 2], dilations=[2, 2]),
        r"operator MaxPool 'n0' has dilations \(2, 2\); pooling with dilation is not supported",
    ),
    "rows that become maps": (
        lambda: (
            OnnxFile(1, 8)
            .add("Conv", normal(9, 1, 8, 8))
            .add("Reshape", np.array([1, 1, 3, 3]))
            .add("Conv", normal(2, 1, 3, 3))
        ),
        r"operator Conv 'n2' reads a tensor of 1×1×3×3, in which the maps of 9×1×1 are arranged in another way",
    ),
    "a slope for each map": (
        lambda: OnnxFile().add("Conv", normal(2, 1, 3, 3)).add("PRelu", normal(2, 1, 1)),
        r"operator PRelu 'n1' has a slope for each map; only one for all maps is supported",
    ),
    "no flatten": (
        lambda: OnnxFile().add("MatMul", normal(12, 3)),
        r"operator MatMul 'n0' reads 1×1×12×12; put a Flatten before it",
    ),
    "maps at the end": (
        lambda: OnnxFile().add("Conv", normal(2, 1, 3, 3)),
        r"its output is 2×10×10; a classifier's output is a row of at least two numbers",
    ),
    "softmax in the middle": (
        lambda: OnnxFile(1, 8).add("Conv", normal(3, 1, 8, 8)).add("Softmax", axis=1).add("Relu"),
        r"the softmax is followed by operator Relu 'n2'; it must be the last one",
    ),
    "nothing": (lambda: OnnxFile(1, 8).add("Identity"), r"it has no layers"),
    "large": (
        lambda: OnnxFile(1, 65).add("Relu"),
        r"its input picture is 1×65×65; it must be 1×n×n or 3×n×n with n from 8 to 64",
    ),
    "oblong input": (lambda: OnnxFile(shape=(1, 12, 16)).add("Relu"), r"its input picture is 1×12×16"),
    "two channels": (lambda: OnnxFile(2, 12).add("Relu"), r"its input picture is 2×12×12"),
    "a row": (
        lambda: OnnxFile(shape=(785,)).add("Relu"),
        r"its input picture is a row of 785, which is no square image",
    ),
    "five axes": (
        lambda: OnnxFile(shape=(1, 1, 8, 8)).add("Relu"),
        r"its input picture has 5 axes; images have N×C×H×W",
    ),
    "not a number": (
        lambda: OnnxFile(1, 8).add("Conv", np.full((3, 1, 8, 8), np.nan, np.float32)),
        r"operator Conv 'n0' has weights that are not finite",
    ),
    "negative variance": (
        lambda: OnnxFile(1, 8).add("BatchNormalization", *[np.full(1, -1, np.float32)] * 4),
        r"operator BatchNormalization 'n0' has a variance of -1 and an epsilon of 1e-05; their sum must be > 0",
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
