"""The MNIST test digits, and the prediction of each network."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput, UnknownSample
from app.model_catalog import ModelCatalog
from model.arrays import Ink, Labels
from model.artifact import Predictions, read_tensors

SAMPLES_FILE = "samples.safetensors.gz"


@dataclass(frozen=True)
class SamplePrediction:
    """The prediction of one network for one digit."""

    digit: int
    probability: float
    correct: bool


@dataclass(frozen=True)
class Sample:
    """One test digit.

    Attributes:
        index: Its index among the test digits.
        label: The digit that its writer meant.
        ink: (28, 28) uint8.
        predictions: By model name.
    """

    index: int
    label: int
    ink: Ink
    predictions: Mapping[str, SamplePrediction]


class SampleCatalog:
    """The test digits in the order of MNIST's file.

    Attributes:
        images: (N, 28, 28) uint8.
        labels: (N,) uint8.
    """

    def __init__(self, images: NDArray[np.uint8], labels: Labels, predictions: Mapping[str, Predictions]) -> None:
        """Keep them.

        Args:
            images: (N, 28, 28) uint8.
            labels: (N,) uint8.
            predictions: By model name.
        """
        self.images = images
        self.labels = labels
        self._predictions = predictions

    @classmethod
    def load(cls, folder: Path, networks: ModelCatalog) -> "SampleCatalog":
        """Read the digits of the artifacts folder.

        Raises:
            ArtifactError: The file is missing or cannot be read.
        """
        tensors, _metadata = read_tensors(folder / SAMPLES_FILE)
        predictions = {name: of.predictions for name, of in networks.shipped.items() if of.predictions is not None}
        return cls(tensors["images"], tensors["labels"], predictions)

    def __len__(self) -> int:
        return len(self.labels)

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
        label = int(self.labels[index])
        return Sample(
            index=index,
            label=label,
            ink=self.images[index],
            predictions={
                name: SamplePrediction(
                    digit=int(of.digits[index]),
                    probability=float(of.probabilities[index]),
                    correct=bool(of.digits[index] == label),
                )
                for name, of in self._predictions.items()
            },
        )

    def select(self, label: int | None, correct: bool | None, model: str) -> list[int]:
        """Indexes of the digits with this label that the model classifies correctly, or incorrectly.

        Raises:
            InvalidInput: The predictions of this model were not stored.
        """
        chosen = np.ones(len(self), dtype=bool)
        if label is not None:
            chosen &= self.labels == label
        if correct is not None:
            if model not in self._predictions:
                raise InvalidInput(
                    f"The predictions of model {model[:40]!r} for the test digits were not stored; "
                    f"those of these models were: {', '.join(self._predictions) or 'no model'}."
                )
            chosen &= (self._predictions[model].digits == self.labels) == correct
        return [int(index) for index in np.flatnonzero(chosen)]

    def tensors(self, indexes: list[int]) -> dict[str, NDArray[Any]]:
        """``images`` (n, 28, 28) uint8, ``labels`` (n,) uint8 and ``indexes`` (n,) int64 of these digits."""
        return {
            "images": self.images[indexes],
            "labels": self.labels[indexes],
            "indexes": np.array(indexes, dtype=np.int64),
        }
