"""How well the networks classify translated digits: the mean over many test digits."""

from typing import Any

import numpy as np

from model.artifact import Artifact
from model.data.mnist import Digits
from model.experiments.translation import cosine, hidden_layer, translate
from model.network import Network
from model.train.loop import to_batch

DIGITS = 1000
MAX_OFFSET = 8


def measure_translation_curve(
    artifacts: list[Artifact], test: Digits, digits: int = DIGITS, max_offset: int = MAX_OFFSET
) -> dict[str, Any]:
    """Translate the first test digits by up to ``max_offset`` pixels each way, and classify them.

    The networks are fully trained, and nothing is chosen by this measurement: the test digits remain test digits.

    Returns:
        The record as it is committed: JSON values. By direction and network, for each offset: the share of digits
        classified correctly, the mean probability of the label, and the mean cosine between the activations of the
        last hidden layer and those for the digit that was not translated.
    """
    chosen = Digits(test.images[:digits], test.labels[:digits])
    offsets = list(range(-max_offset, max_offset + 1))
    axes = {"right": (0, 1), "down": (1, 0)}
    return {
        "digits": len(chosen),
        "directions": {
            direction: {
                "offsets": offsets,
                "models": [
                    {
                        "id": artifact.name,
                        **_curve(artifact.network, chosen, [(down * by, right * by) for by in offsets]),
                    }
                    for artifact in artifacts
                ],
            }
            for direction, (down, right) in axes.items()
        },
    }


def _curve(network: Network, digits: Digits, translations: list[tuple[int, int]]) -> dict[str, Any]:
    name = hidden_layer(network)
    unmoved = network.trace(to_batch(digits.images)).outputs[name]
    curve: dict[str, Any] = {"hidden_layer": name, "accuracy": [], "probability": [], "cosine": []}
    for by in translations:
        trace = network.trace(to_batch(translate(digits.images, *by)))
        probabilities = trace.probabilities
        cosines = [cosine(*pair) for pair in zip(unmoved, trace.outputs[name], strict=True)]
        curve["accuracy"].append(float(np.mean(probabilities.argmax(axis=1) == digits.labels)))
        curve["probability"].append(float(probabilities[np.arange(len(digits)), digits.labels].mean(dtype=np.float64)))
        curve["cosine"].append(float(np.mean([value for value in cosines if value is not None])))
    return curve
