"""Synthetic handwriting: pen strokes of digits, from templates of the forms people draw around the world.

MNIST has digits of American writers, in which a 1 with a flag, a crossed 7, a 9 with a curled tail and an open 4 in
one stroke are rare. Here each of them is a template, and every digit drawn from it is different.

Knows only strokes: no images, rasterizing or training.

The templates are in ``pen_forms.json``: an object whose keys are the digits and whose values are arrays of forms.
A form is an object of

    name       unique within its digit
    weight     how often it is drawn, relative to the digit's other forms
    note       who writes so, or when
    strokes    the strokes in writing order; each an array of control points ``[x, y]`` or ``[x, y, "corner"]``
               in the unit box, x right, y down. The pen runs through them in a smooth curve that breaks at corners.
    toward     optional: the same control points at the other end of the form's range (a flag short in ``strokes``
               and long in ``toward``); a digit is drawn from anywhere between the two
    latitude   optional, 0–1: how freely the form may be leaned and stretched before it looks like another digit;
               1 if not given
    joinable   optional, true: still readable if the pen's lifts are lost and its strokes run into one another
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.errors import DatasetError

Points: TypeAlias = NDArray[np.float64]
"""(n, 2) float64: x right, y down."""

FORMS_FILE = Path(__file__).with_name("pen_forms.json")

STEPS = 8
"""Points drawn from one control point to the next. Control points lie closer where the pen turns, so, like a
tablet's, the drawn points are dense where the pen is slow."""

MAX_ROTATION = 12.0
"""Degrees; people whose lines run more aslant than this turn the paper."""

HEIGHTS = (0.35, 0.9)
"""Lowest and highest digit, in pad units."""

MARGIN = 0.05
"""Paper left around the strokes, in pad units, so that a pen of nearly any width keeps its ink on the pad."""

PEN_WIDTHS = (0.035, 0.12)
"""Thinnest and thickest pen, in pad units."""

THICKEST = 0.2
"""Widest pen relative to the digit's larger extent: above this, holes are filled and an 8 looks like a 1."""

LOST_LIFT_RATE = 0.04
"""How often a joinable form's strokes run into one another."""


# eq=False: arrays have no single truth value, and each form is loaded once.
@dataclass(frozen=True, eq=False)
class Form:
    """One way to write a digit, in the unit box.

    Attributes:
        name: Unique within its digit.
        weight: How often it is drawn, relative to the digit's other forms.
        note: Who writes so, or when.
        points: (n, 2) float64, 0–1: the control points of all strokes, one after another.
        toward: (n, 2) float64, 0–1: the same at the other end of the form's range.
        lengths: How many control points each stroke has.
        corners: (n,) bool: where the curve breaks.
        latitude: How freely it may be leaned and stretched, 0–1.
        joinable: Whether it can still be read if its strokes run into one another.
    """

    name: str
    weight: float
    note: str
    points: Points
    toward: Points
    lengths: tuple[int, ...]
    corners: NDArray[np.bool_]
    latitude: float = 1.0
    joinable: bool = False

    @property
    def strokes(self) -> list[Points]:
        """The control points of each stroke, in writing order."""
        return np.split(self.points, self.firsts[1:])

    @cached_property
    def firsts(self) -> NDArray[np.intp]:
        """(strokes,) where each stroke's control points begin."""
        return np.cumsum((0, *self.lengths[:-1]), dtype=np.intp)

    @cached_property
    def lasts(self) -> NDArray[np.intp]:
        """(strokes,) the last control point of each stroke."""
        return np.cumsum(self.lengths, dtype=np.intp) - 1

    @cached_property
    def breaks(self) -> NDArray[np.bool_]:
        """(n,) bool: corners and ends of strokes, across which the curve need not be smooth."""
        breaks = self.corners.copy()
        breaks[self.firsts] = breaks[self.lasts] = True
        return breaks

    @cached_property
    def drawn(self) -> NDArray[np.intp]:
        """(segments,) the control points from which the pen goes on to the next, on paper."""
        return np.delete(np.arange(len(self.points)), self.lasts)

    @cached_property
    def curve_firsts(self) -> NDArray[np.intp]:
        """(strokes,) where each stroke begins among the points drawn."""
        return (self.firsts - np.arange(len(self.firsts))) * STEPS + np.arange(len(self.firsts))


def load_forms(path: Path = FORMS_FILE) -> Mapping[int, Sequence[Form]]:
    """Read the templates.

    Raises:
        DatasetError: The two ends of a form's range differ in their control points.
    """
    digits = json.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({int(digit): tuple(_to_form(entry) for entry in digits[digit]) for digit in digits})


def _to_form(entry: Mapping[str, Any]) -> Form:
    strokes = entry["strokes"]
    toward = entry.get("toward", strokes)
    lengths = tuple(len(stroke) for stroke in strokes)
    if tuple(len(stroke) for stroke in toward) != lengths:
        raise DatasetError(f"form {entry['name']!r}: `toward` must have {lengths} control points, as its strokes do")
    return Form(
        name=entry["name"],
        weight=entry["weight"],
        note=entry["note"],
        points=np.array([point[:2] for stroke in strokes for point in stroke], dtype=np.float64),
        toward=np.array([point[:2] for stroke in toward for point in stroke], dtype=np.float64),
        lengths=lengths,
        corners=np.array(["corner" in point for stroke in strokes for point in stroke]),
        latitude=entry.get("latitude", 1.0),
        joinable=entry.get("joinable", False),
    )


FORMS: Mapping[int, Sequence[Form]] = load_forms()
"""The forms of each digit."""

_CUMULATIVE_WEIGHTS = {label: np.cumsum([form.weight for form in forms]) for label, forms in FORMS.items()}


def write_digit(label: int, rng: np.random.Generator, form: str | None = None) -> list[Points]:
    """Write one digit, each time a little differently.

    Args:
        label: 0–9.
        rng: Every choice comes from it.
        form: Name of the form to write; by default one is drawn by weight.

    Returns:
        The strokes, in writing order: (n, 2) float64 each, pad units, 0–1.

    Raises:
        DatasetError: No such digit or form; the message names those that exist.
    """
    chosen = _choose_form(label, rng, form)

    points = _between_the_extremes(chosen, rng)
    points = _jitter(points, rng)
    points = _displace_strokes(points, chosen, rng)
    points = _overshoot_ends(points, chosen, rng)

    curve = _curve_through(points, chosen, roundness=rng.uniform(0.75, 1.15))
    curve = _warp_proportions(curve, rng)
    curve = _bow(curve, rng)
    curve = _lean(curve, chosen.latitude, rng)
    curve = _tremble(curve, rng)

    strokes = np.split(curve, chosen.curve_firsts[1:])
    strokes = _hook_ends(strokes, rng)
    if chosen.joinable and rng.random() < LOST_LIFT_RATE:
        strokes = [np.concatenate(strokes)]
    strokes = _sample(strokes, rng, fewest=len(points))
    return _place(strokes, rng)


def draw_pen_width(rng: np.random.Generator, extent: float = 1.0) -> float:
    """Draw a pen for a digit, log-uniformly: thin pens differ as much by ratio as thick ones.

    Framing scales every digit to the same size, so what counts is the pen relative to the digit.

    Args:
        rng: The source of chance.
        extent: The digit's larger extent, in pad units; no pen fills in its holes.

    Returns:
        Pen width, in pad units.
    """
    thinnest, thickest = PEN_WIDTHS
    thickest = max(thinnest, min(thickest, THICKEST * extent))
    return math.exp(rng.uniform(math.log(thinnest), math.log(thickest)))


def _choose_form(label: int, rng: np.random.Generator, name: str | None) -> Form:
    if label not in FORMS:
        raise DatasetError(f"no forms for {label!r}; there are forms for the digits {min(FORMS)} to {max(FORMS)}")
    forms = FORMS[label]
    if name is None:
        cumulative = _CUMULATIVE_WEIGHTS[label]
        return forms[int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))]
    for form in forms:
        if form.name == name:
            return form
    known = ", ".join(repr(form.name) for form in forms)
    raise DatasetError(f"{label} has no form {name!r}; its forms are {known}")


def _between_the_extremes(form: Form, rng: np.random.Generator) -> Points:
    """Pick a point of the form's range: flags, loops and necks have every length between short and long."""
    return form.points + rng.random() * (form.toward - form.points)


def _jitter(points: Points, rng: np.random.Generator) -> Points:
    """Misplace the control points: neighbors together, as a hand misjudges a whole part, and each a little by itself.

    Two waves across the box do the former. Being functions of the place, they keep together what touches.
    """
    frequencies = rng.uniform(-1.0, 1.0, (2, 2))
    phases = rng.uniform(0.0, 2 * math.pi, 2)
    amplitudes = rng.normal(0.0, 0.022, (2, 2))
    waves = np.sin(2 * math.pi * (points @ frequencies) + phases)
    return points + waves @ amplitudes + rng.normal(0.0, 0.009, points.shape)


def _displace_strokes(points: Points, form: Form, rng: np.random.Generator) -> Points:
    """Move and resize each later stroke: once lifted, a pen does not land quite where it was meant to."""
    displaced = points.copy()
    for first, last in zip(form.firsts[1:], form.lasts[1:], strict=True):
        stroke = points[first : last + 1]
        center = stroke.mean(axis=0)
        displaced[first : last + 1] = center + (stroke - center) * rng.normal(1.0, 0.07) + rng.normal(0.0, 0.02, 2)
    return displaced


def _overshoot_ends(points: Points, form: Form, rng: np.random.Generator) -> Points:
    """Start or stop a stroke early or late: joins gap and overlap, loops stay open or cross themselves."""
    ends = np.concatenate((form.firsts, form.lasts))
    outward = points[ends] - points[np.concatenate((form.firsts + 1, form.lasts - 1))]
    distances = np.hypot(outward[:, 0], outward[:, 1])
    # A piece may lose at most a third of its length: a flag or a tick must stay one.
    shares = np.clip(rng.normal(0.0, 0.03, len(ends)), -distances / 3, 0.07) / (distances + 1e-9)
    overshot = points.copy()
    overshot[ends] += outward * shares[:, np.newaxis]
    return overshot


def _hermite_basis() -> NDArray[np.float64]:
    """Weigh start, its tangent, end and its tangent at equal steps along a segment; (STEPS, 4)."""
    t = np.arange(STEPS) / STEPS
    return np.stack(((1 + 2 * t) * (1 - t) ** 2, t * (1 - t) ** 2, t**2 * (3 - 2 * t), t**2 * (t - 1)), axis=1)


_HERMITE = _hermite_basis()


def _curve_through(points: Points, form: Form, roundness: float) -> Points:
    """Run the pen through the control points, smoothly except at corners.

    Args:
        points: (n, 2) control points of all strokes.
        form: Where its strokes and corners are.
        roundness: 1 for the curve itself; less flattens it toward straight pieces, more makes it bulge.

    Returns:
        The points of all strokes, one after another.

    Source:
        Yuksel, Schaefer & Keyser (2011), "Parameterization and applications of Catmull-Rom curves":
        the centripetal one neither loops nor overshoots between control points, however uneven they are.
    """
    steps = points[1:] - points[:-1]
    # Centripetal: the parameter grows with the square root of the distance.
    durations = np.sqrt(np.hypot(steps[:, 0], steps[:, 1]))[:, np.newaxis] + 1e-6
    velocities = steps / durations

    tangents = np.zeros_like(points)
    before, after = durations[:-1], durations[1:]
    tangents[1:-1] = (velocities[:-1] * after + velocities[1:] * before) / (before + after)

    # At a break only one side counts: the curve leaves it as a parabola would.
    start, end = form.drawn, form.drawn + 1
    velocities, durations = velocities[start], durations[start]
    breaks_at_start, breaks_at_end = form.breaks[start, np.newaxis], form.breaks[end, np.newaxis]
    leaving = np.where(breaks_at_end, velocities, 1.5 * velocities - 0.5 * tangents[end])
    leaving = np.where(breaks_at_start, leaving, tangents[start])
    arriving = np.where(breaks_at_start, velocities, 1.5 * velocities - 0.5 * tangents[start])
    arriving = np.where(breaks_at_end, arriving, tangents[end])

    chords = steps[start]
    # Flattening blends each tangent into the chord's own, and bulging goes as far beyond.
    leaving = chords + roundness * (leaving * durations - chords)
    arriving = chords + roundness * (arriving * durations - chords)
    # (STEPS, 4) with (segments, 4, 2) → (segments, STEPS, 2)
    curve = _HERMITE @ np.stack((points[start], leaving, points[end], arriving), axis=1)
    ends_of_strokes = (form.lasts - np.arange(len(form.lasts))) * STEPS
    return np.insert(curve.reshape(-1, 2), ends_of_strokes, points[form.lasts], axis=0)


def _warp_proportions(points: Points, rng: np.random.Generator) -> Points:
    """Enlarge the top against the bottom, the left against the right, and taper: no two hands agree on these."""
    # Slopes below 1 in size keep the remaps monotone, so nothing folds over.
    lower, righter, taper = np.clip(rng.normal(0.0, (0.15, 0.1, 0.12)), -0.35, 0.35)
    x, y = points[:, 0], points[:, 1]
    warped: Points = np.empty_like(points)
    warped[:, 0] = 0.5 + (x + righter * x * (1 - x) - 0.5) * (1 + taper * (y - 0.5))
    warped[:, 1] = y + lower * y * (1 - y)
    return warped


def _bow(points: Points, rng: np.random.Generator) -> Points:
    """Bend the whole digit a little: a hand swings about its wrist, so long strokes are arcs."""
    sideways, upward = np.clip(rng.normal(0.0, (0.025, 0.015)), -0.06, 0.06)
    bowed: Points = points + np.sin(math.pi * points[:, ::-1]) * (sideways, upward)
    return bowed


def _lean(points: Points, latitude: float, rng: np.random.Generator) -> Points:
    """Stretch, slant and rotate about the middle: the writer's proportions, cursive and paper.

    All three can turn a 1's flag into a 7's bar or back, so a form's latitude bounds them alike.
    """
    stretch = math.exp(_bounded_normal(rng, 0.0, 0.17, lowest=-0.4 * latitude, highest=0.32 * latitude))
    # Right-handers, and the cursive they were taught, lean right.
    slant = _bounded_normal(rng, 0.1, 0.17, lowest=-0.3 * latitude, highest=0.5 * latitude)
    rotation = MAX_ROTATION * latitude
    angle = math.radians(_bounded_normal(rng, 0.0, 0.45 * rotation, lowest=-rotation, highest=rotation))
    cosine, sine = math.cos(angle), math.sin(angle)
    rotate = np.array([[cosine, -sine], [sine, cosine]])
    shear = np.array([[stretch, -slant], [0.0, 1.0]])
    leaning: Points = (points - 0.5) @ (rotate @ shear).T
    return leaning


def _bounded_normal(rng: np.random.Generator, mean: float, deviation: float, lowest: float, highest: float) -> float:
    return min(max(rng.normal(mean, deviation), lowest), highest)


def _tremble(points: Points, rng: np.random.Generator) -> Points:
    """Add the hand's tremor: low waves along the stroke, in some writers none."""
    amplitude = max(0.0, rng.normal(0.0, 0.004))
    wavelengths = rng.uniform(6.0, 24.0, 3)
    phases = rng.uniform(0.0, 2 * math.pi, 3)
    waves = np.sin(2 * math.pi * np.arange(len(points))[:, np.newaxis] / wavelengths + phases)
    return points + amplitude * (waves @ rng.normal(0.0, 1.0, (3, 2)))


def _hook_ends(strokes: Sequence[Points], rng: np.random.Generator) -> list[Points]:
    """Let the pen skid as it lands or leaves: now and then a stroke begins or ends with a tiny hook."""
    hooked = []
    for stroke in strokes:
        if rng.random() < 0.06:
            stroke = np.concatenate(([_hook(stroke[0], stroke[3], rng)], stroke))
        if rng.random() < 0.06:
            stroke = np.concatenate((stroke, [_hook(stroke[-1], stroke[-4], rng)]))
        hooked.append(stroke)
    return hooked


def _hook(end: Points, inner: Points, rng: np.random.Generator) -> Points:
    """Point the tip of a hook on a stroke's end, 60 to 120 degrees off the stroke's direction; (2,)."""
    angle = math.atan2(end[1] - inner[1], end[0] - inner[0]) + rng.choice((-1, 1)) * rng.uniform(1.0, 2.1)
    length = rng.uniform(0.02, 0.06)
    return end + np.array([math.cos(angle), math.sin(angle)]) * length


def _sample(strokes: Sequence[Points], rng: np.random.Generator, fewest: int) -> list[Points]:
    """Keep the points that a device would report: mostly all, else fewer, few or rounded ones.

    Args:
        strokes: As drawn.
        rng: The source of chance.
        fewest: Points below which the digit's loops and corners would be lost.
    """
    device = rng.random()
    if device < 0.7:
        return list(strokes)
    if device < 0.88:
        every = int(rng.integers(2, 5))
        return [_thin_out(stroke, every) for stroke in strokes]
    if device < 0.95:
        return _space_evenly(strokes, count=int(rng.integers(max(8, fewest), 21)))
    return _quantize(strokes, rng)


def _thin_out(stroke: Points, every: int) -> Points:
    """Keep one point of so many, and the last: a device that reports less often."""
    return np.concatenate((stroke[:-1:every], stroke[-1:]))


def _space_evenly(strokes: Sequence[Points], count: int) -> list[Points]:
    """Keep points at equal distances, about `count` in all: a device that reports only when the pen has moved far."""
    paths = [np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T)))) for stroke in strokes]
    whole = sum(path[-1] for path in paths)
    spaced = []
    for stroke, path in zip(strokes, paths, strict=True):
        at = np.linspace(0.0, path[-1], max(2, round(count * path[-1] / whole)))
        spaced.append(np.stack((np.interp(at, path, stroke[:, 0]), np.interp(at, path, stroke[:, 1])), axis=1))
    return spaced


def _quantize(strokes: Sequence[Points], rng: np.random.Generator) -> list[Points]:
    """Round the points to a coarse grid: small canvases and old tablets report whole cells."""
    points = np.concatenate(strokes)
    # At most a twentieth of the digit, lest loops close.
    cell = float((points.max(axis=0) - points.min(axis=0)).max()) * rng.uniform(1 / 50, 1 / 20)
    # Such devices are slow, too: at full density every slope would become a staircase.
    return [np.round(_thin_out(stroke, 4) / cell) * cell for stroke in strokes]


def _place(strokes: Sequence[Points], rng: np.random.Generator) -> list[Points]:
    """Size the digit and put it anywhere on the pad where it fits."""
    points = np.concatenate(strokes)
    top_left = points.min(axis=0)
    extent = points.max(axis=0) - top_left
    room = 1 - 2 * MARGIN
    # Not by the width: rounded to a grid, an upright 1 may have none.
    scale = min(rng.uniform(*HEIGHTS) / extent[1], room / extent.max())
    corner = MARGIN + rng.random(2) * (room - scale * extent)
    return [corner + scale * (stroke - top_left) for stroke in strokes]
