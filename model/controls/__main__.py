"""python -m model.controls: make a measurement and write its record."""

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
from model.artifact import EXPERIMENTS_FOLDER, PORTRAITS_FILE, SCRAMBLE_FILE, SHIFT_CURVE_FILE, load_artifact
from model.checksums import write_checksums
from model.controls.filter_portraits import portray
from model.controls.scramble import measure_scrambling
from model.controls.shift_curve import measure_shifts
from model.data.mnist import load_test_digits, load_training_digits, split_validation
from model.errors import ModelError
from model.experiments.portraits import save_portraits
from model.train.cli import ARTIFACTS


def main() -> int:
    """Measure as asked; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.controls", description=__doc__)
    parser.add_argument(
        "control",
        choices=("scramble", "shift-curve", "filter-portraits"),
        help="scramble: train every network on plain and on scrambled digits (minutes); "
        "shift-curve: read moved test digits with the networks that are served (seconds); "
        "filter-portraits: what each filter of the cnn answers to most (seconds)",
    )
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where the networks are and the record goes")
    options = parser.parse_args()
    folder = options.artifacts / EXPERIMENTS_FOLDER

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        if options.control == "scramble":
            fit, validation = split_validation(load_training_digits())
            record = measure_scrambling(fit, validation, report=report)
            path = folder / SCRAMBLE_FILE
        elif options.control == "filter-portraits":
            artifact = load_artifact(options.artifacts / "cnn")
            with threadpool_limits(1, user_api="blas"):
                portraits = portray(artifact.network, load_test_digits(), report)
            path = folder / PORTRAITS_FILE
            save_portraits(path, artifact.name, portraits, _made())
            write_checksums(options.artifacts)
            print(f"wrote {path}")
            return 0
        else:
            artifacts = [load_artifact(options.artifacts / name) for name in ARCHITECTURES]
            with threadpool_limits(1, user_api="blas"):
                record = measure_shifts(artifacts, load_test_digits())
            path = folder / SHIFT_CURVE_FILE
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
