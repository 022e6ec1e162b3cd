import numpy as np
import pytest

from model.data.mnist import Digits
from model.layers import Conv2d, Linear, ReLU, Softmax
from model.network import Network
from model.train.evaluation import Accuracy, calibration_error_of, evaluate, find_dead_filters


def test_interval_is_wilsons():
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I: 81 of 263 and 0 of 20.
    low, high = Accuracy(errors=263 - 81, digits=263).interval
    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))

    low, high = Accuracy(errors=20, digits=20).interval
    assert (low, high) == (pytest.approx(0, abs=1e-9), pytest.approx(0.1611, abs=1e-4))


def test_accuracy_is_written_with_its_interval_and_errors():
    assert str(Accuracy(errors=15, digits=1_500)) == "99.00% (98.36% to 99.39%), 15 errors of 1,500"
    assert Accuracy(errors=15, digits=1_500).to_dict() == {
        "accuracy": 0.99,
        "interval": [0.983566, 0.993931],
        "errors": 15,
        "digits": 1_500,
    }


def test_calibration_error_weighs_each_bin_by_its_digits():
    # Three digits predicted with 0.8, of which two are right, and one with 0.6, which is wrong.
    probabilities = np.array([[0.8, 0.2], [0.2, 0.8], [0.8, 0.2], [0.6, 0.4]], dtype=np.float32)
    labels = np.array([0, 1, 1, 1], dtype=np.uint8)

    error = calibration_error_of(probabilities, labels, bins=10)

    assert error == pytest.approx((3 * abs(2 / 3 - 0.8) + abs(0 - 0.6)) / 4, abs=1e-6)


def test_certain_and_right_predictions_have_no_calibration_error():
    assert calibration_error_of(np.eye(3, dtype=np.float32), np.arange(3, dtype=np.uint8)) == 0


@pytest.fixture
def network():
    """Two filters of one pixel, the second of which is negative on every ink; class 0 is what has more ink."""
    kernels = np.array([1.0, -1.0], dtype=np.float32).reshape(2, 1, 1, 1)
    classes = np.zeros((2, 2, 2, 2), dtype=np.float32)
    classes[0, 0] = 10
    return Network(
        (1, 2, 2),
        {
            "conv": Conv2d(kernels, np.zeros(2, np.float32)),
            "relu": ReLU(),
            "linear": Linear(classes, np.array([0, 5], np.float32)),
            "softmax": Softmax(),
        },
    )


def test_filter_that_is_zero_on_every_digit_is_dead(network):
    digits = Digits(np.full((3, 2, 2), 255, np.uint8), np.array([0, 0, 1], np.uint8))

    assert find_dead_filters(network, digits) == {"relu": [1]}


def test_evaluation_says_what_a_recipe_is_chosen_by(network):
    digits = Digits(np.full((4, 2, 2), 255, np.uint8), np.array([0, 0, 0, 1], np.uint8))

    evaluation = evaluate(network, digits)

    assert str(evaluation) == ("75.00% (30.06% to 95.44%), 1 errors of 4, calibration error 25.00%, 1 dead filters")
    assert evaluation.to_dict()["expected_calibration_error"] == 0.25
    assert evaluation.to_dict()["dead_filters"] == {"relu": [1]}
