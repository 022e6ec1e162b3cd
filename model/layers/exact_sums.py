"""Weighted sums in double precision, each in the same order at every position.

A matrix product sums in another order at the edge of a block than inside it. Here every step is one product and one
addition for all neurons of a layer at once, so equal inputs give equal outputs.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float64
from model.geometry import Window


def sum_over_window(x: Float64, kernels: Float64, biases: NDArray[np.floating], window: Window) -> Float64:
    """(N, F, H', W'), kernel cell by kernel cell.

    Args:
        x: (N, C, H, W).
        kernels: (F, C, kH, kW, H', W'), or (…, 1, 1) where all positions share one.
        biases: (F, H', W') or (F, 1, 1).
        window: How the kernels step.
    """
    (tall, wide), (down, right) = window.size, window.stride
    padded = np.pad(x, ((0, 0), (0, 0), *window.margins))
    rows, columns = window.output_size(*x.shape[2:])
    sums = np.zeros((len(x), len(kernels), rows, columns))
    sums += biases
    term = np.empty_like(sums)
    for c, i, j in product(range(x.shape[1]), range(tall), range(wide)):
        read = padded[:, c, np.newaxis, i : i + rows * down : down, j : j + columns * right : right]
        np.multiply(read[:, :, :rows, :columns], kernels[:, c, i, j], out=term)
        sums += term
    return sums
