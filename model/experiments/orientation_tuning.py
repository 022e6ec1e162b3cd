"""Orientation tuning, Hubel and Wiesel's experiment: show a bar of light at every angle and measure each filter.

Angles are in degrees, counterclockwise as seen: 0 is horizontal, 90 vertical, 45 rises to the right. A bar turned by
180° is the same bar, so angles are taken modulo 180. A bar is drawn in 28×28 pixels and then, like any digit of that
size, scaled to the input of the network.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.description import describe_layers
from model.digits.framing import FRAME_SIZE
from model.digits.resampling import resize
from model.geometry import ReceptiveField
from model.network import Network

SELECTIVE_FROM = 0.2
"""Selectivity from which a filter is called selective."""

SWEEP_RADIUS = 5.0
"""How far from the bar's center a neuron may look to be included, in pixels of the 28×28: the bar is swept across a
receptive field, but its ends are not."""

Measure = Literal["swept", "center"]
Verdict = Literal["selective", "not selective", "inactive"]


@dataclass(frozen=True)
class Bar:
    """A bar, or a grating of bars, in 28×28 pixels.

    Attributes:
        length: Of a bar, along its angle, in pixels.
        width: Of a bar, or of the light half of each period of a grating, in pixels.
        row: Center, in pixels from the top edge; the middle of pixel 0 is 0.5.
        column: Center, in pixels from the left edge.
        grating: Whether bars cover the whole image, each as far from the next as it is wide, with soft edges.
        dark: Whether paper and ink are exchanged.
    """

    length: float = 20.0
    width: float = 3.0
    row: float = 14.0
    column: float = 14.0
    grating: bool = False
    dark: bool = False

    def draw(self, angle: float) -> Float32:
        """(28, 28) float32, 0 paper, 1 ink; pixels at the edges are covered partly."""
        return (1 - self._ink(angle) if self.dark else self._ink(angle)).astype(np.float32)

    def background(self) -> Float32:
        """(28, 28) float32, the image without a bar; of a grating, its mean."""
        light = 0.5 if self.grating else 0.0
        return np.full((FRAME_SIZE, FRAME_SIZE), 1 - light if self.dark else light, dtype=np.float32)

    def _ink(self, angle: float) -> Float64:
        along, across = along_and_across(angle, self.row, self.column)
        if self.grating:
            wave: Float64 = 0.5 + 0.5 * np.cos(math.pi * across / self.width)
            return wave
        covered: Float64 = coverage(along, self.length) * coverage(across, self.width)
        return covered


@dataclass(frozen=True)
class Tuning:
    """How the activation of a filter depends on the angle.

    Attributes:
        activations: (angles,) float64, how much larger than for the background alone; never negative.
        preferred: Angle of the mean activation, 0–180°; None if the filter is never activated.
        selectivity: 1 - circular variance, 0–1: the length of the mean activation, angles doubled. 0: all angles
            alike, or no activation at all.

    Source:
        Ringach, Shapley & Hawken (2002), "Orientation selectivity in macaque V1", for the measure.
    """

    activations: Float64
    preferred: float | None
    selectivity: float

    @property
    def verdict(self) -> Verdict:
        """The tuning in a word."""
        if self.preferred is None:
            return "inactive"
        return "selective" if self.selectivity >= SELECTIVE_FROM else "not selective"


def summarize_tuning(angles: Sequence[float], activations: NDArray[np.floating]) -> Tuning:
    """Preferred angle and selectivity of a tuning curve.

    Args:
        angles: Degrees, evenly spaced over 180.
        activations: (angles,) not negative.
    """
    values = np.ascontiguousarray(activations, dtype=np.float64)
    total = float(values.sum())
    if total <= 0:
        return Tuning(values, None, 0.0)
    mean = complex(np.sum(values * np.exp(2j * np.radians(angles)))) / total
    preferred = math.degrees(math.atan2(mean.imag, mean.real)) / 2 % 180
    return Tuning(values, preferred, abs(mean))


def measure_tuning(
    network: Network,
    layers: Sequence[str],
    bar: Bar,
    angles: Sequence[float],
    measure: Measure = "swept",
) -> dict[str, list[Tuning]]:
    """Show a bar at every angle and measure each filter of some layers.

    Args:
        network: The network; its input is square.
        layers: Names of layers whose values are not negative.
        bar: What is shown.
        angles: Degrees, evenly spaced over 180.
        measure: ``swept``: the largest activation among the neurons near the bar's center. Neurons of a map differ
            only in position, so this is the largest activation of one of them while the bar is swept across its
            receptive field. ``center``: the activation of the one neuron that looks at the bar's center.

    Returns:
        Layer → a tuning for each filter.
    """
    pictures = np.stack([bar.background(), *(bar.draw(angle) for angle in angles)])
    outputs = network.trace(images_for(network, pictures)).outputs
    described = {layer.name: layer for layer in describe_layers(network)}
    result = {}
    for name in layers:
        maps = outputs[name]
        field = described[name].receptive_field
        if field is not None:
            included = _included(field, maps.shape[2:], bar, measure, network.input_shape[1] / FRAME_SIZE)
            maps = maps[:, :, included][..., np.newaxis]
        largest = maps.max(axis=(2, 3)).astype(np.float64)
        increase = np.maximum(largest[1:] - largest[0], 0)
        result[name] = [summarize_tuning(angles, increase[:, number]) for number in range(increase.shape[1])]
    return result


def images_for(network: Network, pictures: Float32) -> Float32:
    """(N, 28, 28) pictures as the (N, C, H, W) images that a network with a square input reads, scaled to its size."""
    size = network.input_shape[1]
    if size != FRAME_SIZE:
        pictures = np.stack([np.clip(resize(picture, size, size), 0, 1) for picture in pictures])
    return network.images_of(pictures)


def _included(
    field: ReceptiveField, extents: tuple[int, ...], bar: Bar, measure: Measure, scale: float
) -> NDArray[np.bool_]:
    """(H, W) which neurons of a map are included; scale: pixels of the input for one of the 28×28."""
    centers = (bar.row * scale, bar.column * scale)
    included = np.zeros(extents, dtype=bool)
    rows, columns = extents
    included[field.nearest(centers, (rows, columns))] = True
    if measure == "swept":
        distances = [
            start + size / 2 + jump * np.arange(extent) - center
            for size, jump, start, center, extent in zip(
                field.size, field.jump, field.start, centers, extents, strict=True
            )
        ]
        included |= np.hypot(*np.meshgrid(*distances, indexing="ij")) <= SWEEP_RADIUS * scale
    return included


def along_and_across(
    angle: float, row: float = FRAME_SIZE / 2, column: float = FRAME_SIZE / 2
) -> tuple[Float64, Float64]:
    """Distances of the pixels of a picture from a point, along a direction and to its left; (28, 28), in pixels.

    Args:
        angle: The direction, in degrees.
        row: Of the point, in pixels from the top edge; by default the middle.
        column: Of the point, in pixels from the left edge.
    """
    turn = math.radians(angle)
    rows, columns = np.mgrid[:FRAME_SIZE, :FRAME_SIZE] + 0.5
    x, y = columns - column, row - rows  # y up, as angles are counted
    return x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)


def coverage(offset: Float64, extent: float) -> Float64:
    """The share of a pixel that lies within half an extent of the middle, along one axis."""
    return np.clip(extent / 2 - np.abs(offset) + 0.5, 0, min(1.0, extent))
