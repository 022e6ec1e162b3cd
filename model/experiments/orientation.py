"""Hubel and Wiesel's experiment: turn a bar of light, and see which neurons answer to which angle.

Angles are in degrees, counterclockwise as seen: 0 lies, 90 stands, 45 rises to the right. A bar turned by 180° is the
same bar, so that angles are taken modulo 180.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.description import describe_layers
from model.exact_trace import Float64
from model.geometry import ReceptiveField
from model.network import Network

SELECTIVE = 0.2
"""Selectivity from which a filter is called selective."""

SWEEP = 5.0
"""How far from the bar's center neurons are asked, in pixels: the bar is swept across a field, its ends are not."""

Measure = Literal["swept", "place"]
Verdict = Literal["selective", "not selective", "silent"]


@dataclass(frozen=True)
class Bar:
    """A bar, or a grating of bars.

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

    def draw(self, angle: float, size: int = 28) -> Float32:
        """(size, size) float32, 0 paper, 1 ink; edges cover pixels partly."""
        return (1 - self._ink(angle, size) if self.dark else self._ink(angle, size)).astype(np.float32)

    def ground(self, size: int = 28) -> Float32:
        """The image without a bar; of a grating, its mean."""
        light = 0.5 if self.grating else 0.0
        return np.full((size, size), 1 - light if self.dark else light, dtype=np.float32)

    def _ink(self, angle: float, size: int) -> Float64:
        turn = math.radians(angle)
        rows, columns = np.mgrid[:size, :size] + 0.5
        x, y = columns - self.column, self.row - rows  # y up, as angles are counted
        across = y * math.cos(turn) - x * math.sin(turn)
        if self.grating:
            wave: Float64 = 0.5 + 0.5 * np.cos(math.pi * across / self.width)
            return wave
        along = x * math.cos(turn) + y * math.sin(turn)
        covered: Float64 = _cover(along, self.length) * _cover(across, self.width)
        return covered


@dataclass(frozen=True)
class Tuning:
    """How a filter's answer depends on the angle.

    Attributes:
        responses: (angles,) float64, how much more it answers than to the ground alone; never negative.
        preferred: Angle of the mean answer, 0–180°; None if it never answers.
        selectivity: 1 - circular variance, 0–1: the length of the mean answer, angles doubled. 0: all angles alike, or
            no answer at all.

    Source:
        Ringach, Shapley & Hawken (2002), "Orientation selectivity in macaque V1", for the measure.
    """

    responses: Float64
    preferred: float | None
    selectivity: float

    @property
    def verdict(self) -> Verdict:
        """In a word; a filter that does not care for angles is called so."""
        if self.preferred is None:
            return "silent"
        return "selective" if self.selectivity >= SELECTIVE else "not selective"


def tuning_of(angles: Sequence[float], responses: NDArray[np.floating]) -> Tuning:
    """Sum up a tuning curve.

    Args:
        angles: Degrees, evenly spaced over 180.
        responses: (angles,) not negative.
    """
    values = np.ascontiguousarray(responses, dtype=np.float64)
    total = float(values.sum())
    if total <= 0:
        return Tuning(values, None, 0.0)
    mean = complex(np.sum(values * np.exp(2j * np.radians(angles)))) / total
    preferred = math.degrees(math.atan2(mean.imag, mean.real)) / 2 % 180
    return Tuning(values, preferred, abs(mean))


def sweep_angles(
    network: Network,
    layers: Sequence[str],
    bar: Bar,
    angles: Sequence[float],
    measure: Measure = "swept",
) -> dict[str, list[Tuning]]:
    """Show a bar at every angle, and measure each filter of some layers.

    Args:
        network: The network.
        layers: Names of layers whose values are not negative.
        bar: What is shown.
        angles: Degrees, evenly spaced over 180.
        measure: ``swept``: a filter's largest answer among the neurons near the bar's center. Neurons of a map differ
            only in place, so this is what one of them answers at most while the bar is swept across its field.
            ``place``: the answer of the one neuron that looks at the bar's center.

    Returns:
        Layer → a tuning for each filter.
    """
    size = network.input_shape[1]
    images = network.images_of(np.stack([bar.ground(size), *(bar.draw(angle, size) for angle in angles)]))
    outputs = network.trace(images).outputs
    described = {layer.name: layer for layer in describe_layers(network)}
    result = {}
    for name in layers:
        maps = outputs[name]
        field = described[name].receptive_field
        if field is not None:
            maps = maps[:, :, _asked(field, maps.shape[2:], bar, measure)][..., np.newaxis]
        answers = maps.max(axis=(2, 3)).astype(np.float64)
        above = np.maximum(answers[1:] - answers[0], 0)
        result[name] = [tuning_of(angles, above[:, number]) for number in range(above.shape[1])]
    return result


def _asked(field: ReceptiveField, extents: tuple[int, ...], bar: Bar, measure: Measure) -> NDArray[np.bool_]:
    """(H, W) which neurons of a map are asked."""
    centers = (bar.row, bar.column)
    asked = np.zeros(extents, dtype=bool)
    asked[tuple(field.nearest(center, extent) for center, extent in zip(centers, extents, strict=True))] = True
    if measure == "swept":
        away = [
            field.start + field.size / 2 + field.jump * np.arange(extent) - center
            for center, extent in zip(centers, extents, strict=True)
        ]
        asked |= np.hypot(*np.meshgrid(*away, indexing="ij")) <= SWEEP
    return asked


def _cover(offset: Float64, extent: float) -> Float64:
    """How much of a pixel lies within half an extent of the middle, seen along one axis."""
    return np.clip(extent / 2 - np.abs(offset) + 0.5, 0, min(1.0, extent))
