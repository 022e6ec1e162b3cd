"""From a finished run to the artifact that is served: weights, predictions, history and report."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.architectures import TITLES
from model.arrays import Float32
from model.artifact import (
    REPORT_FILE,
    Artifact,
    load_history,
    save_history,
    save_predictions,
    save_weights,
    write_tensors,
)
from model.calibration import calibrate
from model.data.mnist import Digits
from model.data.pendigits import HELD_OUT_WRITERS
from model.losses import softmax
from model.train.config import TrainConfig
from model.train.evaluation import Evaluation, calibration_error_of
from model.train.loop import TrainingState, accuracy_of, ema_network, predict, to_batch

SAMPLES_FILE = "samples.safetensors.gz"


@dataclass(frozen=True)
class RunFacts:
    """What a record states about a run besides its config and curve.

    Attributes:
        training_digits: Number of MNIST digits it was trained on.
        date: Date of the export, ISO 8601.
        on_validation: On the MNIST digits kept for validation, if any.
        on_pen_digits: On the held-out writers' digits, by pen width in pad units; empty if it saw no pen digits.
    """

    training_digits: int
    date: str
    on_validation: Evaluation | None
    on_pen_digits: Mapping[float, Evaluation]


def export_run(
    state: TrainingState, config: TrainConfig, facts: RunFacts, test: Digits, folder: Path
) -> dict[str, Any]:
    """Evaluate a finished run on the test digits and write its artifact.

    Only this function of the training reads the test digits, and nothing is chosen by the result.

    Args:
        state: A finished run.
        config: Its config.
        facts: The rest of the record.
        test: MNIST's test digits.
        folder: The artifact's folder; created if it does not exist.

    Returns:
        The training record.
    """
    network = ema_network(state)
    logits = predict(network, test.images)
    record = _record_of(state, config, facts, test, logits)
    artifact = Artifact(
        name=config.architecture,
        title=TITLES[config.architecture],
        network=network,
        calibration=calibrate(network, to_batch(test.images)),
        record=record,
    )
    save_weights(artifact, folder)
    save_predictions(softmax(logits), folder)
    history_accuracy = _save_history(state, test, folder)
    report = {**record, "curve": state.curve, "history": history_accuracy}
    (folder / REPORT_FILE).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return record


def _record_of(
    state: TrainingState, config: TrainConfig, facts: RunFacts, test: Digits, logits: Float32
) -> dict[str, Any]:
    """The training record, as JSON values; the logits are those of the test digits."""
    errors = int(np.count_nonzero(logits.argmax(axis=1) != test.labels))
    record: dict[str, Any] = {
        "test_accuracy": round(1 - errors / len(test), 6),
        "test_errors": errors,
        "test_digits": len(test),
        "test_expected_calibration_error": round(calibration_error_of(softmax(logits), test.labels), 6),
        "epochs": state.epoch,
        "seed": config.seed,
        "seconds": round(state.seconds, 1),
        "date": facts.date,
        "training_data": {
            "mnist_digits": facts.training_digits,
            "synthetic_digits": config.synthetic_digits if config.drawn_share else 0,
            "pen_renderings": config.pen_renderings if config.drawn_share else 0,
            "drawn_share": config.drawn_share,
        },
        "first_kernels_high_frequency_share": round(high_frequency_share(first_kernels(state.ema)), 4),
        "numpy_version": np.__version__,
        "python_version": platform.python_version(),
        "config": config.to_dict(),
    }
    if facts.on_validation:
        record["validation"] = facts.on_validation.to_dict()
    if facts.on_pen_digits:
        record["held_out_writers"] = {
            "writers": HELD_OUT_WRITERS,
            "by_pen_width": {str(width): each.accuracy.to_dict() for width, each in facts.on_pen_digits.items()},
        }
    return record


def save_samples(test: Digits, folder: Path) -> None:
    """Write the test digits beside the artifacts, for the gallery and for repeated measurements."""
    folder.mkdir(parents=True, exist_ok=True)
    source = "MNIST test digits by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0"
    write_tensors(folder / SAMPLES_FILE, {"images": test.images, "labels": test.labels}, {"source": source})


def high_frequency_share(kernels: Float32) -> float:
    """The share of the kernels' energy with a period of less than four pixels: the lower, the smoother they look.

    White noise has about 0.80, the share of the frequency plane outside that circle.

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


def first_kernels(parameters: Mapping[str, Float32]) -> Float32:
    """The kernels of the first layer."""
    return next(iter(parameters.values()))


def _save_history(state: TrainingState, test: Digits, folder: Path) -> list[dict[str, float]]:
    """Write the history; returns each checkpoint's step and its accuracy on the test digits, for the record."""
    save_history(state.history, folder)
    return [
        {"step": step, "test_accuracy": accuracy_of(state.network.with_parameters(values), test)}
        for step, values in load_history(folder).items()
    ]
