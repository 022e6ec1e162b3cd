"""Parts of δ: hand-worked ones, and those of random neurons in every layer beside finite differences."""

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.data.training_subset import ARTIFACTS
from model.errors import NeuronError
from model.experiments.backward_pass import BackwardPass
from model.experiments.gradients import backpropagate
from model.geometry import Box
from model.layers import AvgPool2d, Conv2d, GroupedConv2d, Linear, MaxPool2d, Pad2d, ReLU, Softmax
from model.network import Network

NEURONS = 50


@pytest.fixture(scope="module")
def digit() -> np.ndarray:
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return tensors["images"][15].astype(np.float32) / 255


def test_parts_of_a_small_network_are_those_worked_out_by_hand():
    kernel = np.array([[[[1, 2], [3, 4]]]], np.float32)
    network = Network(
        (1, 3, 3),
        {
            "conv": Conv2d(kernel, np.zeros(1, np.float32)),
            "relu": ReLU(),
            "pool": MaxPool2d((2, 2)),
            "linear": Linear(np.array([[[[1]]], [[[-1]]]], np.float32), np.zeros(2, np.float32)),
            "softmax": Softmax(),
        },
    )
    # The convolution's outputs are 0.1 · (1, 2, 3, 4), so the last one wins.
    pixels = np.array([[0.1, 0, 0], [0, 0, 0], [0, 0, 0.1]], np.float32)
    back = BackwardPass(network, pixels, label=1)
    p = 1 / (1 + np.exp(-2 * 0.4))

    logit, pool, relu, lost, conv, pixel = [
        back.parts_of(*at)
        for at in (
            ("linear", (1, 0, 0)),
            ("pool", (0, 0, 0)),
            ("relu", (0, 1, 1)),
            ("relu", (0, 0, 0)),
            ("conv", (0, 1, 1)),
            ("input", (0, 1, 1)),
        )
    ]

    np.testing.assert_allclose(logit.parts.ravel(), [1 - p, -1], rtol=1e-6)
    np.testing.assert_allclose(pool.slopes.ravel(), [1, -1])
    np.testing.assert_allclose(pool.deltas.ravel(), [p, -p], rtol=1e-6)
    assert (relu.slopes.ravel(), lost.slopes.ravel(), conv.slopes.ravel()) == ([1], [0], [1])
    # Position (1, 1) is read by four neurons, the first of which reads it with its last weight: the kernel flipped.
    assert pixel.readers == Box(0, 0, 2, 2)
    np.testing.assert_array_equal(pixel.slopes, [[[4, 3], [2, 1]]])
    np.testing.assert_allclose(pixel.parts, [[[0, 0], [0, 2 * p]]], rtol=1e-6)
    assert pixel.delta == pytest.approx(2 * p, rel=1e-6)


@pytest.mark.parametrize("model", ["cnn", "mlp-500", "locally-connected"])
def test_parts_add_up_and_agree_with_finite_differences(model: str, digit: np.ndarray, rng: np.random.Generator):
    # With another class than the right one, the gradients are larger than the rounding of the loss.
    back = BackwardPass(load_artifact(ARTIFACTS / model).network, digit, label=3)

    for layer in back.layers:
        checked, kinked = 0, 0
        shape = back.deltas[layer].shape
        while checked < NEURONS:
            neuron = tuple(int(rng.integers(extent)) for extent in shape)
            parts = back.parts_of(layer, neuron)
            assert parts.parts.sum() == pytest.approx(parts.delta, rel=1e-9, abs=1e-15)
            difference = back.difference_of(layer, neuron)
            if difference.kinks:
                # The loss has no derivative there; another neuron takes its turn.
                kinked += 1
                assert kinked < 40 * NEURONS, layer
                continue
            checked += 1
            assert difference.quotient == pytest.approx(parts.delta, rel=1e-4, abs=2 * difference.resolution), (
                layer,
                neuron,
            )


def test_all_kinds_of_layers_are_passed(rng: np.random.Generator):
    def normal(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    network = Network(
        (3, 9, 9),
        {
            "pad": Pad2d((1, 1)),
            "conv": Conv2d(normal(4, 3, 3, 3), normal(4), (2, 2)),
            "relu": ReLU(),
            "grouped": GroupedConv2d(normal(4, 2, 2, 2), normal(4), 2),
            "overlapping": MaxPool2d((3, 3), (1, 1), (1, 1)),
            "mean": AvgPool2d((2, 2)),
            "linear": Linear(normal(5, 4, 2, 2), normal(5)),
            "softmax": Softmax(),
        },
    )
    back = BackwardPass(network, rng.random((9, 9)).astype(np.float32), label=2)

    for layer in back.layers:
        for neuron in np.ndindex(*back.deltas[layer].shape):
            parts = back.parts_of(layer, neuron)
            assert parts.parts.sum() == pytest.approx(parts.delta, rel=1e-9, abs=1e-15)
    assert back.parts_of("relu", (3, 1, 1)).slopes.shape == (2, 2, 2)
    assert back.parts_of("relu", (3, 1, 1)).first_filter == 2
    # Of four rows, pooling reads all; the last of nine rows of pixels is read by the padding and the stride alone.
    assert back.parts_of("grouped", (0, 0, 0)).slopes.shape == (1, 2, 2)


def test_deltas_are_those_of_backpropagation(digit: np.ndarray):
    network = load_artifact(ARTIFACTS / "cnn").network
    back, other = BackwardPass(network, digit, label=3), backpropagate(network, digit, 3)

    assert back.loss == other.loss
    for name, delta in other.deltas.items():
        np.testing.assert_array_equal(back.deltas[name], delta)


def test_kinks_are_counted(digit: np.ndarray):
    network = load_artifact(ARTIFACTS / "cnn").network
    back = BackwardPass(network, digit, label=3)
    conv = back.outputs["conv1"]
    near = np.unravel_index(int(np.abs(conv).argmin()), conv.shape)

    smooth = back.difference_of("conv1", tuple(map(int, near)), step=1e-12)
    kinked = back.difference_of("conv1", tuple(map(int, near)), step=1.0)

    assert smooth.kinks == 0
    assert kinked.kinks > 0


@pytest.mark.parametrize(
    ("layer", "neuron", "message"),
    [
        (
            "softmax",
            (0, 0, 0),
            "there is no layer 'softmax' before the softmax; there are: input, linear1, relu1, linear2",
        ),
        ("input", (0, 28, 0), "row 28 of input does not exist: it has rows 0 to 27"),
    ],
)
def test_unknown_neurons_are_rejected(digit: np.ndarray, layer: str, neuron: tuple[int, int, int], message: str):
    back = BackwardPass(load_artifact(ARTIFACTS / "mlp-500").network, digit, label=3)

    with pytest.raises(NeuronError) as raised:
        back.parts_of(layer, neuron)

    assert str(raised.value) == message
