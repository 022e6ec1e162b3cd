"""The poke: what changes is counted on the trained networks and compared with what geometry says."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.experiments.poke import poke

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"


@pytest.fixture(scope="module")
def networks():
    return {name: load_artifact(ARTIFACTS / name).network for name in ("cnn", "mlp-500", "locally-connected")}


@pytest.fixture(scope="module")
def digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors")
    return tensors["images"][:10].astype(np.float32) / np.float32(255)


def layers_of(network, digit, row, column, value):
    return {layer.name: layer for layer in poke(network, digit, row, column, value).layers}


def test_a_hundred_random_pixels_change_exactly_what_geometry_says(networks, digits, rng):
    for number in range(100):
        digit = digits[number % 10]
        row, column = (int(place) for place in rng.integers(28, size=2))
        value = float(digit[row, column] < 0.5)

        cnn, mlp, local = (layers_of(network, digit, row, column, value) for network in networks.values())

        # A 5×5 kernel reaches two pixels each way: as many rows and columns as the map has there.
        rows, columns = (min(place + 2, 27) - max(place - 2, 0) + 1 for place in (row, column))
        np.testing.assert_array_equal(cnn["conv1"].changed_per_filter, [rows * columns] * 16)
        np.testing.assert_array_equal(local["local1"].changed_per_filter, [rows * columns] * 16)
        assert cnn["conv1"].reachable == local["local1"].reachable == 16 * rows * columns
        assert np.count_nonzero(mlp["linear1"].change) == mlp["linear1"].reachable == 500


def test_changes_lie_in_the_block_around_the_pixel_and_are_the_weight_times_the_difference(networks, digits):
    digit = digits[0]
    conv1 = networks["cnn"].parameters["conv1.weight"]
    changed = layers_of(networks["cnn"], digit, 10, 20, 1.0)["conv1"].change

    expected = np.zeros((16, 28, 28))
    # The neuron two rows above the pixel sees it in the last row of its patch: the kernel appears turned around.
    expected[:, 8:13, 18:23] = np.abs(conv1[:, 0, ::-1, ::-1].astype(np.float64) * (1 - float(digit[10, 20])))
    np.testing.assert_allclose(changed, expected, rtol=0, atol=1e-12)


def test_fewer_change_after_a_relu_and_none_beyond_reach(networks, digits, rng):
    for digit in digits:
        row, column = (int(place) for place in rng.integers(28, size=2))
        for network in networks.values():
            layers = layers_of(network, digit, row, column, 0.5)
            for layer in layers.values():
                assert layer.changed_per_filter.sum() <= layer.reachable, layer.name
            hidden = "linear1" if "linear1" in layers else next(iter(layers))
            assert np.count_nonzero(layers["relu1"].change) < np.count_nonzero(layers[hidden].change)


def test_reach_grows_from_layer_to_layer(networks, digits):
    layers = layers_of(networks["cnn"], digits[0], 14, 14, 1.0)

    shares = [
        layers[name].reachable / layers[name].change.size for name in ("conv1", "conv2", "conv3", "conv4", "conv5")
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_pixel_set_to_what_it_was_changes_nothing(networks, digits):
    for network in networks.values():
        result = poke(network, digits[3], 12, 12, float(digits[3][12, 12]))

        assert all(layer.change.max() == 0 for layer in result.layers)
        np.testing.assert_array_equal(result.before, result.after)
