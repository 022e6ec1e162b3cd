"""Move the digit, and see whether the maps move along and the answer stays.

A layer whose map moves with the digit is *equivariant* to the shift; an answer that stays is *invariant*. A
convolution is the first, exactly, wherever its patches lie inside the image. Pooling is only for shifts by whole
windows. Nothing here is invariant by construction: what stays has been learned.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.description import LayerDescription, describe_layers
from model.exact_trace import Float64, trace_exactly
from model.geometry import Box, ReceptiveField
from model.network import Network

AnyNumber = TypeVar("AnyNumber", bound=np.number[Any])


@dataclass(frozen=True)
class LayerShift:
    """How a layer took the shift.

    Attributes:
        name: The layer.
        kind: Its kind.
        down: How far its maps should have moved, in whole cells; the nearest, if the shift is none of those.
        right: The same along the rows.
        exact: Whether the shift is a whole number of cells.
        inside: The cells whose receptive fields lie inside the image before and after the shift; None: none do.
        difference: (F, H, W) float64, the new map minus the old one moved along; 0 where that has no cell.
        cosine: Of the angle between the layer's values before and after, all in one vector; None if one is all zero.
    """

    name: str
    kind: str
    down: int
    right: int
    exact: bool
    inside: Box | None
    difference: Float64
    cosine: float | None

    @property
    def residual(self) -> float | None:
        """Largest absolute difference inside; None if there is no inside."""
        if self.inside is None:
            return None
        rows = slice(self.inside.top, self.inside.top + self.inside.height)
        columns = slice(self.inside.left, self.inside.left + self.inside.width)
        return float(np.abs(self.difference[:, rows, columns]).max())


@dataclass(frozen=True)
class Shift:
    """How a network took a shift.

    Attributes:
        probabilities: (classes,) float64 for the moved digit.
        layers: In order.
    """

    probabilities: Float64
    layers: list[LayerShift]


def move(pixels: NDArray[AnyNumber], down: int, right: int) -> NDArray[AnyNumber]:
    """Move (…, H, W) by whole pixels; paper comes in, and what leaves the image is lost.

    >>> move(np.array([[1.0, 2.0], [3.0, 4.0]]), 1, 0)
    array([[0., 0.],
           [1., 2.]])
    """
    moved = np.zeros_like(pixels)
    height, width = pixels.shape[-2:]
    moved[..., max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = pixels[
        ..., max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)
    ]
    return moved


def ink_lost(pixels: Float32, moved: Float32) -> float:
    """Share of the ink that left the image, 0–1."""
    total = float(pixels.sum(dtype=np.float64))
    return 1 - float(moved.sum(dtype=np.float64)) / total if total else 0.0


def shift(network: Network, pixels: Float32, shifts: list[tuple[int, int]]) -> list[Shift]:
    """Compare a digit with the same digit moved, for each of several shifts.

    Args:
        network: The network.
        pixels: (H, W) float32.
        shifts: (down, right), in pixels.
    """
    moved = [move(pixels, down, right) for down, right in shifts]
    outputs = trace_exactly(network, network.images_of(np.stack([pixels, *moved])))
    described = describe_layers(network)
    probabilities = list(outputs.values())[-1][:, :, 0, 0]
    return [
        Shift(
            probabilities[number],
            [_compare(layer, network, outputs[layer.name][0], outputs[layer.name][number], by) for layer in described],
        )
        for number, by in enumerate(shifts, start=1)
    ]


def hidden_layer(network: Network) -> str:
    """The last layer before the classes: what the network has made of the digit when it decides."""
    return [name for (name, _), (_, following) in pairwise(network.layers.items()) if following.kind == "linear"][-1]


def cosine(a: np.ndarray, b: np.ndarray) -> float | None:
    """Cosine of the angle between two arrays as vectors; None if one of them is all zero."""
    lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return min(1.0, float(np.vdot(a, b)) / lengths) if lengths else None


def _compare(
    layer: LayerDescription, network: Network, before: Float64, after: Float64, by: tuple[int, int]
) -> LayerShift:
    field = layer.receptive_field
    if field is None:
        # Neurons without a place: nothing can move along.
        whole = Box(0, 0, *layer.output_shape[1:])
        return LayerShift(layer.name, layer.kind, 0, 0, True, whole, after - before, cosine(before, after))
    down, right = (_nearest(pixels / field.jump) for pixels in by)
    partner = move(np.ones_like(before), down, right)
    # A zero is added, for without it the zeros of a negative map would be negative zeros.
    difference = (after - move(before, down, right)) * partner + 0.0
    extents = zip(network.input_shape[1:], layer.output_shape[1:], (down, right), strict=True)
    (top, height), (left, width) = (_inside(field, *of_axis) for of_axis in extents)
    return LayerShift(
        name=layer.name,
        kind=layer.kind,
        down=down,
        right=right,
        exact=all(pixels % field.jump == 0 for pixels in by),
        inside=Box(top, left, height, width) if height and width else None,
        difference=difference,
        cosine=cosine(before, after),
    )


def _nearest(cells: float) -> int:
    """The nearest whole number, of two the one nearer to zero."""
    return int(math.copysign(math.ceil(abs(cells) - 0.5), cells))


def _inside(field: ReceptiveField, pixels: int, neurons: int, by: int) -> tuple[int, int]:
    """Where along one axis the neurons stand that see only image, before and after; begin and count."""
    seeing = field.inside(pixels, neurons)
    both = [n for n in seeing if n - by in seeing]
    return (both[0], len(both)) if both else (0, 0)
