"""The rectifier: negative values become zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Float64, Shape3
from model.geometry import Window
from model.layers.base import Settings
from model.layers.change import Change, Shares, elementwise_shares
from model.layers.fast_path import Step, aligned
from model.layers.neuron_terms import NeuronTerms, patch_of


@dataclass(frozen=True, eq=False)
class ReLU:
    """``max(x, 0)``; its slope at zero is taken as zero."""

    kind: ClassVar[str] = "relu"
    operation: ClassVar[str] = "rectifier"
    title: ClassVar[str] = "ReLU"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "ReLU":
        return cls()

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window((1, 1))

    def output_shape(self, input_shape: Shape3) -> Shape3:
        return input_shape

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0

    def forward(self, x: Float32) -> tuple[Float32, Float32]:
        y = np.maximum(x, np.float32(0))
        return y, y

    def backward(self, dy: Float32, context: Float32, needs_dx: bool = True) -> tuple[Float32, dict[str, Float32]]:
        # The output is positive exactly where the input was; multiplying by a mask is several
        # times as fast as `where=`, which loops element by element.
        return dy * (context > 0), {}

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        return elementwise_shares(dy, x.before > 0, x, y)

    def forward_exactly(self, x: Float64) -> Float64:
        return np.maximum(x, 0.0)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source[filter_number : filter_number + 1], self.window, row, column)
        return NeuronTerms(filter_number, patch, span, max(0.0, float(patch[0, 0, 0])))

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        # An array of zeros, since NumPy compares two arrays half again as fast as an array and a number.
        zeros = aligned(x.shape)
        return [partial(np.maximum, x, zeros, out=y)]
