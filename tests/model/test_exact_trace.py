"""trace_exactly: against the slow oracle, and its one promise: the same numbers wherever they stand."""

import numpy as np
import pytest

from model.architectures import ARCHITECTURES
from model.errors import ShapeError
from model.exact_trace import trace_exactly
from tests.builders import two_conv_network
from tests.model.layers.naive_layers import (
    naive_conv2d,
    naive_linear,
    naive_max_pool2d,
    naive_relu,
    naive_softmax,
)


def test_equals_the_slow_layers_to_double_precision(rng):
    network = two_conv_network(rng)
    images = rng.random((2, 1, 8, 8), dtype=np.float32)
    conv1, conv2, linear = (network.layers[name] for name in ("conv1", "conv2", "linear"))

    outputs = trace_exactly(network, images)

    x = naive_conv2d(images, conv1.weight, conv1.bias, padding=(1, 1))
    np.testing.assert_allclose(outputs["conv1"], x, rtol=0, atol=1e-14)
    x = naive_max_pool2d(naive_relu(x), (2, 2))
    x = naive_relu(naive_conv2d(x, conv2.weight, conv2.bias))
    np.testing.assert_allclose(outputs["relu2"], x, rtol=0, atol=1e-14)
    x = naive_linear(x, linear.weight, linear.bias)
    np.testing.assert_allclose(outputs["linear"], x, rtol=0, atol=1e-13)
    np.testing.assert_allclose(outputs["softmax"], naive_softmax(x), rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_gives_what_its_own_forward_pass_gives(name, rng):
    network = ARCHITECTURES[name](rng)
    images = rng.random((3, 1, 28, 28), dtype=np.float32)

    outputs = trace_exactly(network, images)

    for layer, expected in network.trace(images).outputs.items():
        assert outputs[layer].dtype == np.float64
        np.testing.assert_allclose(outputs[layer], expected, rtol=0, atol=1e-4, err_msg=layer)


def test_a_patch_gives_the_same_number_to_the_last_bit_wherever_it_lies(rng):
    network = ARCHITECTURES["cnn"](rng)
    drawing = rng.random((8, 8), dtype=np.float32)
    corners = [(4, 4), (4, 5), (7, 4), (13, 9), (15, 15)]
    images = np.zeros((len(corners), 1, 28, 28), np.float32)
    for image, (row, column) in zip(images, corners, strict=True):
        image[0, row : row + 8, column : column + 8] = drawing

    conv1 = trace_exactly(network, images)["conv1"]

    seen = [
        maps[:, row - 2 : row + 10, column - 2 : column + 10]
        for maps, (row, column) in zip(conv1, corners, strict=True)
    ]
    for elsewhere in seen[1:]:
        np.testing.assert_array_equal(elsewhere, seen[0])


def test_an_image_gives_the_same_numbers_whatever_its_batch(rng):
    network = ARCHITECTURES["mlp-500"](rng)
    images = rng.random((7, 1, 28, 28), dtype=np.float32)

    together = trace_exactly(network, images)

    for number in range(7):
        alone = trace_exactly(network, images[number : number + 1])
        for layer in network.layers:
            np.testing.assert_array_equal(together[layer][number], alone[layer][0])


def test_other_images_are_refused(rng):
    with pytest.raises(ShapeError, match="expected float32 images, got float64"):
        trace_exactly(two_conv_network(rng), np.zeros((1, 1, 8, 8)))
