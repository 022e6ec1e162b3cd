"""Gradients of one digit: summed over positions, compared with finite differences, and used for gradient descent."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.errors import ParameterError
from model.experiments.gradients import Descent, backpropagate, descend, finite_difference, loss_of
from model.losses import softmax_cross_entropy
from tests.builders import two_conv_network

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"
MODELS = ("cnn", "mlp-500", "locally-connected")


@pytest.fixture(scope="module")
def networks():
    return {name: load_artifact(ARTIFACTS / name).network for name in MODELS}


@pytest.fixture(scope="module")
def digit():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return tensors["images"][0].astype(np.float32) / np.float32(255)


def scaled(network, factor):
    """The network with every weight multiplied by a factor."""
    return network.with_parameters({name: array * factor for name, array in network.parameters.items()})


def summed_over_positions(x, deltas, kernel, padding):
    """Σ δ · patch over all positions, one after the other; and how many products that took."""
    filters, rows, columns = deltas.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    total, products = np.zeros((filters, len(x), kernel, kernel)), 0
    for row, column in product(range(rows), range(columns)):
        patch = padded[:, row : row + kernel, column : column + kernel]
        total += deltas[:, row, column, np.newaxis, np.newaxis, np.newaxis] * patch
        products += filters * patch.size
    return total, products


def test_gradient_of_a_kernel_is_the_sum_of_all_contributions(networks, digit):
    result = backpropagate(networks["cnn"], digit, label=2)

    layers = networks["cnn"].layers
    for name, reads, padding in (("conv1", None, 2), ("conv2", "pool1", 0), ("conv4", "pool2", 1)):
        x = digit[np.newaxis].astype(np.float64) if reads is None else result.outputs[reads]
        total, products = summed_over_positions(x, result.deltas[name], layers[name].window.size[0], padding)

        scale = np.abs(total).max()
        np.testing.assert_allclose(result.gradients[f"{name}.weight"], total, rtol=1e-6, atol=1e-12 * scale)
        np.testing.assert_allclose(result.gradients[f"{name}.bias"], result.deltas[name].sum(axis=(1, 2)), rtol=1e-9)
        assert products == layers[name].multiply_adds(x.shape)


@pytest.mark.parametrize("model", MODELS)
def test_gradients_are_those_that_training_computes(networks, digit, model):
    network = networks[model]
    result = backpropagate(network, digit, label=2)

    logits, contexts = network.forward(digit[np.newaxis, np.newaxis])
    loss, d_logits = softmax_cross_entropy(logits, np.array([2], np.uint8))
    gradients = network.backward(d_logits, contexts)

    assert result.loss == pytest.approx(loss, rel=1e-5)
    assert result.gradients.keys() == gradients.keys()
    for name, gradient in gradients.items():
        scale = np.abs(gradient).max()
        np.testing.assert_allclose(result.gradients[name], gradient, rtol=0, atol=1e-5 * scale, err_msg=name)


@pytest.mark.parametrize("model", MODELS)
def test_finite_differences_are_close_to_the_gradients(networks, digit, rng, model):
    network = networks[model]
    result = backpropagate(network, digit, label=2)

    checked = 0
    for name, gradient in result.gradients.items():
        # Of the 20 largest: the gradient of a weight that no ink reaches is zero.
        largest = np.argsort(np.abs(gradient).ravel())[-20:]
        for number in rng.choice(largest, 3):
            index = np.unravel_index(number, gradient.shape)
            measured = finite_difference(network, digit, 2, name, tuple(int(at) for at in index))

            assert measured.weight == network.parameters[name][index]
            before, after = result.loss - measured.loss_below, measured.loss_above - result.loss
            if before != pytest.approx(after, rel=0.1):
                continue  # a neuron is so close to zero that the step changes its sign: no derivative to compare with
            assert measured.quotient == pytest.approx(gradient[index], rel=1e-3, abs=1e-9), f"{name}{index}"
            checked += 1
    assert checked >= 0.8 * 3 * len(result.gradients)


@pytest.mark.parametrize(("sample", "label"), [(8, 3), (0, 7), (2, 1), (15, 2)])
def test_finite_difference_is_close_for_any_weight_of_the_served_kernels(networks, rng, sample, label):
    network = networks["cnn"]
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    pixels = tensors["images"][sample].astype(np.float32) / 255
    gradient = backpropagate(network, pixels, label).gradients["conv1.weight"]

    for _ in range(8):
        index = tuple(int(rng.integers(extent)) for extent in gradient.shape)
        measured = finite_difference(network, pixels, label, "conv1.weight", index)

        assert measured.quotient == pytest.approx(gradient[index], rel=1e-3, abs=1e-9), index


def test_finite_difference_leaves_the_network_unchanged(networks, digit):
    before = networks["cnn"].parameters["conv1.weight"].copy()

    finite_difference(networks["cnn"], digit, 2, "conv1.weight", (0, 0, 2, 2))

    np.testing.assert_array_equal(networks["cnn"].parameters["conv1.weight"], before)


@pytest.mark.parametrize("model", MODELS)
def test_small_step_lowers_the_loss_by_the_learning_rate_times_the_squared_gradient(networks, digit, model):
    network, learning_rate = networks[model], 1e-4
    result = backpropagate(network, digit, label=2)

    after = descend(network, digit, 2, learning_rate).network

    expected = learning_rate * sum(float(np.sum(gradient**2)) for gradient in result.gradients.values())
    assert result.loss - loss_of(after, digit, 2) == pytest.approx(expected, rel=0.2)
    assert loss_of(network, digit, 2) == pytest.approx(result.loss), "the network itself is unchanged"


def test_enough_steps_change_the_prediction_to_the_label(networks, digit):
    after = descend(networks["cnn"], digit, 2, learning_rate=0.05, steps=20).network

    assert networks["cnn"].trace(digit[np.newaxis, np.newaxis]).probabilities.argmax() == 7
    assert after.trace(digit[np.newaxis, np.newaxis]).probabilities.argmax() == 2


def test_unknown_weight_is_an_error_that_names_the_arrays(networks, digit):
    with pytest.raises(ParameterError, match=r"there is no 'conv9.weight'; there are: conv1.weight, conv1.bias, "):
        finite_difference(networks["cnn"], digit, 2, "conv9.weight", (0,))
    with pytest.raises(
        ParameterError, match=r"there is nothing at \[0, 0, 5, 0\] in conv1.weight; its shape is \[16, 1, 5, 5\]"
    ):
        finite_difference(networks["cnn"], digit, 2, "conv1.weight", (0, 0, 5, 0))


def is_finite(descent: Descent, pixels, label) -> bool:
    result = backpropagate(descent.network, pixels, label)
    arrays = [*descent.network.parameters.values(), *result.outputs.values(), *result.gradients.values()]
    return bool(np.isfinite(result.loss)) and all(np.isfinite(array).all() for array in arrays)


def test_gradients_are_finite_where_the_probability_underflows(networks):
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    pixels = tensors["images"][2717].astype(np.float32) / 255

    # Steps of the rates at which training fails: which of them ends there depends on the network.
    descents = [descend(networks["cnn"], pixels, 5, rate, steps=3) for rate in np.arange(0.3, 0.6, 0.01)]
    underflowed = [each for each in descents if loss_of(each.network, pixels, 5) > 745]

    assert underflowed  # exp(-745) is the smallest positive float64
    assert all(is_finite(each, pixels, 5) for each in descents)


def test_descent_stops_before_numbers_overflow(rng):
    diverged = 0
    for _ in range(60):
        network = scaled(two_conv_network(rng), 10 ** rng.uniform(0, 12))
        pixels, label, steps = rng.random((8, 8), np.float32), int(rng.integers(10)), int(rng.integers(1, 6))

        descent = descend(network, pixels, label, 10 - rng.uniform(0, 10), steps)

        assert is_finite(descent, pixels, label)
        assert descent.diverged == (descent.steps < steps)
        diverged += descent.diverged
    assert 0 < diverged < 60
