"""Evidence adds up in every layer, is that of the class, and equals a path of finite differences."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.experiments.evidence import explain_by_evidence
from tests.builders import two_conv_network

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"


@pytest.fixture(scope="module")
def digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return tensors["images"][:100].astype(np.float32) / np.float32(255)


@pytest.mark.parametrize(("model", "classes"), [("cnn", 10), ("mlp-500", 1), ("locally-connected", 1)])
def test_contributions_add_up_in_every_layer_for_100_digits_and_ten_classes(digits, model, classes):
    network = load_artifact(ARTIFACTS / model).network
    logits, _ = network.forward(network.images_of(digits))

    for number, offset in itertools.product(range(len(digits)), range(classes)):
        label = (number + offset) % 10
        evidence = explain_by_evidence(network, digits[number], label, steps=1 if offset else 4)

        assert evidence.logit == pytest.approx(float(logits[number, label]), abs=1e-4)
        assert list(evidence.layers) == list(network.layers)[:-1]
        assert evidence.pixels.sum() == pytest.approx(evidence.difference, abs=1e-4)
        for name, layer in evidence.layers.items():
            assert layer.contributions.sum() == pytest.approx(evidence.difference, abs=1e-4), name
            assert abs(evidence.left_over(name)) < 1e-4


def test_links_join_the_contributions_of_neighboring_layers(digits):
    network = load_artifact(ARTIFACTS / "cnn").network

    layers = explain_by_evidence(network, digits[0], 7).layers

    for before, name in (("pool1", "conv2"), ("relu2", "conv3"), ("pool2", "conv4"), ("relu5", "linear")):
        links = layers[name].links
        np.testing.assert_allclose(links.sum(axis=1), layers[name].contributions, atol=1e-4)
        np.testing.assert_allclose(links.sum(axis=0), layers[before].contributions, atol=1e-4)
    assert layers["relu1"].links is None
    assert np.flatnonzero(layers["linear"].contributions).tolist() == [7]


def test_blank_page_has_no_evidence(digits):
    network = load_artifact(ARTIFACTS / "cnn").network

    evidence = explain_by_evidence(network, np.zeros_like(digits[0]), 3)

    assert evidence.difference == pytest.approx(0, abs=1e-5)
    assert not evidence.pixels.any()
    for layer in evidence.layers.values():
        np.testing.assert_allclose(layer.contributions, 0, atol=1e-5)


def test_pixels_equal_finite_differences_along_the_way(rng):
    """The integral over ink t² of pixel · d logit / d pixel, by central differences in double precision."""
    network = two_conv_network(rng)
    double = network.as_dtype(np.float64)
    pixels = rng.random((8, 8)).astype(np.float32)
    label, points, step = 3, 400, 1e-5

    def logit(image):
        *_, logits, _ = double.record(image[np.newaxis, np.newaxis]).outputs.values()
        return logits[0, label, 0, 0]

    evidence = explain_by_evidence(network, pixels, label, steps=400)

    for row, column in ((0, 0), (3, 4), (7, 2)):
        bump = np.zeros((8, 8))
        bump[row, column] = step
        slopes = [
            (logit(ink * pixels + bump) - logit(ink * pixels - bump)) / (2 * step)
            for ink in (np.arange(points) + 0.5) / points
        ]
        assert evidence.pixels[row, column] == pytest.approx(pixels[row, column] * np.mean(slopes), rel=0.02, abs=2e-4)
