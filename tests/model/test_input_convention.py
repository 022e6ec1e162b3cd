"""Input conventions: each is found for the shipped network behind its inverse, and told with the measured figures."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.input_convention import (
    CONVENTIONS,
    IMAGENET,
    PLAIN,
    InputConvention,
    accuracy_of,
    batch_size,
    digits_for,
    find_convention,
    gray,
    is_finite,
    stated_convention,
    with_convention,
)
from model.layers import Affine, Conv2d, Linear, Softmax
from model.network import Network
from model.onnx.settings import Normalization

ARTIFACTS = Path(__file__).resolve().parents[2] / "model" / "artifacts"


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """(300, 28, 28) float32 and (300,) uint8."""
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return tensors["images"][:300].astype(np.float32) / np.float32(255), tensors["labels"][:300]


@pytest.fixture(scope="module")
def shipped() -> Network:
    return load_artifact(ARTIFACTS / "mlp-500").network


def expecting(network: Network, normalization: Normalization) -> Network:
    """The network behind a layer that undoes a normalization of pixels."""
    weight = np.array(normalization.deviation, np.float32).reshape(-1, 1, 1, 1)
    undo = Affine(weight, np.array(normalization.mean, np.float32))
    return Network(network.input_shape, {"undo": undo, **network.layers})


RARE = "pixels from 1 (paper) to −1 (ink)"
"""This network classifies it as well as pixels from 1 to 0, which are more usual."""


@pytest.mark.parametrize("words", [words for words in CONVENTIONS if words != RARE])
def test_convention_is_found(shipped: Network, digits: tuple[np.ndarray, np.ndarray], words: str):
    found = find_convention(expecting(shipped, CONVENTIONS[words]), *digits)

    assert (found.words, found.normalization, found.is_stated) == (words, CONVENTIONS[words], False)
    assert found.accuracy == accuracy_of(shipped, CONVENTIONS[PLAIN], *digits)
    assert found.digits == 300


def test_network_behind_its_convention_computes_what_it_computes_of_normalized_pixels(
    shipped: Network, digits: tuple[np.ndarray, np.ndarray]
):
    images = digits[0][:5, np.newaxis]

    behind = with_convention(shipped, gray(0.1307, 0.3081))

    assert list(behind.layers)[:2] == ["normalize", "linear1"]
    expected = shipped.trace((images - np.float32(0.1307)) / np.float32(0.3081)).logits
    np.testing.assert_allclose(behind.trace(images).logits, expected, atol=2e-5)
    assert with_convention(shipped, gray(0, 1)) is shipped


def test_colors_are_normalized_channel_by_channel(rng: np.random.Generator):
    weight = rng.normal(size=(10, 3, 8, 8)).astype(np.float32)
    network = Network((3, 8, 8), {"linear": Linear(weight, np.zeros(10, np.float32)), "softmax": Softmax()})
    pictures = rng.uniform(0, 1, (4, 8, 8)).astype(np.float32)

    behind = with_convention(network, IMAGENET).trace(network.images_of(pictures)).outputs["normalize"]

    for channel, (mean, deviation) in enumerate(zip(IMAGENET.mean, IMAGENET.deviation, strict=True)):
        np.testing.assert_allclose(behind[:, channel], (pictures - mean) / deviation, atol=1e-6)
    assert len(find_convention(network, pictures, np.zeros(4, np.uint8)).normalization.mean) == 3


def test_network_that_only_guesses_gets_pixels_as_they_are(digits: tuple[np.ndarray, np.ndarray]):
    weight = np.random.default_rng(1).normal(size=(10, 1, 28, 28)).astype(np.float32)
    network = Network((1, 28, 28), {"linear": Linear(weight, np.zeros(10, np.float32)), "softmax": Softmax()})

    found = find_convention(network, *digits)

    assert found.words == PLAIN
    assert found.sentence.endswith("of 300 test digits correctly; no usual convention gives more.")


def test_stated_convention_is_measured_and_not_replaced(shipped: Network, digits: tuple[np.ndarray, np.ndarray]):
    found = stated_convention(shipped, gray(0.5, 0.25), *digits)

    assert found.is_stated
    assert found.accuracy == accuracy_of(shipped, gray(0.5, 0.25), *digits)
    assert found.sentence.startswith("Expects inputs normalized by mean 0.5 and deviation 0.25, as its file states: ")


@pytest.mark.parametrize(
    ("convention", "sentence"),
    [
        (
            InputConvention(gray(0.1307, 0.3081), "inputs normalized by …", False, 1000, 0.987, 0.317),
            "Expects inputs normalized by …: classifies 98.7% of 1,000 test digits correctly, 31.7% without.",
        ),
        (
            InputConvention(gray(0, 1), PLAIN, False, 1000, 0.973, 0.973),
            "Expects pixels from 0 (paper) to 1 (ink): classifies 97.3% of 1,000 test digits correctly.",
        ),
        (
            InputConvention(gray(0, 1), PLAIN, False),
            "Expects pixels from 0 (paper) to 1 (ink), which was not measured: it has not ten classes.",
        ),
    ],
)
def test_sentence_tells_the_convention_and_the_figures(convention: InputConvention, sentence: str):
    assert convention.sentence == sentence


def test_batches_are_smaller_for_networks_with_many_activations():
    def network(filters: int) -> Network:
        kernels = np.zeros((filters, 1, 3, 3), np.float32)
        head = Linear(np.zeros((10, filters, 26, 26), np.float32), np.zeros(10, np.float32))
        return Network(
            (1, 28, 28),
            {"conv": Conv2d(kernels, np.zeros(filters, np.float32)), "linear": head, "softmax": Softmax()},
        )

    assert batch_size(network(1)) == 250
    assert 1 <= batch_size(network(200)) < 60


def test_networks_with_many_multiply_adds_are_measured_with_fewer_digits(shipped: Network):
    kernels = np.zeros((64, 64, 3, 3), np.float32)
    heavy = {f"conv{number}": Conv2d(kernels, np.zeros(64, np.float32)) for number in range(4)}
    network = Network(
        (64, 28, 28),
        {
            **heavy,
            "linear": Linear(np.zeros((10, 64, 20, 20), np.float32), np.zeros(10, np.float32)),
            "softmax": Softmax(),
        },
    )

    assert digits_for(shipped) == 1000
    assert digits_for(shipped, 300) == 300
    assert 100 <= digits_for(network) < 400


def test_activations_that_overflow_are_noticed():
    kernels = np.full((10, 1, 28, 28), 3e38, np.float32)
    network = Network((1, 28, 28), {"linear": Linear(kernels, np.zeros(10, np.float32)), "softmax": Softmax()})

    assert not is_finite(network, np.ones((1, 28, 28), np.float32))
    assert is_finite(network, np.zeros((1, 28, 28), np.float32))
