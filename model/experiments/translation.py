"""Translate the digit, and measure whether the feature maps move along and the prediction stays.

A layer whose maps move with the digit is *equivariant* to translation; a prediction that stays is *invariant*. A
convolution is exactly equivariant wherever its patches lie inside the image. Pooling is equivariant only to
translations by whole windows. No layer is invariant by construction: a prediction that stays has been learned.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.description import LayerDescription, describe_layers
from model.exact_trace import trace_exactly
from model.geometry import Box
from model.network import Network

AnyNumber = TypeVar("AnyNumber", bound=np.number[Any])


@dataclass(frozen=True)
class LayerTranslation:
    """How the translation of the digit changes a layer.

    Attributes:
        name: The layer.
        kind: Its kind.
        down: Expected translation of its maps, in cells: the nearest whole number.
        right: The same along the rows.
        exact: Whether the digit moves by a whole number of cells.
        inside: The cells whose receptive fields lie inside the image before and after; None if there are none.
        difference: (F, H, W) float64, the new map minus the old map translated; 0 where the old map has no cell.
        cosine: Of the angle between the layer's values before and after, as vectors; None if one is all zero.
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
class Translation:
    """How one translation of the digit changes a network's activations.

    Attributes:
        probabilities: (classes,) float64 for the translated digit.
        layers: In order.
    """

    probabilities: Float64
    layers: list[LayerTranslation]


def translate(pixels: NDArray[AnyNumber], down: int, right: int) -> NDArray[AnyNumber]:
    """Translate (…, H, W) by whole pixels; paper comes in, and what leaves the image is lost.

    >>> translate(np.array([[1.0, 2.0], [3.0, 4.0]]), 1, 0)
    array([[0., 0.],
           [1., 2.]])
    """
    translated = np.zeros_like(pixels)
    height, width = pixels.shape[-2:]
    translated[..., max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = pixels[
        ..., max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)
    ]
    return translated


def ink_lost(pixels: Float32, translated: Float32) -> float:
    """Share of the ink that left the image, 0–1."""
    total = float(pixels.sum(dtype=np.float64))
    return 1 - float(translated.sum(dtype=np.float64)) / total if total else 0.0


def measure_translations(network: Network, pixels: Float32, translations: list[tuple[int, int]]) -> list[Translation]:
    """Compare the activations for a digit with those for the digit translated, for each of several translations.

    Args:
        network: The network.
        pixels: (H, W) float32, or (3, H, W) colors.
        translations: (down, right), in pixels.
    """
    translated = [translate(pixels, down, right) for down, right in translations]
    outputs = trace_exactly(network, network.images_of(np.stack([pixels, *translated])))
    described = describe_layers(network)
    probabilities = list(outputs.values())[-1][:, :, 0, 0]
    return [
        Translation(
            probabilities[number],
            [_compare(layer, network, outputs[layer.name][0], outputs[layer.name][number], by) for layer in described],
        )
        for number, by in enumerate(translations, start=1)
    ]


def hidden_layer(network: Network) -> str:
    """The last layer before the classes."""
    return [name for (name, _), (_, following) in pairwise(network.layers.items()) if following.kind == "linear"][-1]


def cosine(a: np.ndarray, b: np.ndarray) -> float | None:
    """Cosine of the angle between two arrays as vectors; None if one of them is all zero."""
    lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return min(1.0, float(np.vdot(a, b)) / lengths) if lengths else None


def _compare(
    layer: LayerDescription, network: Network, before: Float64, after: Float64, by: tuple[int, int]
) -> LayerTranslation:
    field = layer.receptive_field
    if field is None:
        # The neurons have no position in the image: there is nothing to translate.
        whole = Box(0, 0, *layer.output_shape[1:])
        return LayerTranslation(layer.name, layer.kind, 0, 0, True, whole, after - before, cosine(before, after))
    down, right = (_nearest(pixels / jump) for pixels, jump in zip(by, field.jump, strict=True))
    has_old_cell = translate(np.ones_like(before), down, right)
    # Adding a zero turns the negative zeros of a negative map into zeros.
    difference = (after - translate(before, down, right)) * has_old_cell + 0.0
    _, *image = network.input_shape
    _, *neurons = layer.output_shape
    rows, columns = field.inside((image[0], image[1]), (neurons[0], neurons[1]))
    (top, height), (left, width) = _inside(rows, down), _inside(columns, right)
    return LayerTranslation(
        name=layer.name,
        kind=layer.kind,
        down=down,
        right=right,
        exact=all(pixels % jump == 0 for pixels, jump in zip(by, field.jump, strict=True)),
        inside=Box(top, left, height, width) if height and width else None,
        difference=difference,
        cosine=cosine(before, after),
    )


def _nearest(cells: float) -> int:
    """The nearest whole number; of two that are equally near, the one nearer to zero."""
    return int(math.copysign(math.ceil(abs(cells) - 0.5), cells))


def _inside(complete: range, by: int) -> tuple[int, int]:
    """First neuron along one axis, and the number of those, whose patches lie inside the image before and after."""
    both = [neuron for neuron in complete if neuron - by in complete]
    return (both[0], len(both)) if both else (0, 0)
