"""Scaling and shifting each map: normalization with fixed mean and deviation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Shape3
from model.errors import ShapeError
from model.geometry import Window
from model.layers.base import Settings
from model.layers.change import Change, Shares
from model.layers.fast_path import Step
from model.layers.neuron_terms import NeuronTerms, WeightedSum, patch_of


@dataclass(frozen=True, eq=False)
class Affine:
    """``y[n, c, h, w] = weight[c, 0, 0, 0] · x[n, c, h, w] + bias[c]``.

    Attributes:
        weight: (C, 1, 1, 1) float32: a kernel of one cell for each map.
        bias: (C,) float32.
    """

    kind: ClassVar[str] = "affine"
    operation: ClassVar[str] = "weighted_sum"

    weight: Float32
    bias: Float32

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "Affine":
        return cls(parameters["weight"], parameters["bias"])

    @property
    def parameters(self) -> dict[str, Float32]:
        return {"weight": self.weight, "bias": self.bias}

    @property
    def window(self) -> Window:
        return Window((1, 1))

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels = input_shape[0]
        if self.weight.shape != (channels, 1, 1, 1) or self.bias.shape != (channels,):
            raise ShapeError(f"weights of {self.weight.shape} and {self.bias.shape} do not fit {channels} maps")
        return input_shape

    def multiply_adds(self, input_shape: Shape3) -> int:
        channels, height, width = input_shape
        return channels * height * width

    def forward(self, x: Float32) -> tuple[Float32, Float32]:
        return self._of(x), x

    def backward(
        self, dy: Float32, context: Float32, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        gradients = {
            "weight": (dy * context).sum(axis=(0, 2, 3)).reshape(self.weight.shape),
            "bias": dy.sum(axis=(0, 2, 3)),
        }
        return dy * self.weight[:, :, :, 0] if needs_dx else None, gradients

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        return Shares(dy * self.weight[:, :, :, 0])

    def forward_exactly(self, x: Float64) -> Float64:
        return self._of(x)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source[filter_number : filter_number + 1], self.window, row, column)
        terms = WeightedSum.of(patch, self.weight[filter_number], float(self.bias[filter_number]))
        return NeuronTerms(filter_number, patch, span, terms.total, weighted_sum=terms)

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        weight, bias = self.weight[:, 0, 0, 0].copy(), self.bias
        return [partial(np.multiply, x, weight, out=y), partial(np.add, y, bias, out=y)]

    def _of(self, x: NDArray[Any]) -> NDArray[Any]:
        return x * self.weight[:, :, :, 0] + self.bias[:, np.newaxis, np.newaxis]
