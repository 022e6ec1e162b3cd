"""What a network gets wrong: which classes it confuses, and how often predictions of each probability are correct."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Labels

CLASSES = 10
BINS = 10
"""Of the calibration curve: probabilities from 0 to 0.1, from 0.1 to 0.2, …; the last includes 1."""


@dataclass(frozen=True)
class CalibrationBin:
    """The digits whose predicted class has a probability between two limits.

    Attributes:
        low: The lower limit; a probability equal to it is in this bin.
        high: The upper limit.
        digits: How many.
        correct: How many of them are classified correctly.
        mean_probability: Of the predicted class; None without digits.
        accuracy: Share classified correctly; None without digits.
    """

    low: float
    high: float
    digits: int
    correct: int
    mean_probability: float | None
    accuracy: float | None


def confusion_matrix(labels: Labels, predicted: Labels) -> NDArray[np.int64]:
    """(10, 10) int64: how many digits of each class (row) are predicted as each class (column).

    >>> confusion_matrix(np.array([3, 3, 5]), np.array([3, 5, 5]))[3]
    array([0, 0, 0, 1, 0, 1, 0, 0, 0, 0])
    """
    cells = labels.astype(np.int64) * CLASSES + predicted
    return np.bincount(cells, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)


def calibration_curve(
    probabilities: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS
) -> list[CalibrationBin]:
    """How often predictions of each probability are correct.

    Args:
        probabilities: (N,), of the predicted class.
        correct: (N,) bool.
        bins: Of equal width.

    Source:
        Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks", reliability diagrams.
    """
    numbers = np.minimum((probabilities.astype(np.float64) * bins).astype(np.int64), bins - 1)
    curve = []
    for number in range(bins):
        inside = numbers == number
        digits, right = int(inside.sum()), int(correct[inside].sum())
        mean = float(probabilities[inside].mean(dtype=np.float64)) if digits else None
        accuracy = right / digits if digits else None
        curve.append(CalibrationBin(number / bins, (number + 1) / bins, digits, right, mean, accuracy))
    return curve


def expected_calibration_error(curve: list[CalibrationBin]) -> float:
    """The mean of |accuracy − mean probability| over all digits, 0–1."""
    total = sum(each.digits for each in curve)
    gaps = (abs((each.accuracy or 0) - (each.mean_probability or 0)) * each.digits for each in curve)
    return sum(gaps) / total if total else 0.0
