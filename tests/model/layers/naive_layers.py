"""The layers once more, as slow loops over single numbers: the oracle that the fast ones are compared with.

Written from the equations in the layers' docstrings, one product at a time in Python's own floats, so that
nothing of the fast layers' memory tricks can be repeated here by mistake.
"""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Pair = tuple[int, int]


def naive_conv2d(
    x: Array,
    weight: Array,
    bias: Array,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    padding_after: Pair | None = None,
    groups: int = 1,
) -> Array:
    """y[n, f, h, w] = bias[f] + Σ weight[f, c, i, j] · x[n, first(f) + c, h·sH + i - pH, w·sW + j - pW].

    first(f) is the first channel that filter f reads: channels and filters are divided into as many groups.
    """
    count, _, height, width = x.shape
    filters, channels, tall, wide = weight.shape
    below, right = padding if padding_after is None else padding_after
    out_height = (height + padding[0] + below - tall) // stride[0] + 1
    out_width = (width + padding[1] + right - wide) // stride[1] + 1
    y = np.zeros((count, filters, out_height, out_width))
    for n, f, h, w in np.ndindex(*y.shape):
        total = float(bias[f])
        first = f // (filters // groups) * channels
        for c, i, j in product(range(channels), range(tall), range(wide)):
            row, column = h * stride[0] + i - padding[0], w * stride[1] + j - padding[1]
            if 0 <= row < height and 0 <= column < width:
                total += float(weight[f, c, i, j]) * float(x[n, first + c, row, column])
        y[n, f, h, w] = total
    return y


def naive_conv2d_gradients(
    x: Array, weight: Array, dy: Array, stride: Pair = (1, 1), padding: Pair = (0, 0)
) -> tuple[Array, Array, Array]:
    """The gradients by x, weight and bias: each product of the forward pass passes dy on to its two factors."""
    _, _, height, width = x.shape
    _, channels, tall, wide = weight.shape
    dx, d_weight, d_bias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(len(weight))
    for n, f, h, w in np.ndindex(*dy.shape):
        d_bias[f] += float(dy[n, f, h, w])
        for c, i, j in product(range(channels), range(tall), range(wide)):
            row, column = h * stride[0] + i - padding[0], w * stride[1] + j - padding[1]
            if 0 <= row < height and 0 <= column < width:
                d_weight[f, c, i, j] += float(dy[n, f, h, w]) * float(x[n, c, row, column])
                dx[n, c, row, column] += float(dy[n, f, h, w]) * float(weight[f, c, i, j])
    return dx, d_weight, d_bias


def naive_locally_connected2d(
    x: Array, weight: Array, bias: Array, stride: Pair = (1, 1), padding: Pair = (0, 0)
) -> Array:
    """y[n, f, h, w] = bias[h, w, f] + Σ weight[h, w, f, c, i, j] · x[n, c, h·sH + i - pH, …]."""
    count, _, height, width = x.shape
    out_height, out_width, filters, channels, tall, wide = weight.shape
    y = np.zeros((count, filters, out_height, out_width))
    for n, f, h, w in np.ndindex(*y.shape):
        total = float(bias[h, w, f])
        for c, i, j in product(range(channels), range(tall), range(wide)):
            row, column = h * stride[0] + i - padding[0], w * stride[1] + j - padding[1]
            if 0 <= row < height and 0 <= column < width:
                total += float(weight[h, w, f, c, i, j]) * float(x[n, c, row, column])
        y[n, f, h, w] = total
    return y


def naive_max_pool2d(x: Array, size: Pair, stride: Pair | None = None, padding: Pair = (0, 0)) -> Array:
    """The largest value of each window."""
    return _pooled(x, size, stride or size, padding, max)


def naive_avg_pool2d(x: Array, size: Pair, stride: Pair | None = None, padding: Pair = (0, 0)) -> Array:
    """The mean of the values in each window."""
    return _pooled(x, size, stride or size, padding, lambda values: sum(values) / len(values))


def _pooled(x: Array, size: Pair, stride: Pair, padding: Pair, combine: Callable[[list[float]], float]) -> Array:
    """What the values of each window combine to; padding has no values, and what fills no window is not read."""
    count, channels, height, width = x.shape
    out_height = (height + 2 * padding[0] - size[0]) // stride[0] + 1
    out_width = (width + 2 * padding[1] - size[1]) // stride[1] + 1
    y = np.zeros((count, channels, out_height, out_width))
    for n, c, h, w in np.ndindex(*y.shape):
        values = []
        for i, j in product(range(size[0]), range(size[1])):
            row, column = h * stride[0] + i - padding[0], w * stride[1] + j - padding[1]
            if 0 <= row < height and 0 <= column < width:
                values.append(float(x[n, c, row, column]))
        y[n, c, h, w] = combine(values)
    return y


def naive_relu(x: Array) -> Array:
    """What is negative becomes zero."""
    y = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        y[index] = max(float(x[index]), 0.0)
    return y


def naive_linear(x: Array, weight: Array, bias: Array) -> Array:
    """y[n, f, 0, 0] = bias[f] + Σ weight[f, c, h, w] · x[n, c, h, w]."""
    y = np.zeros((len(x), len(weight), 1, 1))
    for n, f, _, _ in np.ndindex(*y.shape):
        total = float(bias[f])
        for c, h, w in np.ndindex(*x.shape[1:]):
            total += float(weight[f, c, h, w]) * float(x[n, c, h, w])
        y[n, f, 0, 0] = total
    return y


def naive_softmax(x: Array) -> Array:
    """exp(x[f]) / Σ exp(x) for each image."""
    y = np.zeros(x.shape)
    for n in range(len(x)):
        exponentials = [math.exp(float(logit)) for logit in x[n, :, 0, 0]]
        y[n, :, 0, 0] = [exponential / sum(exponentials) for exponential in exponentials]
    return y
