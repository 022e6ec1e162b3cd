"""What each filter looks for: the committed portraits against a slow search, and how they are made."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import EXPERIMENTS_FOLDER, PORTRAITS_FILE, load_artifact, read_tensors, write_tensors
from model.controls.filter_portraits import ascend, patch_at, portray
from model.data.mnist import Digits
from model.errors import ArtifactError
from model.exact_trace import trace_exactly
from model.experiments.portraits import load_portraits, save_portraits
from model.geometry import ReceptiveField

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"
CONVOLUTIONS = ("conv1", "conv2", "conv3", "conv4", "conv5")


@pytest.fixture(scope="module")
def network():
    return load_artifact(ARTIFACTS / "cnn").network


@pytest.fixture(scope="module")
def test_digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors")
    return Digits(tensors["images"], tensors["labels"])


@pytest.fixture(scope="module")
def committed():
    model, portraits = load_portraits(ARTIFACTS / EXPERIMENTS_FOLDER / PORTRAITS_FILE)
    assert model == "cnn"
    return portraits


def test_every_filter_of_every_convolution_is_portrayed(network, committed):
    assert tuple(committed) == CONVOLUTIONS
    for name, portraits in committed.items():
        filters = network.output_shapes[name][0]
        assert portraits.samples.shape == (filters, 9)
        assert portraits.mean_patches.shape == (filters, portraits.field.size, portraits.field.size)
        assert portraits.ascents.shape == (filters, 28, 28)
        assert (portraits.ascents >= 0).all()
        assert (portraits.ascents <= 1).all()


@pytest.mark.parametrize("layer", CONVOLUTIONS)
def test_strongest_neurons_answer_what_is_told(network, test_digits, committed, layer):
    portraits = committed[layer]
    for number in (0, 5, 11):
        for sample, (row, column), value in zip(
            portraits.samples[number], portraits.places[number], portraits.values[number], strict=True
        ):
            image = test_digits.images[sample].astype(np.float32) / np.float32(255)
            maps = trace_exactly(network, image[np.newaxis, np.newaxis])[layer][0, number]
            assert maps[row, column] == pytest.approx(value, abs=1e-4)
            assert maps.max() == pytest.approx(value, abs=1e-4), "no neuron of the map answers more"
        assert len(set(portraits.samples[number])) == 9
        assert (np.diff(portraits.values[number]) <= 0).all()


def test_no_other_digit_excites_a_filter_more(network, test_digits, committed):
    # 500 digits by the slow path, instead of all: none may beat the ninth unless it is among the nine.
    rng = np.random.default_rng(5)
    chosen = rng.choice(len(test_digits), 500, replace=False)
    images = test_digits.images[chosen, np.newaxis].astype(np.float32) / np.float32(255)
    peaks = trace_exactly(network, images)["conv2"].max(axis=(2, 3))
    portraits = committed["conv2"]
    for number in range(32):
        beating = set(chosen[peaks[:, number] > portraits.values[number, -1] + 1e-4].tolist())
        assert beating <= set(portraits.samples[number].tolist())


def test_silent_filter_has_no_digits(committed):
    assert (committed["conv1"].samples[14] == -1).all()
    assert committed["conv1"].values[14].max() <= 0


def test_ascent_reaches_what_is_told_and_about_as_much_as_any_test_digit(network, committed):
    for layer, portraits in committed.items():
        _, rows, columns = network.output_shapes[layer]
        outputs = trace_exactly(network, portraits.ascents[:, np.newaxis])[layer]
        numbers = np.arange(len(outputs))
        reached = outputs[numbers, numbers, rows // 2, columns // 2]
        # The images are kept in half precision.
        np.testing.assert_allclose(reached, portraits.ascent_values, rtol=0.01, atol=0.005)
        alive = portraits.samples[:, 0] >= 0
        assert (reached[alive] > 0.9 * portraits.values[alive, 0]).all(), layer


def test_patch_beyond_the_border_is_paper():
    image = np.arange(1, 10).reshape(3, 3)

    patch = patch_at(image, ReceptiveField(size=3, jump=1, start=-1), 0, 2)

    assert patch.tolist() == [[0, 0, 0], [2, 3, 0], [5, 6, 0]]


def test_mean_patch_is_the_mean_of_what_the_strongest_see(network, test_digits):
    few = Digits(test_digits.images[:30], test_digits.labels[:30])

    portraits = {each.layer: each for each in portray(network, few)}["conv1"]

    images = few.images[:, np.newaxis].astype(np.float32) / np.float32(255)
    maps = trace_exactly(network, images)["conv1"][:, 3]
    patches = []
    for image, own in zip(images[:, 0], maps, strict=True):
        row, column = np.unravel_index(own.argmax(), own.shape)
        padded = np.pad(image, 2)
        patches.append(padded[row : row + 5, column : column + 5])
    np.testing.assert_allclose(portraits.mean_patches[3], np.mean(patches, axis=0), atol=1e-5)


def test_ascent_starts_at_the_patch_and_climbs(network, committed):
    portraits = committed["conv3"]
    start, before = ascend(network, "conv3", portraits.field, portraits.mean_patches, steps=0)
    _, after = ascend(network, "conv3", portraits.field, portraits.mean_patches, steps=10)

    top = left = portraits.field.start + portraits.field.jump * 5
    np.testing.assert_array_equal(start[0, top : top + 14, left : left + 14], portraits.mean_patches[0])
    assert (after > before).all()


def test_what_is_saved_is_loaded(tmp_path, committed):
    path = tmp_path / "portraits.safetensors"

    save_portraits(path, "net", [committed["conv2"]], {"date": "2026-01-01"})

    model, again = load_portraits(path)
    assert model == "net"
    np.testing.assert_array_equal(again["conv2"].samples, committed["conv2"].samples)
    np.testing.assert_array_equal(again["conv2"].ascents, committed["conv2"].ascents)
    assert again["conv2"].field == committed["conv2"].field


def test_another_file_is_refused_by_name(tmp_path):
    path = tmp_path / "portraits.safetensors"
    write_tensors(path, {"x": np.zeros(1)}, {})

    with pytest.raises(ArtifactError, match=r"portraits\.safetensors holds no portraits that this version can read"):
        load_portraits(path)
