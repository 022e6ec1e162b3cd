"""What networks predict for the test digits: read from disk if it was stored, else computed for the first thousand."""

import threading
import weakref
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.framing import scaled_digits
from app.sample_catalog import SampleCatalog
from app.served_network import ServedNetwork
from model.artifact import Predictions, read_tensors
from model.experiments.confusion import CLASSES
from model.network import Network

COMPUTED_DIGITS = 1000
"""Test digits whose predictions are computed, of a network or training step without stored ones."""

KEPT_NETWORKS = 16
"""Networks and steps whose computed predictions are kept."""

BATCH = 100


class PredictionCatalog:
    """The predictions of every network and training step."""

    def __init__(self, path: Path, samples: SampleCatalog) -> None:
        """Read nothing yet.

        Args:
            path: The file of ``python -m model.measurements step-predictions``, which need not exist.
            samples: The test digits.
        """
        self._path = path
        self._samples = samples
        self._lock = threading.Lock()
        self._computed: OrderedDict[tuple[str, int | None], tuple[weakref.ref[Network], Predictions]] = OrderedDict()

    def of(self, served: ServedNetwork) -> Predictions:
        """Those of a network, for the first test digits; for all if they were stored. Call it in the slow pool.

        Raises:
            InvalidInput: The network does not have ten classes.
        """
        if served.classes != CLASSES:
            raise InvalidInput(
                f"Model {served.name} has {served.classes} classes; predictions are compared with the labels of the "
                "test digits, which are ten digits."
            )
        if served.is_finished and served.predictions is not None and self._is_complete(served.predictions):
            return served.predictions
        stored = self._stored.get(f"{served.name}/{served.step}")
        if stored is not None and self._is_complete(stored):
            return stored
        return self._compute(served)

    @cached_property
    def _stored(self) -> dict[str, Predictions]:
        if not self._path.exists():
            return {}
        tensors, _metadata = read_tensors(self._path)
        names = {name.rpartition("/")[0] for name in tensors}
        return {
            name: Predictions(tensors[f"{name}/digits"], tensors[f"{name}/probabilities"].astype(np.float32))
            for name in names
        }

    def _is_complete(self, predictions: Predictions) -> bool:
        return len(predictions.digits) == len(self._samples)

    def _compute(self, served: ServedNetwork) -> Predictions:
        network, key = served.artifact.network, (served.name, served.checkpoint)
        with self._lock:
            known = self._computed.get(key)
            if known is not None and known[0]() is network:
                self._computed.move_to_end(key)
                return known[1]
        count = min(COMPUTED_DIGITS, len(self._samples))
        parts: list[NDArray[Any]] = []
        for begin in range(0, count, BATCH):
            images = self._samples.tensors(list(range(begin, min(begin + BATCH, count))))["images"]
            batch = network.images_of(scaled_digits(images, served.input_size))
            parts.append(network.trace(batch).probabilities)
        probabilities = np.concatenate(parts)
        predictions = Predictions(probabilities.argmax(axis=1).astype(np.uint8), probabilities.max(axis=1))
        with self._lock:
            self._computed[key] = (weakref.ref(network), predictions)
            while len(self._computed) > KEPT_NETWORKS:
                self._computed.popitem(last=False)
        return predictions
