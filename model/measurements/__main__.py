"""python -m model.measurements: run a measurement and write its record."""

import argparse
import datetime
import json
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model.architectures import ARCHITECTURES
from model.artifact import (
    EXPERIMENTS_FOLDER,
    PIXEL_PERMUTATION_FILE,
    TRANSLATION_CURVE_FILE,
    VISUALIZATIONS_FILE,
    load_artifact,
)
from model.checksums import write_checksums
from model.data.mnist import load_test_digits, load_training_digits, split_validation
from model.errors import ModelError
from model.experiments.feature_visualization import save_visualizations
from model.measurements.feature_visualization import visualize_filters
from model.measurements.pixel_permutation import measure_pixel_permutation
from model.measurements.translation_curve import measure_translation_curve
from model.train.cli import ARTIFACTS


def main() -> int:
    """Run one measurement; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.measurements", description=__doc__)
    parser.add_argument(
        "measurement",
        choices=("pixel-permutation", "translation-curve", "feature-visualization"),
        help="pixel-permutation: train every network on plain and on permuted digits (minutes); "
        "translation-curve: classify translated test digits with the shipped networks (seconds); "
        "feature-visualization: what activates each filter of one network most (seconds)",
    )
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where the networks are and the record goes")
    parser.add_argument("--model", default="cnn", help="the network whose filters are visualized")
    options = parser.parse_args()
    folder = options.artifacts / EXPERIMENTS_FOLDER

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        if options.measurement == "pixel-permutation":
            fit, validation = split_validation(load_training_digits())
            record = measure_pixel_permutation(fit, validation, report=report)
            path = folder / PIXEL_PERMUTATION_FILE
        elif options.measurement == "feature-visualization":
            artifact = load_artifact(options.artifacts / options.model)
            with threadpool_limits(1, user_api="blas"):
                visualizations = visualize_filters(artifact.network, load_test_digits(), report)
            path = folder / VISUALIZATIONS_FILE
            save_visualizations(path, artifact.name, visualizations, _made())
            write_checksums(options.artifacts)
            print(f"wrote {path}")
            return 0
        else:
            artifacts = [load_artifact(options.artifacts / name) for name in ARCHITECTURES]
            with threadpool_limits(1, user_api="blas"):
                record = measure_translation_curve(artifacts, load_test_digits())
            path = folder / TRANSLATION_CURVE_FILE
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _write(path, record)
    write_checksums(options.artifacts)
    print(f"wrote {path}")
    return 0


def _write(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**record, **_made()}) + "\n", encoding="utf-8")


def _made() -> dict[str, str]:
    """When, and with what."""
    return {
        "date": datetime.date.today().isoformat(),
        "numpy_version": np.__version__,
        "python_version": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main())
