"""Malformed and hostile files: each is refused by name, whatever is wrong, and within bounds of memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from model.errors import ArtifactError, ModelError
from model.network import Network
from model.onnx.limits import Limits
from model.onnx.reader import load_onnx, read_onnx
from model.onnx.wire import packed_integers
from tests.faults.onnx_files import BYTES, FILES, measure
from tests.onnx_files import small_network

LARGE = [title for title in FILES if any(character.isdigit() for character in title)][:16]
"""Those whose memory matters; each is read in a process of its own."""

FILE = small_network(np.random.default_rng(3)).model().SerializeToString()


@pytest.mark.parametrize("title", FILES)
def test_file_is_refused_by_name(tmp_path: Path, title: str):
    path = FILES[title](tmp_path)

    with pytest.raises(ArtifactError, match=r"net\.onnx (cannot be shown|is not an ONNX model|has|needs|stores) ?\S+"):
        load_onnx(path)


@pytest.mark.parametrize("title", LARGE)
def test_refusing_a_large_file_takes_little_memory(tmp_path: Path, title: str):
    measured = measure(FILES[title](tmp_path))

    assert "net.onnx" in measured["got"], measured
    assert measured["bytes"] <= BYTES


def read_or_refuse(data: bytes) -> Network | None:
    try:
        return read_onnx(data).network
    except ArtifactError as error:
        assert len(str(error)) < 1500  # noqa: PT017 - any message is right, if it is short
        return None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(FILE) - 1), st.sampled_from(["set", "cut", "insert"]), st.integers(0, 255)),
        min_size=1,
        max_size=8,
    )
)
def test_file_with_changed_bytes_is_read_or_refused(changes: list[tuple[int, str, int]]):
    data = bytearray(FILE)
    for at, what, byte in changes:
        if what == "set":
            data[at % len(data)] = byte
        elif what == "cut":
            del data[at % len(data) : at % len(data) + byte % 8]
        else:
            data.insert(at, byte)

    read_or_refuse(bytes(data))


INTEGERS = st.sampled_from([-(2**63), -(2**31), -2, -1, 0, 1, 2, 3, 5, 64, 1000, 2**20, 2**31, 2**62])
NUMBERS = st.sampled_from([-1e30, -1.0, 0.0, 1e-30, 0.5, 1.0, 3e38, float("nan"), float("inf")])
VALUES = st.one_of(
    INTEGERS,
    NUMBERS,
    st.lists(INTEGERS, min_size=1, max_size=5),
    st.sampled_from([b"SAME_UPPER", b"VALID", b"reflect"]),
)
ATTRIBUTES = st.sampled_from(
    ["strides", "pads", "dilations", "kernel_shape", "group", "auto_pad", "ceil_mode", "count_include_pad", "axis",
     "axes", "keepdims", "perm", "alpha", "beta", "gamma", "min", "max", "epsilon", "training_mode", "transA", "transB",
     "to", "mode", "value", "allowzero", "start", "end", "approximate", "starts", "ends"]
)  # fmt: skip
OPERATORS = st.sampled_from(
    ["Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Celu", "Clip", "Concat", "Constant", "ConstantOfShape",
     "Conv", "Div", "Dropout", "Elu", "Expand", "Flatten", "Gather", "Gelu", "Gemm", "GlobalAveragePool",
     "HardSigmoid", "LeakyRelu", "MatMul", "MaxPool", "Mul", "PRelu", "Pad", "Pow", "Range", "ReduceMean", "Relu",
     "Reshape", "Shape", "Sigmoid", "Slice", "Softmax", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where"]
)  # fmt: skip
ARRAYS = st.one_of(
    st.lists(INTEGERS, max_size=5).map(lambda values: np.array(values, dtype=np.int64)),
    st.tuples(st.lists(st.integers(0, 4), max_size=5), NUMBERS).map(
        lambda drawn: np.full(drawn[0], drawn[1], dtype=np.float32)
    ),
    st.sampled_from([np.ones((2, 1, 3, 3), np.float32), np.ones((64, 5), np.float32), np.ones(2, np.float32)]),
)
NODES = st.tuples(OPERATORS, st.lists(st.integers(0, 12), max_size=5), st.dictionaries(ATTRIBUTES, VALUES, max_size=3))


def graph_of(nodes: Sequence[tuple[str, list[int], dict[str, Any]]], arrays: Sequence[np.ndarray]) -> bytes:
    """Operators that read the output of the one before, and constants or any other tensor."""
    made: list[onnx.NodeProto] = []
    for index, (operator, reads, attributes) in enumerate(nodes):
        names = ["picture", *(f"c{each}" for each in range(6)), *(f"t{each}" for each in range(index))]
        inputs = [f"t{index - 1}" if index else "picture", *(names[each % len(names)] for each in reads)]
        made.append(helper.make_node(operator, inputs, [f"t{index}"], name=f"n{index}", **attributes))
    graph = helper.make_graph(
        made,
        "net",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_empty_tensor_value_info(f"t{len(nodes) - 1}")],
        [numpy_helper.from_array(array, f"c{index}") for index, array in enumerate(arrays)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


@settings(max_examples=200, deadline=None)
@given(st.lists(NODES, min_size=1, max_size=6), st.lists(ARRAYS, min_size=6, max_size=6))
def test_graph_of_any_operators_is_read_or_refused(nodes, arrays):
    network = read_or_refuse(graph_of(nodes, arrays))

    if network is not None:
        network.trace(np.zeros((1, *network.input_shape), dtype=np.float32))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(layers=7), "has 8 layers or more; at most 7"),
        (Limits(activations=1000), r"has 1,\d\d\d activations or more; at most 1,000"),
        (Limits(multiply_adds=10_000), r"has [\d,]+ multiply-adds or more; at most 10,000"),
        (Limits(weights=500), r"its constants have \d+ values or more; at most 500"),
        (Limits(nodes=5), "has more than 5 operators"),
        (Limits(fields=50), "has more than 50 fields"),
        (Limits(file_bytes=100), r"has [\d,]+ bytes; at most 100 bytes are accepted"),
        (Limits(patch_values=100), r"has [\d,]+ values in the patches of one layer or more; at most 100"),
    ],
)
def test_limits_can_be_lower(limits: Limits, message: str):
    with pytest.raises(ArtifactError, match=message):
        read_onnx(FILE, limits=limits)


def external_model(path: Path, location: str) -> Path:
    """`small_network` with its weights in another file of the folder."""
    onnx.save(
        small_network(np.random.default_rng(3)).model(), path, save_as_external_data=True, location=location,
        size_threshold=0,
    )  # fmt: skip
    return path


def test_weights_in_a_file_beside_it_are_read(tmp_path: Path):
    images = np.random.default_rng(1).uniform(0, 1, (2, 1, 12, 12)).astype(np.float32)
    path = external_model(tmp_path / "net.onnx", "net.onnx.data")

    network = load_onnx(path).network

    np.testing.assert_array_equal(network.trace(images).logits, read_onnx(FILE).network.trace(images).logits)
    given_bytes = read_onnx(path.read_bytes(), {"net.onnx.data": (tmp_path / "net.onnx.data").read_bytes()}).network
    np.testing.assert_array_equal(network.trace(images).logits, given_bytes.trace(images).logits)


def test_weights_that_were_not_given_are_named(tmp_path: Path):
    path = external_model(tmp_path / "net.onnx", "weights.bin")

    with pytest.raises(
        ArtifactError, match=r"the constant 'c0' is stored in 'weights.bin', which is not there; put this"
    ):
        read_onnx(path.read_bytes())


def test_files_of_weights_count_together(tmp_path: Path):
    with pytest.raises(ArtifactError, match="has more than 4,000 bytes of weights in other files, which is the most"):
        read_onnx(b"", {"a": bytes(2500), "b": bytes(2500)}, limits=Limits(file_bytes=4000))


@pytest.mark.parametrize("values", [[], [0], [-1, 5, 300], [2**62, -(2**63)], list(range(-200, 200))])
def test_packed_integers_are_those_that_the_official_package_writes(values: list[int]):
    packed = onnx.TensorProto(int64_data=values).SerializeToString()
    body = packed[len(packed) - sum(max(1, -(-(value % 2**64).bit_length() // 7)) for value in values) :]

    np.testing.assert_array_equal(packed_integers(memoryview(body), 1000), np.array(values, dtype=np.int64))


def test_longer_list_of_packed_integers_is_refused():
    with pytest.raises(ModelError, match="a list of 1,001 integers is too long; at most 1,000 are accepted"):
        packed_integers(memoryview(bytes(1001)), 1000)
