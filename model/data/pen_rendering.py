"""Pen digits become training digits: varied, drawn and framed exactly as a visitor's strokes are.

The tablet has lost how thick the pen was, and thirty hands are few, so each digit is drawn several times, with a pen,
a slant, proportions and a size drawn at random.
"""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model.data.mnist import Digits
from model.data.pen_strokes import MARGIN, draw_pen_width
from model.data.pendigits import PenDigit
from model.data.synthetic import BLOCK, draw_blocks, frame_strokes
from model.digits.strokes import Stroke

ROTATION = 11.0
"""Largest rotation either way, in degrees."""
SHEAR = 0.25
"""Largest slant either way, in widths per height."""
STRETCH = 0.1
"""Standard deviation of the logarithm of each axis's scale."""
EXTENTS = (0.4, 0.9)
"""Smallest and largest digit, by its longer side, in pad units."""

EVALUATED_PEN_WIDTHS = (0.065, 0.04, 0.11)
"""Pens that the held-out writers' digits are drawn with: the page's, a thin one and a thick one; in pad units."""
EVALUATED_EXTENT = 0.7
"""Longer side of a held-out digit, in pad units: about as large as people draw on the page."""


def draw_pen_digits(digits: Sequence[PenDigit], renderings: int, seed: int, processes: int | None = None) -> Digits:
    """Draw each digit several times, each time varied in another way.

    Args:
        digits: The digits.
        renderings: How often each is drawn.
        seed: Names the set: the same seed gives the same images.
        processes: How many draw at the same time; by default one for each core. With 1, this process draws.

    Returns:
        Digits framed to (28, 28): all of them once, then all of them again, and so on.
    """
    repeated = list(digits) * renderings
    blocks = [repeated[begin : begin + BLOCK] for begin in range(0, len(repeated), BLOCK)]
    images = draw_blocks(partial(_draw_block, seed), list(enumerate(blocks)), processes)
    return Digits(images, _labels(repeated))


def draw_held_out(digits: Sequence[PenDigit], pen_width: float, processes: int | None = None) -> Digits:
    """Draw each digit once as it was written, at one size and with one pen, to evaluate networks on.

    Args:
        digits: The digits.
        pen_width: In pad units.
        processes: As for `draw_pen_digits`.
    """
    blocks = [digits[begin : begin + BLOCK] for begin in range(0, len(digits), BLOCK)]
    return Digits(draw_blocks(partial(_draw_as_written, pen_width), blocks, processes), _labels(digits))


def vary_strokes(strokes: Sequence[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """Rotate, slant, stretch, size and move a digit at random, inside the pad."""
    angle = math.radians(rng.uniform(-ROTATION, ROTATION))
    cosine, sine = math.cos(angle), math.sin(angle)
    rotate = np.array([[cosine, -sine], [sine, cosine]])
    slant = np.array([[1.0, rng.uniform(-SHEAR, SHEAR)], [0.0, 1.0]])
    stretch = np.diag(np.exp(rng.normal(0.0, STRETCH, 2)))
    changed = [stroke @ (rotate @ slant @ stretch).T for stroke in strokes]
    extent = rng.uniform(*EXTENTS)
    return _place(changed, extent, rng.random(2))


def _place(strokes: Sequence[Stroke], extent: float, where: NDArray[np.float64]) -> list[Stroke]:
    """Scale a digit's longer side to an extent and place it, at 0 with the first margin and at 1 with the last."""
    points = np.concatenate(strokes)
    first, size = points.min(axis=0), np.ptp(points, axis=0)
    # A dot has no extent; it stays one.
    scale = extent / max(float(size.max()), 1e-9)
    corner = MARGIN + where * (1 - 2 * MARGIN - scale * size)
    return [corner + scale * (stroke - first) for stroke in strokes]


def _draw_block(seed: int, block: tuple[int, Sequence[PenDigit]]) -> NDArray[np.uint8]:
    number, digits = block
    rng = np.random.default_rng([seed, number])
    images = []
    for digit in digits:
        strokes = vary_strokes(digit.strokes, rng)
        extent = float(np.ptp(np.concatenate(strokes), axis=0).max())
        images.append(frame_strokes(strokes, draw_pen_width(rng, extent)))
    return np.stack(images)


def _draw_as_written(pen_width: float, digits: Sequence[PenDigit]) -> NDArray[np.uint8]:
    middle = np.array([0.5, 0.5])
    return np.stack([frame_strokes(_place(digit.strokes, EVALUATED_EXTENT, middle), pen_width) for digit in digits])


def _labels(digits: Sequence[PenDigit]) -> NDArray[np.uint8]:
    return np.array([digit.label for digit in digits], dtype=np.uint8)
