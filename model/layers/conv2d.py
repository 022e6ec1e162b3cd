"""The convolutional layer: one kernel per filter, shared by all positions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from model.arrays import Float32, Float64, Shape3
from model.errors import ShapeError
from model.geometry import Pair, Window, optional_pair_of, pair_of
from model.initializers import he_normal
from model.layers.base import Settings
from model.layers.change import Change, Shares, weighted_sum_shares
from model.layers.exact_sums import sum_over_window
from model.layers.fast_path import Step, aligned, copying, pad, patches_by_position, products, strided_view
from model.layers.neuron_terms import NeuronTerms, patch_of
from model.windows import from_rows, row_patches, to_rows, unroll_columns


def between_holes(kernels: Float32, dilation: Pair | None) -> Float32:
    """(F, C, kH, kW) kernels stored with the holes of a dilation → a view of their weights alone."""
    down, right = dilation or (1, 1)
    return kernels[:, :, ::down, ::right]


def with_holes(weights: Float32, dilation: Pair) -> Float32:
    """(F, C, kH, kW) weights → kernels with zeros between them, which the dilation leaves out."""
    filters, channels, tall, wide = weights.shape
    extents = (filters, channels, (tall - 1) * dilation[0] + 1, (wide - 1) * dilation[1] + 1)
    kernels = np.zeros(extents, dtype=weights.dtype)
    between_holes(kernels, dilation)[...] = weights
    return kernels


class Conv2dContext(NamedTuple):
    """What `Conv2d.backward` needs: the unrolled input and the input's extents."""

    unrolled: Float32
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class Conv2d:
    """Cross-correlation with a kernel, plus a bias for each filter.

    ``y[n, f, h, w] = bias[f] + Σ weight[f, c, i, j] · x[n, c, h·sH + i - pH, w·sW + j - pW]``

    As in every deep-learning library, the kernel is not flipped.

    Attributes:
        weight: (F, C, kH, kW) float32.
        bias: (F,) float32.
        stride: Step between neighboring neurons' patches (sH, sW), in pixels.
        padding: Zeros above and to the left of the input (pH, pW), in pixels.
        padding_after: Zeros below it and to its right; None: as many as above and to the left.
        dilation: Steps between neighboring weights, in pixels; None: 1. The kernel is stored with zeros in the holes
            between them, which are no weights: they count nowhere and are never trained.
    """

    kind: ClassVar[str] = "conv2d"
    operation: ClassVar[str] = "weighted_sum"

    weight: Float32
    bias: Float32
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    padding_after: Pair | None = None
    dilation: Pair | None = None

    @classmethod
    def create(
        cls,
        rng: np.random.Generator,
        in_channels: int,
        filters: int,
        kernel_size: int | Pair,
        *,
        padding: int | Pair = 0,
    ) -> "Conv2d":
        """A layer with He-initialized kernels and zero biases; one number stands for both height and width."""
        tall, wide = pair_of(kernel_size)
        weight = he_normal(rng, (filters, in_channels, tall, wide), fan_in=in_channels * tall * wide)
        return cls(weight, np.zeros(filters, dtype=np.float32), padding=pair_of(padding))

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "Conv2d":
        return cls(
            parameters["weight"],
            parameters["bias"],
            stride=pair_of(settings["stride"]),
            padding=pair_of(settings["padding"]),
            padding_after=optional_pair_of(settings.get("padding_after")),
            dilation=optional_pair_of(settings.get("dilation")),
        )

    @property
    def parameters(self) -> dict[str, Float32]:
        return {"weight": self.weight, "bias": self.bias}

    @property
    def window(self) -> Window:
        _, _, tall, wide = self.weight.shape
        return Window((tall, wide), self.stride, self.padding, self.padding_after)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        filters, kernel_channels, _, _ = self.weight.shape
        if self.bias.shape != (filters,):
            raise ShapeError(f"kernels of {self.weight.shape} and biases of {self.bias.shape} do not belong together")
        if channels != kernel_channels:
            raise ShapeError(f"kernels read {kernel_channels} channels but the input has {channels}")
        return (filters, *self.window.output_size(height, width))

    def multiply_adds(self, input_shape: Shape3) -> int:
        _, out_height, out_width = self.output_shape(input_shape)
        return between_holes(self.weight, self.dilation).size * out_height * out_width

    def forward(self, x: Float32) -> tuple[Float32, Conv2dContext]:
        count, _, height, width = x.shape
        filters, out_height, out_width = self.output_shape(x.shape[1:])
        unrolled = unroll_columns(to_rows(x), self.window)

        # (F, kH·C·kW) @ (H', kH·C·kW, W'·N) → (H', F, W'·N): the layout that the next layer reads.
        kernels = self.weight.transpose(0, 2, 1, 3).reshape(filters, -1)
        rows = np.matmul(kernels, row_patches(unrolled, self.weight.shape[2], self.stride[0]))
        rows += self.bias[:, np.newaxis]
        y = from_rows(rows.reshape(out_height, filters, out_width, count))
        return y, Conv2dContext(unrolled, height, width)

    def backward(
        self, dy: Float32, context: Conv2dContext, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        filters, channels, tall, wide = self.weight.shape
        count, _, out_height, out_width = dy.shape
        d_rows = np.ascontiguousarray(to_rows(dy))
        flat = d_rows.reshape(out_height, filters, out_width * count)

        # Every position adds its own δ · patch to the one shared kernel. The larger matrix comes first: the
        # product of the transposes, (F, W'·N) @ (W'·N, kH·C·kW), is the same and took 50% longer.
        patches = row_patches(context.unrolled, tall, self.stride[0])
        d_kernels = np.matmul(patches, flat.transpose(0, 2, 1)).sum(axis=0)
        d_weight = d_kernels.reshape(tall, channels, wide, filters).transpose(3, 1, 0, 2)
        if self.dilation is not None:
            d_weight = with_holes(between_holes(d_weight, self.dilation), self.dilation)
        # A product with ones takes a third of the time of the sum over each row.
        d_bias = np.matmul(flat, np.ones(out_width * count, dtype=flat.dtype)).sum(axis=0)
        gradients = {"weight": d_weight, "bias": d_bias}
        if not needs_dx:
            return None, gradients
        return self._input_gradient(d_rows, context.height, context.width), gradients

    def _input_gradient(self, d_rows: Float32, height: int, width: int) -> Float32:
        """(N, C, H, W) from (H', F, W', N): each δ, times the kernel, added back where its patch was read.

        Input row r was read by output row h as kernel row r - h·sH. So for one input row the kernel rows are summed by
        a single product, over the kH output rows that read it, and only the kW kernel columns are left to be added,
        each shifted by one column. Adding all kH·kW shifts would touch three times the memory.
        """
        filters, channels, tall, wide = self.weight.shape
        out_height, _, out_width, count = d_rows.shape
        (down, right), ((above, below), (before, after)) = self.stride, self.window.margins

        # Output rows as far apart as the input rows that they begin at, with kH - 1 rows of zeros at both ends.
        spread = np.zeros((height + above + below + tall - 1, filters, out_width, count), dtype=d_rows.dtype)
        spread[tall - 1 : tall + (out_height - 1) * down : down] = d_rows
        readers = row_patches(spread[above : above + height + tall - 1, :, np.newaxis], tall, 1)

        # (C·kW, kH·F) @ (H, kH·F, W'·N) → the gradient flowing to each input row, by kernel column.
        flipped = self.weight[:, :, ::-1].transpose(1, 3, 2, 0).reshape(channels * wide, tall * filters)
        by_column = np.matmul(flipped, readers).reshape(height, channels, wide, out_width, count)
        padded = np.zeros((height, channels, width + before + after, count), dtype=d_rows.dtype)
        for j in range(wide):
            padded[:, :, j : j + (out_width - 1) * right + 1 : right] += by_column[:, :, j]
        return from_rows(padded[:, :, before : before + width])

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        return weighted_sum_shares(self, dy, x, map_axes=(2, 3))

    def forward_exactly(self, x: Float64) -> Float64:
        kernels = self.weight.astype(np.float64)[..., np.newaxis, np.newaxis]
        return sum_over_window(x, kernels, self.bias[:, np.newaxis, np.newaxis], self.window)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source, self.window, row, column)
        return NeuronTerms.of_sum(patch, span, self.weight[filter_number], float(self.bias[filter_number]))

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        filters, channels, tall, wide = self.weight.shape
        down, right = self.stride
        x, steps = pad(x, self.window)
        count, out_height, out_width, _ = y.shape
        positions, cells = out_height * out_width, channels * tall * wide
        if channels * wide >= out_width:
            patches, copying_patches = patches_by_position(x, self.window, out_height, out_width)
            steps.append(copying_patches)
            weights = self.weight.transpose(2, 3, 1, 0)
        else:
            # First each row once for each kernel column; from there, long runs for each kernel row. Cells are ordered
            # (channel, kernel column, kernel row).
            of_image, of_row, of_column, of_channel = x.strides
            rows = x.shape[1]
            shifted = aligned((count, channels, wide, rows, out_width))
            by_column = as_strided(x, shifted.shape, (of_image, of_channel, of_column, of_row, right * of_column))
            transposed = aligned((count, cells + 1, positions), value=1)
            patches = transposed.transpose(0, 2, 1)
            into = transposed[:, :cells].reshape(count, channels, wide, tall, out_height, out_width)
            out_of = strided_view(shifted, into.shape,
                           (channels * wide * rows * out_width, wide * rows * out_width, rows * out_width,
                            out_width, down * out_width, 1))  # fmt: skip
            weights = self.weight.transpose(1, 3, 2, 0)
            steps += [copying(shifted, by_column), copying(into, out_of)]

        kernels = aligned((cells + 1, filters))
        kernels[:cells] = weights.reshape(cells, filters)
        kernels[cells] = self.bias
        sums = y.reshape(count, positions, filters)
        return [*steps, *products(patches, kernels, sums)]
