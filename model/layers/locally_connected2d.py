"""The locally connected layer: a convolution whose neurons were never told to share their weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Shape3
from model.errors import ShapeError
from model.geometry import Window, conv_output_size
from model.initializers import he_normal
from model.layers.conv2d import Conv2dContext
from model.windows import position_patches, to_rows, unroll_columns


@dataclass(frozen=True, eq=False)
class LocallyConnected2d:
    """Each neuron reads a square patch, as in a convolution, but with a kernel and a bias of its own.

    ``y[n, f, h, w] = bias[h, w, f] + Σ weight[h, w, f, c, i, j] · x[n, c, h·stride + i - padding, w·stride + j - padding]``

    Attributes:
        weight: (H', W', F, C, k, k) float32: first the position, so that its kernels lie together.
        bias: (H', W', F) float32.
        stride: Step between neighboring neurons' patches, in pixels.
        padding: Zeros around the input, in pixels.
    """  # noqa: E501

    kind: ClassVar[str] = "locally_connected2d"

    weight: Float32
    bias: Float32
    stride: int = 1
    padding: int = 0

    @classmethod
    def create(
        cls, rng: np.random.Generator, input_shape: Shape3, filters: int, kernel_size: int, *, padding: int = 0
    ) -> "LocallyConnected2d":
        """A layer with He-initialized kernels, each drawn for itself, and zero biases."""
        channels, height, width = input_shape
        rows, columns = (conv_output_size(extent, kernel_size, padding=padding) for extent in (height, width))
        shape = (rows, columns, filters, channels, kernel_size, kernel_size)
        weight = he_normal(rng, shape, fan_in=channels * kernel_size**2)
        return cls(weight, np.zeros(shape[:3], dtype=np.float32), padding=padding)

    @property
    def parameters(self) -> dict[str, Float32]:
        return {"weight": self.weight, "bias": self.bias}

    @property
    def window(self) -> Window:
        return Window(self.weight.shape[-1], self.stride, self.padding)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        *positions, filters, kernel_channels, kernel, kernel_width = self.weight.shape
        if kernel_width != kernel or self.bias.shape != (*positions, filters):
            raise ShapeError(f"kernels of {self.weight.shape} and biases of {self.bias.shape} do not belong together")
        if channels != kernel_channels:
            raise ShapeError(f"kernels read {kernel_channels} channels but the input has {channels}")
        rows, columns = (conv_output_size(extent, kernel, self.stride, self.padding) for extent in (height, width))
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
        kernel = self.window.size
        unrolled = unroll_columns(to_rows(x), kernel, self.stride, self.padding)

        # (H', W', F, k·C·k) @ (H', W', k·C·k, N): a small product for each position, where a convolution has one
        # large product for each row.
        sums = np.matmul(self._kernels(), position_patches(unrolled, kernel, self.stride))
        sums += self.bias[..., np.newaxis]
        return sums.transpose(3, 2, 0, 1), Conv2dContext(unrolled, height, width)

    def backward(
        self, dy: Float32, context: Conv2dContext, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        rows, columns, filters, channels, kernel, _ = self.weight.shape
        deltas = np.ascontiguousarray(dy.transpose(2, 3, 1, 0))

        # A convolution would now sum over the positions. Here each δ · patch is the gradient of a kernel by itself.
        patches = position_patches(context.unrolled, kernel, self.stride)
        d_kernels = np.matmul(deltas, patches.transpose(0, 1, 3, 2))
        gradients = {
            "weight": d_kernels.reshape(rows, columns, filters, kernel, channels, kernel).transpose(0, 1, 2, 4, 3, 5),
            "bias": deltas.sum(axis=-1),
        }
        if not needs_dx:
            return None, gradients

        owed = np.matmul(self._kernels().transpose(0, 1, 3, 2), deltas)
        owed = owed.reshape(rows, columns, kernel, channels, kernel, -1)
        padding, stride = self.padding, self.stride
        padded = np.zeros(
            (context.height + 2 * padding, context.width + 2 * padding, channels, len(dy)), dtype=dy.dtype
        )
        for i in range(kernel):
            for j in range(kernel):
                padded[i : i + rows * stride : stride, j : j + columns * stride : stride][:rows, :columns] += owed[
                    :, :, i, :, j
                ]
        inside = padded[padding : padding + context.height, padding : padding + context.width]
        return inside.transpose(3, 2, 0, 1), gradients

    def _kernels(self) -> Float32:
        """(H', W', F, k·C·k), a cell's place as in `position_patches`; no copy where one channel is read."""
        *positions, filters, _channels, _kernel, _ = self.weight.shape
        return self.weight.transpose(0, 1, 2, 4, 3, 5).reshape(*positions, filters, -1)
