"""Softmax as the last layer of a network: logits become probabilities."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Shape3
from model.losses import softmax


@dataclass(frozen=True, eq=False)
class Softmax:
    """``exp(x[f]) / Σ exp(x)`` over the filters, each of whose maps is 1×1."""

    kind: ClassVar[str] = "softmax"

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> None:
        return None

    def output_shape(self, input_shape: Shape3) -> Shape3:
        return input_shape

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0

    def forward(self, x: Float32) -> tuple[Float32, Float32]:
        y = softmax(x[:, :, 0, 0])[:, :, np.newaxis, np.newaxis]
        return y, y

    def backward(self, dy: Float32, context: Float32, needs_dx: bool = True) -> tuple[Float32, dict[str, Float32]]:
        # d p_f / d x_g = p_f (1[f = g] - p_g)
        weighted = dy * context
        return weighted - context * weighted.sum(axis=1, keepdims=True), {}
