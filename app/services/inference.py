"""One digit through one network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.services.framing import FramingChoice, NetworkInput, Source, frame
from app.services.network_catalog import ServedNetwork
from model.arrays import Float32


@dataclass(frozen=True)
class LayerMaps:
    """What one layer made of the digit.

    Attributes:
        name: The layer.
        kind: Its kind.
        feature_maps: (F, H, W) float32, contiguous: the memory order inside the network is another one.
        display_range: Lowest and highest value that colors tell apart.
    """

    name: str
    kind: str
    feature_maps: Float32
    display_range: tuple[float, float]

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value for this digit."""
        return float(self.feature_maps.min()), float(self.feature_maps.max())


@dataclass(frozen=True)
class Inference:
    """What a network makes of a digit.

    Attributes:
        model: The network's name.
        input: The 28×28 it read.
        layers: The layers asked for, in the order asked for.
        logits: (classes,) float32.
        probabilities: (classes,) float32.
    """

    model: str
    input: NetworkInput
    layers: list[LayerMaps]
    logits: Float32
    probabilities: Float32

    @property
    def digit(self) -> int | None:
        """The most probable class; None if there is no ink to judge."""
        return int(self.probabilities.argmax()) if self.input.pixels.any() else None

    @property
    def probability(self) -> float:
        """Of the most probable class."""
        return float(self.probabilities.max())

    def only(self, number: int) -> "Inference":
        """The same with one map of each layer, still as (1, H, W)."""
        maps = [replace(layer, feature_maps=layer.feature_maps[number : number + 1]) for layer in self.layers]
        return replace(self, layers=maps)


def run_forward(served: ServedNetwork, source: Source, framing: FramingChoice, layers: Sequence[str]) -> Inference:
    """Frame a digit and pass it through a network.

    Args:
        served: The network.
        source: The digit as it came.
        framing: How to make 28×28 of it.
        layers: Which layers' maps to give, by name.

    Raises:
        FramingImpossible: The source is no 28×28, and framing was declined.
    """
    network_input = frame(source, framing, served.side)
    trace = served.trace(network_input.pixels)
    return Inference(
        model=served.name,
        input=network_input,
        layers=[
            LayerMaps(
                name=name,
                kind=served.layers[name].kind,
                feature_maps=np.array(trace.outputs[name][0], order="C"),
                display_range=served.artifact.calibration[name].display_range,
            )
            for name in layers
        ],
        logits=trace.logits[0].copy(),
        probabilities=trace.probabilities[0].copy(),
    )
