"""A visitor's own symbols become training images: varied, drawn and framed exactly as a drawing on the pad is.

The drawings are in a JSON file: ``{"classes": [{"name": "star", "drawings": […]}], "pen_width": 0.065}``. A drawing is
an array of strokes, a stroke an array of points ``[x, y]`` in pad units.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from model.data.mnist import Digits
from model.data.pen_rendering import vary_strokes
from model.data.pen_strokes import draw_pen_width
from model.data.synthetic import frame_strokes
from model.digits.strokes import Stroke
from model.errors import DatasetError

Drawing: TypeAlias = list[Stroke]

HELD_OUT_SHARE = 5
"""One of so many drawings of each class is held out, and at least one."""


@dataclass(frozen=True)
class Symbols:
    """Drawings by class.

    Attributes:
        names: Of the classes.
        drawings: Of each class.
        pen_width: Diameter of the pen that they were drawn with, in pad units.
    """

    names: list[str]
    drawings: list[list[Drawing]]
    pen_width: float


def read_symbols(path: Path) -> Symbols:
    """Read a file of drawings.

    Raises:
        DatasetError: It is missing or of another form.
    """
    try:
        given = json.loads(path.read_text())
        names = [str(each["name"]) for each in given["classes"]]
        drawings = [
            [[np.array(stroke, dtype=np.float64).reshape(-1, 2) for stroke in drawing] for drawing in each["drawings"]]
            for each in given["classes"]
        ]
        return Symbols(names, drawings, float(given["pen_width"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DatasetError(f"{path.name} holds no drawings: {error!r}") from error


def split_drawings(symbols: Symbols, rng: np.random.Generator) -> tuple[Symbols, Symbols]:
    """Drawings to train on, and those held out, of each class."""
    training, held_out = [], []
    for drawings in symbols.drawings:
        order = rng.permutation(len(drawings))
        count = max(1, len(drawings) // HELD_OUT_SHARE)
        held_out.append([drawings[index] for index in sorted(order[:count])])
        training.append([drawings[index] for index in sorted(order[count:])])
    return (
        Symbols(symbols.names, training, symbols.pen_width),
        Symbols(symbols.names, held_out, symbols.pen_width),
    )


def draw_as_drawn(symbols: Symbols) -> Digits:
    """Every drawing once, unchanged: what the network receives of it."""
    images = [frame_strokes(drawing, symbols.pen_width) for _, drawing in _labeled(symbols)]
    return Digits(np.stack(images), np.array([label for label, _ in _labeled(symbols)], dtype=np.uint8))


def draw_varied(symbols: Symbols, count: int, seed: int) -> Digits:
    """Draw so many images, the classes in turn and their drawings in turn, each time varied in another way.

    Args:
        symbols: At least one drawing of each class.
        count: How many images.
        seed: The same seed gives the same images.
    """
    rng = np.random.default_rng([seed, count])
    images, labels = [], []
    for index in range(count):
        label = index % len(symbols.names)
        drawings = symbols.drawings[label]
        strokes = vary_strokes(drawings[index // len(symbols.names) % len(drawings)], rng)
        extent = float(np.ptp(np.concatenate(strokes), axis=0).max())
        images.append(frame_strokes(strokes, draw_pen_width(rng, extent)))
        labels.append(label)
    return Digits(np.stack(images), np.array(labels, dtype=np.uint8))


def _labeled(symbols: Symbols) -> Sequence[tuple[int, Drawing]]:
    return [(label, drawing) for label, drawings in enumerate(symbols.drawings) for drawing in drawings]
