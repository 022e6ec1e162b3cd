"""MaxPool2d: by hand, against the slow oracle, by central differences."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.geometry import Window
from model.layers import MaxPool2d
from tests.model.layers.gradient_check import assert_gradients_match
from tests.model.layers.naive_layers import naive_max_pool2d


def test_max_pool_keeps_the_largest_value_of_each_window():
    x = np.array([[[[1, 5, 2, 0],
                    [3, 4, 8, 1],
                    [0, 0, 7, 6],
                    [9, 0, 6, 5]]]], dtype=np.float32)  # fmt: skip

    y, _context = MaxPool2d(size=(2, 2)).forward(x)

    np.testing.assert_array_equal(y, [[[[5, 8],
                                        [9, 7]]]])  # fmt: skip


def test_gradient_goes_to_the_value_that_won():
    x = np.array([[[[1, 5, 2, 0],
                    [3, 4, 8, 1]]]], dtype=np.float32)  # fmt: skip
    dy = np.array([[[[10, 20]]]], dtype=np.float32)

    layer = MaxPool2d(size=(2, 2))
    dx, gradients = layer.backward(dy, layer.forward(x)[1])

    np.testing.assert_array_equal(dx, [[[[0, 10, 0, 0],
                                         [0, 0, 20, 0]]]])  # fmt: skip
    assert gradients == {}


def test_of_equal_values_the_leftmost_and_then_the_topmost_takes_the_whole_gradient():
    x = np.array([[[[0, 0, 1, 7],
                    [0, 0, 7, 7]]]], dtype=np.float32)  # fmt: skip
    dy = np.array([[[[10, 20]]]], dtype=np.float32)

    layer = MaxPool2d(size=(2, 2))
    dx, _gradients = layer.backward(dy, layer.forward(x)[1])

    np.testing.assert_array_equal(dx, [[[[10, 0, 0, 0],
                                         [0, 0, 20, 0]]]])  # fmt: skip


def test_windows_of_negative_values_have_a_negative_maximum():
    x = np.array([[[[-3, -1],
                    [-2, -4]]]], dtype=np.float32)  # fmt: skip

    y, _context = MaxPool2d(size=(2, 2)).forward(x)

    np.testing.assert_array_equal(y, [[[[-1]]]])


def test_rest_that_fills_no_window_is_not_read_and_gets_no_gradient():
    x = np.array([[[[1, 2, 99],
                    [3, 4, 99],
                    [99, 99, 99]]]], dtype=np.float32)  # fmt: skip

    layer = MaxPool2d(size=(2, 2))
    y, context = layer.forward(x)
    dx, _gradients = layer.backward(np.array([[[[5]]]], dtype=np.float32), context)

    np.testing.assert_array_equal(y, [[[[4]]]])
    np.testing.assert_array_equal(dx, [[[[0, 0, 0],
                                         [0, 5, 0],
                                         [0, 0, 0]]]])  # fmt: skip


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (1, 3), (3, 1), (2, 3)])
def test_forward_equals_the_slow_oracle(size, rng):
    x = rng.standard_normal((3, 2, 7, 6)).astype(np.float32)

    y, _context = MaxPool2d(size).forward(x)

    np.testing.assert_array_equal(y, naive_max_pool2d(x, size))
    assert y.dtype == np.float32


@pytest.mark.parametrize(
    ("size", "stride", "padding"),
    [((3, 3), (2, 2), (0, 0)), ((3, 3), (2, 2), (1, 1)), ((2, 3), (1, 2), (1, 0)), ((1, 2), (3, 3), (0, 1))],
)
def test_windows_may_overlap_leave_gaps_and_reach_into_padding(size, stride, padding, rng):
    x = rng.standard_normal((3, 2, 7, 6)).astype(np.float32) - 9

    y, _context = MaxPool2d(size, stride, padding).forward(x)

    np.testing.assert_array_equal(y, naive_max_pool2d(x, size, stride, padding))


def test_value_that_is_the_largest_of_two_windows_gets_both_gradients():
    x = np.array([[[[1, 2, 9, 4, 5]]]], dtype=np.float32)
    layer = MaxPool2d((1, 3), (1, 2))

    y, context = layer.forward(x)
    dx, _gradients = layer.backward(np.array([[[[10, 20]]]], dtype=np.float32), context)

    np.testing.assert_array_equal(y, [[[[9, 9]]]])
    np.testing.assert_array_equal(dx, [[[[0, 0, 30, 0, 0]]]])


def test_padding_is_no_winner_of_a_window_of_negative_values():
    x = np.array([[[[-3, -1]]]], dtype=np.float32)

    terms = MaxPool2d((1, 2), (1, 2), (0, 1)).neuron_terms(x[0], 0, 0, 0)

    assert (terms.computed, terms.winner) == (-3, (0, 1))


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (1, 3), (3, 1), (2, 3)])
def test_gradient_matches_central_differences(size, rng):
    # All values differ by more than two steps, so no nudge changes who wins.
    x = rng.permutation(2 * 2 * 6 * 7).reshape(2, 2, 6, 7).astype(np.float32)
    layer = MaxPool2d(size)
    dy = rng.standard_normal(layer.forward(x)[0].shape).astype(np.float32)

    assert_gradients_match(layer, x, dy, step=0.25)


def test_memory_order_does_not_matter(rng):
    # Few different values: most windows hold a tie, which must fall alike.
    x = rng.integers(0, 3, (4, 2, 6, 6)).astype(np.float32)
    dy = rng.standard_normal((4, 2, 3, 3)).astype(np.float32)
    layer = MaxPool2d()

    y, context = layer.forward(x)
    y_innermost, context_innermost = layer.forward(_images_innermost(x))

    np.testing.assert_array_equal(y_innermost, y)
    np.testing.assert_array_equal(
        layer.backward(_images_innermost(dy), context_innermost)[0], layer.backward(dy, context)[0]
    )


def _images_innermost(x):
    return np.ascontiguousarray(x.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)


def test_input_and_gradient_are_left_as_they_were(rng):
    x = rng.standard_normal((2, 1, 4, 4)).astype(np.float32)
    dy = rng.standard_normal((2, 1, 2, 2)).astype(np.float32)
    x_before, dy_before = x.copy(), dy.copy()
    layer = MaxPool2d()

    layer.backward(dy, layer.forward(x)[1])

    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)


def test_layer_says_its_shape_and_that_it_costs_no_products():
    layer = MaxPool2d(size=(3, 2))

    assert layer.output_shape((5, 10, 9)) == (5, 3, 4)
    assert layer.multiply_adds((5, 10, 9)) == 0
    assert layer.window == Window(size=(3, 2), stride=(3, 2))
    assert layer.parameters == {}


def test_input_smaller_than_a_window_is_refused():
    with pytest.raises(ShapeError, match=r"^kernel is 3 px but the padded input is only 2 px$"):
        MaxPool2d(size=(3, 3)).output_shape((1, 2, 6))
