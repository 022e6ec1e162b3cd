"""How well moved digits are read: the drag bench's curve, over many test digits instead of one."""

from typing import Any

import numpy as np

from model.artifact import Artifact
from model.data.mnist import Digits
from model.experiments.shift import cosine, hidden_layer, move
from model.network import Network
from model.train.loop import to_batch

DIGITS = 1000
REACH = 8


def measure_shifts(artifacts: list[Artifact], test: Digits, digits: int = DIGITS, reach: int = REACH) -> dict[str, Any]:
    """Move the first test digits by up to ``reach`` pixels each way, and read them.

    Nothing is chosen by it, so that the test digits stay what they are: the networks are finished.

    Returns:
        The record as it is committed, JSON values: by direction and network, for each shift the share of digits read
        right, the mean probability of the right class, and the mean cosine between the last hidden layer's values and
        those for the digit where it was.
    """
    chosen = Digits(test.images[:digits], test.labels[:digits])
    shifts = list(range(-reach, reach + 1))
    axes = {"right": (0, 1), "down": (1, 0)}
    return {
        "digits": len(chosen),
        "directions": {
            direction: {
                "shifts": shifts,
                "models": [
                    {
                        "id": artifact.name,
                        **_curve(artifact.network, chosen, [(down * by, right * by) for by in shifts]),
                    }
                    for artifact in artifacts
                ],
            }
            for direction, (down, right) in axes.items()
        },
    }


def _curve(network: Network, digits: Digits, shifts: list[tuple[int, int]]) -> dict[str, Any]:
    name = hidden_layer(network)
    still = network.trace(to_batch(digits.images)).outputs[name]
    curve: dict[str, Any] = {"hidden_layer": name, "accuracy": [], "probability": [], "cosine": []}
    for by in shifts:
        trace = network.trace(to_batch(move(digits.images, *by)))
        probabilities = trace.probabilities
        cosines = [cosine(*pair) for pair in zip(still, trace.outputs[name], strict=True)]
        curve["accuracy"].append(float(np.mean(probabilities.argmax(axis=1) == digits.labels)))
        curve["probability"].append(float(probabilities[np.arange(len(digits)), digits.labels].mean(dtype=np.float64)))
        curve["cosine"].append(float(np.mean([value for value in cosines if value is not None])))
    return curve
