"""Names for the filters of a first layer, measured: what each is activated by most.

Each filter is shown lines, edges and the ends of strokes at every angle. Its name is the kind and the angle of the
stimulus with the largest activation. Angles are in degrees, counterclockwise as seen, as in `orientation_tuning`.

A 5×5 kernel sees so little of a picture that a line and an edge often activate it equally: a kernel with ink-loving
weights on one side only cannot see the other side of a line. The two are distinguished by exchanging paper and ink: an
edge detector is not activated by the edge turned by 180°, a line detector is activated by both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from model.arrays import Float32, Float64
from model.description import describe_layers
from model.digits.framing import FRAME_SIZE
from model.experiments.orientation_tuning import (
    SELECTIVE_FROM,
    along_and_across,
    coverage,
    images_for,
    summarize_tuning,
)
from model.network import Network

Kind = Literal["edge", "line", "end", "not selective", "inactive"]
InkSide = Literal["above", "on the left", "below", "on the right"]

STEP = 5
"""Between angles, in degrees."""

LINE_WIDTHS = (2.0, 3.0)
"""Of lines, in pixels; ends are those of a stroke of the last width."""

EDGE_FROM = 0.5
"""Direction index from which a filter detects edges rather than lines."""

END_FACTOR = 1.05
"""How much larger the activation of the end of a stroke must be than that of any line or edge."""

NEAR_PEAK = 30
"""How far from the strongest angle others are averaged with it, in degrees."""

PHASES = (0.0, 0.5)
"""Distances from the middle of the picture at which each stimulus is drawn, in pixels across its angle. Neurons lie a
whole pixel apart, so that a horizontal stimulus would otherwise meet all of them at the same fraction of a pixel."""

SWEPT = 3.0
"""How far from the middle of the picture a neuron may look to be included, in pixels of the 28×28, along each axis."""


@dataclass(frozen=True)
class FilterName:
    """What activates one filter most, and the measured values behind it.

    Attributes:
        kind: What it responds to; ``inactive`` if no stimulus activates it.
        angle: Of the line or edge, 0–180°; of the end, the direction in which the stroke points, 0–360°. None if the
            filter is not selective or inactive.
        ink: On which side of an edge the ink is; None for all other kinds.
        activation: The largest activation, minus the activation for blank paper.
        selectivity: For orientation, 1 - circular variance over the strongest activation at each angle; of an end,
            for direction.
        direction: Direction index of the strongest edge: (a - b) / (a + b) with the activation a of that edge and b of
            the one turned by 180°. 0: both alike; 1: only one of them.
    """

    kind: Kind
    angle: float | None
    ink: InkSide | None
    activation: float
    selectivity: float
    direction: float

    @property
    def words(self) -> str:
        """The name as shown: "edge at 78°, ink on the left"."""
        if self.angle is None:
            return self.kind
        if self.kind == "end":
            return f"end of a stroke at {self.angle:.0f}°"
        side = f", ink {self.ink}" if self.ink else ""
        return f"{self.kind} at {self.angle:.0f}°{side}"


@dataclass(frozen=True)
class Stimuli:
    """Pictures of one kind, (angles, phases, 28, 28) float32, and whether turning one by 180° makes another."""

    pictures: Float32
    is_directed: bool

    @property
    def angles(self) -> Float64:
        """(angles,) degrees, evenly spaced."""
        return _angles(self.is_directed)


def draw_stimuli() -> dict[str, list[Stimuli]]:
    """Lines of each width, edges, and ends of strokes, each through the middle of the picture and at every angle."""
    lines = [_draw(partial(_line, width), is_directed=False) for width in LINE_WIDTHS]
    return {"line": lines, "edge": [_draw(_edge, is_directed=True)], "end": [_draw(_end, is_directed=True)]}


def named_layers(network: Network) -> tuple[str, str] | None:
    """The first layer's convolution and the layer whose activations name its filters.

    Returns:
        The layers' names: the convolution that reads the image, normalized or not, and the ReLU after it. None if the
        first layer with weights is no convolution, or if no ReLU follows before the next one.
    """
    convolution = None
    for name, layer in network.layers.items():
        if convolution is not None and layer.kind == "relu":
            return convolution, name
        if "weight" in layer.parameters and not (layer.kind == "affine" and convolution is None):
            if convolution is not None or layer.kind != "conv2d":
                return None
            convolution = name
    return None


def name_filters(network: Network) -> list[FilterName]:
    """Measure and name the filters of a network's first layer.

    Args:
        network: The network; its input is square.

    Returns:
        A name for each filter; empty if `named_layers` is None.
    """
    layers = named_layers(network)
    if layers is None:
        return []
    stimuli = draw_stimuli()
    groups = [each for kinds in stimuli.values() for each in kinds]
    pictures = np.concatenate([each.pictures for each in groups])
    activations = _activations(network, layers[1], pictures.reshape(-1, *pictures.shape[2:]))
    activations = activations.reshape(*pictures.shape[:2], -1).max(axis=1)
    ends = np.cumsum([len(each.pictures) for each in groups])
    curves = iter(np.split(activations, ends[:-1]))
    # Of lines of several widths, the strongest at each angle.
    line, edge, end = (np.max([next(curves) for _ in kinds], axis=0) for kinds in stimuli.values())
    return [_name(line[:, number], edge[:, number], end[:, number]) for number in range(activations.shape[1])]


def _name(line: Float64, edge: Float64, end: Float64) -> FilterName:
    """Name one filter by its activations at each angle: (180/STEP,) for lines, (360/STEP,) for edges and ends."""
    turned = np.roll(edge, len(line))
    strongest = int(edge.argmax())
    total = edge[strongest] + turned[strongest]
    direction = float((edge[strongest] - turned[strongest]) / total) if total > 0 else 0.0
    oriented = np.maximum(line, edge.reshape(2, -1).max(axis=0))
    peak = float(max(oriented.max(), end.max()))
    if peak <= 0:
        return FilterName("inactive", None, None, 0.0, 0.0, 0.0)
    if end.max() > END_FACTOR * oriented.max():
        selectivity = _selectivity(end, 360)
        if selectivity >= SELECTIVE_FROM:
            return FilterName("end", _peak_angle(end, 360), None, peak, selectivity, direction)
    selectivity = _selectivity(oriented, 180)
    if selectivity < SELECTIVE_FROM:
        return FilterName("not selective", None, None, peak, selectivity, direction)
    if direction >= EDGE_FROM:
        # A line may activate it more than an edge, at another angle. Lines are the same turned by 180°.
        ahead = np.cos(np.radians(STEP * (np.arange(len(edge)) - strongest))) > 0
        angle = _peak_angle(np.where(ahead, np.maximum(edge, np.tile(line, 2)), 0), 360)
        return FilterName("edge", angle % 180, _ink_side(angle), peak, selectivity, direction)
    return FilterName("line", _peak_angle(line, 180), None, peak, selectivity, direction)


def _selectivity(curve: Float64, period: int) -> float:
    # summarize_tuning doubles its angles: what repeats after 360° is given as half as much.
    return summarize_tuning(list(np.arange(len(curve)) * STEP * 180 / period), curve).selectivity


def _peak_angle(curve: Float64, period: int) -> float:
    """The mean of the angles near the strongest, weighted by how far their activations exceed half of the largest.

    The strongest angle alone would favor multiples of 90°, where the edges of a stimulus fall between pixels.
    """
    steps = np.arange(-NEAR_PEAK // STEP, NEAR_PEAK // STEP + 1)
    peak = int(curve.argmax())
    weights = np.maximum(curve[(peak + steps) % len(curve)] - curve[peak] / 2, 0)
    return float((peak + (weights * steps).sum() / weights.sum()) * STEP % period)


def _ink_side(angle: float) -> InkSide:
    """Where the left of a direction is."""
    sides: tuple[InkSide, ...] = ("above", "on the left", "below", "on the right")
    return sides[round(angle / 90) % 4]


def _activations(network: Network, layer: str, pictures: Float32) -> Float64:
    """(pictures, filters): the largest activation in the middle of each map, minus that for blank paper."""
    shown = np.concatenate([np.zeros((1, FRAME_SIZE, FRAME_SIZE), np.float32), pictures])
    size = network.input_shape[1]
    maps = network.record(images_for(network, shown), last=layer).outputs[layer]
    field = next(each.receptive_field for each in describe_layers(network) if each.name == layer)
    assert field is not None, "a convolution's neurons have a position"
    rows, columns = (
        np.abs(start + extent / 2 + jump * np.arange(count) - size / 2) <= SWEPT * size / FRAME_SIZE
        for extent, jump, start, count in zip(field.size, field.jump, field.start, maps.shape[2:], strict=True)
    )
    if not rows.any() or not columns.any():
        rows, columns = (np.ones(count, bool) for count in maps.shape[2:])
    largest = maps[:, :, rows][:, :, :, columns].max(axis=(2, 3)).astype(np.float64)
    return np.maximum(largest[1:] - largest[0], 0)


def _draw(ink: Callable[[Float64, Float64], Float64], is_directed: bool) -> Stimuli:
    """Draw a shape at every angle, given by its ink at a distance along and across its direction, in pixels."""
    pictures = []
    for angle in _angles(is_directed):
        along, across = along_and_across(angle)
        pictures.append([ink(along, across - phase) for phase in PHASES])
    return Stimuli(np.array(pictures, np.float32), is_directed)


def _angles(is_directed: bool) -> Float64:
    return np.arange(0, 360 if is_directed else 180, STEP, dtype=np.float64)


def _line(width: float, _along: Float64, across: Float64) -> Float64:
    """A line of this width."""
    return coverage(across, width)


def _edge(_along: Float64, across: Float64) -> Float64:
    """Ink on the left of the direction."""
    return np.clip(across + 0.5, 0, 1)


def _end(along: Float64, across: Float64) -> Float64:
    """A stroke that comes from behind and ends in the middle."""
    ended: Float64 = coverage(across, LINE_WIDTHS[-1]) * np.clip(0.5 - along, 0, 1)
    return ended
