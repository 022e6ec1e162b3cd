"""The terms that one neuron computes its activation from."""

from dataclasses import dataclass

import numpy as np

from model.arrays import Float32, Float64
from model.geometry import Box, Window


@dataclass(frozen=True)
class WeightedSum:
    """``bias + Σ patch · kernel``, of a convolution or a fully connected layer.

    Attributes:
        kernel: (C, kH, kW) float32.
        products: (C, kH, kW) float64, patch times kernel.
        channel_sums: (C,) float64, the products of each input channel summed.
        bias: The filter's.
    """

    kernel: Float32
    products: Float64
    channel_sums: Float64
    bias: float

    @classmethod
    def of(cls, patch: Float32, kernel: Float32, bias: float) -> "WeightedSum":
        """Multiply and sum a patch and a kernel, both (C, kH, kW), in float64."""
        products = patch.astype(np.float64) * kernel
        return cls(np.ascontiguousarray(kernel), products, products.sum(axis=(1, 2)), bias)

    @property
    def total(self) -> float:
        """Everything summed, float64."""
        return float(self.channel_sums.sum()) + self.bias


@dataclass(frozen=True)
class NeuronTerms:
    """What one neuron reads, and what it computes from that.

    Attributes:
        first_channel: The first channel of the layer before in the patch.
        patch: (C, kH, kW) float32, what it reads; 0 where it reads padding.
        patch_span: Where the patch lies in the maps it reads; may reach into padding.
        computed: The activation by this arithmetic, float64.
        weighted_sum: Of a layer with kernels, else None.
        winner: Row and column, in the patch, of the value that a max pooling neuron passes on, else None.
        exponentials: (classes,) float64 of a softmax neuron, ``exp(logit - largest logit)``; its activation is its
            share of their sum. Else None.
    """

    first_channel: int
    patch: Float32
    patch_span: Box
    computed: float
    weighted_sum: WeightedSum | None = None
    winner: tuple[int, int] | None = None
    exponentials: Float64 | None = None

    @classmethod
    def of_sum(cls, patch: Float32, span: Box, kernel: Float32, bias: float) -> "NeuronTerms":
        """The terms of a neuron that sums a patch, from the first channel on, weighted by a kernel."""
        terms = WeightedSum.of(patch, kernel, bias)
        return cls(0, patch, span, terms.total, weighted_sum=terms)


def patch_of(source: Float32, window: Window, row: int, column: int) -> tuple[Float32, Box]:
    """(C, kH, kW) that a window at this position reads from (C, H, W), zeros for padding, and where it lies."""
    span = window.patch_at(row, column)
    seen = span.inside(*source.shape[1:])
    patch = np.zeros((len(source), span.height, span.width), dtype=np.float32)
    top, left = seen.top - span.top, seen.left - span.left
    patch[:, top : top + seen.height, left : left + seen.width] = source[
        :, seen.top : seen.top + seen.height, seen.left : seen.left + seen.width
    ]
    return patch, span
