"""The forward pass in double precision, each sum taken in the same order wherever its neuron stands.

Experiments ask whether a number has changed, or whether two maps are the same but for their place. The fast paths
cannot answer that to the last bit: a matrix product sums in another order at the edge of a block than inside it. Here
every step is one product and one addition for all neurons of a layer at once, so equal inputs give equal outputs.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from model.arrays import Images, require_images
from model.errors import ShapeError
from model.geometry import Window
from model.layers import AvgPool2d, Conv2d, Layer, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax
from model.network import Network

Float64 = NDArray[np.float64]


def trace_exactly(network: Network, images: Images) -> Mapping[str, Float64]:
    """Every layer's feature maps.

    Args:
        network: The network.
        images: (N, C, H, W) float32.

    Returns:
        Layer name → (N, F, H, W) float64, in the order of the layers.

    Raises:
        ShapeError: The images are not what this network reads.
    """
    require_images(images, network.input_shape)
    x: Float64 = images.astype(np.float64)
    outputs: dict[str, Float64] = {}
    for name, layer in network.layers.items():
        x = _apply(layer, x)
        outputs[name] = x
    return outputs


def _apply(layer: Layer, x: Float64) -> Float64:
    match layer:
        case Conv2d():
            kernels = layer.weight.astype(np.float64)[..., np.newaxis, np.newaxis]
            return _sum_over_window(x, kernels, layer.bias[:, np.newaxis, np.newaxis], layer.window)
        case LocallyConnected2d():
            kernels = layer.weight.astype(np.float64).transpose(2, 3, 4, 5, 0, 1)
            return _sum_over_window(x, kernels, layer.bias.transpose(2, 0, 1), layer.window)
        case Linear():
            # A product for each image by itself: in one for all, an image's place could change the order of its sums.
            weights = layer.weight.reshape(len(layer.bias), -1).T.astype(np.float64)
            logits = np.matmul(x.reshape(len(x), 1, -1), weights)[:, 0] + layer.bias
            return logits[:, :, np.newaxis, np.newaxis]
        case MaxPool2d():
            return _windows(x, layer.size).max(axis=(3, 5))
        case AvgPool2d():
            sums: Float64 = np.zeros(_windows(x, layer.size)[:, :, :, 0, :, 0].shape)
            for row, column in product(range(layer.size), repeat=2):
                sums += _windows(x, layer.size)[:, :, :, row, :, column]
            return sums / layer.size**2
        case ReLU():
            return np.maximum(x, 0.0)
        case Softmax():
            exponentials = np.exp(x - x.max(axis=1, keepdims=True))
            shares: Float64 = exponentials / exponentials.sum(axis=1, keepdims=True)
            return shares
    raise ShapeError(f"no exact path is written for a layer of kind {layer.kind}")


def _windows(x: Float64, size: int) -> Float64:
    """(N, C, H', size, W', size): pooling's windows, without the rest that fills none."""
    count, channels, height, width = x.shape
    whole = x[:, :, : height // size * size, : width // size * size]
    return whole.reshape(count, channels, height // size, size, width // size, size)


def _sum_over_window(x: Float64, kernels: Float64, biases: NDArray[np.floating], window: Window) -> Float64:
    """(N, F, H', W'), kernel cell by kernel cell.

    Args:
        x: (N, C, H, W).
        kernels: (F, C, k, k, H', W'), or (…, 1, 1) where all positions share one.
        biases: (F, H', W') or (F, 1, 1).
        window: How the kernels step.
    """
    around = (window.padding, window.padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around))
    rows, columns = ((extent - window.size) // window.stride + 1 for extent in padded.shape[2:])
    sums = np.zeros((len(x), len(kernels), rows, columns))
    sums += biases
    term = np.empty_like(sums)
    for c, i, j in product(range(x.shape[1]), range(window.size), range(window.size)):
        read = padded[:, c, np.newaxis, i : i + rows * window.stride : window.stride,
                      j : j + columns * window.stride : window.stride]  # fmt: skip
        np.multiply(read[:, :, :rows, :columns], kernels[:, c, i, j], out=term)
        sums += term
    return sums
