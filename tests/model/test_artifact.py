import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from model.artifact import METADATA_KEY, WEIGHTS_FILE, Artifact, load_artifact, read_tensors, save_weights
from model.calibration import calibrate
from model.errors import ArtifactError
from model.layers import Conv2d, Linear, Softmax
from model.network import Network
from tests.builders import two_conv_network


@pytest.fixture
def artifact(rng):
    network = two_conv_network(rng)
    return Artifact(
        name="two",
        title="Two convolutions, drawn by lot",
        network=network,
        calibration=calibrate(network, rng.random((5, 1, 8, 8), dtype=np.float32)),
        record={"seed": 7, "test_accuracy": 0.125, "note": "été", "curve": [{"epoch": 1}]},
    )


@pytest.fixture
def folder(artifact, tmp_path):
    save_weights(artifact, tmp_path / "two")
    return tmp_path / "two"


def _rewrite(folder, metadata=None, tensors=None, raw=None):
    """The same file again, with changed metadata or tensors."""
    path = folder / WEIGHTS_FILE
    kept_tensors, kept_raw = read_tensors(path)
    kept = json.loads(kept_raw[METADATA_KEY])
    if metadata is not None:
        metadata(kept)
    text = json.dumps(kept) if raw is None else raw
    save_file(kept_tensors if tensors is None else tensors(kept_tensors), path, metadata={METADATA_KEY: text})


def test_network_read_back_computes_the_same_to_the_bit(artifact, folder, rng):
    digits = rng.random((3, 1, 8, 8), dtype=np.float32)

    loaded = load_artifact(folder)

    before, after = artifact.network.trace(digits).outputs, loaded.network.trace(digits).outputs
    assert list(before) == list(after)
    for name, maps in before.items():
        np.testing.assert_array_equal(after[name], maps, err_msg=name)


def test_all_that_is_known_of_a_network_comes_back(artifact, folder):
    loaded = load_artifact(folder)

    assert (loaded.name, loaded.title) == ("two", "Two convolutions, drawn by lot")
    assert loaded.record == artifact.record
    assert loaded.calibration == artifact.calibration
    assert loaded.network.input_shape == (1, 8, 8)
    assert loaded.network.output_shapes == artifact.network.output_shapes
    for name, array in artifact.network.parameters.items():
        assert loaded.network.parameters[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.network.parameters[name], array, err_msg=name)


def test_stride_and_padding_come_back(tmp_path, rng):
    conv = replace(Conv2d.create(rng, 1, 2, 3, padding=1), stride=2)
    network = Network((1, 8, 8), {"conv": conv, "linear": Linear.create(rng, (2, 4, 4), 10), "softmax": Softmax()})

    save_weights(Artifact("strided", "", network, {}, {}), tmp_path)

    loaded = load_artifact(tmp_path).network.layers["conv"]
    assert (loaded.stride, loaded.padding) == (2, 1)


def test_weights_that_lie_transposed_in_memory_are_written_as_they_read(tmp_path, rng):
    weight = rng.standard_normal((3, 3, 1, 10)).astype(np.float32).T
    network = Network((1, 3, 3), {"linear": Linear(weight, np.zeros(10, np.float32)), "softmax": Softmax()})

    save_weights(Artifact("transposed", "", network, {}, {}), tmp_path)

    np.testing.assert_array_equal(load_file(tmp_path / WEIGHTS_FILE)["linear.weight"], weight)


def test_file_may_be_read_by_whoever_may_read_new_files(folder, tmp_path):
    (tmp_path / "ordinary").write_bytes(b"")

    assert (folder / WEIGHTS_FILE).stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_file_is_float32_tensors_by_name_and_metadata_in_json(folder):
    tensors, raw = read_tensors(folder / WEIGHTS_FILE)

    metadata = json.loads(raw["kernelscope"])
    assert {array.dtype.name for array in tensors.values()} == {"float32"}
    assert sorted(tensors) == [
        "conv1.bias",
        "conv1.weight",
        "conv2.bias",
        "conv2.weight",
        "linear.bias",
        "linear.weight",
    ]
    assert metadata["format"] == "kernelscope-network-1"
    assert metadata["layers"][0] == {"name": "conv1", "kind": "conv2d", "stride": 1, "padding": 1}
    assert metadata["layers"][2] == {"name": "pool1", "kind": "max_pool2d", "size": 2}


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"weights\.safetensors cannot be read as safetensors: No such file"):
        load_artifact(tmp_path / "nowhere")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_truncated_file_is_refused(folder, share):
    path = folder / WEIGHTS_FILE
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    with pytest.raises(ArtifactError, match=r"weights\.safetensors cannot be read as safetensors: "):
        load_artifact(folder)


def test_garbage_is_refused(folder, rng):
    (folder / WEIGHTS_FILE).write_bytes(rng.bytes(5_000))

    with pytest.raises(ArtifactError, match=r"weights\.safetensors cannot be read as safetensors: "):
        load_artifact(folder)


def test_other_format_is_refused_with_both_formats(folder):
    _rewrite(folder, lambda metadata: metadata.update(format="kernelscope-network-9"))

    with pytest.raises(
        ArtifactError,
        match=r"is of format 'kernelscope-network-9'; this version reads 'kernelscope-network-1'$",
    ):
        load_artifact(folder)


def test_safetensors_file_of_something_else_is_refused(folder):
    save_file({"weight": np.zeros(3, np.float32)}, folder / WEIGHTS_FILE)

    with pytest.raises(ArtifactError, match=r"is not a network this version can read: KeyError\('kernelscope'\)$"):
        load_artifact(folder)


def test_metadata_that_are_no_json_are_refused(folder):
    _rewrite(folder, raw="{never closed")

    with pytest.raises(ArtifactError, match=r"is not a network this version can read: JSONDecodeError"):
        load_artifact(folder)


def test_unknown_kind_of_layer_is_named(folder):
    _rewrite(folder, lambda metadata: metadata["layers"][1].update(kind="os.system"))

    with pytest.raises(ArtifactError, match=r"is not a network this version can read: KeyError\('os\.system'\)$"):
        load_artifact(folder)


def test_missing_tensor_is_refused(folder):
    _rewrite(folder, tensors=lambda tensors: {key: tensors[key] for key in tensors if key != "conv2.bias"})

    with pytest.raises(ArtifactError, match=r"is not a network this version can read: KeyError\('bias'\)$"):
        load_artifact(folder)


def test_tensor_that_does_not_fit_its_neighbor_is_refused_with_the_layers_name(folder):
    _rewrite(folder, tensors=lambda tensors: tensors | {"conv2.weight": np.zeros((4, 5, 2, 2), np.float32)})

    with pytest.raises(ArtifactError, match=r"layer 'conv2': kernels read 5 channels but the input has 3"):
        load_artifact(folder)


@pytest.mark.parametrize("key", ["format", "name", "title", "input_shape", "layers", "calibration", "record"])
def test_missing_entry_of_the_metadata_is_named(folder, key):
    _rewrite(folder, lambda metadata: metadata.pop(key))

    with pytest.raises(ArtifactError, match=rf"is not a network this version can read: KeyError\('{key}'\)$"):
        load_artifact(folder)


def test_layer_without_its_settings_is_refused(folder):
    _rewrite(folder, lambda metadata: metadata["layers"][0].pop("stride"))

    with pytest.raises(ArtifactError, match=r"is not a network this version can read: KeyError\('stride'\)$"):
        load_artifact(folder)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        (
            "conv1.bias",
            np.zeros(1, np.float32),
            r"layer 'conv1': kernels of \(3, 1, 3, 3\) and biases of \(1,\) do not",
        ),
        ("linear.bias", np.zeros(9, np.float32), r"layer 'linear': weights of .* and biases of \(9,\) do not belong"),
        ("conv1.weight", np.zeros((3, 1, 3, 2), np.float32), r"kernels of \(3, 1, 3, 2\) and biases of \(3,\) do not"),
        ("conv2.weight", np.zeros((4, 3, 2, 2), np.float64), r"conv2\.weight is float64, not float32$"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(folder, name, array, words):
    _rewrite(folder, tensors=lambda tensors: tensors | {name: array})

    with pytest.raises(ArtifactError, match=words):
        load_artifact(folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda metadata: metadata["layers"][0].update(stride=0),
        lambda metadata: metadata["layers"][2].update(size=0),
        lambda metadata: metadata.update(calibration=[]),
        lambda metadata: metadata["calibration"]["conv1"].update(display_range=[]),
    ],
    ids=["no stride", "no window", "calibration is a list", "no range"],
)
def test_impossible_metadata_are_refused(folder, damage):
    _rewrite(folder, damage)

    with pytest.raises(ArtifactError, match="is not a network this version can read: "):
        load_artifact(folder)
