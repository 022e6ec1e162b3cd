"""The weights of a network at checkpoints of its training."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.artifact import HISTORY_FILE, REPORT_FILE, load_history
from model.errors import ArtifactError


class NetworkHistory:
    """The weights of a network during training, read from disk when they are first needed.

    Attributes:
        steps: Training steps of the checkpoints, ascending.
        accuracies: Share of the test digits classified correctly, by step.
        curve: A record for each epoch: loss in nats, accuracy on the training digits.
    """

    def __init__(self, folder: Path, report: Mapping[str, Any]) -> None:
        self.accuracies = {int(entry["step"]): float(entry["test_accuracy"]) for entry in report["history"]}
        self.steps = sorted(self.accuracies)
        self.curve: list[dict[str, float]] = list(report["curve"])
        self._folder = folder
        self._lock = threading.Lock()
        self._weights: dict[int, dict[str, NDArray[np.float16]]] | None = None

    @classmethod
    def load(cls, folder: Path) -> "NetworkHistory | None":
        """The history of an artifact folder, or None if it has none.

        Raises:
            ArtifactError: Its report is damaged.
        """
        if not (folder / HISTORY_FILE).exists():
            return None
        try:
            return cls(folder, json.loads((folder / REPORT_FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ArtifactError(f"{folder / REPORT_FILE} does not describe the history beside it: {error!r}") from error

    def weights(self, step: int) -> Mapping[str, NDArray[np.float16]]:
        """Parameter name → array, after a training step; KeyError for a step that was not stored."""
        with self._lock:
            if self._weights is None:
                self._weights = load_history(self._folder)
            return self._weights[step]
