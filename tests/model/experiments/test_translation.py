"""Translation: exact equivariance where theory predicts it, and none where it does not."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.experiments.translation import cosine, hidden_layer, ink_lost, measure_translations, translate
from model.geometry import Box
from model.layers import Softmax
from model.network import Network

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"


@pytest.fixture(scope="module")
def networks():
    return {name: load_artifact(ARTIFACTS / name).network for name in ("cnn", "mlp-500", "locally-connected")}


@pytest.fixture(scope="module")
def digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return tensors["images"][:5].astype(np.float32) / np.float32(255)


def layers_of(network, digit, down, right):
    return {layer.name: layer for layer in measure_translations(network, digit, [(down, right)])[0].layers}


def test_translation_brings_in_paper_and_loses_what_leaves():
    pixels = np.arange(1, 10, dtype=np.float32).reshape(3, 3)

    np.testing.assert_array_equal(translate(pixels, 1, -1), [[0, 0, 0], [2, 3, 0], [5, 6, 0]])
    np.testing.assert_array_equal(translate(pixels, 0, 0), pixels)
    np.testing.assert_array_equal(translate(pixels, -3, 0), np.zeros((3, 3)))
    assert ink_lost(pixels, translate(pixels, 0, 2)) == pytest.approx(1 - (1 + 4 + 7) / 45)
    assert ink_lost(np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32)) == 0


def test_first_convolution_moves_along_exactly_for_every_translation(networks, digits):
    layers = networks["cnn"].layers
    first = Network((1, 28, 28), {"conv1": layers["conv1"], "relu1": layers["relu1"], "softmax": Softmax()})
    translations = [(down, right) for down in range(-4, 5, 2) for right in range(-8, 9)]

    for digit in digits:
        for translation, measured in zip(translations, measure_translations(first, digit, translations), strict=True):
            conv1, relu1, _ = measured.layers
            assert conv1.residual == 0
            assert relu1.residual == 0
            assert (conv1.down, conv1.right) == translation


def test_pooled_maps_move_along_exactly_by_whole_windows_only(networks, digits):
    for digit in digits:
        for by in (-4, -2, 2, 4):
            assert layers_of(networks["cnn"], digit, 0, by)["pool1"].residual == 0
            assert layers_of(networks["cnn"], digit, by, 0)["conv3"].residual == 0
        for by in (-3, -1, 1, 3):
            layer = layers_of(networks["cnn"], digit, 0, by)["pool1"]
            assert not layer.exact
            assert layer.residual > 1e-3


def test_second_pooling_needs_translations_by_four(networks, digits):
    by_two, by_four = (layers_of(networks["cnn"], digits[0], 0, by)["pool2"] for by in (2, 4))

    assert (by_two.exact, by_four.exact) == (False, True)
    assert by_two.residual > 1e-3
    assert by_four.residual == 0


def test_without_shared_weights_nothing_moves_along(networks, digits):
    assert layers_of(networks["locally-connected"], digits[0], 0, 2)["local1"].residual > 0.1


def test_the_nearest_whole_cell_is_compared_and_of_two_the_one_nearer_to_zero(networks, digits):
    cells = {by: layers_of(networks["cnn"], digits[0], 0, by)["pool1"].right for by in range(-4, 5)}

    assert cells == {-4: -2, -3: -1, -2: -1, -1: 0, 0: 0, 1: 0, 2: 1, 3: 1, 4: 2}


def test_inside_are_the_cells_that_see_only_image_before_and_after(networks, digits):
    layers = layers_of(networks["cnn"], digits[0], -1, 3)

    # Two cells at each border read padding. Moved up by one and right by three, that many more have no old cell.
    assert layers["conv1"].inside == Box(top=2, left=5, height=23, width=21)
    assert layers["conv5"].inside is None
    assert layers["conv5"].residual is None
    assert layers["linear"].inside == Box(0, 0, 1, 1)


def test_difference_is_new_minus_translated_old_and_zero_without_an_old_cell(networks, digits):
    network, digit = networks["cnn"], digits[0]

    layer = layers_of(network, digit, 0, 5)["relu5"]

    before = network.trace(digit[np.newaxis, np.newaxis]).outputs["relu5"][0]
    after = network.trace(translate(digit, 0, 5)[np.newaxis, np.newaxis]).outputs["relu5"][0]
    assert (layer.right, layer.exact) == (1, False)
    np.testing.assert_allclose(layer.difference[:, :, 1:], after[:, :, 1:] - before[:, :, :-1], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(layer.difference[:, :, 0], 0)


def test_perceptron_has_no_map_to_move_and_its_hidden_vector_turns(networks, digits):
    still, moved = (layers_of(networks["mlp-500"], digits[0], 0, by)["relu1"] for by in (0, 4))

    assert still.cosine == pytest.approx(1, abs=1e-12)
    assert moved.cosine < 0.5
    assert (moved.down, moved.right, moved.exact) == (0, 0, True)


def test_cosine_of_vectors_worked_by_hand():
    assert cosine(np.array([3.0, 4.0]), np.array([4.0, 3.0])) == pytest.approx(24 / 25)
    assert cosine(np.zeros(2), np.ones(2)) is None


def test_hidden_layer_is_the_last_before_the_classes(networks):
    assert {name: hidden_layer(network) for name, network in networks.items()} == {
        "cnn": "relu5",
        "mlp-500": "relu1",
        "locally-connected": "pool1",
    }
