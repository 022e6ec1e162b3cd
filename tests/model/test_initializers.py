import numpy as np
import pytest

from model.initializers import he_normal


def test_deviation_is_the_square_root_of_two_over_the_inputs(rng):
    weights = he_normal(rng, (100, 1000), fan_in=50)

    # 100,000 draws: mean and deviation are within 1 % of 0.2.
    assert weights.std() == pytest.approx(0.2, rel=0.01)
    assert weights.mean() == pytest.approx(0, abs=0.002)
    assert weights.dtype == np.float32


def test_same_seed_draws_the_same_weights():
    first = he_normal(np.random.default_rng(7), (3, 2, 5, 5), fan_in=50)
    second = he_normal(np.random.default_rng(7), (3, 2, 5, 5), fan_in=50)
    other = he_normal(np.random.default_rng(8), (3, 2, 5, 5), fan_in=50)

    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
