"""ReLU: by hand, against the slow oracle, by central differences."""

import numpy as np

from model.geometry import Window
from model.layers import ReLU
from tests.model.layers.gradient_check import assert_gradients_match
from tests.model.layers.naive_layers import naive_relu


def test_negative_values_become_zero_and_others_stay():
    x = np.array([[[[-2, -0.5, 0, 0.5, 2]]]], dtype=np.float32)

    y, _context = ReLU().forward(x)

    np.testing.assert_array_equal(y, [[[[0, 0, 0, 0.5, 2]]]])
    assert y.dtype == np.float32


def test_gradient_passes_where_the_input_was_positive_and_not_at_zero():
    x = np.array([[[[-2, 0, 2]]]], dtype=np.float32)
    dy = np.array([[[[10, 20, 30]]]], dtype=np.float32)

    dx, gradients = ReLU().backward(dy, ReLU().forward(x)[1])

    np.testing.assert_array_equal(dx, [[[[0, 0, 30]]]])
    assert dx.dtype == np.float32
    assert gradients == {}


def test_forward_equals_the_slow_oracle(rng):
    x = rng.standard_normal((3, 2, 4, 5)).astype(np.float32)

    y, _context = ReLU().forward(x)

    np.testing.assert_array_equal(y, naive_relu(x))


def test_gradient_matches_central_differences(rng):
    # No value within a step of the kink.
    x = (rng.choice([-1, 1], (2, 3, 4, 5)) * rng.uniform(0.25, 2, (2, 3, 4, 5))).astype(np.float32)
    dy = rng.standard_normal(x.shape).astype(np.float32)

    assert_gradients_match(ReLU(), x, dy)


def test_input_and_gradient_are_left_as_they_were():
    x = np.array([[[[-2, 2]]]], dtype=np.float32)
    dy = np.array([[[[5, 7]]]], dtype=np.float32)

    ReLU().backward(dy, ReLU().forward(x)[1])

    np.testing.assert_array_equal(x, [[[[-2, 2]]]])
    np.testing.assert_array_equal(dy, [[[[5, 7]]]])


def test_layer_keeps_the_shape_and_costs_no_products():
    layer = ReLU()

    assert layer.output_shape((3, 4, 5)) == (3, 4, 5)
    assert layer.multiply_adds((3, 4, 5)) == 0
    assert layer.window == Window((1, 1))
    assert layer.parameters == {}
