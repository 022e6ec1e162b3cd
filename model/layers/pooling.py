"""What all pooling layers share: windows on each map, and no parameters.

Windows side by side, without padding, are combined by slices of whole rows and columns of the input. Windows that
overlap, leave gaps or reach into padding are read cell by cell of the window from a padded copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Shape3
from model.geometry import Pair, Window, optional_pair_of, pair_of
from model.layers.base import Settings
from model.layers.fast_path import Step, aligned, copying, pad
from model.windows import from_rows

ROWS, COLUMNS = 2, 3
"""Axes of (N, C, H, W)."""

IN_CACHE = 2**18
"""Bytes of maps that stay in the second-level cache together with what is made of them."""


@dataclass(frozen=True, eq=False)
class Pooling:
    """One value for each window; rows and columns that fill no window are not read.

    Attributes:
        size: (height, width) of the window, in pixels.
        stride: Step between windows, in pixels; None: as large as the window, so that windows lie side by side.
        padding: Rows above the input and columns to its left that windows may reach into; they hold no values.
        padding_after: Rows below it and columns to its right; None: as many as above and to the left.
    """

    size: Pair = (2, 2)
    stride: Pair | None = None
    padding: Pair = (0, 0)
    padding_after: Pair | None = None

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> Self:
        return cls(
            size=pair_of(settings["size"]),
            stride=optional_pair_of(settings.get("stride")),
            padding=pair_of(settings.get("padding", 0)),
            padding_after=optional_pair_of(settings.get("padding_after")),
        )

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window(self.size, self.stride or self.size, self.padding, self.padding_after)

    @property
    def is_tiled(self) -> bool:
        """Whether windows lie side by side, without padding."""
        return self.window == Window(self.size, self.size)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        return (channels, *self.window.output_size(height, width))

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0


class Cells:
    """Maps seen as windows: one view for each position in a window, (N, C, H', W') each.

    Leftmost positions come first, and of those the topmost. Where the windows overlap, so do the views.
    """

    def __init__(self, x: NDArray[Any], window: Window, value: float) -> None:
        """Copy maps, (N, C, H, W), with this value as their padding."""
        count, channels, height, width = x.shape
        (above, below), (before, after) = window.margins
        padded = np.full((height + above + below, channels, width + before + after, count), value, dtype=x.dtype)
        self.padded = from_rows(padded)
        self._inside = np.s_[:, :, above : above + height, before : before + width]
        self.padded[self._inside] = x
        self._window = window
        self._positions = window.output_size(height, width)

    @cached_property
    def views(self) -> list[NDArray[Any]]:
        (tall, wide), (down, right) = self._window.size, self._window.stride
        rows, columns = self._positions
        return [
            self.padded[:, :, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * right + 1 : right]
            for j in range(wide)
            for i in range(tall)
        ]

    @property
    def inside(self) -> NDArray[Any]:
        """(N, C, H, W) without the padding."""
        return self.padded[self._inside]


def members_of_groups(x: Float32, axis: int, size: int) -> list[Float32]:
    """Views of x that hold the first, second, … value of every group of ``size`` neighbors along an axis."""
    count = x.shape[axis] // size
    before = (slice(None),) * axis
    return [x[(*before, slice(i, count * size, size))] for i in range(size)]


def pooling_steps(layer: Pooling, x: Float32, y: Float32, combine: np.ufunc, outside: float) -> list[Step]:
    """The steps that pool x into y, both (N, H, W, C): whole rows together first, as `forward` does.

    Args:
        layer: The windows.
        x: The input.
        y: The output.
        combine: What makes one value of two.
        outside: The value of the padding.
    """
    window = layer.window
    x, steps = pad(x, window, outside)
    count, height, width, channels = y.shape
    (tall, wide), (down, right) = window.size, window.stride
    # Small maps take less time if the windows that begin at odd rows are combined, too, although nobody reads them: all
    # values then make one long run.
    every = 1 if down == 2 and x.nbytes <= IN_CACHE else down
    rows = [x[:, i : i + (height - 1) * down + 1 : every] for i in range(tall)]
    of_rows = aligned((count, rows[0].shape[1], x.shape[2], channels))
    columns = [of_rows[:, :: down // every, i : i + (width - 1) * right + 1 : right] for i in range(wide)]
    return [*steps, *_combined(combine, rows, of_rows), *_combined(combine, columns, y)]


def _combined(combine: np.ufunc, members: list[Float32], out: Float32) -> list[Step]:
    """Write what each group makes, its largest or its sum; the members are one view for each position in the group."""
    first, *others = members
    if not others:
        return [copying(out, first)]
    pairs = [(first, others[0]), *((out, other) for other in others[1:])]
    return [partial(combine, a, b, out=out) for a, b in pairs]
