"""LocallyConnected2d: by hand, against the slow oracle, by central differences, and beside a convolution."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.geometry import Window
from model.layers import Conv2d, LocallyConnected2d
from tests.model.layers.gradient_check import assert_gradients_match
from tests.model.layers.naive_layers import naive_locally_connected2d

GEOMETRIES = [
    pytest.param(kernel, stride, padding, id=f"kernel {kernel}, stride {stride}, padding {padding}")
    for kernel, stride, padding in [
        *(((k, k), (s, s), (p, p)) for k, s, p in [(1, 1, 0), (2, 1, 0), (3, 1, 1), (3, 2, 1), (5, 3, 4)]),
        ((1, 3), (1, 1), (0, 1)),
        ((3, 2), (1, 2), (1, 0)),
        ((2, 4), (2, 1), (0, 3)),
    ]
]


def _array(values):
    return np.array(values, dtype=np.float32)


def _layer(rng, channels, filters, height, width, kernel, stride, padding):
    rows, columns = Window(kernel, stride, padding).output_size(height, width)
    weight = rng.standard_normal((rows, columns, filters, channels, *kernel), dtype=np.float32)
    return LocallyConnected2d(weight, rng.standard_normal((rows, columns, filters), dtype=np.float32), stride, padding)


def test_each_place_has_a_kernel_and_a_bias_of_its_own():
    x = _array([[[[1, 2, 3]]]])
    layer = LocallyConnected2d(weight=_array([[[[[[1]]]], [[[[10]]]], [[[[100]]]]]]), bias=_array([[[0], [5], [7]]]))

    y, _context = layer.forward(x)

    np.testing.assert_array_equal(y, [[[[1, 25, 307]]]])


@pytest.mark.parametrize(("kernel", "stride", "padding"), GEOMETRIES)
def test_forward_equals_the_slow_oracle(kernel, stride, padding, rng):
    x = rng.standard_normal((2, 3, 7, 6), dtype=np.float32)
    layer = _layer(rng, 3, 4, 7, 6, kernel, stride, padding)

    y, _context = layer.forward(x)

    assert y.dtype == np.float32
    np.testing.assert_allclose(
        y, naive_locally_connected2d(x, layer.weight, layer.bias, stride, padding), rtol=0, atol=1e-4
    )


@pytest.mark.parametrize(("kernel", "stride", "padding"), GEOMETRIES)
def test_gradient_matches_central_differences(kernel, stride, padding, rng):
    x = rng.standard_normal((2, 2, 5, 6), dtype=np.float32)
    layer = _layer(rng, 2, 3, 5, 6, kernel, stride, padding)
    dy = rng.standard_normal(layer.forward(x)[0].shape, dtype=np.float32)

    assert_gradients_match(layer, x, dy)


def test_with_the_same_kernel_everywhere_it_is_a_convolution_whose_gradient_is_the_sum_over_all_places(rng):
    shared = Conv2d(rng.standard_normal((4, 2, 3, 3), dtype=np.float32), rng.standard_normal(4, dtype=np.float32),
                    padding=(1, 1))  # fmt: skip
    untied = LocallyConnected2d(
        np.tile(shared.weight, (6, 5, 1, 1, 1, 1)), np.tile(shared.bias, (6, 5, 1)), padding=(1, 1)
    )
    x, dy = rng.standard_normal((2, 2, 6, 5), dtype=np.float32), rng.standard_normal((2, 4, 6, 5), dtype=np.float32)

    y, context = untied.forward(x)
    dx, gradients = untied.backward(dy, context)
    y_shared, context_shared = shared.forward(x)
    dx_shared, gradients_shared = shared.backward(dy, context_shared)

    np.testing.assert_allclose(y, y_shared, rtol=0, atol=1e-5)
    np.testing.assert_allclose(dx, dx_shared, rtol=0, atol=1e-5)
    np.testing.assert_allclose(gradients["weight"].sum(axis=(0, 1)), gradients_shared["weight"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(gradients["bias"].sum(axis=(0, 1)), gradients_shared["bias"], rtol=0, atol=1e-4)


def test_memory_order_of_the_input_and_of_the_gradient_does_not_matter(rng):
    layer = _layer(rng, 3, 2, 6, 5, (3, 3), (1, 1), (1, 1))
    x, dy = rng.standard_normal((4, 3, 6, 5), dtype=np.float32), rng.standard_normal((4, 2, 6, 5), dtype=np.float32)

    y, context = layer.forward(x)
    dx, gradients = layer.backward(dy, context)
    y_other, context_other = layer.forward(np.asfortranarray(x))
    dx_other, gradients_other = layer.backward(np.asfortranarray(dy), context_other)

    np.testing.assert_array_equal(y_other, y)
    np.testing.assert_array_equal(dx_other, dx)
    np.testing.assert_array_equal(gradients_other["weight"], gradients["weight"])


def test_first_layer_is_spared_the_gradient_by_its_input(rng):
    layer = _layer(rng, 1, 2, 5, 5, (3, 3), (1, 1), (0, 0))
    y, context = layer.forward(rng.standard_normal((2, 1, 5, 5), dtype=np.float32))

    dx, _gradients = layer.backward(np.ones_like(y), context, needs_dx=False)

    assert dx is None


def test_every_weight_is_used_once(rng):
    layer = LocallyConnected2d.create(rng, (1, 28, 28), 16, 5, padding=2)

    assert layer.output_shape((1, 28, 28)) == (16, 28, 28)
    assert layer.multiply_adds((1, 28, 28)) == layer.weight.size == 28 * 28 * 16 * 25
    assert layer.window == Window(size=(5, 5), stride=(1, 1), padding=(2, 2))
    # 313,600 draws: their deviation is within 1 % of √(2 / 25).
    assert layer.weight.std() == pytest.approx(np.sqrt(2 / 25), rel=0.01)
    np.testing.assert_array_equal(layer.bias, np.zeros((28, 28, 16)))


def test_input_of_another_size_is_refused_with_both_numbers_of_places(rng):
    layer = LocallyConnected2d.create(rng, (1, 8, 8), 2, 3)

    with pytest.raises(ShapeError, match=r"^there are kernels for 6×6 positions but the input has 7×6$"):
        layer.output_shape((1, 9, 8))
    with pytest.raises(ShapeError, match=r"^kernels read 1 channels but the input has 2$"):
        layer.output_shape((2, 8, 8))
