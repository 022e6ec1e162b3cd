import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from model.artifact import (
    HISTORY_FILE,
    METADATA_KEY,
    PREDICTIONS_FILE,
    WEIGHTS_FILE,
    Artifact,
    load_artifact,
    load_history,
    load_predictions,
    read_tensors,
    save_history,
    save_predictions,
    save_weights,
    write_tensors,
)
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
    conv = replace(Conv2d.create(rng, 1, 2, (3, 1), padding=(1, 0)), stride=(2, 1))
    network = Network((1, 8, 8), {"conv": conv, "linear": Linear.create(rng, (2, 4, 8), 10), "softmax": Softmax()})

    save_weights(Artifact("strided", "", network, {}, {}), tmp_path)

    loaded = load_artifact(tmp_path).network.layers["conv"]
    assert (loaded.stride, loaded.padding) == ((2, 1), (1, 0))


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
    assert metadata["layers"][0] == {"name": "conv1", "kind": "conv2d", "stride": [1, 1], "padding": [1, 1]}
    assert metadata["layers"][2] == {"name": "pool1", "kind": "max_pool2d", "size": [2, 2], "padding": [0, 0]}


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"weights\.safetensors cannot be loaded: No such file"):
        load_artifact(tmp_path / "nowhere")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_truncated_file_is_refused(folder, share):
    path = folder / WEIGHTS_FILE
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    with pytest.raises(ArtifactError, match=r"weights\.safetensors cannot be loaded: "):
        load_artifact(folder)


def test_garbage_is_refused(folder, rng):
    (folder / WEIGHTS_FILE).write_bytes(rng.bytes(5_000))

    with pytest.raises(ArtifactError, match=r"weights\.safetensors cannot be loaded: "):
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
        ("conv1.weight", np.zeros((3, 1, 3, 11), np.float32), "kernel is 11 px but the padded input is only 10 px"),
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


def test_compressed_file_gives_back_its_tensors_and_metadata_and_is_the_same_bytes_each_time(tmp_path):
    tensors = {"images": np.zeros((100, 28, 28), np.uint8), "labels": np.arange(100, dtype=np.uint8)}

    for name in ("one", "other"):
        write_tensors(tmp_path / f"{name}.safetensors.gz", tensors, {"source": "here"})

    kept, metadata = read_tensors(tmp_path / "one.safetensors.gz")
    assert metadata == {"source": "here"}
    for name, array in tensors.items():
        np.testing.assert_array_equal(kept[name], array)
    assert (tmp_path / "one.safetensors.gz").stat().st_size < 1_000
    assert (tmp_path / "one.safetensors.gz").read_bytes() == (tmp_path / "other.safetensors.gz").read_bytes()


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"x" + content, lambda content: b""])
def test_damaged_compressed_file_is_an_artifact_error(tmp_path, damage):
    path = tmp_path / "samples.safetensors.gz"
    write_tensors(path, {"labels": np.arange(100, dtype=np.uint8)}, {})
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(ArtifactError, match=r"samples\.safetensors\.gz cannot be loaded"):
        read_tensors(path)


def test_history_is_kept_in_eight_bits_but_for_biases_and_the_last_weights(artifact, tmp_path, rng):
    """The last weights are those of the weights file."""
    save_weights(artifact, tmp_path)
    last = artifact.network.parameters
    early = {name: rng.standard_normal(array.shape).astype(np.float32) for name, array in last.items()}
    early["conv1.weight"][0] = 0

    save_history({0: early, 40: last}, tmp_path)

    history = load_history(tmp_path)
    assert list(history) == [0, 40]
    for name, array in last.items():
        np.testing.assert_array_equal(history[40][name], array.astype(np.float16))
        largest = np.abs(early[name]).max(axis=tuple(range(1, array.ndim)), keepdims=True)
        step = largest / 127 if name.endswith(".weight") else 0
        assert (np.abs(history[0][name] - early[name]) <= step / 2 + largest / 1_000).all(), name
    assert not history[0]["conv1.weight"][0].any()
    kept, _ = read_tensors(tmp_path / HISTORY_FILE)
    assert {str(array.dtype) for array in kept.values()} == {"int8", "float16", "float32"}
    assert not any(name.startswith("40/") for name in kept)


def test_damaged_history_is_an_artifact_error(artifact, tmp_path):
    save_weights(artifact, tmp_path)
    write_tensors(tmp_path / HISTORY_FILE, {}, {"steps": "[0, 1]"})

    with pytest.raises(ArtifactError, match="is not a history this version can read"):
        load_history(tmp_path)


def test_predictions_are_each_digits_most_probable_class_and_its_probability(tmp_path):
    save_predictions(np.array([[0.25, 0.75], [0.5, 0.5]], dtype=np.float32), tmp_path)

    predictions = load_predictions(tmp_path)

    assert predictions.digits.tolist() == [1, 0]
    assert predictions.probabilities.tolist() == [0.75, 0.5]


def test_file_without_predictions_is_an_artifact_error(tmp_path):
    write_tensors(tmp_path / PREDICTIONS_FILE, {"other": np.zeros(3)}, {})

    with pytest.raises(ArtifactError, match="holds no predictions"):
        load_predictions(tmp_path)
