"""Change one pixel, and see which neurons notice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.description import describe_layers
from model.exact_trace import Float64, trace_exactly
from model.geometry import ReceptiveField
from model.network import Network


@dataclass(frozen=True)
class LayerChange:
    """What one changed pixel does to a layer.

    Attributes:
        name: The layer.
        kind: Its kind.
        change: (F, H, W) float64, |after - before|.
        reachable: Neurons that have the pixel in their receptive field.
    """

    name: str
    kind: str
    change: Float64
    reachable: int

    @property
    def changed_per_filter(self) -> NDArray[np.int64]:
        """(F,) how many neurons of each map hold another number than before."""
        return np.count_nonzero(self.change, axis=(1, 2))


@dataclass(frozen=True)
class Poke:
    """What one changed pixel does to a network.

    Attributes:
        before: (classes,) float64 probabilities.
        after: The same with the pixel changed.
        layers: In order.
    """

    before: Float64
    after: Float64
    layers: list[LayerChange]


def poke(network: Network, pixels: Float32, row: int, column: int, value: float) -> Poke:
    """Compare a digit with the same digit but for one pixel.

    Args:
        network: The network.
        pixels: (H, W) float32.
        row: Of the pixel.
        column: Of the pixel.
        value: What it becomes.
    """
    pair = np.stack([pixels, pixels])
    pair[1, row, column] = value
    outputs = trace_exactly(network, network.images_of(pair))
    layers = []
    for layer in describe_layers(network):
        before, after = outputs[layer.name]
        filters, *extent = layer.output_shape
        positions = extent[0] * extent[1]
        if layer.receptive_field is not None:
            seen = [_count(layer.receptive_field, *of) for of in zip(extent, (row, column), strict=True)]
            positions = seen[0] * seen[1]
        layers.append(LayerChange(layer.name, layer.kind, np.abs(after - before), filters * positions))
    before, after = list(outputs.values())[-1][:, :, 0, 0]
    return Poke(before, after, layers)


def _count(field: ReceptiveField, neurons: int, pixel: int) -> int:
    """How many of the neurons along one axis have a pixel in their receptive field."""
    begins = (field.start + field.jump * neuron for neuron in range(neurons))
    return sum(begin <= pixel < begin + field.size for begin in begins)
