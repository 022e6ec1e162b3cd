"""One changed pixel: the neurons that change in the trained networks are those that geometry predicts."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.experiments.perturb_pixel import perturb_pixel
from model.layers import Softmax
from model.network import Network

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"


@pytest.fixture(scope="module")
def networks():
    return {name: load_artifact(ARTIFACTS / name).network for name in ("cnn", "mlp-500", "locally-connected")}


@pytest.fixture(scope="module")
def first_layers(networks):
    """The first layer of each network, and no other, as it is the one that the pixels reach directly."""
    first = {name: next(iter(network.layers.items())) for name, network in networks.items()}
    return {name: Network((1, 28, 28), {key: layer, "softmax": Softmax()}) for name, (key, layer) in first.items()}


@pytest.fixture(scope="module")
def digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return tensors["images"][:10].astype(np.float32) / np.float32(255)


def layers_of(network, digit, row, column, value):
    return {layer.name: layer for layer in perturb_pixel(network, digit, row, column, value).layers}


REACHED = {0: 3, 1: 4, 2: 5, 13: 5, 25: 5, 26: 4, 27: 3}
"""A 5×5 kernel reaches two pixels each way: row or column of a pixel → rows or columns of neurons that see it."""


@pytest.mark.parametrize(("row", "rows"), REACHED.items())
@pytest.mark.parametrize(("column", "columns"), REACHED.items())
def test_a_pixel_changes_exactly_the_neurons_that_geometry_predicts(
    first_layers, digits, row: int, rows: int, column: int, columns: int
):
    for digit in digits[:2]:
        value = float(digit[row, column] < 0.5)

        cnn, mlp, local = (layers_of(network, digit, row, column, value) for network in first_layers.values())

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
        row, column = (int(position) for position in rng.integers(28, size=2))
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


def test_a_pixel_set_to_its_own_value_changes_nothing(networks, digits):
    for network in networks.values():
        result = perturb_pixel(network, digits[3], 12, 12, float(digits[3][12, 12]))

        assert all(layer.change.max() == 0 for layer in result.layers)
        np.testing.assert_array_equal(result.before, result.after)
