"""From a finished run to the artifact that is served: weights, predictions, history and report."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.architectures import TITLES
from model.arrays import Float32
from model.artifact import HISTORY_FILE, PREDICTIONS_FILE, REPORT_FILE, Artifact, save_weights, write_tensors
from model.calibration import calibrate
from model.data.mnist import Digits
from model.losses import softmax
from model.train.config import TrainConfig
from model.train.loop import TrainingState, accuracy_of, averaged_network, predict, to_batch

SAMPLES_FILE = "samples.safetensors"


@dataclass(frozen=True)
class RunFacts:
    """What a record says of a run beyond its config and curve.

    Attributes:
        training_digits: MNIST digits it was trained on.
        validation_digits: MNIST digits kept aside.
        date: Of the export, ISO 8601.
    """

    training_digits: int
    validation_digits: int
    date: str


def export_run(
    state: TrainingState, config: TrainConfig, facts: RunFacts, test: Digits, folder: Path
) -> dict[str, Any]:
    """Measure a finished run on the test digits and write its artifact.

    This is the one place that reads the test digits, and it changes nothing by what it finds.

    Args:
        state: A run that has ended.
        config: Its config.
        facts: The rest of the record.
        test: MNIST's test digits.
        folder: Where to; made if need be.

    Returns:
        The training record.
    """
    network = averaged_network(state)
    logits = predict(network, test.images)
    errors = int(np.count_nonzero(logits.argmax(axis=1) != test.labels))
    record: dict[str, Any] = {
        "test_accuracy": round(1 - errors / len(test), 6),
        "test_errors": errors,
        "test_digits": len(test),
        "epochs": state.epoch,
        "seed": config.seed,
        "seconds": round(state.seconds, 1),
        "date": facts.date,
        "training_data": {
            "mnist_digits": facts.training_digits,
            "validation_digits": facts.validation_digits,
            "synthetic_digits": config.synthetic_digits if config.synthetic_share else 0,
            "synthetic_share": config.synthetic_share,
        },
        "first_kernels_high_frequency_share": round(high_frequency_share(_first_kernels(state.averages)), 4),
        "numpy_version": np.__version__,
        "python_version": platform.python_version(),
        "config": config.to_dict(),
    }
    if "validation_accuracy" in state.curve[-1]:
        record["validation_accuracy"] = state.curve[-1]["validation_accuracy"]

    artifact = Artifact(
        name=config.architecture,
        title=TITLES[config.architecture],
        network=network,
        calibration=calibrate(network, to_batch(test.images)),
        record=record,
    )
    save_weights(artifact, folder)
    write_tensors(folder / PREDICTIONS_FILE, {"probabilities": softmax(logits)}, {})
    history_accuracy = _save_history(state, test, folder)
    report = {**record, "curve": state.curve, "history": history_accuracy}
    (folder / REPORT_FILE).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return record


def save_samples(test: Digits, folder: Path) -> None:
    """Write the test digits beside the artifacts, for the gallery and for measuring again."""
    folder.mkdir(parents=True, exist_ok=True)
    source = "MNIST test digits by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0"
    write_tensors(folder / SAMPLES_FILE, {"images": test.images, "labels": test.labels}, {"source": source})


def high_frequency_share(kernels: Float32) -> float:
    """How much of the kernels' energy changes faster than once in four pixels: the less, the smoother they look.

    White noise has about 0.80, the share of the frequency plane that lies outside that circle.

    Args:
        kernels: (F, C, k, k) float32.

    Returns:
        0–1, over all kernels together.
    """
    size = 32  # Padded to this size, the spectrum of a few pixels is sampled finely enough.
    power = np.abs(np.fft.fft2(kernels, (size, size))) ** 2
    frequency = np.fft.fftfreq(size)
    fast = np.hypot(*np.meshgrid(frequency, frequency)) > 0.25
    return float(power[..., fast].sum() / power.sum())


def _first_kernels(parameters: Mapping[str, Float32]) -> Float32:
    return next(iter(parameters.values()))


def _save_history(state: TrainingState, test: Digits, folder: Path) -> list[dict[str, float]]:
    """Write the history; returns each checkpoint's step and its accuracy on the test digits, for the record."""
    tensors: dict[str, NDArray[np.float16]] = {}
    accuracies = []
    for step, values in sorted(state.history.items()):
        tensors |= {f"{step}/{name}": array for name, array in values.items()}
        accuracies.append({"step": step, "test_accuracy": accuracy_of(state.network.with_parameters(values), test)})
    steps = [entry["step"] for entry in accuracies]
    write_tensors(folder / HISTORY_FILE, tensors, {"steps": json.dumps(steps)})
    return accuracies
