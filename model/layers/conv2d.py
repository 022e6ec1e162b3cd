"""The convolutional layer: one kernel per filter, shared by all positions."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from model.arrays import Float32, Shape3
from model.errors import ShapeError
from model.geometry import Window, conv_output_size
from model.initializers import he_normal
from model.windows import from_rows, row_patches, to_rows, unroll_columns


class Conv2dContext(NamedTuple):
    """What `Conv2d.backward` needs: the unrolled input and the input's extents."""

    unrolled: Float32
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class Conv2d:
    """Cross-correlation with a square kernel, plus a bias for each filter.

    ``y[n, f, h, w] = bias[f] + Σ weight[f, c, i, j] · x[n, c, h·stride + i - padding, w·stride + j - padding]``

    Like every deep-learning library this slides the kernel as it stands, without flipping it.

    Attributes:
        weight: (F, C, k, k) float32.
        bias: (F,) float32.
        stride: Step between neighboring neurons' patches, in pixels.
        padding: Zeros around the input, in pixels.
    """

    kind: ClassVar[str] = "conv2d"

    weight: Float32
    bias: Float32
    stride: int = 1
    padding: int = 0

    @classmethod
    def create(
        cls,
        rng: np.random.Generator,
        in_channels: int,
        filters: int,
        kernel_size: int,
        *,
        padding: int = 0,
    ) -> "Conv2d":
        """A layer with He-initialized kernels and zero biases."""
        shape = (filters, in_channels, kernel_size, kernel_size)
        weight = he_normal(rng, shape, fan_in=in_channels * kernel_size**2)
        return cls(weight, np.zeros(filters, dtype=np.float32), padding=padding)

    @property
    def parameters(self) -> dict[str, Float32]:
        return {"weight": self.weight, "bias": self.bias}

    @property
    def window(self) -> Window:
        return Window(self.weight.shape[2], self.stride, self.padding)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        filters, kernel_channels, kernel, kernel_width = self.weight.shape
        if kernel_width != kernel or self.bias.shape != (filters,):
            raise ShapeError(f"kernels of {self.weight.shape} and biases of {self.bias.shape} do not belong together")
        if channels != kernel_channels:
            raise ShapeError(f"kernels read {kernel_channels} channels but the input has {channels}")
        return (
            filters,
            conv_output_size(height, kernel, self.stride, self.padding),
            conv_output_size(width, kernel, self.stride, self.padding),
        )

    def multiply_adds(self, input_shape: Shape3) -> int:
        _, out_height, out_width = self.output_shape(input_shape)
        return self.weight.size * out_height * out_width

    def forward(self, x: Float32) -> tuple[Float32, Conv2dContext]:
        count, _, height, width = x.shape
        filters, out_height, out_width = self.output_shape(x.shape[1:])
        kernel = self.weight.shape[2]
        unrolled = unroll_columns(to_rows(x), kernel, self.stride, self.padding)

        # (F, k·C·k) @ (H', k·C·k, W'·N) → (H', F, W'·N): the layout that the next layer reads.
        kernels = self.weight.transpose(0, 2, 1, 3).reshape(filters, -1)
        rows = np.matmul(kernels, row_patches(unrolled, kernel, self.stride))
        rows += self.bias[:, np.newaxis]
        y = from_rows(rows.reshape(out_height, filters, out_width, count))
        return y, Conv2dContext(unrolled, height, width)

    def backward(
        self, dy: Float32, context: Conv2dContext, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        filters, channels, kernel, _ = self.weight.shape
        count, _, out_height, out_width = dy.shape
        d_rows = np.ascontiguousarray(to_rows(dy))
        flat = d_rows.reshape(out_height, filters, out_width * count)

        # Every position adds its own δ · patch to the one shared kernel. The larger matrix stands first: the
        # product of the transposes, (F, W'·N) @ (W'·N, k·C·k), is the same and took half as long again.
        patches = row_patches(context.unrolled, kernel, self.stride)
        d_kernels = np.matmul(patches, flat.transpose(0, 2, 1)).sum(axis=0)
        gradients = {
            "weight": d_kernels.reshape(kernel, channels, kernel, filters).transpose(3, 1, 0, 2),
            "bias": flat.sum(axis=(0, 2)),
        }
        if not needs_dx:
            return None, gradients
        return self._input_gradient(d_rows, context.height, context.width), gradients

    def _input_gradient(self, d_rows: Float32, height: int, width: int) -> Float32:
        """(N, C, H, W) from (H', F, W', N): each δ, times the kernel, added back where its patch was read.

        Input row r was read by output row h as kernel row r - h·stride. So for one input row the kernel rows are
        summed by a single product, over the k output rows that read it, and only the k kernel columns are left to
        be added, each shifted by one column. Adding all k² shifts would touch three times the memory.
        """
        filters, channels, kernel, _ = self.weight.shape
        out_height, _, out_width, count = d_rows.shape

        # Output rows as far apart as the input rows that they begin at, with k - 1 rows of nothing at both ends.
        spread = np.zeros((height + 2 * self.padding + kernel - 1, filters, out_width, count), dtype=d_rows.dtype)
        spread[kernel - 1 : kernel + (out_height - 1) * self.stride : self.stride] = d_rows
        readers = row_patches(spread[self.padding : self.padding + height + kernel - 1, :, np.newaxis], kernel, 1)

        # (C·k, k·F) @ (H, k·F, W'·N) → what the outputs owe each input row, by kernel column.
        flipped = self.weight[:, :, ::-1].transpose(1, 3, 2, 0).reshape(channels * kernel, kernel * filters)
        owed = np.matmul(flipped, readers).reshape(height, channels, kernel, out_width, count)
        padded = np.zeros((height, channels, width + 2 * self.padding, count), dtype=d_rows.dtype)
        for j in range(kernel):
            padded[:, :, j : j + (out_width - 1) * self.stride + 1 : self.stride] += owed[:, :, j]
        return from_rows(padded[:, :, self.padding : self.padding + width])
