"""Feature visualization: the committed measurement against a slow search, and how it is made."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import EXPERIMENTS_FOLDER, VISUALIZATIONS_FILE, load_artifact, read_tensors, write_tensors
from model.data.mnist import Digits
from model.errors import ArtifactError
from model.exact_trace import trace_exactly
from model.experiments.feature_visualization import load_visualizations, save_visualizations
from model.geometry import ReceptiveField
from model.layers import Conv2d, ReLU, Softmax
from model.measurements.feature_visualization import (
    average_patches,
    find_strongest_neurons,
    maximize_activations,
    patch_at,
    visualize_filters,
)
from model.network import Network
from tests.builders import DEAD_FILTER, tiny_cnn

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"
CONVOLUTIONS = ("conv1", "conv2", "conv3", "conv4", "conv5")


@pytest.fixture(scope="module")
def network():
    return load_artifact(ARTIFACTS / "cnn").network


@pytest.fixture(scope="module")
def test_digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return Digits(tensors["images"], tensors["labels"])


@pytest.fixture(scope="module")
def committed():
    model, visualizations = load_visualizations(ARTIFACTS / EXPERIMENTS_FOLDER / VISUALIZATIONS_FILE)
    assert model == "cnn"
    return visualizations


def test_every_filter_of_every_convolution_is_visualized(network, committed):
    assert tuple(committed) == CONVOLUTIONS
    for name, visualization in committed.items():
        filters = network.output_shapes[name][0]
        assert visualization.samples.shape == (filters, 9)
        assert visualization.mean_patches.shape == (filters, *visualization.field.size)
        assert visualization.maximizing_images.shape == (filters, 28, 28)
        assert (visualization.maximizing_images >= 0).all()
        assert (visualization.maximizing_images <= 1).all()


@pytest.mark.parametrize("layer", CONVOLUTIONS)
def test_strongest_neurons_have_the_stored_pre_activations(network, test_digits, committed, layer):
    visualization = committed[layer]
    for number in (0, 5, 11):
        for sample, (row, column), value in zip(
            visualization.samples[number],
            visualization.positions[number],
            visualization.pre_activations[number],
            strict=True,
        ):
            image = test_digits.images[sample].astype(np.float32) / np.float32(255)
            maps = trace_exactly(network, image[np.newaxis, np.newaxis])[layer][0, number]
            assert maps[row, column] == pytest.approx(value, abs=1e-4)
            assert maps.max() == pytest.approx(value, abs=1e-4), "no neuron of the map has a larger one"
        assert len(set(visualization.samples[number])) == 9
        assert (np.diff(visualization.pre_activations[number]) <= 0).all()


def test_no_other_digit_activates_a_filter_more(network, test_digits, committed):
    # 500 digits by the slow path, instead of all: none may beat the ninth unless it is among the nine.
    rng = np.random.default_rng(5)
    chosen = rng.choice(len(test_digits), 500, replace=False)
    images = test_digits.images[chosen, np.newaxis].astype(np.float32) / np.float32(255)
    recording = network.as_dtype(np.float64).record(images.astype(np.float64), last="conv2")
    peaks = recording.outputs["conv2"].max(axis=(2, 3))
    visualization = committed["conv2"]
    for number in range(32):
        beating = set(chosen[peaks[:, number] > visualization.pre_activations[number, -1] + 1e-4].tolist())
        assert beating <= set(visualization.samples[number].tolist())


def test_dead_filter_has_no_digits(test_digits):
    (visualization,) = visualize_filters(tiny_cnn(), test_digits[:200], steps=1)

    assert (visualization.samples[DEAD_FILTER] == -1).all()
    assert visualization.pre_activations[DEAD_FILTER].max() <= 0
    assert (visualization.samples[0] >= 0).all()


def test_maximizing_images_reach_the_stored_pre_activations_and_about_as_much_as_any_test_digit(network, committed):
    for layer, visualization in committed.items():
        _, rows, columns = network.output_shapes[layer]
        outputs = trace_exactly(network, visualization.maximizing_images[:, np.newaxis])[layer]
        numbers = np.arange(len(outputs))
        reached = outputs[numbers, numbers, rows // 2, columns // 2]
        # The images are stored in half precision.
        np.testing.assert_allclose(reached, visualization.reached, rtol=0.01, atol=0.005)
        active = visualization.samples[:, 0] >= 0
        assert (reached[active] > 0.9 * visualization.pre_activations[active, 0]).all(), layer


def test_patch_beyond_the_border_is_paper():
    image = np.arange(1, 10).reshape(3, 3)

    patch = patch_at(image, ReceptiveField(size=(3, 3), jump=(1, 1), start=(-1, -1)), 0, 2)

    assert patch.tolist() == [[0, 0, 0], [2, 3, 0], [5, 6, 0]]


def test_mean_patch_is_the_mean_of_the_patches_of_the_strongest_neurons(network, test_digits, committed):
    few = Digits(test_digits.images[:30], test_digits.labels[:30])

    strongest = find_strongest_neurons(network, "conv1", few)
    mean_patches = average_patches(few, committed["conv1"].field, strongest)

    images = few.images[:, np.newaxis].astype(np.float32) / np.float32(255)
    maps = trace_exactly(network, images)["conv1"][:, 3]
    patches = []
    for image, own in zip(images[:, 0], maps, strict=True):
        row, column = np.unravel_index(own.argmax(), own.shape)
        padded = np.pad(image, 2)
        patches.append(padded[row : row + 5, column : column + 5])
    np.testing.assert_allclose(mean_patches[3], np.mean(patches, axis=0), atol=1e-5)


def test_only_the_strongest_digits_are_averaged(test_digits):
    field = ReceptiveField(size=(1, 1), jump=(1, 1), start=(0, 0))
    digits = Digits(np.array([[[0]], [[100]], [[200]]], np.uint8), test_digits.labels[:3])
    same = Conv2d(np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32))
    network = Network((1, 1, 1), {"conv1": same, "softmax": Softmax()})

    strongest = find_strongest_neurons(network, "conv1", digits, count=2)

    assert strongest.samples.tolist() == [[2, 1]]
    np.testing.assert_allclose(average_patches(digits, field, strongest), [[[150 / 255]]])


def test_every_convolution_before_a_relu_is_visualized(test_digits):
    few = Digits(test_digits.images[:12], test_digits.labels[:12])
    rising = np.stack([np.eye(3, dtype=np.float32), -np.eye(3, dtype=np.float32)])[:, np.newaxis]
    layers = {
        "conv1": Conv2d(rising, np.array([0, -0.1], np.float32)),
        "relu1": ReLU(),
        "conv2": Conv2d(np.ones((10, 2, 26, 26), np.float32), np.zeros(10, np.float32)),
        "softmax": Softmax(),
    }

    [only] = visualize_filters(Network((1, 28, 28), layers), few, steps=3)

    assert (only.layer, only.field.size) == ("conv1", (3, 3))
    assert only.samples.shape == (2, 9)
    assert (only.samples[0] >= 0).all()
    assert (only.samples[1] == -1).all(), "ink makes the second filter negative, so that no digit activates it"
    assert only.mean_patches.shape == (2, 3, 3)
    assert only.maximizing_images.shape == (2, 28, 28)
    np.testing.assert_array_equal(only.strongest, only.pre_activations[:, 0])


def test_activation_maximization_starts_at_the_patch_and_climbs(network, committed):
    visualization = committed["conv3"]
    start, before = maximize_activations(network, "conv3", visualization.field, visualization.mean_patches, steps=0)
    _, after = maximize_activations(network, "conv3", visualization.field, visualization.mean_patches, steps=10)

    box = visualization.field.box_at(5, 5)
    np.testing.assert_array_equal(
        start[0, box.top : box.top + 14, box.left : box.left + 14], visualization.mean_patches[0]
    )
    assert (after > before).all()


def test_what_is_saved_is_loaded(tmp_path, committed):
    path = tmp_path / "visualizations.safetensors"

    save_visualizations(path, "net", [committed["conv2"]], {"date": "2026-01-01"})

    model, again = load_visualizations(path)
    assert model == "net"
    np.testing.assert_array_equal(again["conv2"].samples, committed["conv2"].samples)
    np.testing.assert_array_equal(again["conv2"].maximizing_images, committed["conv2"].maximizing_images)
    assert again["conv2"].field == committed["conv2"].field


def test_another_file_is_rejected_by_name(tmp_path):
    path = tmp_path / "visualizations.safetensors"
    write_tensors(path, {"x": np.zeros(1)}, {})

    with pytest.raises(ArtifactError, match=r"visualizations\.safetensors has no feature visualizations"):
        load_visualizations(path)
