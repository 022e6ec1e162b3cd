"""Padding as a layer of its own: rows and columns of one value around each map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Shape3
from model.geometry import Pair, Window, optional_pair_of, pair_of
from model.layers.base import Settings
from model.layers.change import Change, Shares
from model.layers.fast_path import Step, copying
from model.layers.neuron_terms import NeuronTerms, patch_of


@dataclass(frozen=True, eq=False)
class Pad2d:
    """Each map with rows and columns of a constant around it.

    Attributes:
        padding: Rows above and columns to the left, in pixels.
        padding_after: Rows below and columns to the right; None: as many as above and to the left.
        value: Theirs.
    """

    kind: ClassVar[str] = "pad2d"
    operation: ClassVar[str] = "copy"

    padding: Pair
    padding_after: Pair | None = None
    value: float = 0.0

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "Pad2d":
        after = optional_pair_of(settings.get("padding_after"))
        return cls(pair_of(settings["padding"]), after, float(settings["value"]))

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window((1, 1), (1, 1), self.padding, self.padding_after)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        return (channels, *self.window.output_size(height, width))

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0

    def forward(self, x: Float32) -> tuple[Float32, Shape3]:
        return self._around(x), x.shape[1:]

    def backward(self, dy: Float32, context: Shape3, needs_dx: bool = True) -> tuple[Float32, dict[str, Float32]]:
        return self._inside(dy, context), {}

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        return Shares(self._inside(dy, x.before.shape[1:]))

    def forward_exactly(self, x: Float64) -> Float64:
        return self._around(x)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source[filter_number : filter_number + 1], self.window, row, column)
        seen = span.inside(*source.shape[1:])
        if not (seen.height and seen.width):
            patch[...] = self.value
        return NeuronTerms(filter_number, patch, span, float(patch[0, 0, 0]))

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        y[...] = self.value
        (top, left), (height, width) = self.padding, x.shape[1:3]
        inside = y[:, top : top + height, left : left + width]
        return [copying(inside, x)]

    def _around(self, x: NDArray[Any]) -> NDArray[Any]:
        y = np.full((len(x), *self.output_shape(x.shape[1:])), self.value, dtype=x.dtype)
        self._inside(y, x.shape[1:])[...] = x
        return y

    def _inside(self, y: NDArray[Any], input_shape: Shape3) -> NDArray[Any]:
        top, left = self.padding
        _, height, width = input_shape
        return y[:, :, top : top + height, left : left + width]
