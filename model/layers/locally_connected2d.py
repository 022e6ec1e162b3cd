"""The locally connected layer: a convolution with separate weights for every output position."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Float64, Shape3
from model.errors import ShapeError
from model.geometry import Pair, Window, pair_of
from model.initializers import he_normal
from model.layers.base import Settings
from model.layers.change import Change, Shares, weighted_sum_shares
from model.layers.conv2d import Conv2dContext
from model.layers.exact_sums import sum_over_window
from model.layers.fast_path import Step, aligned, pad, patches_by_position
from model.layers.neuron_terms import NeuronTerms, patch_of
from model.windows import position_patches, to_rows, unroll_columns


@dataclass(frozen=True, eq=False)
class LocallyConnected2d:
    """Each neuron reads a patch, as in a convolution, but has its own kernel and bias.

    ``y[n, f, h, w] = bias[h, w, f] + Σ weight[h, w, f, c, i, j] · x[n, c, h·sH + i - pH, w·sW + j - pW]``

    Attributes:
        weight: (H', W', F, C, kH, kW) float32: position first, so that the kernels of one position lie together.
        bias: (H', W', F) float32.
        stride: Step between neighboring neurons' patches (sH, sW), in pixels.
        padding: Zeros around the input (pH, pW), in pixels.
    """

    kind: ClassVar[str] = "locally_connected2d"
    operation: ClassVar[str] = "weighted_sum"

    weight: Float32
    bias: Float32
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)

    @classmethod
    def create(
        cls,
        rng: np.random.Generator,
        input_shape: Shape3,
        filters: int,
        kernel_size: int | Pair,
        *,
        padding: int | Pair = 0,
    ) -> "LocallyConnected2d":
        """A layer with separately drawn He-initialized kernels and zero biases.

        One number stands for both height and width.
        """
        channels, height, width = input_shape
        (tall, wide), around = pair_of(kernel_size), pair_of(padding)
        rows, columns = Window((tall, wide), padding=around).output_size(height, width)
        shape = (rows, columns, filters, channels, tall, wide)
        weight = he_normal(rng, shape, fan_in=channels * tall * wide)
        return cls(weight, np.zeros(shape[:3], dtype=np.float32), padding=around)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "LocallyConnected2d":
        return cls(
            parameters["weight"],
            parameters["bias"],
            stride=pair_of(settings["stride"]),
            padding=pair_of(settings["padding"]),
        )

    @property
    def parameters(self) -> dict[str, Float32]:
        return {"weight": self.weight, "bias": self.bias}

    @property
    def window(self) -> Window:
        *_, tall, wide = self.weight.shape
        return Window((tall, wide), self.stride, self.padding)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        *positions, filters, kernel_channels, _, _ = self.weight.shape
        if self.bias.shape != (*positions, filters):
            raise ShapeError(f"kernels of {self.weight.shape} and biases of {self.bias.shape} do not belong together")
        if channels != kernel_channels:
            raise ShapeError(f"kernels read {kernel_channels} channels but the input has {channels}")
        rows, columns = self.window.output_size(height, width)
        if positions != [rows, columns]:
            raise ShapeError(
                f"there are kernels for {positions[0]}×{positions[1]} positions but the input has {rows}×{columns}"
            )
        return (filters, rows, columns)

    def multiply_adds(self, input_shape: Shape3) -> int:
        self.output_shape(input_shape)
        return self.weight.size

    def forward(self, x: Float32) -> tuple[Float32, Conv2dContext]:
        _, _, height, width = x.shape
        self.output_shape(x.shape[1:])
        unrolled = unroll_columns(to_rows(x), self.window)

        # (H', W', F, kH·C·kW) @ (H', W', kH·C·kW, N): a small product for each position, where a convolution has one
        # large product for each row.
        sums = np.matmul(self._kernels(), position_patches(unrolled, self.window.size[0], self.stride[0]))
        sums += self.bias[..., np.newaxis]
        return sums.transpose(3, 2, 0, 1), Conv2dContext(unrolled, height, width)

    def backward(
        self, dy: Float32, context: Conv2dContext, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        rows, columns, filters, channels, tall, wide = self.weight.shape
        deltas = np.ascontiguousarray(dy.transpose(2, 3, 1, 0))

        # A convolution would now sum over the positions. Here each δ · patch is the gradient of a kernel by itself.
        patches = position_patches(context.unrolled, tall, self.stride[0])
        d_kernels = np.matmul(deltas, patches.transpose(0, 1, 3, 2))
        gradients = {
            "weight": d_kernels.reshape(rows, columns, filters, tall, channels, wide).transpose(0, 1, 2, 4, 3, 5),
            "bias": deltas.sum(axis=-1),
        }
        if not needs_dx:
            return None, gradients

        d_patches = np.matmul(self._kernels().transpose(0, 1, 3, 2), deltas)
        return self._input_gradient(d_patches, context.height, context.width), gradients

    def _input_gradient(self, d_patches: Float32, height: int, width: int) -> Float32:
        """(N, C, H, W) from (H', W', kH·C·kW, N): the gradient of each patch, added back where it was read."""
        rows, columns, _filters, channels, tall, wide = self.weight.shape
        (down, right), (above, before) = self.stride, self.padding
        by_cell = d_patches.reshape(rows, columns, tall, channels, wide, -1)
        padded = np.zeros((height + 2 * above, width + 2 * before, channels, by_cell.shape[-1]), dtype=d_patches.dtype)
        for i in range(tall):
            for j in range(wide):
                read = padded[i : i + rows * down : down, j : j + columns * right : right][:rows, :columns]
                read += by_cell[:, :, i, :, j]
        return padded[above : above + height, before : before + width].transpose(3, 2, 0, 1)

    def _kernels(self) -> Float32:
        """(H', W', F, kH·C·kW), cells ordered as in `position_patches`; no copy where one channel is read."""
        *positions, filters, _channels, _tall, _wide = self.weight.shape
        return self.weight.transpose(0, 1, 2, 4, 3, 5).reshape(*positions, filters, -1)

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        return weighted_sum_shares(self, dy, x, map_axes=(0, 1, 4, 5))

    def forward_exactly(self, x: Float64) -> Float64:
        kernels = self.weight.astype(np.float64).transpose(2, 3, 4, 5, 0, 1)
        return sum_over_window(x, kernels, self.bias.transpose(2, 0, 1), self.window)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source, self.window, row, column)
        own = self.weight[row, column, filter_number], float(self.bias[row, column, filter_number])
        return NeuronTerms.of_sum(patch, span, *own)

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        # As a convolution, but with separate kernels for the patch of each position.
        x, steps = pad(x, self.window)
        count, out_height, out_width, filters = y.shape
        patches, copying_patches = patches_by_position(x, self.window, out_height, out_width)
        positions = out_height * out_width
        kernels = aligned((positions, filters, patches.shape[2]))
        kernels[..., :-1] = self.weight.transpose(0, 1, 2, 4, 5, 3).reshape(positions, filters, -1)
        kernels[..., -1] = self.bias.reshape(positions, filters)
        columns, sums = patches[..., np.newaxis], y.reshape(count, positions, filters, 1)
        return [*steps, copying_patches, partial(np.matmul, kernels, columns, out=sums)]
