"""What each layer knows: how well digits can be distinguished by its activations, and a map of them.

Everything is fitted to the 6,000 training digits that are shipped, and tested on all 10,000 test digits:

- the nearest neighbor: the class of the training digit whose activations have the smallest Euclidean distance;
- a linear probe: ridge regression from the centered activations to the ten classes, the largest of which is the
  prediction. Its penalty is chosen on every tenth training digit, then it is fitted to all of them.

Besides, the map of the layer: 2,000 test digits along 32 principal components, which are computed from these digits
without their labels, and how often the nearest other digit of the map has the same class.

Source:
    Alain & Bengio (2016), "Understanding intermediate layers using linear classifier probes", for probes; theirs are
    logistic regressions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Labels
from model.data.mnist import Digits
from model.experiments.layer_maps import (
    COMPONENTS,
    INPUT,
    LayerMap,
    activations_of,
    map_indexes,
    map_name,
    mapped_layers,
    principal_coordinates,
)
from model.network import Network
from model.train.loop import to_batch

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Tried penalties of the probe, as multiples of the mean squared length of the centered activations."""

HELD_OUT = 10
"""Every tenth training digit chooses the penalty."""

TESTED = 500
"""Test digits whose activations are in memory at a time."""


@dataclass(frozen=True)
class NetworkAtStep:
    """A network during its training.

    Attributes:
        model: Its name.
        step: Training steps taken.
        network: The network with the weights of that step.
        is_finished: Whether these are the weights that are served.
    """

    model: str
    step: int
    network: Network
    is_finished: bool = False


def measure_layer_knowledge(
    networks: list[NetworkAtStep], training: Digits, test: Digits, report: Callable[[str], None] = lambda line: None
) -> tuple[dict[str, Any], dict[str, LayerMap]]:
    """Measure the input and every ReLU of each network.

    Returns:
        The record as it is committed, JSON values; and the maps by name.
    """
    indexes = map_indexes(len(test))
    maps: dict[str, LayerMap] = {}

    def measure(of: NetworkAtStep, layer: str) -> dict[str, Any]:
        name = map_name(of.model, of.step, layer)
        figures, maps[name] = _measure_layer(of.network, layer, training, test, indexes)
        report(f"{name}: nearest neighbor {figures['nearest_neighbor']:.2%}, probe {figures['linear_probe']:.2%}")
        return {"name": layer, **figures}

    record: dict[str, Any] = {
        "training_digits": len(training),
        "test_digits": len(test),
        "map_digits": len(indexes),
        "components": COMPONENTS,
        "input": measure(networks[0], INPUT),
        "models": [],
    }
    by_model: dict[str, list[dict[str, Any]]] = {}
    for of in networks:
        layers = [measure(of, layer) for layer in mapped_layers(of.network)]
        by_model.setdefault(of.model, []).append({"step": of.step, "layers": layers})
    record["models"] = [{"id": model, "steps": steps} for model, steps in by_model.items()]
    return record, maps


def neighbor_classes(known: Float32, labels: Labels, others: Float32) -> Labels:
    """The class of the nearest of the known vectors.

    Args:
        known: (N, D).
        labels: (N,) uint8, their classes.
        others: (n, D).

    Returns:
        (n,) uint8.
    """
    # |a − b|² without |b|², which is the same for all a.
    distances = (known**2).sum(axis=1) - 2 * (others @ known.T)
    return labels[distances.argmin(axis=1)]


def fit_probe(activations: Float32, labels: Labels) -> tuple[Float32, Float32, float]:
    """Ridge regression to one number for each class.

    Args:
        activations: (N, D) float32, centered.
        labels: (N,) uint8.

    Returns:
        (D, 10) float32 weights, (10,) float32 biases, and the chosen penalty as a multiple of the mean squared length.
    """
    targets = (labels[:, np.newaxis] == np.arange(10)).astype(np.float64)
    held_out = np.arange(len(labels)) % HELD_OUT == 0
    matrix = _Products(activations)
    scores = []
    for penalty in PENALTIES:
        predicted = matrix.fit(targets, ~held_out, penalty)(activations[held_out]).argmax(axis=1)
        scores.append(np.mean(predicted == labels[held_out]))
    best = PENALTIES[int(np.argmax(scores))]
    fitted = matrix.fit(targets, np.ones(len(labels), bool), best)
    return fitted.weights, fitted.biases, best


@dataclass(frozen=True)
class _Probe:
    weights: Float32
    biases: Float32

    def __call__(self, activations: Float32) -> Float32:
        return activations @ self.weights + self.biases


class _Products:
    """Solves ridge regressions on parts of the same rows, by the smaller of both systems of equations."""

    def __init__(self, activations: Float32) -> None:
        self._x = activations
        self._is_wide = activations.shape[1] > len(activations)
        # Of wide activations the products of all pairs of rows serve every part.
        self._gram = (activations @ activations.T).astype(np.float64) if self._is_wide else None

    def fit(self, targets: Float64, rows: NDArray[np.bool_], penalty: float) -> _Probe:
        x, mean = self._x[rows], targets[rows].mean(axis=0)
        y = targets[rows] - mean
        amount = penalty * float((x**2).sum(dtype=np.float64)) / len(x)
        if self._gram is not None:
            gram = self._gram[np.ix_(rows, rows)]
            gram[np.diag_indices_from(gram)] += amount
            weights = x.T @ np.linalg.solve(gram, y).astype(np.float32)
        else:
            covariance = (x.T @ x).astype(np.float64)
            covariance[np.diag_indices_from(covariance)] += amount
            weights = np.linalg.solve(covariance, x.T @ y).astype(np.float32)
        return _Probe(weights, mean.astype(np.float32))


def _measure_layer(
    network: Network, layer: str, training: Digits, test: Digits, indexes: NDArray[np.int32]
) -> tuple[dict[str, Any], LayerMap]:
    known = _all_activations(network, layer, training.images)
    mean = known.mean(axis=0, dtype=np.float64).astype(np.float32)
    known -= mean
    weights, biases, penalty = fit_probe(known, training.labels)
    right = {"neighbor": 0, "probe": 0}
    for begin in range(0, len(test), TESTED):
        part = test[begin : begin + TESTED]
        tested = _all_activations(network, layer, part.images) - mean
        right["neighbor"] += int((neighbor_classes(known, training.labels, tested) == part.labels).sum())
        right["probe"] += int(((tested @ weights + biases).argmax(axis=1) == part.labels).sum())
    del known
    coordinates, shares = principal_coordinates(_all_activations(network, layer, test.images[indexes]))
    figures = {
        "neurons": weights.shape[0],
        "nearest_neighbor": right["neighbor"] / len(test),
        "linear_probe": right["probe"] / len(test),
        "penalty": penalty,
        "map_neighbor": map_accuracy(coordinates, test.labels[indexes]),
        "variance": [round(float(share), 6) for share in shares],
    }
    return figures, LayerMap(coordinates.astype(np.float32), shares, indexes)


def map_accuracy(coordinates: NDArray[np.floating[Any]], labels: Labels) -> float:
    """Share of a map's (N, K) points whose nearest other point has the same class."""
    points = coordinates.astype(np.float64)
    lengths = (points**2).sum(axis=1)
    distances = lengths[:, np.newaxis] + lengths - 2 * (points @ points.T)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))


def _all_activations(network: Network, layer: str, images: NDArray[np.uint8]) -> Float32:
    """(N, D) float32."""
    parts = [values[layer] for _begin, values in activations_of(network, [layer], to_batch(images))]
    return np.concatenate(parts)
