"""AvgPool2d: by hand, against the slow oracle, by central differences."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.geometry import Window
from model.layers import AvgPool2d
from tests.model.layers.gradient_check import assert_gradients_match
from tests.model.layers.naive_layers import naive_avg_pool2d


def test_average_pool_gives_the_mean_of_each_window():
    x = np.array([[[[1, 5, 2, 0],
                    [3, 3, 8, 2],
                    [0, 0, 7, 6],
                    [9, -1, 6, 5]]]], dtype=np.float32)  # fmt: skip

    y, _context = AvgPool2d(size=(2, 2)).forward(x)

    np.testing.assert_array_equal(y, [[[[3, 3],
                                        [2, 6]]]])  # fmt: skip


def test_every_value_of_a_window_takes_an_equal_share_of_the_gradient():
    layer = AvgPool2d(size=(2, 2))
    _y, context = layer.forward(np.zeros((1, 1, 2, 4), dtype=np.float32))

    dx, gradients = layer.backward(np.array([[[[4, 8]]]], dtype=np.float32), context)

    np.testing.assert_array_equal(dx, [[[[1, 1, 2, 2],
                                         [1, 1, 2, 2]]]])  # fmt: skip
    assert gradients == {}


def test_rest_that_fills_no_window_is_not_read_and_gets_no_gradient():
    x = np.array([[[[1, 2, 99],
                    [3, 6, 99],
                    [99, 99, 99]]]], dtype=np.float32)  # fmt: skip
    layer = AvgPool2d(size=(2, 2))

    y, context = layer.forward(x)
    dx, _gradients = layer.backward(np.array([[[[4]]]], dtype=np.float32), context)

    np.testing.assert_array_equal(y, [[[[3]]]])
    np.testing.assert_array_equal(dx, [[[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]])


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((1, 1), (2, 3, 4, 5)),
        ((2, 2), (3, 2, 7, 6)),
        ((3, 3), (1, 4, 9, 11)),
        ((5, 5), (2, 1, 5, 5)),
        ((1, 3), (2, 2, 5, 8)),
        ((4, 2), (2, 2, 9, 5)),
    ],
)
def test_means_and_gradients_are_those_of_the_slow_oracle(
    rng: np.random.Generator, size: tuple[int, int], shape: tuple[int, ...]
):
    x = rng.normal(size=shape).astype(np.float32)
    layer = AvgPool2d(size)

    y, _context = layer.forward(x)

    np.testing.assert_allclose(y, naive_avg_pool2d(x, size), atol=1e-5)
    assert_gradients_match(layer, x, rng.normal(size=y.shape).astype(np.float32), step=0.25)


def test_window_larger_than_the_input_is_refused():
    with pytest.raises(ShapeError):
        AvgPool2d(size=(4, 4)).output_shape((1, 3, 3))


def test_windows_lie_side_by_side():
    assert AvgPool2d(size=(3, 2)).window == Window((3, 2), stride=(3, 2))


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [((3, 3), (2, 2), (0, 0)), ((3, 3), (2, 2), (1, 1)), ((2, 3), (1, 2), (1, 0))]
)
def test_windows_may_overlap_and_reach_into_padding_which_is_not_counted(size, stride, padding, rng):
    x = rng.standard_normal((3, 2, 7, 6)).astype(np.float32)

    y, _context = AvgPool2d(size, stride, padding).forward(x)

    np.testing.assert_allclose(y, naive_avg_pool2d(x, size, stride, padding), atol=1e-6)
