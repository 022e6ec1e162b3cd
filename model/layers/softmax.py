"""Softmax as the last layer of a network: logits become probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Float64, Shape3
from model.geometry import Box
from model.layers.base import Settings
from model.layers.change import Change, Shares
from model.layers.fast_path import Step, aligned
from model.layers.neuron_terms import NeuronTerms
from model.losses import softmax


@dataclass(frozen=True, eq=False)
class Softmax:
    """``exp(x[f]) / Σ exp(x)`` over the filters, each of whose maps is 1×1."""

    kind: ClassVar[str] = "softmax"
    operation: ClassVar[str] = "softmax"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "Softmax":
        return cls()

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

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        # Halfway between: the shares add up only approximately. Explanations begin at the logits, before this layer.
        return Shares(self.backward(dy, (y.before + y.after) / 2)[0])

    def forward_exactly(self, x: Float64) -> Float64:
        exponentials = np.exp(x - x.max(axis=1, keepdims=True))
        shares: Float64 = exponentials / exponentials.sum(axis=1, keepdims=True)
        return shares

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        logits = source[:, 0, 0].astype(np.float64)
        exponentials = np.exp(logits - logits.max())
        computed = float(exponentials[filter_number] / exponentials.sum())
        return NeuronTerms(0, source, Box(0, 0, 1, 1), computed, exponentials=exponentials)

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        # The maps are 1×1: (N, 1, 1, F).
        pairs = zip(x[:, 0, 0], y[:, 0, 0], strict=True)
        return [step for logits, probabilities in pairs for step in _steps(logits, probabilities)]


def _steps(x: Float32, y: Float32) -> list[Step]:
    """The steps for the (F,) logits of one image.

    `numpy.maximum.reduce` takes 1 µs more than `argmax` and `take`, and `numpy.add.reduce` twice as long as a scalar
    product with ones.
    """
    largest, total, ones = aligned(()), aligned(()), aligned(x.shape, 1)
    winner = np.zeros((), dtype=np.intp)
    return [
        partial(x.argmax, 0, winner),
        partial(x.take, winner, 0, largest, "clip"),
        partial(np.subtract, x, largest, out=y),
        partial(np.exp, y, out=y),
        partial(np.dot, y, ones, total),
        partial(np.divide, y, total, out=y),
    ]
