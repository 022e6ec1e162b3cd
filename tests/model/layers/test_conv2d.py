"""Conv2d: by hand, against the slow oracle, by central differences."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.geometry import Window
from model.layers import Conv2d
from tests.builders import ink_from_drawing
from tests.model.layers.gradient_check import assert_gradients_match
from tests.model.layers.naive_layers import naive_conv2d, naive_conv2d_gradients

GEOMETRIES = [
    pytest.param(kernel, stride, padding, id=f"kernel {kernel}, stride {stride}, padding {padding}")
    for kernel, stride, padding in [
        *(((k, k), (s, s), (p, p)) for k, s, p in [(1, 1, 0), (2, 1, 0), (3, 1, 0), (3, 1, 1)]),
        *(((k, k), (s, s), (p, p)) for k, s, p in [(3, 2, 0), (3, 2, 1), (5, 1, 2), (5, 3, 4)]),
        ((1, 3), (1, 1), (0, 1)),
        ((3, 1), (1, 2), (1, 0)),
        ((2, 4), (2, 1), (0, 3)),
        ((5, 2), (1, 3), (2, 0)),
    ]
]

SEVEN = ink_from_drawing(
    "........",
    ".######.",
    ".....##.",
    "....##..",
    "...##...",
    "..##....",
    "..##....",
    "........",
    "........",
)


def _array(values):
    return np.array(values, dtype=np.float32)


def _random(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def test_kernel_slides_over_the_image_as_it_stands():
    x = _array([[[[1, 2, 0],
                  [0, 1, 3],
                  [2, 0, 1]]]])  # fmt: skip
    layer = Conv2d(weight=_array([[[[1, 2],
                                    [3, -1]]]]), bias=_array([0.5]))  # fmt: skip

    y, _context = layer.forward(x)

    np.testing.assert_array_equal(y, [[[[4.5, 2.5],
                                        [8.5, 6.5]]]])  # fmt: skip


def test_padding_is_zero_and_stride_skips_positions():
    x = _array([[[[1, 2, 3],
                  [4, 5, 6],
                  [7, 8, 9]]]])  # fmt: skip
    layer = Conv2d(weight=_array([[[[0, 1, 0],
                                    [0, 0, 2],
                                    [0, 0, 3]]]]), bias=_array([0]), stride=(2, 2), padding=(1, 1))  # fmt: skip

    y, _context = layer.forward(x)

    np.testing.assert_array_equal(y, [[[[2 * 2 + 3 * 5, 0],
                                        [1 * 4 + 2 * 8, 1 * 6]]]])  # fmt: skip


def test_each_filter_sums_over_all_channels_with_its_own_kernel_and_bias():
    x = _array([[[[1, 2]], [[10, 20]]]])
    layer = Conv2d(weight=_array([[[[1]], [[2]]],
                                  [[[3]], [[-1]]]]), bias=_array([100, 200]))  # fmt: skip

    y, _context = layer.forward(x)

    np.testing.assert_array_equal(y, [[[[100 + 1 + 20, 100 + 2 + 40]],
                                       [[200 + 3 - 10, 200 + 6 - 20]]]])  # fmt: skip


def test_gradients_of_a_small_convolution_worked_by_hand():
    x = _array([[[[1, 2, 0],
                  [0, 1, 3],
                  [2, 0, 1]]]])  # fmt: skip
    dy = _array([[[[1, 0],
                   [0, 2]]]])  # fmt: skip
    layer = Conv2d(weight=_array([[[[1, 2],
                                    [3, -1]]]]), bias=_array([0.5]))  # fmt: skip

    _y, context = layer.forward(x)
    dx, gradients = layer.backward(dy, context)

    # Each cell of the kernel met one value of the patch at (0, 0), weighing 1, and one of that at (1, 1), weighing 2.
    np.testing.assert_array_equal(gradients["weight"], [[[[1 + 2 * 1, 2 + 2 * 3],
                                                          [0 + 2 * 0, 1 + 2 * 1]]]])  # fmt: skip
    np.testing.assert_array_equal(gradients["bias"], [3])
    np.testing.assert_array_equal(dx, [[[[1, 2, 0],
                                         [3, -1 + 2 * 1, 2 * 2],
                                         [0, 2 * 3, 2 * -1]]]])  # fmt: skip


def test_asymmetric_kernel_on_an_asymmetric_digit_equals_the_oracle_pixel_by_pixel():
    seven = _array(SEVEN[np.newaxis, np.newaxis] / 255)
    kernel = _array([[[[1, 2, 0],
                       [0, -3, 0.5],
                       [4, 0, 0.25]]]])  # fmt: skip
    bias = _array([-0.125])

    y, _context = Conv2d(kernel, bias, padding=(1, 1)).forward(seven)

    np.testing.assert_allclose(y, naive_conv2d(seven, kernel, bias, padding=(1, 1)), rtol=0, atol=1e-6)
    # The specimen has teeth: a kernel turned or mirrored in any way paints quite another map.
    turned = {f"turned by {90 * turns}°": np.rot90(kernel, turns, axes=(2, 3)) for turns in (1, 2, 3)}
    mirrored = {
        "upside down": kernel[:, :, ::-1],
        "left to right": kernel[..., ::-1],
        "transposed": kernel.transpose(0, 1, 3, 2),
        "transposed the other way": np.rot90(kernel, 2, axes=(2, 3)).transpose(0, 1, 3, 2),
    }
    for change, wrong in (turned | mirrored).items():
        assert np.abs(naive_conv2d(seven, wrong, bias, padding=(1, 1)) - y).max() > 1, change


@pytest.mark.parametrize(("kernel", "stride", "padding"), GEOMETRIES)
def test_forward_equals_the_slow_oracle(kernel, stride, padding, rng):
    x = _random(rng, 2, 3, 7, 6)
    weight, bias = _random(rng, 4, 3, *kernel), _random(rng, 4)

    y, _context = Conv2d(weight, bias, stride, padding).forward(x)

    expected = naive_conv2d(x, weight, bias, stride, padding)
    assert y.dtype == np.float32
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("kernel", "stride", "padding"), GEOMETRIES)
def test_backward_equals_the_slow_oracle(kernel, stride, padding, rng):
    x = _random(rng, 2, 3, 7, 6)
    layer = Conv2d(_random(rng, 4, 3, *kernel), _random(rng, 4), stride, padding)
    y, context = layer.forward(x)
    dy = _random(rng, *y.shape)

    dx, gradients = layer.backward(dy, context)

    expected_dx, expected_weight, expected_bias = naive_conv2d_gradients(x, layer.weight, dy, stride, padding)
    np.testing.assert_allclose(dx, expected_dx, rtol=0, atol=1e-4)
    np.testing.assert_allclose(gradients["weight"], expected_weight, rtol=0, atol=1e-4)
    np.testing.assert_allclose(gradients["bias"], expected_bias, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("kernel", "stride", "padding"), GEOMETRIES)
def test_gradient_matches_central_differences(kernel, stride, padding, rng):
    layer = Conv2d(_random(rng, 3, 2, *kernel), _random(rng, 3), stride, padding)
    x = _random(rng, 2, 2, 5, 6)
    dy = _random(rng, *layer.forward(x)[0].shape)

    assert_gradients_match(layer, x, dy)


def test_memory_order_of_the_input_and_of_the_gradient_does_not_matter(rng):
    x = _random(rng, 4, 3, 6, 5)
    dy = _random(rng, 4, 2, 6, 5)
    layer = Conv2d(_random(rng, 2, 3, 3, 3), _random(rng, 2), padding=(1, 1))

    y, context = layer.forward(x)
    dx, gradients = layer.backward(dy, context)
    y_innermost, context_innermost = layer.forward(_images_innermost(x))
    dx_innermost, gradients_innermost = layer.backward(_images_innermost(dy), context_innermost)

    np.testing.assert_array_equal(y_innermost, y)
    np.testing.assert_array_equal(dx_innermost, dx)
    np.testing.assert_array_equal(gradients_innermost["weight"], gradients["weight"])
    np.testing.assert_array_equal(gradients_innermost["bias"], gradients["bias"])


def _images_innermost(x):
    return np.ascontiguousarray(x.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)


def test_image_gives_the_same_map_whoever_shares_its_batch(rng):
    x = _random(rng, 5, 2, 6, 6)
    layer = Conv2d(_random(rng, 3, 2, 3, 3), _random(rng, 3))

    together, _context = layer.forward(x)
    alone = np.concatenate([layer.forward(x[n : n + 1])[0] for n in range(5)])

    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5)


def test_first_layer_is_spared_the_gradient_by_its_input(rng):
    layer = Conv2d(_random(rng, 2, 1, 3, 3), _random(rng, 2))
    y, context = layer.forward(_random(rng, 2, 1, 5, 5))

    dx, gradients = layer.backward(np.ones_like(y), context, needs_dx=False)
    _dx, with_input = layer.backward(np.ones_like(y), context)

    assert dx is None
    np.testing.assert_array_equal(gradients["weight"], with_input["weight"])
    np.testing.assert_array_equal(gradients["bias"], with_input["bias"])


def test_input_and_gradient_are_left_as_they_were(rng):
    x, dy = _random(rng, 2, 1, 4, 4), _random(rng, 2, 2, 2, 2)
    x_before, dy_before = x.copy(), dy.copy()
    layer = Conv2d(_random(rng, 2, 1, 3, 3), _random(rng, 2))

    _y, context = layer.forward(x)
    layer.backward(dy, context)

    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)


def test_layer_says_its_shape_its_cost_and_how_it_steps():
    layer = Conv2d(np.zeros((16, 3, 5, 4), np.float32), np.zeros(16, np.float32), stride=(2, 3), padding=(1, 2))

    assert layer.output_shape((3, 9, 12)) == (16, 4, 5)
    assert layer.multiply_adds((3, 9, 12)) == 16 * 3 * 20 * 4 * 5
    assert layer.window == Window(size=(5, 4), stride=(2, 3), padding=(1, 2))
    assert list(layer.parameters) == ["weight", "bias"]


def test_wrong_number_of_channels_is_refused_with_both_numbers():
    layer = Conv2d(np.zeros((4, 3, 3, 3), np.float32), np.zeros(4, np.float32))

    with pytest.raises(ShapeError, match=r"^kernels read 3 channels but the input has 2$"):
        layer.output_shape((2, 8, 8))


def test_created_layer_has_he_initialized_kernels_and_zero_biases(rng):
    layer = Conv2d.create(rng, 16, 64, 5, padding=2)

    assert layer.weight.shape == (64, 16, 5, 5)
    assert (layer.stride, layer.padding) == ((1, 1), (2, 2))
    # 25,600 draws: their deviation is within 2 % of √(2 / (16·25)).
    assert layer.weight.std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    np.testing.assert_array_equal(layer.bias, np.zeros(64))


@pytest.mark.parametrize(("stride", "padding", "after"), [((1, 1), (0, 0), (1, 2)), ((2, 2), (1, 0), (0, 1))])
def test_padding_below_and_right_may_differ_from_that_above_and_left(stride, padding, after, rng):
    x = rng.standard_normal((2, 2, 7, 6)).astype(np.float32)
    weight, bias = rng.standard_normal((3, 2, 3, 2)).astype(np.float32), rng.standard_normal(3).astype(np.float32)

    y, _context = Conv2d(weight, bias, stride, padding, after).forward(x)

    np.testing.assert_allclose(y, naive_conv2d(x, weight, bias, stride, padding, after), atol=1e-5)
