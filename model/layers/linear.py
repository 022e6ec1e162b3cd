"""The fully connected layer: every neuron reads every input."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Float64, Shape3
from model.errors import ShapeError
from model.geometry import Box
from model.initializers import he_normal
from model.layers.base import Settings
from model.layers.change import Change, Shares, weighted_sum_shares
from model.layers.fast_path import Step
from model.layers.neuron_terms import NeuronTerms


@dataclass(frozen=True, eq=False)
class Linear:
    """One neuron per filter, whose kernel is as large as the input: its feature map is 1×1.

    ``y[n, f, 0, 0] = bias[f] + Σ weight[f, c, h, w] · x[n, c, h, w]``

    Attributes:
        weight: (F, C, H, W) float32.
        bias: (F,) float32.
    """

    kind: ClassVar[str] = "linear"
    operation: ClassVar[str] = "weighted_sum"

    weight: Float32
    bias: Float32

    @classmethod
    def create(cls, rng: np.random.Generator, input_shape: Shape3, filters: int) -> "Linear":
        """A layer with He-initialized weights and zero biases."""
        channels, height, width = input_shape
        weight = he_normal(rng, (filters, *input_shape), fan_in=channels * height * width)
        return cls(weight, np.zeros(filters, dtype=np.float32))

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "Linear":
        return cls(parameters["weight"], parameters["bias"])

    @property
    def parameters(self) -> dict[str, Float32]:
        return {"weight": self.weight, "bias": self.bias}

    @property
    def window(self) -> None:
        return None

    def output_shape(self, input_shape: Shape3) -> Shape3:
        if self.bias.shape != (len(self.weight),):
            raise ShapeError(f"weights of {self.weight.shape} and biases of {self.bias.shape} do not belong together")
        if input_shape != self.weight.shape[1:]:
            raise ShapeError(f"each neuron reads an input of {self.weight.shape[1:]} but the input is {input_shape}")
        return (len(self.bias), 1, 1)

    def multiply_adds(self, input_shape: Shape3) -> int:
        return self.weight.size

    def forward(self, x: Float32) -> tuple[Float32, Float32]:
        self.output_shape(x.shape[1:])
        flat = x.reshape(len(x), -1)
        y = np.matmul(flat, self.weight.reshape(len(self.bias), -1).T) + self.bias
        return y[:, :, np.newaxis, np.newaxis], flat

    def backward(
        self, dy: Float32, context: Float32, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        d_flat = dy[:, :, 0, 0]
        gradients = {
            "weight": (d_flat.T @ context).reshape(self.weight.shape),
            "bias": d_flat.sum(axis=0),
        }
        if not needs_dx:
            return None, gradients
        # With the images innermost in memory, as the layers before have them.
        dx = self.weight.reshape(len(self.bias), -1).T @ d_flat.T
        return dx.reshape(*self.weight.shape[1:], -1).transpose(3, 0, 1, 2), gradients

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        return weighted_sum_shares(self, dy, x, map_axes=(2, 3))

    def forward_exactly(self, x: Float64) -> Float64:
        # One product per image: in a single product for all, an image's position could change the order of its sums.
        weights = self.weight.reshape(len(self.bias), -1).T.astype(np.float64)
        logits = np.matmul(x.reshape(len(x), 1, -1), weights)[:, 0] + self.bias
        return logits[:, :, np.newaxis, np.newaxis]

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        span = Box(0, 0, *source.shape[1:])
        return NeuronTerms.of_sum(source, span, self.weight[filter_number], float(self.bias[filter_number]))

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        flat, out, bias = x.reshape(len(x), -1), y.reshape(len(y), -1), self.bias
        if len(x) == 1:
            # For a single image, each filter's weights lie in one row.
            by_filter = np.ascontiguousarray(self.weight.transpose(0, 2, 3, 1)).reshape(len(bias), -1)
            return [partial(np.dot, by_filter, flat[0], out[0]), partial(np.add, out[0], bias, out=out[0])]
        weights = np.ascontiguousarray(self.weight.transpose(2, 3, 1, 0)).reshape(-1, len(bias))
        return [partial(np.dot, flat, weights, out), partial(np.add, out, bias, out=out)]
