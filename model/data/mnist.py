"""The MNIST digits, split for training."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.arrays import Labels
from model.data.download import SOURCES, load_source
from model.data.idx import read_idx

VALIDATION_DIGITS = 5_000


@dataclass(frozen=True)
class Digits:
    """Labeled digits.

    Attributes:
        images: (N, 28, 28) uint8, 0 paper, 255 ink.
        labels: (N,) uint8, 0–9.
    """

    images: NDArray[np.uint8]
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: slice) -> "Digits":
        return Digits(self.images[which], self.labels[which])


def load_training_digits(folder: Path | None = None) -> Digits:
    """All 60,000 training digits, in the order of the file."""
    return _load("train", folder)


def load_test_digits(folder: Path | None = None) -> Digits:
    """The 10,000 test digits, which are evaluated once, for the record."""
    return _load("test", folder)


def split_validation(digits: Digits) -> tuple[Digits, Digits]:
    """The training digits without their last 5,000, and those 5,000, by which every choice is made.

    The file keeps a writer's digits together, so that at most one writer is in both parts.
    """
    return digits[:-VALIDATION_DIGITS], digits[-VALIDATION_DIGITS:]


def _load(part: str, folder: Path | None) -> Digits:
    return Digits(
        images=read_idx(load_source(SOURCES[f"{part}-images"], folder)),
        labels=read_idx(load_source(SOURCES[f"{part}-labels"], folder)),
    )
