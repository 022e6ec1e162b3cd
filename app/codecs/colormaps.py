"""Color tables from colormaps.json, which the browser reads too.

One diverging map for each ground: negative blue, zero neutral, positive orange, a pair that color-blind people can
distinguish. Lightness changes evenly away from zero and equally on both sides, so neither sign looks stronger.
"""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Theme = Literal["light", "dark"]

COLORMAPS: dict[str, Any] = json.loads(Path(__file__).with_name("colormaps.json").read_text())

LEVELS = 255
"""Odd, so that one level is exactly zero; and one color of a PNG's 256 is left for the ground between maps."""


def color_table(theme: Theme) -> NDArray[np.uint8]:
    """(255, 3) uint8: the colors of −range … 0 … +range."""
    stops = COLORMAPS[theme]["stops"]
    at = np.linspace(-1, 1, LEVELS)
    positions = [position for position, _color in stops]
    channels = [np.interp(at, positions, [color[channel] for _position, color in stops]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def color_levels(values: NDArray[np.float32], bound: float) -> NDArray[np.uint8]:
    """Levels 0–254 of values in ±bound: 127 is zero; what lies beyond the bound takes the last color."""
    middle = (LEVELS - 1) // 2
    scaled = values * np.float32(middle / bound) if bound > 0 else np.zeros_like(values)
    return np.asarray(np.rint(np.clip(scaled, -middle, middle)) + middle, dtype=np.uint8)
