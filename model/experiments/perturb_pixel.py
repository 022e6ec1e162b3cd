"""Change one pixel, and find out which neurons change their value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.description import describe_layers
from model.exact_trace import trace_exactly
from model.network import Network


@dataclass(frozen=True)
class LayerChange:
    """How one changed pixel changes a layer.

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
        """(F,) how many neurons of each map change their value."""
        return np.count_nonzero(self.change, axis=(1, 2))


@dataclass(frozen=True)
class Perturbation:
    """How one changed pixel changes the activations of a network.

    Attributes:
        before: (classes,) float64 probabilities.
        after: The probabilities with the pixel changed.
        layers: In order.
    """

    before: Float64
    after: Float64
    layers: list[LayerChange]


def perturb_pixel(network: Network, pixels: Float32, row: int, column: int, value: float) -> Perturbation:
    """Compare the activations for a digit with those for the same digit with one pixel changed.

    Args:
        network: The network.
        pixels: (H, W) float32, or (3, H, W) colors.
        row: Row of the pixel.
        column: Column of the pixel.
        value: The new value of the pixel, in every channel.
    """
    pair = np.stack([pixels, pixels])
    pair[1, ..., row, column] = value
    outputs = trace_exactly(network, network.images_of(pair))
    layers = []
    for layer in describe_layers(network):
        before, after = outputs[layer.name]
        filters, *extent = layer.output_shape
        positions = extent[0] * extent[1]
        if layer.receptive_field is not None:
            field = layer.receptive_field
            axes = zip(field.size, field.jump, field.start, extent, (row, column), strict=True)
            rows, columns = (_count_reachable(*axis) for axis in axes)
            positions = rows * columns
        layers.append(LayerChange(layer.name, layer.kind, np.abs(after - before), filters * positions))
    before, after = list(outputs.values())[-1][:, :, 0, 0]
    return Perturbation(before, after, layers)


def _count_reachable(size: int, jump: int, start: int, neurons: int, pixel: int) -> int:
    """How many of the neurons along one axis have a pixel in their receptive field."""
    begins = (start + jump * neuron for neuron in range(neurons))
    return sum(begin <= pixel < begin + size for begin in begins)
