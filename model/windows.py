"""Sliding windows without copying every window: the stride tricks of the convolutions.

A convolution reads each input value kH·kW times. Unrolling every patch (im2col) writes each value
that often; here it is written only kW times. The input is laid out as rows (H, C, W, N), images
innermost. Unrolling along the columns alone gives rows of shape (C, kW, W', N). The kH rows that
an output row reads then lie next to each other in memory, so that one output row's patches are a
plain matrix, (kH·C·kW, W'·N), and the next row's matrix overlaps it, one row further on. A strided
view describes this, and `numpy.matmul` multiplies it as a stack of ordinary matrices.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from model.arrays import Float32
from model.geometry import Window


def to_rows(x: Float32) -> Float32:
    """(N, C, H, W) seen as (H, C, W, N); a view, free of cost if the memory already has this order."""
    return x.transpose(2, 1, 3, 0)


def from_rows(rows: Float32) -> Float32:
    """(H, C, W, N) seen as (N, C, H, W)."""
    return rows.transpose(3, 1, 0, 2)


def unroll_columns(rows: Float32, window: Window) -> Float32:
    """Copy each row once for each column of the kernel, shifted, with zeros for the padding.

    Args:
        rows: (H, C, W, N) float32.
        window: How the kernel steps.

    Returns:
        (H + padding, C, kW, W', N) float32, contiguous. Entry (i, c, j, w, n) is the padded
        input at row i, column ``w * stride + j``.
    """
    height, channels, width, count = rows.shape
    (above, below), (padding, right) = window.margins
    kernel, stride = window.size[1], window.stride[1]
    out_width = (width + padding + right - kernel) // stride + 1
    allocate = np.zeros if above or below or padding or right else np.empty
    unrolled = allocate((height + above + below, channels, kernel, out_width, count), dtype=rows.dtype)
    inside = unrolled[above : above + height]
    for j in range(kernel):
        # Output columns whose j-th input lies inside the image; the others read padding, zero already.
        first = max(0, -((j - padding) // stride))
        last = min(out_width, (width - 1 - j + padding) // stride + 1)
        if first < last:
            begin = first * stride + j - padding
            end = (last - 1) * stride + j - padding + 1
            inside[:, :, j, first:last] = rows[:, :, begin:end:stride]
    return unrolled


def row_patches(unrolled: Float32, kernel: int, stride: int) -> Float32:
    """See the patches of each output row as a matrix, without copying.

    Args:
        unrolled: (H, C, kW, W', N) from `unroll_columns`.
        kernel: Rows of the kernel, in pixels.
        stride: Step between rows of windows, in pixels.

    Returns:
        (H', kH·C·kW, W'·N), read-only; column (w, n) of matrix h is the patch of neuron
        (h, w) of image n, ordered (kernel row, channel, kernel column).
    """
    height, channels, width, out_width, count = unrolled.shape
    out_height = (height - kernel) // stride + 1
    row_bytes = unrolled.strides[0]
    item = unrolled.itemsize
    return as_strided(
        unrolled,
        shape=(out_height, kernel * channels * width, out_width * count),
        strides=(row_bytes * stride, out_width * count * item, item),
        writeable=False,
    )


def position_patches(unrolled: Float32, kernel: int, stride: int) -> Float32:
    """See the patches of each single position as a matrix, without copying.

    Args:
        unrolled: (H, C, kW, W', N) from `unroll_columns`.
        kernel: Rows of the kernel, in pixels.
        stride: Step between rows of windows, in pixels.

    Returns:
        (H', W', kH·C·kW, N), read-only; column n of matrix (h, w) is the patch of neuron (h, w) of image n,
        ordered (kernel row, channel, kernel column).
    """
    by_row = row_patches(unrolled, kernel, stride)
    *_, out_width, count = unrolled.shape
    return by_row.reshape(*by_row.shape[:2], out_width, count).transpose(0, 2, 1, 3)
