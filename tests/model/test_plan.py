"""InferencePlan: against the slow oracle, for every kind of layer, and what it says of its memory."""

import numpy as np
import pytest

from model.architectures import ARCHITECTURES
from model.errors import ShapeError
from model.geometry import Window
from model.layers import Conv2d, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax, pooling
from model.network import Network
from model.plan import InferencePlan
from tests.builders import two_conv_network
from tests.model.layers.naive_layers import (
    naive_conv2d,
    naive_linear,
    naive_locally_connected2d,
    naive_max_pool2d,
    naive_relu,
    naive_softmax,
)


def conv(rng, in_channels, filters, kernel, stride=(1, 1), padding=(0, 0)):
    layer = Conv2d.create(rng, in_channels, filters, kernel, padding=padding)
    return Conv2d(layer.weight, rng.standard_normal(filters).astype(np.float32), stride=stride, padding=padding)


def naive(layer, x):
    match layer:
        case Conv2d():
            return naive_conv2d(x, layer.weight, layer.bias, layer.stride, layer.padding)
        case LocallyConnected2d():
            return naive_locally_connected2d(x, layer.weight, layer.bias, layer.stride, layer.padding)
        case ReLU():
            return naive_relu(x)
        case MaxPool2d():
            return naive_max_pool2d(x, layer.size)
        case Linear():
            return naive_linear(x, layer.weight, layer.bias)
        case Softmax():
            return naive_softmax(x)


def assert_equals_the_oracle(network, images, layers=None):
    trace = InferencePlan(network, len(images)).trace(images)

    assert list(trace.outputs) == list(network.layers)
    x = images
    for name, layer in (layers or network.layers).items():
        x = naive(layer, x)
        np.testing.assert_allclose(trace.outputs[name], x, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("count", [1, 3])
def test_equals_the_slow_layers_one_after_the_other(rng, count):
    assert_equals_the_oracle(two_conv_network(rng), rng.random((count, 1, 8, 8), dtype=np.float32))


@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "padding"),
    [
        *((c, (k, k), (s, s), (p, p)) for c, k, s, p in [(1, 3, 1, 0), (1, 5, 2, 2), (2, 3, 3, 1), (3, 3, 1, 1)]),
        *((c, (k, k), (s, s), (p, p)) for c, k, s, p in [(6, 2, 1, 0), (6, 3, 2, 1), (5, 1, 1, 0), (6, 4, 3, 2)]),
        (1, (2, 5), (1, 2), (0, 3)),
        (1, (5, 1), (3, 1), (2, 0)),
        (6, (1, 4), (2, 1), (0, 2)),
        (6, (4, 2), (1, 3), (1, 0)),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_convolution_of_few_and_of_many_channels_equals_the_slow_one(rng, channels, kernel, stride, padding, count):
    layers = {"conv": conv(rng, channels, 4, kernel, stride, padding)}
    network = Network((channels, 9, 10), {**layers, "softmax": Softmax()})

    assert_equals_the_oracle(network, rng.standard_normal((count, channels, 9, 10), dtype=np.float32), layers)


@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "padding"),
    [
        (1, (3, 3), (1, 1), (0, 0)),
        (2, (3, 3), (2, 2), (1, 1)),
        (5, (4, 4), (3, 3), (2, 2)),
        (2, (1, 3), (2, 1), (0, 2)),
        (3, (4, 2), (1, 3), (2, 0)),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_locally_connected_layer_equals_the_slow_one(rng, channels, kernel, stride, padding, count):
    rows, columns = Window(kernel, stride, padding).output_size(9, 10)
    weight = rng.standard_normal((rows, columns, 4, channels, *kernel), dtype=np.float32)
    bias = rng.standard_normal((rows, columns, 4), dtype=np.float32)
    layers = {"local": LocallyConnected2d(weight, bias, stride, padding)}
    network = Network((channels, 9, 10), {**layers, "softmax": Softmax()})

    assert_equals_the_oracle(network, rng.standard_normal((count, channels, 9, 10), dtype=np.float32), layers)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (4, 4), (1, 3), (2, 1), (4, 2)])
def test_pooling_leaves_a_rest_unread_as_the_slow_one_does(rng, size):
    layers = {"pool": MaxPool2d(size)}
    network = Network((3, 9, 11), {**layers, "softmax": Softmax()})

    assert_equals_the_oracle(network, rng.standard_normal((2, 3, 9, 11), dtype=np.float32), layers)


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (3, 2)])
@pytest.mark.parametrize("bytes_in_cache", [0, 2**18])
def test_pooling_of_large_maps_equals_that_of_small_ones(rng, monkeypatch, size, bytes_in_cache):
    monkeypatch.setattr(pooling, "IN_CACHE", bytes_in_cache)
    layers = {"pool": MaxPool2d(size)}
    network = Network((3, 9, 11), {**layers, "softmax": Softmax()})

    assert_equals_the_oracle(network, rng.standard_normal((2, 3, 9, 11), dtype=np.float32), layers)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_gives_what_the_network_gives(rng, name):
    network = ARCHITECTURES[name](rng)
    digits = rng.random((4, 1, 28, 28), dtype=np.float32)
    plan = InferencePlan(network)

    for digit in digits:
        expected = network.trace(digit[np.newaxis])
        trace = plan.trace(digit[np.newaxis])
        for name, maps in expected.outputs.items():
            np.testing.assert_allclose(trace.outputs[name], maps, rtol=0, atol=1e-5, err_msg=name)


def test_next_use_overwrites_the_trace_but_not_its_copy(rng):
    network = two_conv_network(rng)
    plan = InferencePlan(network)
    one, other = rng.random((2, 1, 1, 8, 8), dtype=np.float32)

    trace = plan.trace(one)
    copy = trace.copy()
    again = plan.trace(other)

    for name, maps in network.trace(one).outputs.items():
        np.testing.assert_allclose(copy.outputs[name], maps, rtol=0, atol=1e-5)
        assert copy.outputs[name].flags.c_contiguous
        assert np.shares_memory(trace.outputs[name], again.outputs[name])
        assert not np.shares_memory(copy.outputs[name], again.outputs[name])


def test_another_number_of_images_is_refused_with_both_numbers(rng):
    plan = InferencePlan(two_conv_network(rng), 2)

    with pytest.raises(ShapeError, match="this plan reads 2 images at a time, not 3"):
        plan.trace(np.zeros((3, 1, 8, 8), np.float32))
    with pytest.raises(ShapeError):
        plan.trace(np.zeros((2, 1, 8, 9), np.float32))
