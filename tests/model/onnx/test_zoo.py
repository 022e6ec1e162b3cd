"""Forty networks that PyTorch and Keras exported: nearly all load, and compute what ONNX Runtime computes."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from model.artifact import read_tensors
from model.errors import ArtifactError
from model.input_convention import find_convention
from model.onnx.reader import OnnxNetwork, load_onnx
from model.plan import InferencePlan
from tests.onnx_zoo.generate import DIGITS, RECORDS, SAMPLES, as_inputs, classify, documented_line
from tests.onnx_zoo.training import CONVENTIONS, Recipe

ROOT = Path(__file__).resolve().parents[3]
NETWORKS: dict[str, dict[str, Any]] = json.loads(RECORDS.read_text())
BRANCHED = {"residual", "inception"}
SHOWN = sorted(set(NETWORKS) - BRANCHED)


def unpacked(name: str, folder: Path) -> Path:
    """The path of a network's file, with the files of its weights beside it."""
    for path in (RECORDS.parent / "networks").glob(f"{name}.onnx*.gz"):
        (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return folder / f"{name}.onnx"


def recipe_of(name: str, read: OnnxNetwork) -> Recipe:
    record = NETWORKS[name]
    return Recipe(record["convention"], tuple(record["shape"]), read.network.input_shape[1])


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """(1000, 28, 28) float32 from 0 to 1, and (1000,) uint8."""
    tensors, _ = read_tensors(SAMPLES)
    return tensors["images"][:DIGITS].astype(np.float32) / 255, tensors["labels"][:DIGITS]


def our_images(inputs: np.ndarray, network_shape: tuple[int, int, int]) -> np.ndarray:
    """Inputs as the file's own network reads them → (N, C, H, W)."""
    if inputs.ndim == 4 and inputs.shape[-1] == network_shape[0]:
        inputs = inputs.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(inputs.reshape(-1, *network_shape))


def test_there_are_forty_of_several_exporters_and_opsets():
    assert len(NETWORKS) == 40
    assert len({record["exporter"] for record in NETWORKS.values()}) >= 4
    assert len({record["opset"] for record in NETWORKS.values()}) >= 8
    assert sum(path.stat().st_size for path in (RECORDS.parent / "networks").iterdir()) < 2_500_000


@pytest.mark.parametrize("name", SHOWN)
def test_every_map_is_that_of_onnx_runtime(name: str, tmp_path: Path, digits: tuple[np.ndarray, np.ndarray]):
    path = unpacked(name, tmp_path)
    read = load_onnx(path)
    model = onnx.load(path)
    known = {each.name for each in model.graph.output}
    tensors = [tensor for tensor, _ in read.tensors.values()]
    model.graph.output.extend(
        onnx.helper.make_empty_tensor_value_info(tensor) for tensor in dict.fromkeys(tensors) if tensor not in known
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    inputs = as_inputs(digits[0][:2], recipe_of(name, read))
    images = our_images(inputs, read.network.input_shape)
    plan = InferencePlan(read.network)

    for image, one in zip(images, inputs, strict=True):
        found = session.run(tensors, {session.get_inputs()[0].name: one[np.newaxis]})
        ours, planned = read.network.trace(image[np.newaxis]).outputs, plan.trace(image[np.newaxis]).outputs
        for (layer, (_, arrangement)), theirs in zip(read.tensors.items(), found, strict=True):
            maps = arrangement.by_position(theirs)
            if layer == "softmax" and maps.max() <= 0:  # a log-softmax
                maps = np.exp(maps)
            tolerance = 1e-5 * max(1, np.abs(maps).max())
            np.testing.assert_allclose(ours[layer][0], maps, rtol=0, atol=tolerance, err_msg=layer)
            np.testing.assert_allclose(planned[layer][0], maps, rtol=0, atol=tolerance, err_msg=layer)
    assert len(read.tensors) >= len(read.network.layers) - 2  # an added softmax, padding that a mean counts


@pytest.mark.parametrize("name", [name for name in SHOWN if "correct" in NETWORKS[name]])
def test_as_many_digits_are_classified_correctly_as_by_onnx_runtime(
    name: str, tmp_path: Path, digits: tuple[np.ndarray, np.ndarray]
):
    read = load_onnx(unpacked(name, tmp_path))
    images = our_images(as_inputs(digits[0], recipe_of(name, read)), read.network.input_shape)

    logits = [read.network.forward(images[begin : begin + 100])[0] for begin in range(0, DIGITS, 100)]

    correct = int((np.concatenate(logits).argmax(axis=1) == digits[1]).sum())
    assert correct == NETWORKS[name]["correct"]
    assert correct > 700


@pytest.mark.parametrize("name", [name for name in SHOWN if "correct" in NETWORKS[name]])
def test_convention_of_its_training_is_found(name: str, tmp_path: Path, digits: tuple[np.ndarray, np.ndarray]):
    read = load_onnx(unpacked(name, tmp_path))
    size = read.network.input_shape[1]
    pictures = as_inputs(digits[0], Recipe("plain", (size, size), size))

    found = find_convention(read.network, pictures, digits[1])

    mean, deviation = CONVENTIONS[NETWORKS[name]["convention"]]
    assert (found.normalization.mean[0], found.normalization.deviation[0]) == (mean, deviation)
    assert found.accuracy == pytest.approx(NETWORKS[name]["correct"] / DIGITS, abs=0.002)


@pytest.mark.parametrize("name", sorted(BRANCHED))
def test_branches_are_named_in_the_error(name: str, tmp_path: Path):
    with pytest.raises(
        ArtifactError, match=r"is read by operator .* and operator .*: branches, such as residual additions"
    ):
        load_onnx(unpacked(name, tmp_path))


def test_line_of_the_documentation_made_a_file_that_loads_with_its_weights_beside_it(tmp_path: Path):
    path = unpacked("name", tmp_path)

    assert NETWORKS["name"]["line"] == documented_line()
    assert documented_line() in (ROOT / "README.md").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"^torch==(\S+)$", (ROOT / "bench" / "requirements.txt").read_text(), re.MULTILINE)
    assert NETWORKS["name"]["exporter"] == f"PyTorch {pinned}, documented"
    assert (tmp_path / "name.onnx.data").exists()
    assert load_onnx(path).network.input_shape == (1, 28, 28)


def test_names_of_classes_are_read_from_metadata(tmp_path: Path):
    assert load_onnx(unpacked("letters", tmp_path)).settings.classes == tuple("abcdefghijklmnopqrstuvwxyz")


def test_recorded_classes_are_those_of_onnx_runtime(tmp_path: Path, digits: tuple[np.ndarray, np.ndarray]):
    path = unpacked("mlp", tmp_path)
    session = onnxruntime.InferenceSession(path)

    correct = int((classify(session, as_inputs(digits[0], Recipe(shape=(784,)))) == digits[1]).sum())

    assert correct == NETWORKS["mlp"]["correct"]
