"""The MNIST test digits, and what each network made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput, UnknownSample
from app.services.network_catalog import NetworkCatalog
from model.arrays import Float32, Ink, Labels
from model.artifact import read_tensors

SAMPLES_FILE = "samples.safetensors"


@dataclass(frozen=True)
class SamplePrediction:
    """What one network made of one digit."""

    digit: int
    probability: float
    correct: bool


@dataclass(frozen=True)
class Sample:
    """One test digit.

    Attributes:
        index: Its place among the test digits.
        label: The digit that its writer meant.
        ink: (28, 28) uint8.
        predictions: By model name.
    """

    index: int
    label: int
    ink: Ink
    predictions: Mapping[str, SamplePrediction]


class SampleCatalog:
    """The test digits in the order of MNIST's file."""

    def __init__(self, images: NDArray[np.uint8], labels: Labels, probabilities: Mapping[str, Float32]) -> None:
        """Keep them.

        Args:
            images: (N, 28, 28) uint8.
            labels: (N,) uint8.
            probabilities: Model name → (N, classes) float32.
        """
        self._images = images
        self._labels = labels
        self._digits = {name: rows.argmax(axis=1) for name, rows in probabilities.items()}
        self._probabilities = {name: rows.max(axis=1) for name, rows in probabilities.items()}

    @classmethod
    def load(cls, folder: Path, networks: NetworkCatalog) -> "SampleCatalog":
        """Read the digits of the artifacts folder.

        Raises:
            ArtifactError: The file is missing or cannot be read.
        """
        tensors, _metadata = read_tensors(folder / SAMPLES_FILE)
        predictions = {name: of.predictions for name, of in networks.networks.items() if of.predictions is not None}
        return cls(tensors["images"], tensors["labels"], predictions)

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Sample:
        """One digit.

        Raises:
            UnknownSample: There is none of this index.
        """
        if not 0 <= index < len(self):
            raise UnknownSample(
                f"There is no test digit of that index; the {len(self):,} test digits are 0 to {len(self) - 1}.",
                samples=len(self),
            )
        label = int(self._labels[index])
        return Sample(
            index=index,
            label=label,
            ink=self._images[index],
            predictions={
                name: SamplePrediction(
                    digit=int(digits[index]),
                    probability=float(self._probabilities[name][index]),
                    correct=bool(digits[index] == label),
                )
                for name, digits in self._digits.items()
            },
        )

    def select(self, label: int | None, correct: bool | None, model: str) -> list[int]:
        """Indexes of the digits with this label that the model reads correctly, or wrongly.

        Raises:
            InvalidInput: It is not known what this model made of the digits.
        """
        chosen = np.ones(len(self), dtype=bool)
        if label is not None:
            chosen &= self._labels == label
        if correct is not None:
            if model not in self._digits:
                raise InvalidInput(
                    f"It was not recorded what model {model[:40]!r} makes of the test digits; "
                    f"it is known of: {', '.join(self._digits) or 'no model'}."
                )
            chosen &= (self._digits[model] == self._labels) == correct
        return [int(index) for index in np.flatnonzero(chosen)]

    def tensors(self, indexes: list[int]) -> dict[str, NDArray[Any]]:
        """``images`` (n, 28, 28) uint8, ``labels`` (n,) uint8 and ``indexes`` (n,) int64 of these digits."""
        return {
            "images": self._images[indexes],
            "labels": self._labels[indexes],
            "indexes": np.array(indexes, dtype=np.int64),
        }
