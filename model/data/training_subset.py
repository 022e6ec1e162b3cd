"""6,000 training digits that are shipped with the code, so that nobody needs MNIST's files to fit something to them.

They are the first 600 digits of each class among the 55,000 that networks are trained on, in the order of MNIST's
file; the 5,000 validation digits are not among them. `python -m model.data.training_subset` writes the file:

    training_digits.safetensors.gz   ``images`` (6000, 28, 28) uint8, 0 paper, 255 ink; ``labels`` (6000,) uint8;
                                     ``indexes`` (6000,) int32, their positions in MNIST's training file, ascending
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Labels
from model.artifact import read_tensors, write_tensors
from model.checksums import write_checksums
from model.data.mnist import Digits, load_training_digits, split_validation
from model.errors import ArtifactError, ModelError

TRAINING_DIGITS_FILE = "training_digits.safetensors.gz"
DIGITS_OF_CLASS = 600
ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


def first_of_each_class(labels: Labels, count: int) -> NDArray[np.int32]:
    """Ascending indexes of the first ``count`` digits of each class.

    >>> first_of_each_class(np.array([1, 0, 1, 1, 0], dtype=np.uint8), 2)
    array([0, 1, 2, 4], dtype=int32)
    """
    chosen = [np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]
    return np.sort(np.concatenate(chosen)).astype(np.int32)


def write_training_subset(folder: Path, training: Digits) -> Path:
    """Write the subset of these 60,000 digits into an artifacts folder; returns the file's path."""
    fit, _validation = split_validation(training)
    indexes = first_of_each_class(fit.labels, DIGITS_OF_CLASS)
    path = folder / TRAINING_DIGITS_FILE
    tensors: dict[str, NDArray[Any]] = {
        "images": fit.images[indexes],
        "labels": fit.labels[indexes],
        "indexes": indexes,
    }
    write_tensors(path, tensors, {"source": "MNIST, training digits; CC BY-SA 3.0"})
    return path


def load_training_subset(folder: Path = ARTIFACTS) -> Digits:
    """Read the digits of an artifacts folder: 4.7 MB, freed when the caller is done, since nothing is kept here.

    Raises:
        ArtifactError: The file is missing, damaged or of another form.
    """
    path = folder / TRAINING_DIGITS_FILE
    tensors, _metadata = read_tensors(path)
    try:
        return Digits(tensors["images"], tensors["labels"])
    except LookupError as error:
        raise ArtifactError(f"{path} holds no digits: {error!r}") from error


def main() -> int:
    """Write the file and the checksums; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m model.data.training_subset",
        description="Write the training digits that are shipped, from the folder MNIST_DIR or a download.",
    )
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where the file goes")
    options = parser.parse_args()
    try:
        path = write_training_subset(options.artifacts, load_training_digits())
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_checksums(options.artifacts)
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
