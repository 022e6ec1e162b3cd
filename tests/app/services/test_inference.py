from pathlib import Path

import numpy as np
import pytest

from app.services.framing import from_pixels, from_strokes
from app.services.inference import run_forward
from app.services.network_catalog import NetworkCatalog, ServedNetwork
from model.inference_plan import InferencePlan
from model.network import Network
from tests.builders import TINY_LAYERS


@pytest.fixture
def served(artifacts: Path) -> ServedNetwork:
    return NetworkCatalog.load(artifacts)["cnn"]


@pytest.fixture
def pixels(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 1, (28, 28)).astype(np.float32)


def test_maps_are_what_the_network_computes(served: ServedNetwork, tiny_network: Network, pixels: np.ndarray):
    inference = run_forward(served, from_pixels(pixels), "auto", TINY_LAYERS)

    expected = InferencePlan(tiny_network).trace(pixels[np.newaxis, np.newaxis]).outputs
    for layer in inference.layers:
        np.testing.assert_array_equal(layer.feature_maps, expected[layer.name][0])
        assert layer.feature_maps.flags.c_contiguous
        assert layer.range == (expected[layer.name].min(), expected[layer.name].max())
    assert [layer.name for layer in inference.layers] == TINY_LAYERS


def test_the_prediction_is_the_most_probable_class(served: ServedNetwork, pixels: np.ndarray):
    inference = run_forward(served, from_pixels(pixels), "auto", [])

    assert inference.digit == inference.probabilities.argmax()
    assert inference.probability == inference.probabilities.max()
    np.testing.assert_allclose(
        inference.probabilities, np.exp(inference.logits) / np.exp(inference.logits).sum(), rtol=1e-5
    )


def test_a_blank_pad_has_maps_but_no_prediction(served: ServedNetwork):
    inference = run_forward(served, from_strokes([], 0.065), "auto", ["conv1"])

    assert inference.digit is None
    assert inference.layers[0].feature_maps.shape == (4, 28, 28)


def test_layers_come_in_the_order_asked_for(served: ServedNetwork, pixels: np.ndarray):
    inference = run_forward(served, from_pixels(pixels), "auto", ["linear", "conv1"])

    assert [layer.name for layer in inference.layers] == ["linear", "conv1"]
    assert [layer.kind for layer in inference.layers] == ["linear", "conv2d"]


def test_a_later_digit_leaves_an_earlier_answer_as_it_was(served: ServedNetwork, pixels: np.ndarray):
    inference = run_forward(served, from_pixels(pixels), "auto", TINY_LAYERS)
    kept = [layer.feature_maps.copy() for layer in inference.layers]
    logits, probabilities = inference.logits.copy(), inference.probabilities.copy()

    run_forward(served, from_pixels(1 - pixels), "auto", TINY_LAYERS)

    for layer, maps in zip(inference.layers, kept, strict=True):
        np.testing.assert_array_equal(layer.feature_maps, maps)
    np.testing.assert_array_equal(inference.logits, logits)
    np.testing.assert_array_equal(inference.probabilities, probabilities)
