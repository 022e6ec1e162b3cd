from pathlib import Path

import numpy as np
import pytest

from app.forward import forward
from app.framing import from_pixels, from_strokes
from app.model_catalog import ModelCatalog
from app.served_network import ServedNetwork
from model.network import Network
from model.plan import InferencePlan
from tests.builders import TINY_LAYERS


@pytest.fixture
def served(artifacts: Path) -> ServedNetwork:
    return ModelCatalog.load(artifacts)["cnn"]


@pytest.fixture
def pixels(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 1, (28, 28)).astype(np.float32)


def test_maps_are_what_the_network_computes(served: ServedNetwork, tiny_network: Network, pixels: np.ndarray):
    response = forward(served, from_pixels(pixels), "none", TINY_LAYERS).response()

    expected = InferencePlan(tiny_network).trace(pixels[np.newaxis, np.newaxis]).outputs
    for layer in response.layers:
        np.testing.assert_array_equal(layer.feature_maps, expected[layer.name][0])
        assert layer.feature_maps.flags.c_contiguous
        assert tuple(layer.range) == (expected[layer.name].min(), expected[layer.name].max())
    assert [layer.name for layer in response.layers] == TINY_LAYERS


def test_the_prediction_is_the_most_probable_class(served: ServedNetwork, pixels: np.ndarray):
    response = forward(served, from_pixels(pixels), "none", []).response()

    prediction = response.prediction
    assert prediction is not None
    assert prediction.digit == prediction.probabilities.argmax()
    assert prediction.probability == prediction.probabilities.max()
    np.testing.assert_allclose(
        prediction.probabilities, np.exp(prediction.logits) / np.exp(prediction.logits).sum(), rtol=1e-5
    )


def test_a_blank_pad_has_maps_but_no_prediction(served: ServedNetwork):
    response = forward(served, from_strokes([], 0.065), "auto", ["conv1"]).response()

    assert response.prediction is None
    assert response.layers[0].feature_maps.shape == (4, 28, 28)


def test_layers_come_in_the_order_asked_for(served: ServedNetwork, pixels: np.ndarray):
    response = forward(served, from_pixels(pixels), "none", ["linear", "conv1"]).response()

    assert [layer.name for layer in response.layers] == ["linear", "conv1"]
    assert [layer.kind for layer in response.layers] == ["linear", "conv2d"]


def test_a_later_digit_leaves_an_earlier_answer_as_it_was(served: ServedNetwork, pixels: np.ndarray):
    response = forward(served, from_pixels(pixels), "none", TINY_LAYERS).response()
    kept = [layer.feature_maps.copy() for layer in response.layers]
    prediction = response.prediction
    assert prediction is not None
    logits, probabilities = prediction.logits.copy(), prediction.probabilities.copy()

    forward(served, from_pixels(1 - pixels), "none", TINY_LAYERS)

    for layer, maps in zip(response.layers, kept, strict=True):
        np.testing.assert_array_equal(layer.feature_maps, maps)
    np.testing.assert_array_equal(prediction.logits, logits)
    np.testing.assert_array_equal(prediction.probabilities, probabilities)
