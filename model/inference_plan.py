"""The fast path for a few images at a time: every array that a forward pass needs, made once.

A layer's own `forward` allocates what it returns and is at its best with many images. For one drawn digit the
arithmetic takes some 40 µs, and around it the allocating, slicing and reshaping of a hundred arrays several times as
long. A plan makes all of them beforehand, so that a pass is a fixed list of array operations without any view being
made:

- Maps lie as (N, H, W, C) in memory, channels innermost, so that a patch is kH runs of kW·C neighboring values. They
  are copied into a matrix of patches by one strided copy, whose last column is 1 and multiplies the bias.
- An input with few channels has runs too short for that. There each kernel cell's values are copied as long rows
  instead: the same matrix, transposed, which costs the product nothing.
- Each image is a product of its own. OpenBLAS multiplies matrices of up to about a million products without first
  packing them, and only larger networks than those here would gain from packing.
- Pooling takes whole rows together first, as `MaxPool2d` and `AvgPool2d` do.

`Network.trace` gives the same values to float32 rounding, and the tests hold both to the slow oracle.
"""

import math
from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import as_strided

from model.arrays import Float32, Images, require_images
from model.errors import ShapeError
from model.layers import AvgPool2d, Conv2d, Layer, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax
from model.network import ForwardTrace, Network

Step = Callable[[], object]
"""One array operation on arrays that it already knows."""

CACHE_LINE = 64
"""Bytes."""


class InferencePlan:
    """One network, ready for a fixed number of images at a time.

    A plan owns the memory that it computes in, so it serves one thread at a time, and what it returned is overwritten
    by its next use: copy what is to be kept.

    Attributes:
        network: The network; its weights are read when the plan is made.
        count: How many images each call takes.
    """

    def __init__(self, network: Network, count: int = 1) -> None:
        self.network = network
        self.count = count
        channels, height, width = network.input_shape
        self._input = _aligned((count, height, width, channels))
        self._steps: list[Step] = []
        outputs: dict[str, Float32] = {}
        x = self._input
        for name, layer in network.layers.items():
            filters, out_height, out_width = network.output_shapes[name]
            y = _aligned((count, out_height, out_width, filters))
            self._steps += _steps_of(layer, x, y)
            outputs[name] = y.transpose(0, 3, 1, 2)
            x = y
        self._trace = ForwardTrace(MappingProxyType(outputs))

    def trace(self, images: Images) -> ForwardTrace:
        """Every layer's feature maps; valid until the next call.

        Args:
            images: (count, C, H, W) float32.

        Raises:
            ShapeError: The images are not what this plan reads.
        """
        require_images(images, self.network.input_shape)
        if len(images) != self.count:
            raise ShapeError(f"this plan reads {self.count} images at a time, not {len(images)}")
        self._input[...] = images.transpose(0, 2, 3, 1)
        for step in self._steps:
            step()
        return self._trace


def _steps_of(layer: Layer, x: Float32, y: Float32) -> list[Step]:
    """What a layer does: read x and write y, both (N, H, W, C)."""
    if isinstance(layer, Conv2d):
        return _convolve(layer, x, y)
    if isinstance(layer, LocallyConnected2d):
        return _connect_locally(layer, x, y)
    if isinstance(layer, ReLU):
        # An array of zeros, since NumPy compares two arrays half again as fast as an array and a number.
        zeros = _aligned(x.shape)
        return [lambda: np.maximum(x, zeros, out=y)]
    if isinstance(layer, MaxPool2d):
        return _pool(layer.size, x, y, np.maximum)
    if isinstance(layer, AvgPool2d):
        share = np.float32(1 / layer.size**2)
        return [*_pool(layer.size, x, y, np.add), lambda: np.multiply(y, share, out=y)]
    if isinstance(layer, Linear):
        return _connect_fully(layer, x, y)
    if isinstance(layer, Softmax):
        return _softmax(x, y)
    raise ShapeError(f"no fast path is written for a layer of kind {layer.kind}")


def _convolve(layer: Conv2d, x: Float32, y: Float32) -> list[Step]:
    filters, channels, kernel, _ = layer.weight.shape
    stride = layer.stride
    x, steps = _pad(x, layer.padding)
    count, out_height, out_width, _ = y.shape
    positions, cells = out_height * out_width, channels * kernel * kernel
    if channels * kernel >= out_width:
        patches, copying = _patches_by_position(x, kernel, stride, out_height, out_width)
        steps.append(copying)
        weights = layer.weight.transpose(2, 3, 1, 0)
    else:
        # First each row once for each kernel column; from there, long runs for each kernel row. Cells are ordered
        # (channel, kernel column, kernel row).
        of_image, of_row, of_column, of_channel = x.strides
        rows = x.shape[1]
        shifted = _aligned((count, channels, kernel, rows, out_width))
        by_column = as_strided(x, shifted.shape, (of_image, of_channel, of_column, of_row, stride * of_column))
        transposed = _aligned((count, cells + 1, positions), value=1)
        patches = transposed.transpose(0, 2, 1)
        into = transposed[:, :cells].reshape(count, channels, kernel, kernel, out_height, out_width)
        out_of = _view(shifted, into.shape,
                       (channels * kernel * rows * out_width, kernel * rows * out_width, rows * out_width,
                        out_width, stride * out_width, 1))  # fmt: skip
        weights = layer.weight.transpose(1, 3, 2, 0)
        steps += [lambda: np.copyto(shifted, by_column), lambda: np.copyto(into, out_of)]

    kernels = _aligned((cells + 1, filters))
    kernels[:cells] = weights.reshape(cells, filters)
    kernels[cells] = layer.bias
    sums = y.reshape(count, positions, filters)
    return [*steps, lambda: np.matmul(patches, kernels, out=sums)]


def _connect_locally(layer: LocallyConnected2d, x: Float32, y: Float32) -> list[Step]:
    """As a convolution, but each position's patch meets kernels of its own."""
    x, steps = _pad(x, layer.padding)
    count, out_height, out_width, filters = y.shape
    patches, copying = _patches_by_position(x, layer.window.size, layer.stride, out_height, out_width)
    positions = out_height * out_width
    kernels = _aligned((positions, filters, patches.shape[2]))
    kernels[..., :-1] = layer.weight.transpose(0, 1, 2, 4, 5, 3).reshape(positions, filters, -1)
    kernels[..., -1] = layer.bias.reshape(positions, filters)
    columns, sums = patches[..., np.newaxis], y.reshape(count, positions, filters, 1)
    return [*steps, copying, lambda: np.matmul(kernels, columns, out=sums)]


def _pad(x: Float32, padding: int) -> tuple[Float32, list[Step]]:
    """An array with zeros around the rows and columns of x, and the step that copies x into it."""
    if not padding:
        return x, []
    count, height, width, channels = x.shape
    padded = _aligned((count, height + 2 * padding, width + 2 * padding, channels))
    inside = padded[:, padding : padding + height, padding : padding + width]
    return padded, [lambda: np.copyto(inside, x)]


def _patches_by_position(x: Float32, kernel: int, stride: int, out_height: int, out_width: int) -> tuple[Float32, Step]:
    """(N, position, cell + 1), cells ordered (kernel row, kernel column, channel), then the bias's 1; and its step."""
    count, _, _, channels = x.shape
    of_image, of_row, of_column, of_channel = x.strides
    positions, cells = out_height * out_width, channels * kernel * kernel
    patches = _aligned((count, positions, cells + 1), value=1)
    into = _view(patches, (count, out_height, out_width, kernel, kernel * channels),
                 (positions * (cells + 1), out_width * (cells + 1), cells + 1, kernel * channels, 1))  # fmt: skip
    out_of = as_strided(x, into.shape, (of_image, stride * of_row, stride * of_column, of_row, of_channel))
    return patches, lambda: np.copyto(into, out_of)


def _pool(size: int, x: Float32, y: Float32, combine: np.ufunc) -> list[Step]:
    count, height, width, channels = y.shape
    across = (width * size) * channels
    rows = [x[:, i : height * size : size, : width * size] for i in range(size)]
    of_rows = _aligned((count, height, width * size, channels))
    columns = [of_rows[:, :, i::size] for i in range(size)]
    if x.shape[2] == width * size:
        # Without a rest at the end of a row, its values are neighbors and make one long run.
        rows = [row.reshape(count, height, across) for row in rows]
    return [*_combined(combine, rows, of_rows.reshape(rows[0].shape)), *_combined(combine, columns, y)]


def _combined(combine: np.ufunc, members: list[Float32], out: Float32) -> list[Step]:
    """Write what each group makes, its largest or its sum; the members are one view for each place in the group."""
    first, *others = members
    if not others:
        return [lambda: np.copyto(out, first)]

    def step(a: Float32, b: Float32) -> Step:
        return lambda: combine(a, b, out=out)

    return [step(first, others[0]), *(step(out, other) for other in others[1:])]


def _connect_fully(layer: Linear, x: Float32, y: Float32) -> list[Step]:
    flat, out, bias = x.reshape(len(x), -1), y.reshape(len(y), -1), layer.bias
    if len(x) == 1:
        # A single image meets the weights as they lie, row after row.
        by_filter = np.ascontiguousarray(layer.weight.transpose(0, 2, 3, 1)).reshape(len(bias), -1)
        vector, sums = flat[0], out[0]
        return [lambda: np.matmul(by_filter, vector, out=sums), lambda: np.add(sums, bias, out=sums)]
    weights = np.ascontiguousarray(layer.weight.transpose(2, 3, 1, 0)).reshape(-1, len(bias))
    return [lambda: np.matmul(flat, weights, out=out), lambda: np.add(out, bias, out=out)]


def _softmax(x: Float32, y: Float32) -> list[Step]:
    logits, probabilities = x.reshape(len(x), -1), y.reshape(len(y), -1)
    extreme = np.empty((len(x), 1), dtype=np.float32)
    return [
        lambda: np.maximum.reduce(logits, axis=1, keepdims=True, out=extreme),
        lambda: np.subtract(logits, extreme, out=probabilities),
        lambda: np.exp(probabilities, out=probabilities),
        lambda: np.add.reduce(probabilities, axis=1, keepdims=True, out=extreme),
        lambda: np.divide(probabilities, extreme, out=probabilities),
    ]


def _aligned(shape: tuple[int, ...], value: float = 0) -> Float32:
    """A new array that begins on a cache line; a vector that straddles two of them costs twice."""
    size = math.prod(shape)
    memory = np.full(size + CACHE_LINE // 4, value, dtype=np.float32)
    first = -memory.ctypes.data % CACHE_LINE // 4
    return memory[first : first + size].reshape(shape)


def _view(array: Float32, shape: tuple[int, ...], steps: tuple[int, ...]) -> Float32:
    """A strided view, its steps counted in values."""
    return as_strided(array, shape, tuple(step * array.itemsize for step in steps))
