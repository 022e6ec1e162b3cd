"""Maps of layers, and where a digit lies in them: read from disk if they were measured, else computed."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.framing import scaled_digits
from app.sample_catalog import SampleCatalog
from app.served_network import ServedNetwork
from model.arrays import Float32
from model.experiments.layer_maps import (
    INPUT,
    Directions,
    LayerMap,
    activations_of,
    directions_of,
    load_layer_maps,
    map_indexes,
    map_name,
    mapped_layers,
    principal_coordinates,
)
from model.network import Network

COMPUTED_DIGITS = 500
"""Test digits of a map that was not measured beforehand."""

LEAST_DIGITS = 100
"""A map of fewer digits would show nothing."""

MOST_NEURONS = 32_768
"""Of a layer whose map is computed: the activations of 500 digits then take 64 MB."""

MOST_WORK = 2_000_000_000
"""Multiply-adds for the digits of a computed map: about a second."""

KEPT_BYTES = 48_000_000
"""Of prepared maps. All layers of the convolutional network at one step take 4 MB."""


@dataclass(frozen=True, eq=False)
class Placing:
    """A map, and how a digit is placed in it.

    Attributes:
        map: The digits as points.
        directions: How activations become coordinates.
    """

    map: LayerMap
    directions: Directions

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.map.coordinates.nbytes + self.directions.axes.nbytes + self.directions.mean.nbytes


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A placing, as long as its network is served: that of a visitor is not kept by it."""

    network: "weakref.ref[Network]"
    placing: Placing


class LayerMapCatalog:
    """The maps of every network."""

    def __init__(self, path: Path, samples: SampleCatalog) -> None:
        """Read nothing yet.

        Args:
            path: The file of ``python -m model.measurements layer-knowledge``, which need not exist.
            samples: The test digits.
        """
        self._path = path
        self._samples = samples
        self._lock = threading.Lock()
        self._prepared: OrderedDict[tuple[str, int | None, str], _Prepared] = OrderedDict()

    def layers_of(self, served: ServedNetwork) -> list[str]:
        """The layers that are shown: the input, and every ReLU, or as many of them as can be."""
        layers = [INPUT, *mapped_layers(served.artifact.network)]
        return [layer for layer in layers if self._measured_map(served, layer) or self._can_be_computed(served, layer)]

    def require_layer(self, served: ServedNetwork, layer: str) -> None:
        """Raises UnknownLayer unless it is a layer or the input."""
        if layer != INPUT:
            served.require_layer(layer)

    def is_ready(self, served: ServedNetwork, layers: Sequence[str]) -> bool:
        """Whether a digit can be placed in these maps at once."""
        with self._lock:
            return all(self._placing(served, layer) is not None for layer in layers)

    def unready(self, served: ServedNetwork, layers: Sequence[str]) -> list[list[str]]:
        """The layers in whose maps no digit can be placed yet, in groups that `placings` prepares in about a second.

        All maps that were measured beforehand take one pass over their digits.
        """
        missing = [layer for layer in layers if not self.is_ready(served, [layer])]
        measured = [layer for layer in missing if self._measured_map(served, layer) is not None]
        others = [[layer] for layer in missing if layer not in measured]
        return [measured, *others] if measured else others

    def placings(self, served: ServedNetwork, layers: Sequence[str]) -> dict[str, Placing]:
        """How digits are placed in the maps of these layers. Takes a second at first: call it in the slow pool.

        Raises:
            InvalidInput: A map was not measured, and computing it would take too much memory or time.
        """
        with self._lock:
            found = {layer: self._placing(served, layer) for layer in layers}
        made = self._prepare(served, [layer for layer, placing in found.items() if placing is None])
        with self._lock:
            for layer, placing in made.items():
                self._prepared[served.name, served.checkpoint, layer] = _Prepared(
                    weakref.ref(served.artifact.network), placing
                )
            # The newest stay, also if one of them alone is larger.
            while len(self._prepared) > len(layers) and self._kept_bytes() > KEPT_BYTES:
                self._prepared.popitem(last=False)
        return {layer: placing or made[layer] for layer, placing in found.items()}

    def map_of(self, served: ServedNetwork, layer: str) -> LayerMap:
        """A map; raises as above."""
        return self._measured_map(served, layer) or self.placings(served, [layer])[layer].map

    def _placing(self, served: ServedNetwork, layer: str) -> Placing | None:
        """What is prepared for a layer, which then is the last to be forgotten."""
        key = (served.name, served.checkpoint, layer)
        prepared = self._prepared.get(key)
        if prepared is None or prepared.network() is not served.artifact.network:
            return None
        self._prepared.move_to_end(key)
        return prepared.placing

    def _kept_bytes(self) -> int:
        return sum(each.placing.nbytes for each in self._prepared.values())

    def _measured_map(self, served: ServedNetwork, layer: str) -> LayerMap | None:
        if not self._is_measured(served) or served.step is None:
            return None
        return self._measured.get(map_name(served.name, served.step, layer))

    def _is_measured(self, served: ServedNetwork) -> bool:
        """Whether maps of this network were measured, at some steps; the input has the same map at every step."""
        return served.history is not None and any(name.startswith(f"{served.name}/") for name in self._measured)

    @cached_property
    def _measured(self) -> dict[str, LayerMap]:
        return load_layer_maps(self._path) if self._path.exists() else {}

    def _prepare(self, served: ServedNetwork, layers: Sequence[str]) -> dict[str, Placing]:
        network = served.artifact.network
        measured = {layer: found for layer in layers if (found := self._measured_map(served, layer)) is not None}
        placings = {}
        if measured:
            images = self._images(served, next(iter(measured.values())).indexes)
            points = {layer: each.coordinates for layer, each in measured.items()}
            for layer, directions in directions_of(network, points, images).items():
                placings[layer] = Placing(measured[layer], directions)
        for layer in layers:
            if layer not in measured:
                placings[layer] = self._compute(served, layer)
        return placings

    def _compute(self, served: ServedNetwork, layer: str) -> Placing:
        network = served.artifact.network
        indexes = map_indexes(len(self._samples))[: self._digits_within_bounds(served, layer)]
        images = self._images(served, indexes)
        parts = [values[layer] for _begin, values in activations_of(network, [layer], images)]
        coordinates, variance = principal_coordinates(np.concatenate(parts))
        points = coordinates.astype(np.float32)
        directions = directions_of(network, {layer: points}, images)[layer]
        return Placing(LayerMap(points, variance, indexes), directions)

    def _can_be_computed(self, served: ServedNetwork, layer: str) -> bool:
        try:
            return self._digits_within_bounds(served, layer) > 0
        except InvalidInput:
            return False

    def _digits_within_bounds(self, served: ServedNetwork, layer: str) -> int:
        """How many digits a computed map may have."""
        names = list(served.layers)
        neurons = prod(served.artifact.network.input_shape if layer == INPUT else served.layers[layer].output_shape)
        if neurons > MOST_NEURONS:
            raise InvalidInput(
                f"Layer {layer} of model {served.name} has {neurons:,} neurons; maps are computed of layers with up to "
                f"{MOST_NEURONS:,}."
            )
        before = [] if layer == INPUT else names[: names.index(layer) + 1]
        work = sum(served.layers[name].multiply_adds for name in before)
        digits = min(COMPUTED_DIGITS, MOST_WORK // max(1, work))
        if digits < LEAST_DIGITS:
            raise InvalidInput(
                f"Layer {layer} of model {served.name} takes {work:,} multiply-adds for each digit; maps are computed "
                f"of layers that take up to {MOST_WORK // LEAST_DIGITS:,}."
            )
        return digits

    def _images(self, served: ServedNetwork, indexes: NDArray[np.int32]) -> Float32:
        ink = self._samples.tensors(indexes.tolist())["images"]
        images: NDArray[Any] = served.artifact.network.images_of(scaled_digits(ink, served.input_size))
        return images
