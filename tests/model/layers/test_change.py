"""Multipliers: by hand, and for every kind of layer the shares of the inputs add up to those of the outputs."""

import numpy as np
import pytest

from model.layers import AvgPool2d, Conv2d, Layer, Linear, LocallyConnected2d, MaxPool2d, ReLU
from model.layers.change import Change

LAYERS = {
    "conv2d": lambda rng: Conv2d.create(rng, 3, 4, 3, padding=1),
    "locally_connected2d": lambda rng: LocallyConnected2d.create(rng, (3, 6, 5), 4, 2),
    "linear": lambda rng: Linear.create(rng, (3, 6, 5), 4),
    "max_pool2d": lambda rng: MaxPool2d((2, 2)),
    "max_pool2d of 3×2": lambda rng: MaxPool2d((3, 2)),
    "avg_pool2d": lambda rng: AvgPool2d((2, 2)),
    "relu": lambda rng: ReLU(),
}


def change_of(layer: Layer, before: np.ndarray, after: np.ndarray) -> tuple[Change, Change]:
    return Change(before, after), Change(layer.forward(before)[0], layer.forward(after)[0])


def maps(*rows: list[float]) -> np.ndarray:
    return np.array([[rows]], dtype=np.float32)


def test_relu_that_switches_on_has_the_slope_of_the_chord():
    x, y = change_of(ReLU(), maps([-1, 2, -3, 1]), maps([3, 1, -1, 1]))

    shares = ReLU().multipliers(maps([10, 10, 10, 10]), x, y)

    # From -1 to 3 the output goes from 0 to 3: 3/4. What is on all the time has slope 1, what is off 0.
    np.testing.assert_array_equal(shares.multipliers, maps([7.5, 10, 0, 10]))
    assert shares.links is None


def test_pooling_divides_between_the_largest_before_and_the_largest_after():
    pool = MaxPool2d((1, 2))
    x, y = change_of(pool, maps([4, 1]), maps([2, 6]))

    shares = pool.multipliers(maps([7]), x, y)

    # 3 ahead before and 4 behind after: equal after 3/7 of the way.
    np.testing.assert_allclose(shares.multipliers, maps([3, 4]), rtol=1e-6)
    assert np.sum(shares.multipliers * x.difference) == pytest.approx(7 * (6 - 4))


def test_equal_values_of_a_blank_page_leave_everything_to_the_largest_after():
    pool = MaxPool2d((1, 2))
    x, y = change_of(pool, maps([0, 0]), maps([1, 5]))

    np.testing.assert_array_equal(pool.multipliers(maps([1]), x, y).multipliers, maps([0, 1]))


def test_links_of_a_convolution_are_weight_times_change_by_hand():
    layer = Conv2d(np.array([[[[2]], [[-1]]]], dtype=np.float32), np.array([5], dtype=np.float32))
    before = np.zeros((1, 2, 1, 2), dtype=np.float32)
    after = np.array([[[[1, 3]], [[4, 0]]]], dtype=np.float32)
    x, y = change_of(layer, before, after)

    shares = layer.multipliers(maps([1, 10]), x, y)

    np.testing.assert_array_equal(shares.links, [[2 * (1 * 1 + 10 * 3), -1 * (1 * 4)]])
    np.testing.assert_array_equal(shares.multipliers, [[[[2, 20]], [[-1, -10]]]])


@pytest.mark.parametrize("kind", LAYERS)
def test_shares_of_the_inputs_add_up_to_those_of_the_outputs(rng: np.random.Generator, kind: str):
    layer = LAYERS[kind](rng)
    # Whole numbers, so that many values of a window are equal, and many do not change.
    before, after = rng.integers(-2, 3, (2, 7, 3, 6, 5)).astype(np.float32)
    x, y = change_of(layer, before, after)
    dy = rng.standard_normal(y.before.shape).astype(np.float32)

    shares = layer.multipliers(dy, x, y)

    of_outputs = np.sum(dy * y.difference, axis=(1, 2, 3))
    np.testing.assert_allclose(np.sum(shares.multipliers * x.difference, axis=(1, 2, 3)), of_outputs, atol=1e-4)
    if shares.links is not None:
        by_map = np.sum(dy * y.difference, axis=(0, 2, 3))
        np.testing.assert_allclose(shares.links.sum(axis=1), by_map, atol=1e-4)
        by_input_map = np.sum(shares.multipliers * x.difference, axis=(0, 2, 3))
        np.testing.assert_allclose(shares.links.sum(axis=0), by_input_map, atol=1e-4)


@pytest.mark.parametrize("kind", LAYERS)
def test_for_a_small_change_a_multiplier_is_the_gradient(rng: np.random.Generator, kind: str):
    layer = LAYERS[kind](rng)
    # All values at least 0.01 apart and 0.005 from zero, so that nothing switches.
    before = (rng.permutation(3 * 6 * 5).reshape(1, 3, 6, 5) - 44.5).astype(np.float32) / 100
    x, y = change_of(layer, before, before + np.float32(1e-3))
    dy = rng.standard_normal(y.before.shape).astype(np.float32)

    gradient, _ = layer.backward(dy, layer.forward(before)[1])

    np.testing.assert_allclose(layer.multipliers(dy, x, y).multipliers, gradient, rtol=1e-3, atol=1e-3)
