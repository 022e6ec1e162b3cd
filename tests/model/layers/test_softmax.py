"""Softmax: by hand, against the slow oracle, by central differences."""

import math

import numpy as np

from model.layers import Softmax
from tests.model.layers.gradient_check import assert_gradients_match
from tests.model.layers.naive_layers import naive_softmax


def test_logits_become_probabilities():
    x = np.array([[[[0]], [[math.log(3)]]]], dtype=np.float32)

    y, _context = Softmax().forward(x)

    np.testing.assert_allclose(y, [[[[0.25]], [[0.75]]]], rtol=1e-6)
    assert y.dtype == np.float32


def test_gradient_of_two_classes_worked_by_hand():
    x = np.array([[[[0]], [[math.log(3)]]]], dtype=np.float32)
    dy = np.array([[[[1]], [[0]]]], dtype=np.float32)

    dx, gradients = Softmax().backward(dy, Softmax().forward(x)[1])

    # p (1 - p) and -p q, with p = 1/4 and q = 3/4.
    np.testing.assert_allclose(dx, [[[[3 / 16]], [[-3 / 16]]]], rtol=1e-6)
    assert gradients == {}


def test_forward_equals_the_slow_oracle(rng):
    x = rng.normal(0, 3, (4, 10, 1, 1)).astype(np.float32)

    y, _context = Softmax().forward(x)

    np.testing.assert_allclose(y, naive_softmax(x), rtol=1e-5)


def test_gradient_matches_central_differences(rng):
    x = rng.standard_normal((3, 5, 1, 1)).astype(np.float32)
    dy = rng.standard_normal((3, 5, 1, 1)).astype(np.float32)

    assert_gradients_match(Softmax(), x, dy, step=2.0**-7)


def test_layer_keeps_the_shape_and_reads_all_of_its_input():
    layer = Softmax()

    assert layer.output_shape((10, 1, 1)) == (10, 1, 1)
    assert layer.multiply_adds((10, 1, 1)) == 0
    assert layer.window is None
    assert layer.parameters == {}
