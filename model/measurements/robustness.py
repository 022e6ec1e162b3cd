"""How many test digits the networks classify correctly after each perturbation."""

from collections.abc import Callable
from typing import Any

from model.artifact import Artifact
from model.data.mnist import Digits
from model.experiments.perturbations import PERTURBATIONS, accuracy_curve
from model.train.loop import to_batch

DIGITS = 1000


def measure_robustness(
    artifacts: list[Artifact], test: Digits, report: Callable[[str], None], digits: int = DIGITS
) -> dict[str, Any]:
    """Perturb the first test digits at every level of each kind, and classify them.

    The networks are fully trained, and nothing is chosen by this measurement: the test digits remain test digits.

    Returns:
        The record as it is committed: JSON values. By kind and network, for each level, the share of digits classified
        correctly.
    """
    images, labels = to_batch(test.images[:digits])[:, 0], test.labels[:digits].tolist()
    kinds = []
    for kind, perturbation in PERTURBATIONS.items():
        models = [
            {"id": artifact.name, "accuracy": accuracy_curve(artifact.network, kind, images, labels)}
            for artifact in artifacts
        ]
        kinds.append({"kind": kind, "levels": list(perturbation.levels), "models": models})
        report(f"{kind}: " + ", ".join(f"{each['id']} {each['accuracy']}" for each in models))
    return {"digits": len(labels), "curves": kinds}
