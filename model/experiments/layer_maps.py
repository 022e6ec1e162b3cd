"""Maps of activation space: test digits as points, near each other where a layer's activations are alike.

A layer's activations of one digit are a vector, ``relu1`` of the convolutional network one of 12,544 numbers. A map
keeps the 32 directions along which the activations of its digits vary most (principal components); the first two are
drawn. Coordinates are committed with eight bits each, which is all that needs to be stored of a map: the directions
follow from them and from the activations, since ``directions = centered activationsᵀ · coordinates / squared lengths``.

The file is safetensors with, for each map, ``<model>/<step>/<layer>`` (N, 32) int8, ``…/scale`` (32,) float32, its
multiplier, and ``…/variance`` (32,) float32; the input's map, which belongs to no model, is ``input``. Its metadata
entry ``indexes`` holds the test digits as a JSON array.

Source:
    Sirovich (1987), "Turbulence and the dynamics of coherent structures", for directions from the coordinates of few
    samples (the method of snapshots).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Images
from model.artifact import read_tensors, write_tensors
from model.errors import ArtifactError
from model.network import Network

COMPONENTS = 32
MAP_DIGITS = 2000
MOST_LAYERS = 8
INPUT = "input"
"""Name of the map of the pixels themselves."""

_SCALE, _VARIANCE = "/scale", "/variance"

BATCH = 100
"""Images whose activations are in memory at a time."""


@dataclass(frozen=True, eq=False)
class LayerMap:
    """Digits as points.

    Attributes:
        coordinates: (N, K) float32 along the K directions of most variance, at most 32.
        variance: (K,) float64, the share of the variance along each direction.
        indexes: (N,) int32, the test digits.
    """

    coordinates: Float32
    variance: Float64
    indexes: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Directions:
    """How activations become coordinates.

    Attributes:
        mean: (D,) float32, the mean activation of each neuron.
        axes: (D, K) float32, unit vectors.
    """

    mean: Float32
    axes: Float32

    def project(self, activations: Float32) -> Float32:
        """(n, D) float32 activations → (n, K) float32 coordinates."""
        centered: Float32 = activations - self.mean
        coordinates: Float32 = centered @ self.axes
        return coordinates


def map_indexes(digits: int) -> NDArray[np.int32]:
    """The test digits of a map: 2,000 at equal distances, or all if there are fewer.

    >>> map_indexes(10_000)[:3], len(map_indexes(10_000))
    (array([ 0,  5, 10], dtype=int32), 2000)
    """
    return np.arange(0, digits, max(1, digits // MAP_DIGITS), dtype=np.int32)[:MAP_DIGITS]


def chosen_steps(steps: list[int]) -> list[int]:
    """The first, the middle and the last of the steps.

    >>> chosen_steps([0, 2, 4, 9]), chosen_steps([0, 9])
    ([0, 4, 9], [0, 9])
    """
    return sorted({steps[0], steps[len(steps) // 2], steps[-1]})


def mapped_layers(network: Network, most: int = MOST_LAYERS) -> list[str]:
    """The layers whose maps are shown: activation functions, or without any, layers with weights before the logits.

    Of a deep network, ``most`` at equal distances, the last one included.
    """
    functions = [name for name, layer in network.layers.items() if layer.operation in ("rectifier", "function")]
    weighted = [name for name, layer in network.layers.items() if layer.parameters]
    layers = functions or weighted[:-1]
    if len(layers) <= most:
        return layers
    return [layers[round(number * (len(layers) - 1) / (most - 1))] for number in range(most)]


def activations_of(network: Network, layers: Sequence[str], images: Images) -> Iterator[tuple[int, dict[str, Float32]]]:
    """The index of a batch's first image and, by layer, its (n, D) float32 activations; batch after batch.

    ``input`` is the images themselves.
    """
    names = [name for name in network.layers if name in layers]
    for begin in range(0, len(images), BATCH):
        batch = images[begin : begin + BATCH]
        outputs = {INPUT: batch, **(network.record(batch, last=names[-1]).outputs if names else {})}
        yield begin, {name: _flat(outputs[name]) for name in layers}


def principal_coordinates(activations: Float32, components: int = COMPONENTS) -> tuple[Float64, Float64]:
    """Coordinates along the directions of most variance.

    Args:
        activations: (N, D) float32.
        components: How many directions.

    Returns:
        (N, K) float64, K ≤ ``components``; in each column the entry of largest magnitude is positive, since the sign
        of a direction means nothing. And (K,) float64, each direction's share of the variance.
    """
    centered = activations - activations.mean(axis=0, dtype=np.float64).astype(np.float32)
    gram = (centered @ centered.T).astype(np.float64)
    # The eigenvectors of the smaller matrix; those of (D, D) would be the directions, which are not needed.
    values, vectors = np.linalg.eigh(gram)
    kept = min(components, len(gram) - 1, activations.shape[1])
    values, vectors = np.maximum(values[::-1][:kept], 0), vectors[:, ::-1][:, :kept]
    coordinates = vectors * np.sqrt(values)
    largest = np.abs(coordinates).argmax(axis=0)
    coordinates *= np.where(coordinates[largest, np.arange(kept)] < 0, -1, 1)
    total = np.trace(gram)
    return coordinates, values / total if total > 0 else np.zeros(kept)


def directions_of(network: Network, coordinates: Mapping[str, Float32], images: Images) -> dict[str, Directions]:
    """The directions of maps from their coordinates, in one pass over the images that the maps show.

    Args:
        network: The network.
        coordinates: By layer, (N, K) float32.
        images: (N, C, H, W) float32.
    """
    sums: dict[str, Float32] = {}
    products: dict[str, Float32] = {}
    for begin, activations in activations_of(network, list(coordinates), images):
        for name, values in activations.items():
            product = values.T @ coordinates[name][begin : begin + len(values)]
            if name not in sums:
                sums[name], products[name] = np.zeros_like(values[0]), np.zeros_like(product)
            sums[name] += values.sum(axis=0)
            products[name] += product
    return {name: _directions(sums[name], products[name], points) for name, points in coordinates.items()}


def nearest_points(coordinates: Float32, point: Float32, count: int) -> tuple[NDArray[np.intp], Float64]:
    """The points nearest to another one, by Euclidean distance in all components.

    Args:
        coordinates: (N, K).
        point: (K,).
        count: How many, at most.

    Returns:
        Their rows, nearest first, of equal ones the first first; and their distances, float64.
    """
    differences = coordinates - point.astype(np.float64)
    # einsum adds up without the array of squares: a sixth of the time.
    squares = np.einsum("nk,nk->n", differences, differences)
    order = np.argsort(squares, kind="stable")[:count]
    return order, np.sqrt(squares[order])


def save_layer_maps(path: Path, maps: Mapping[str, LayerMap]) -> None:
    """Write the file described above, of maps of the same digits by name."""
    tensors: dict[str, NDArray[Any]] = {}
    indexes: list[int] = []
    for name, each in maps.items():
        largest = np.abs(each.coordinates).max(axis=0)
        scale = (np.where(largest > 0, largest, 1) / 127).astype(np.float32)
        tensors[name] = np.rint(each.coordinates / scale).astype(np.int8)
        tensors[f"{name}{_SCALE}"] = scale
        tensors[f"{name}{_VARIANCE}"] = each.variance.astype(np.float32)
        indexes = each.indexes.tolist()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(path, tensors, {"indexes": json.dumps(indexes)})


def load_layer_maps(path: Path) -> dict[str, LayerMap]:
    """Read the file described above: maps by name. They take 6 MB.

    Raises:
        ArtifactError: The file is missing, damaged or of another form.
    """
    tensors, metadata = read_tensors(path)
    try:
        indexes = np.array(json.loads(metadata["indexes"]), dtype=np.int32)
        return {
            name: LayerMap(
                coordinates * tensors[f"{name}{_SCALE}"], tensors[f"{name}{_VARIANCE}"].astype(np.float64), indexes
            )
            for name, coordinates in tensors.items()
            if not name.endswith((_SCALE, _VARIANCE))
        }
    except (LookupError, ValueError, TypeError) as error:
        raise ArtifactError(f"{path} holds no maps of layers: {error!r}") from error


def map_name(model: str, step: int, layer: str) -> str:
    """The name of a map in the file."""
    return INPUT if layer == INPUT else f"{model}/{step}/{layer}"


def _flat(outputs: Float32) -> Float32:
    """(n, C, H, W) in any memory order → (n, D) contiguous."""
    return np.ascontiguousarray(outputs).reshape(len(outputs), -1)


def _directions(total: Float32, product: Float32, points: Float32) -> Directions:
    mean = total / np.float32(len(points))
    lengths = (points.astype(np.float64) ** 2).sum(axis=0)
    centered = product - np.outer(mean, points.sum(axis=0))
    axes = np.divide(centered, lengths, out=np.zeros(centered.shape, np.float64), where=lengths > 0)
    return Directions(mean, axes.astype(np.float32))
