"""What all pooling layers share: adjacent windows on each map, and no parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from model.arrays import Float32, Float64, Shape3
from model.geometry import Pair, Window, pair_of
from model.layers.base import Settings
from model.layers.fast_path import Step, aligned

ROWS, COLUMNS = 2, 3
"""Axes of (N, C, H, W)."""


@dataclass(frozen=True, eq=False)
class Pooling:
    """One value for each window; windows do not overlap, and rows and columns that fill no window are not read.

    Attributes:
        size: (height, width) of the window and the step between windows, in pixels.
    """

    size: Pair = (2, 2)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> Self:
        return cls(size=pair_of(settings["size"]))

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window(self.size, stride=self.size)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        return (channels, *self.window.output_size(height, width))

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0


def members_of_groups(x: Float32, axis: int, size: int) -> list[Float32]:
    """Views of x that hold the first, second, … value of every group of ``size`` neighbors along an axis."""
    count = x.shape[axis] // size
    before = (slice(None),) * axis
    return [x[(*before, slice(i, count * size, size))] for i in range(size)]


def exact_windows(x: Float64, size: Pair) -> Float64:
    """(N, C, H', kH, W', kW): the windows, without the rows and columns that fill none."""
    count, channels, height, width = x.shape
    tall, wide = size
    whole = x[:, :, : height // tall * tall, : width // wide * wide]
    return whole.reshape(count, channels, height // tall, tall, width // wide, wide)


def pooling_steps(size: Pair, x: Float32, y: Float32, combine: np.ufunc) -> list[Step]:
    """The steps that pool x into y, both (N, H, W, C): whole rows together first, as `forward` does."""
    count, height, width, channels = y.shape
    tall, wide = size
    across = (width * wide) * channels
    rows = [x[:, i : height * tall : tall, : width * wide] for i in range(tall)]
    of_rows = aligned((count, height, width * wide, channels))
    columns = [of_rows[:, :, i::wide] for i in range(wide)]
    if x.shape[2] == width * wide:
        # Without a rest at the end of a row, its values are neighbors and make one long run.
        rows = [row.reshape(count, height, across) for row in rows]
    return [*_combined(combine, rows, of_rows.reshape(rows[0].shape)), *_combined(combine, columns, y)]


def _combined(combine: np.ufunc, members: list[Float32], out: Float32) -> list[Step]:
    """Write what each group makes, its largest or its sum; the members are one view for each position in the group."""
    first, *others = members
    if not others:
        return [lambda: np.copyto(out, first)]

    def step(a: Float32, b: Float32) -> Step:
        return lambda: combine(a, b, out=out)

    return [step(first, others[0]), *(step(out, other) for other in others[1:])]
