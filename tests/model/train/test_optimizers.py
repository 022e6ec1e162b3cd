import numpy as np
import pytest

from model.train.optimizers import AdamW


def _array(*values):
    return np.array(values, dtype=np.float32)


def test_first_step_worked_by_hand():
    weight = _array(1, 1)
    optimizer = AdamW({"weight": weight}, decay={"weight": 0.1})

    optimizer.step({"weight": _array(0.5, -0.02)}, learning_rate=0.1)

    # The moments are corrected for their start at zero, so the first step is the rate times the gradient's sign;
    # decay takes a hundredth of the weight beside it.
    np.testing.assert_allclose(weight, [0.99 - 0.1, 0.99 + 0.1], rtol=1e-6)
    np.testing.assert_allclose(optimizer.first_moments["weight"], [0.05, -0.002], rtol=1e-5)
    np.testing.assert_allclose(optimizer.second_moments["weight"], [0.00025, 4e-7], rtol=1e-4)
    assert optimizer.step_count == 1


def test_second_step_worked_by_hand():
    weight = _array(1)
    optimizer = AdamW({"weight": weight}, decay={"weight": 0.1})

    optimizer.step({"weight": _array(0.5)}, learning_rate=0.1)
    optimizer.step({"weight": _array(-0.25)}, learning_rate=0.1)

    # first: (0.9·0.05 - 0.1·0.25) / (1 - 0.9²) = 0.02 / 0.19
    # second: (0.999·0.00025 + 0.001·0.0625) / (1 - 0.999²) = 0.00031225 / 0.001999
    # weight: 0.89·0.99 - 0.1 · 0.1052632 / 0.3952253
    np.testing.assert_allclose(weight, [0.8544662], rtol=1e-5)


def test_many_steps_equal_the_algorithm_in_float64(rng):
    weight = rng.standard_normal(20).astype(np.float32)
    optimizer = AdamW({"weight": weight}, decay={"weight": 0.3})
    expected, first, second = weight.astype(np.float64), np.zeros(20), np.zeros(20)

    for step in range(1, 51):
        gradient = rng.standard_normal(20).astype(np.float32)
        learning_rate = 0.01 * step / 50
        optimizer.step({"weight": gradient}, learning_rate)

        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient.astype(np.float64) ** 2
        expected -= learning_rate * 0.3 * expected
        expected -= learning_rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    np.testing.assert_allclose(weight, expected, rtol=0, atol=1e-5)


def test_decay_is_not_mixed_into_the_moments():
    weight, bias = _array(2), _array(2)
    optimizer = AdamW({"weight": weight, "bias": bias}, decay={"weight": 0.5})

    optimizer.step({"weight": _array(0), "bias": _array(0)}, learning_rate=0.1)

    np.testing.assert_allclose(weight, [2 * 0.95], rtol=1e-6)
    np.testing.assert_array_equal(bias, [2])
    np.testing.assert_array_equal(optimizer.first_moments["weight"], [0])


def test_gradient_of_any_size_moves_a_weight_by_about_the_rate(rng):
    weight = np.zeros(6, np.float32)
    optimizer = AdamW({"weight": weight}, decay={})

    optimizer.step({"weight": _array(1e-4, 1e-2, 1, 100, -1e4, 0)}, learning_rate=0.25)

    np.testing.assert_allclose(weight, [-0.25, -0.25, -0.25, -0.25, 0.25, 0], rtol=1e-3)


def test_parameters_are_changed_in_place_and_gradients_are_not(rng):
    weight, gradient = np.ones(3, np.float32), _array(1, 2, 3)
    parameters = {"weight": weight}
    optimizer = AdamW(parameters, decay={})

    optimizer.step({"weight": gradient}, learning_rate=0.1)

    assert parameters["weight"] is weight
    assert weight.max() < 1
    np.testing.assert_array_equal(gradient, [1, 2, 3])


def test_missing_gradient_is_a_mistake_of_the_caller():
    optimizer = AdamW({"weight": np.ones(3, np.float32)}, decay={})

    with pytest.raises(KeyError, match="weight"):
        optimizer.step({}, learning_rate=0.1)


def test_decay_bounds_a_parameter_to_its_reciprocal_however_long_it_is_pushed():
    bias = np.zeros(1, dtype=np.float32)
    optimizer = AdamW({"bias": bias}, decay={"bias": 20.0})

    for _ in range(3000):
        optimizer.step({"bias": np.ones(1, dtype=np.float32)}, learning_rate=0.003)

    assert bias[0] == pytest.approx(-1 / 20, rel=0.02)
