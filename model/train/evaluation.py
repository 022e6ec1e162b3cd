"""What a recipe is chosen by: accuracy, calibration and dead filters on digits that no network is trained on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.arrays import Float32, Labels
from model.data.mnist import Digits
from model.experiments.confusion import calibration_curve, expected_calibration_error
from model.layers import ReLU
from model.losses import softmax
from model.network import Network
from model.train.loop import predict, to_batch

CONFIDENCE_BINS = 15
BATCH = 250


@dataclass(frozen=True)
class Accuracy:
    """How many digits of a set were classified correctly.

    Attributes:
        errors: Digits classified incorrectly.
        digits: Digits in all.
    """

    errors: int
    digits: int

    @property
    def share(self) -> float:
        """Of the digits classified correctly, 0–1."""
        return 1 - self.errors / self.digits

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% Wilson interval of the share.

        Source:
            Wilson (1927), "Probable inference, the law of succession, and statistical inference".
        """
        z, n, share = 1.96, self.digits, self.share
        center = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        return center - half, center + half

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a record in JSON."""
        low, high = self.interval
        return {
            "accuracy": round(self.share, 6),
            "interval": [round(low, 6), round(high, 6)],
            "errors": self.errors,
            "digits": self.digits,
        }

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.share:.2%} ({low:.2%} to {high:.2%}), {self.errors} errors of {self.digits:,}"


@dataclass(frozen=True)
class Evaluation:
    """A finished network on one set of digits.

    Attributes:
        accuracy: On the set.
        calibration_error: Expected calibration error, 0–1; see `calibration_error_of`.
        dead_filters: By the name of each ReLU, the filters that are zero on every digit of the set.
    """

    accuracy: Accuracy
    calibration_error: float
    dead_filters: Mapping[str, list[int]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a record in JSON."""
        return {
            **self.accuracy.to_dict(),
            "expected_calibration_error": round(self.calibration_error, 6),
            "dead_filters": {name: filters for name, filters in self.dead_filters.items() if filters},
        }

    def __str__(self) -> str:
        dead = sum(map(len, self.dead_filters.values()))
        return f"{self.accuracy}, calibration error {self.calibration_error:.2%}, {dead} dead filters"


def evaluate(network: Network, digits: Digits) -> Evaluation:
    """Classify a set of digits."""
    logits = predict(network, digits.images)
    return Evaluation(
        accuracy=Accuracy(int(np.count_nonzero(logits.argmax(axis=1) != digits.labels)), len(digits)),
        calibration_error=calibration_error_of(softmax(logits), digits.labels),
        dead_filters=find_dead_filters(network, digits),
    )


def calibration_error_of(probabilities: Float32, labels: Labels, bins: int = CONFIDENCE_BINS) -> float:
    """The expected calibration error, 0–1: how far probabilities of predictions are from the share of correct ones.

    Args:
        probabilities: (N, classes) float32.
        labels: (N,) the true classes.
        bins: Of equal width, between 0 and 1.
    """
    correct = probabilities.argmax(axis=1) == labels
    return expected_calibration_error(calibration_curve(probabilities.max(axis=1), correct, bins))


def find_dead_filters(network: Network, digits: Digits) -> dict[str, list[int]]:
    """By the name of each ReLU, the filters that are zero on every digit."""
    names = [name for name, layer in network.layers.items() if isinstance(layer, ReLU)]
    is_alive = {name: np.zeros(network.output_shapes[name][0], dtype=bool) for name in names}
    for begin in range(0, len(digits), BATCH):
        outputs = network.trace(to_batch(digits.images[begin : begin + BATCH])).outputs
        for name in names:
            is_alive[name] |= outputs[name].max(axis=(0, 2, 3)) > 0
    return {name: np.flatnonzero(~alive).tolist() for name, alive in is_alive.items()}
