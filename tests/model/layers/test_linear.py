"""Linear: by hand, against the slow oracle, by central differences."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.layers import Linear
from tests.model.layers.gradient_check import assert_gradients_match
from tests.model.layers.naive_layers import naive_linear


def _array(values):
    return np.array(values, dtype=np.float32)


def test_each_neuron_weighs_every_input_with_a_weight_of_its_own():
    x = _array([[[[1, 2]], [[3, 4]]]])
    layer = Linear(weight=_array([[[[1, 10]], [[100, 1000]]],
                                  [[[0, 1]], [[0, -1]]]]), bias=_array([0.5, 7]))  # fmt: skip

    y, _context = layer.forward(x)

    np.testing.assert_array_equal(y, [[[[1 + 20 + 300 + 4000 + 0.5]], [[2 - 4 + 7]]]])


def test_gradients_of_two_images_worked_by_hand():
    x = _array([[[[1, 2]]],
                [[[3, 4]]]])  # fmt: skip
    dy = _array([[[[1]], [[0]]],
                 [[[10]], [[5]]]])  # fmt: skip
    layer = Linear(weight=_array([[[[1, -1]]],
                                  [[[2, 3]]]]), bias=_array([0, 0]))  # fmt: skip

    dx, gradients = layer.backward(dy, layer.forward(x)[1])

    np.testing.assert_array_equal(gradients["weight"], [[[[1 * 1 + 10 * 3, 1 * 2 + 10 * 4]]],
                                                        [[[5 * 3, 5 * 4]]]])  # fmt: skip
    np.testing.assert_array_equal(gradients["bias"], [11, 5])
    np.testing.assert_array_equal(dx, [[[[1, -1]]],
                                       [[[10 * 1 + 5 * 2, 10 * -1 + 5 * 3]]]])  # fmt: skip


def test_forward_equals_the_slow_oracle(rng):
    x = rng.standard_normal((3, 4, 3, 2)).astype(np.float32)
    weight = rng.standard_normal((5, 4, 3, 2)).astype(np.float32)
    bias = rng.standard_normal(5).astype(np.float32)

    y, _context = Linear(weight, bias).forward(x)

    np.testing.assert_allclose(y, naive_linear(x, weight, bias), rtol=0, atol=1e-5)
    assert y.dtype == np.float32
    assert y.shape == (3, 5, 1, 1)


def test_gradient_matches_central_differences(rng):
    layer = Linear(rng.standard_normal((4, 2, 3, 2)).astype(np.float32), rng.standard_normal(4).astype(np.float32))
    x = rng.standard_normal((3, 2, 3, 2)).astype(np.float32)
    dy = rng.standard_normal((3, 4, 1, 1)).astype(np.float32)

    assert_gradients_match(layer, x, dy)


@pytest.mark.parametrize("axes", [(2, 1, 3, 0), (3, 2, 1, 0)], ids=["images innermost", "all axes reversed"])
def test_memory_order_does_not_matter(axes, rng):
    x = rng.standard_normal((4, 3, 2, 5)).astype(np.float32)
    rearranged = np.ascontiguousarray(x.transpose(axes)).transpose(np.argsort(axes))
    dy = rng.standard_normal((4, 6, 1, 1)).astype(np.float32)
    layer = Linear.create(rng, (3, 2, 5), 6)

    y, context = layer.forward(x)
    y_rearranged, context_rearranged = layer.forward(rearranged)
    _dx, gradients = layer.backward(dy, context)
    _dx, gradients_rearranged = layer.backward(dy, context_rearranged)

    # The order in which a product is summed may differ, and so its last bits.
    np.testing.assert_allclose(y_rearranged, y, rtol=0, atol=1e-5)
    np.testing.assert_allclose(gradients_rearranged["weight"], gradients["weight"], rtol=0, atol=1e-5)


def test_first_layer_is_spared_the_gradient_by_its_input(rng):
    layer = Linear.create(rng, (1, 2, 2), 3)
    y, context = layer.forward(np.ones((2, 1, 2, 2), dtype=np.float32))

    dx, gradients = layer.backward(np.ones_like(y), context, needs_dx=False)

    assert dx is None
    np.testing.assert_array_equal(gradients["weight"], np.full((3, 1, 2, 2), 2))


def test_layer_says_its_shape_and_its_cost():
    layer = Linear(np.zeros((10, 64, 3, 3), np.float32), np.zeros(10, np.float32))

    assert layer.output_shape((64, 3, 3)) == (10, 1, 1)
    assert layer.multiply_adds((64, 3, 3)) == 5_760
    assert layer.window is None


def test_input_of_another_shape_is_refused_with_both_shapes():
    layer = Linear(np.zeros((10, 4, 3, 2), np.float32), np.zeros(10, np.float32))

    with pytest.raises(ShapeError, match=r"^each neuron reads an input of \(4, 3, 2\) but the input is \(4, 2, 3\)$"):
        layer.forward(np.zeros((1, 4, 2, 3), np.float32))


def test_created_layer_has_he_initialized_weights_and_zero_biases(rng):
    layer = Linear.create(rng, (64, 5, 5), 20)

    assert layer.weight.shape == (20, 64, 5, 5)
    assert layer.weight.std() == pytest.approx(np.sqrt(2 / 1600), rel=0.02)
    np.testing.assert_array_equal(layer.bias, np.zeros(20))
