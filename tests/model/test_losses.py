import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.losses import log_softmax, softmax, softmax_cross_entropy
from tests.model.layers.gradient_check import central_differences


def _array(values):
    return np.array(values, dtype=np.float32)


def test_probabilities_are_the_shares_of_the_exponentials():
    probabilities = softmax(_array([[0, math.log(3)], [5, 5]]))

    np.testing.assert_allclose(probabilities, [[0.25, 0.75], [0.5, 0.5]], rtol=1e-6)
    assert probabilities.dtype == np.float32


def test_large_logits_neither_overflow_nor_vanish():
    np.testing.assert_array_equal(softmax(_array([[1000, 0], [-1000, -1000]])), [[1, 0], [0.5, 0.5]])


@given(st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=10), st.floats(-50, 50, width=32))
def test_probabilities_sum_to_one_and_do_not_change_with_a_common_shift(logits, shift):
    row = _array([logits])

    probabilities = softmax(row)

    assert probabilities.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(softmax(row + np.float32(shift)), probabilities, rtol=0, atol=1e-4)


def test_logarithm_is_exact_also_where_the_probability_underflows():
    logits = _array([[0, -200]])

    assert softmax(logits)[0, 1] == 0
    np.testing.assert_array_equal(log_softmax(logits), [[0, -200]])


def test_logarithm_is_that_of_the_probabilities(rng):
    logits = rng.normal(0, 3, (6, 10)).astype(np.float32)

    np.testing.assert_allclose(log_softmax(logits), np.log(softmax(logits)), rtol=0, atol=1e-5)


def test_knowing_nothing_of_ten_classes_costs_the_logarithm_of_ten():
    loss, gradient = softmax_cross_entropy(np.zeros((1, 10), np.float32), np.array([3], np.uint8))

    assert loss == pytest.approx(math.log(10), rel=1e-6)
    np.testing.assert_allclose(gradient, [[0.1, 0.1, 0.1, -0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]], rtol=1e-6)
    assert gradient.dtype == np.float32


def test_loss_is_the_mean_over_the_batch_and_so_is_its_gradient():
    logits = _array([[0, math.log(3)], [0, math.log(3)]])

    loss, gradient = softmax_cross_entropy(logits, np.array([0, 1], np.uint8))

    assert loss == pytest.approx((math.log(4) + math.log(4 / 3)) / 2, rel=1e-6)
    np.testing.assert_allclose(gradient, [[(0.25 - 1) / 2, 0.75 / 2], [0.25 / 2, (0.75 - 1) / 2]], rtol=1e-6)


def test_smoothing_moves_a_share_of_the_target_to_all_classes():
    logits = _array([[0, math.log(3)]])

    loss, gradient = softmax_cross_entropy(logits, np.array([0], np.uint8), smoothing=0.2)

    assert loss == pytest.approx(0.9 * math.log(4) + 0.1 * math.log(4 / 3), rel=1e-6)
    np.testing.assert_allclose(gradient, [[0.25 - 0.9, 0.75 - 0.1]], rtol=1e-6)


def test_certainty_of_the_wrong_class_costs_a_finite_loss():
    loss, gradient = softmax_cross_entropy(_array([[500, 0]]), np.array([1], np.uint8))

    assert loss == 500
    np.testing.assert_array_equal(gradient, [[1, -1]])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_gradient_matches_central_differences(smoothing, rng):
    logits = rng.normal(0, 2, (4, 5))  # float64, so that a small step can be taken
    labels = rng.integers(0, 5, 4).astype(np.uint8)

    _, analytic = softmax_cross_entropy(logits, labels, smoothing)
    numeric = central_differences(lambda: softmax_cross_entropy(logits, labels, smoothing)[0], logits, step=1e-5)

    np.testing.assert_allclose(analytic, numeric, rtol=0, atol=1e-7, err_msg=f"analytic:\n{analytic}\n{numeric=}")
    np.testing.assert_allclose(analytic.sum(axis=1), 0, atol=1e-7)
