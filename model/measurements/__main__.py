"""python -m model.measurements: run a measurement and write its record."""

import argparse
import datetime
import json
import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model.architectures import ARCHITECTURES
from model.artifact import (
    EXPERIMENTS_FOLDER,
    LAYER_KNOWLEDGE_FILE,
    LAYER_MAPS_FILE,
    PIXEL_PERMUTATION_FILE,
    ROBUSTNESS_FILE,
    STEP_PREDICTIONS_FILE,
    TRANSLATION_CURVE_FILE,
    VISUALIZATIONS_FILE,
    load_artifact,
    load_history,
    read_tensors,
    write_tensors,
)
from model.checksums import write_checksums
from model.data.mnist import Digits, load_test_digits, load_training_digits, split_validation
from model.data.training_subset import load_training_subset
from model.errors import ModelError
from model.experiments.feature_visualization import save_visualizations
from model.experiments.layer_maps import chosen_steps, save_layer_maps
from model.measurements.feature_visualization import visualize_filters
from model.measurements.layer_knowledge import NetworkAtStep, measure_layer_knowledge
from model.measurements.pixel_permutation import measure_pixel_permutation
from model.measurements.robustness import measure_robustness
from model.measurements.step_predictions import predict_at_steps
from model.measurements.translation_curve import measure_translation_curve
from model.train.cli import ARTIFACTS
from model.train.export import SAMPLES_FILE
from model.train.loop import to_batch


def main() -> int:
    """Run one measurement; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.measurements", description=__doc__)
    parser.add_argument(
        "measurement",
        choices=MEASUREMENTS,
        help="pixel-permutation: train every network on plain and on permuted digits (minutes); "
        "translation-curve: classify translated test digits with the shipped networks (seconds); "
        "feature-visualization: what activates each filter of one network most (seconds); "
        "layer-knowledge: how well digits can be distinguished in each layer, and maps of them (minutes); "
        "step-predictions: the predictions of each network during its training (seconds); "
        "robustness: classify perturbed test digits with the shipped networks (minutes)",
    )
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where the networks are and the record goes")
    parser.add_argument("--model", default="cnn", help="the network whose filters are visualized")
    options = parser.parse_args()
    try:
        path = MEASUREMENTS[options.measurement](options.artifacts, options.model)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_checksums(options.artifacts)
    print(f"wrote {path}")
    return 0


def _measure_permutation(artifacts: Path, _model: str) -> Path:
    fit, validation = split_validation(load_training_digits())
    record = measure_pixel_permutation(fit, validation, report=_report)
    return _write(artifacts / EXPERIMENTS_FOLDER / PIXEL_PERMUTATION_FILE, record)


def _measure_translation(artifacts: Path, _model: str) -> Path:
    networks = [load_artifact(artifacts / name) for name in ARCHITECTURES]
    with threadpool_limits(1, user_api="blas"):
        record = measure_translation_curve(networks, load_test_digits())
    return _write(artifacts / EXPERIMENTS_FOLDER / TRANSLATION_CURVE_FILE, record)


def _visualize(artifacts: Path, model: str) -> Path:
    artifact = load_artifact(artifacts / model)
    with threadpool_limits(1, user_api="blas"):
        visualizations = visualize_filters(artifact.network, load_test_digits(), _report)
    path = artifacts / EXPERIMENTS_FOLDER / VISUALIZATIONS_FILE
    save_visualizations(path, artifact.name, visualizations, _made())
    return path


def _measure_layers(artifacts: Path, _model: str) -> Path:
    folder = artifacts / EXPERIMENTS_FOLDER
    with threadpool_limits(1, user_api="blas"):
        record, maps = measure_layer_knowledge(
            _at_chosen_steps(artifacts), load_training_subset(artifacts), _shipped_test_digits(artifacts), _report
        )
    save_layer_maps(folder / LAYER_MAPS_FILE, maps)
    return _write(folder / LAYER_KNOWLEDGE_FILE, record)


def _predict_at_steps(artifacts: Path, _model: str) -> Path:
    unfinished = [of for of in _at_chosen_steps(artifacts) if not of.is_finished]
    with threadpool_limits(1, user_api="blas"):
        tensors = predict_at_steps(unfinished, to_batch(_shipped_test_digits(artifacts).images))
    path = artifacts / EXPERIMENTS_FOLDER / STEP_PREDICTIONS_FILE
    write_tensors(path, tensors, _made())
    return path


def _measure_robustness(artifacts: Path, _model: str) -> Path:
    networks = [load_artifact(artifacts / name) for name in ARCHITECTURES]
    with threadpool_limits(1, user_api="blas"):
        record = measure_robustness(networks, _shipped_test_digits(artifacts), _report)
    return _write(artifacts / EXPERIMENTS_FOLDER / ROBUSTNESS_FILE, record)


MEASUREMENTS: Mapping[str, Callable[[Path, str], Path]] = {
    "pixel-permutation": _measure_permutation,
    "translation-curve": _measure_translation,
    "feature-visualization": _visualize,
    "layer-knowledge": _measure_layers,
    "step-predictions": _predict_at_steps,
    "robustness": _measure_robustness,
}
"""By name; each takes the artifacts folder and the name of a network, and returns the path of what it wrote."""


def _at_chosen_steps(artifacts: Path) -> list[NetworkAtStep]:
    """Every shipped network at the first, the middle and the last step of its history."""
    networks = []
    for name in ARCHITECTURES:
        network = load_artifact(artifacts / name).network
        history = load_history(artifacts / name)
        for step in chosen_steps(list(history)):
            is_finished = step == max(history)
            at_step = network if is_finished else network.with_parameters(history[step])
            networks.append(NetworkAtStep(name, step, at_step, is_finished))
    return networks


def _shipped_test_digits(artifacts: Path) -> Digits:
    tensors, _metadata = read_tensors(artifacts / SAMPLES_FILE)
    return Digits(tensors["images"], tensors["labels"])


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _write(path: Path, record: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**record, **_made()}) + "\n", encoding="utf-8")
    return path


def _made() -> dict[str, str]:
    """When, and with what."""
    return {
        "date": datetime.date.today().isoformat(),
        "numpy_version": np.__version__,
        "python_version": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main())
