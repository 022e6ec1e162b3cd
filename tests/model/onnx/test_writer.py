"""Exported networks, run by ONNX Runtime, layer by layer against ours."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from model.artifact import Artifact, load_artifact, read_tensors
from model.errors import ModelError
from model.layers import Conv2d, LocallyConnected2d, ReLU, Softmax
from model.network import Network
from model.onnx import writer

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"
MODELS = ("cnn", "mlp-500", "locally-connected")


def run(artifact: Artifact, images: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(writer.to_onnx(artifact).SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"input": images}), strict=True))


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("name", MODELS)
def test_every_layer_agrees_with_onnx_runtime(name: str, count: int):
    artifact = load_artifact(ARTIFACTS / name)
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    images = tensors["images"][:count, np.newaxis].astype(np.float32) / np.float32(255)

    theirs = run(artifact, images)

    ours = artifact.network.trace(images).outputs
    assert list(theirs) == list(artifact.network.layers)
    for layer, output in ours.items():
        assert theirs[layer].shape == output.shape
        scale = max(1, np.abs(output).max())
        np.testing.assert_allclose(theirs[layer], output, rtol=0, atol=1e-5 * scale, err_msg=layer)


@pytest.mark.parametrize(
    ("stride", "padding"), [((1, 1), (0, 0)), ((2, 2), (1, 1)), ((3, 3), (2, 2)), ((1, 2), (0, 2))]
)
def test_strides_and_paddings_are_exported(rng, stride: tuple[int, int], padding: tuple[int, int]):
    conv = replace(Conv2d.create(rng, 2, 3, (3, 2), padding=padding), stride=stride)
    layers = {"conv1": conv, "relu1": ReLU()}
    shape = Network((2, 9, 9), {**layers, "softmax": Softmax()}).output_shapes["relu1"]
    local = LocallyConnected2d.create(rng, shape, 2, 1)
    network = Network((2, 9, 9), {**layers, "local": local, "softmax": Softmax()})
    images = rng.normal(size=(3, 2, 9, 9)).astype(np.float32)

    theirs = run(Artifact("net", "", network, {}, {}), images)

    ours = network.trace(images).outputs
    for layer in ("conv1", "relu1", "local"):  # a softmax is taken of single values alone
        np.testing.assert_allclose(theirs[layer], ours[layer], atol=1e-5, err_msg=layer)


def test_command_writes_a_file_for_each_network(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["export", "--output", str(tmp_path)])

    assert writer.main() == 0

    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(MODELS)
    assert capsys.readouterr().out.count("wrote ") == 3


def test_unknown_network_is_named_in_the_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["export", "lenet", "--output", str(tmp_path)])

    assert writer.main() == 1
    assert "lenet" in capsys.readouterr().err


def test_missing_package_is_named_in_the_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)

    with pytest.raises(ModelError, match="exporting needs the package onnx: pip install onnx"):
        writer.to_onnx(load_artifact(ARTIFACTS / "mlp-500"))
