"""What each filter looks for: where it answers most among the test digits, and an image made to excite it.

Nothing is chosen by it, so that the test digits stay what they are: the network is finished.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.data.mnist import Digits
from model.description import describe_layers
from model.exact_trace import Float64
from model.experiments.gradients import in_double
from model.experiments.portraits import LayerPortraits
from model.geometry import ReceptiveField
from model.layers import Conv2d, ReLU
from model.network import Network
from model.train.loop import to_batch

PATCHES = 9
"""Digits shown for a filter."""

AVERAGED = 100
"""Digits whose patches the mean patch is the mean of."""

STEPS = 300
RATE = 0.05
"""Of a step, in ink: how much the pixel moves that the filter cares for most."""

ROUGHNESS = 0.15
"""Weight of the gradient that smooths, against the one that excites; both have the same largest number."""

ECONOMY = 0.05
"""How much ink a step takes away everywhere, against what it adds where it excites most: paper stays paper."""

BATCH = 500


def portray(
    network: Network, digits: Digits, report: Callable[[str], None] = lambda line: None
) -> list[LayerPortraits]:
    """Every convolution that a ReLU follows."""
    names = list(network.layers)
    described = {layer.name: layer for layer in describe_layers(network)}
    result = []
    for name, following in pairwise(names):
        if not (isinstance(network.layers[name], Conv2d) and isinstance(network.layers[following], ReLU)):
            continue
        field = described[name].receptive_field
        assert field is not None, "a convolution behind convolutions and poolings sees a box"
        report(f"{name}: {network.output_shapes[name][0]} filters, {field.size}×{field.size} pixels")
        peaks, places = _strongest_neurons(network, name, digits)
        order = np.argsort(-peaks, axis=0, kind="stable")[:AVERAGED].T
        filters = np.arange(len(order))[:, np.newaxis]
        values, where = peaks[order, filters], places[order, filters]
        means = [
            np.mean([patch_at(digits.images[n], field, *at) for n, at in zip(row, spots, strict=True)], axis=0)
            for row, spots in zip(order, where, strict=True)
        ]
        mean_patches = np.stack(means).astype(np.float32) / np.float32(255)
        ascents, reached = ascend(network, name, field, mean_patches)
        best = slice(0, PATCHES)
        result.append(
            LayerPortraits(
                layer=name,
                field=field,
                samples=np.where(values[:, best] > 0, order[:, best], -1),
                places=where[:, best],
                values=values[:, best],
                mean_patches=mean_patches,
                ascents=ascents,
                ascent_values=reached,
            )
        )
    return result


def patch_at(image: NDArray[np.generic], field: ReceptiveField, row: int, column: int) -> NDArray[Any]:
    """(s, s): what the neuron at a place sees of an (H, W) image; zero beyond its border."""
    top, left = (field.start + field.jump * at for at in (row, column))
    padded = np.pad(image, field.size)
    return padded[top + field.size : top + 2 * field.size, left + field.size : left + 2 * field.size]


def ascend(
    network: Network, layer: str, field: ReceptiveField, patches: Float32, steps: int = STEPS
) -> tuple[Float32, Float32]:
    """For each filter of a convolution, an image that excites its middle neuron.

    Starts with a patch where that neuron looks, and moves each pixel along the gradient of the pre-activation,
    smoothing a little and saving ink; ink stays between 0 and 1. Nothing is random.

    Args:
        network: The network.
        layer: The convolution.
        field: Of its neurons.
        patches: (F, s, s) float32, ink to start with.
        steps: Of gradient ascent.

    Returns:
        (F, H, W) float32, the images; (F,) float32, the pre-activations that they reach.

    Source:
        Erhan, Bengio, Courville & Vincent (2009), "Visualizing higher-layer features of a deep network", for the idea.
    """
    filters, rows, columns = network.output_shapes[layer]
    _, height, width = network.input_shape
    names = list(network.layers)
    layers = [in_double(network).layers[name] for name in names[: names.index(layer) + 1]]
    top, left = (field.start + field.jump * (extent // 2) for extent in (rows, columns))
    room = np.zeros((filters, height + 2 * field.size, width + 2 * field.size))
    room[:, top + field.size : top + 2 * field.size, left + field.size : left + 2 * field.size] = patches
    images: Float64 = room[:, np.newaxis, field.size : field.size + height, field.size : field.size + width]
    delta = np.zeros((filters, filters, rows, columns))
    middle = (np.arange(filters), np.arange(filters), rows // 2, columns // 2)
    delta[middle] = 1
    for _ in range(steps):
        uphill = _scaled(_back_to_input(layers, images, delta))
        images = np.clip(images + RATE * (uphill + ROUGHNESS * _scaled(_laplacian(images)) - ECONOMY), 0, 1)
    x: NDArray[Any] = images
    for each in layers:
        x, _ = each.forward(x)
    return images[:, 0].astype(np.float32), x[middle].astype(np.float32)


def _strongest_neurons(network: Network, layer: str, digits: Digits) -> tuple[Float32, NDArray[np.int64]]:
    """(N, F) the largest pre-activation of each map, and (N, F, 2) row and column of its neuron."""
    peaks, places = [], []
    for begin in range(0, len(digits), BATCH):
        maps = network.trace(to_batch(digits.images[begin : begin + BATCH])).outputs[layer]
        flat = maps.reshape(*maps.shape[:2], -1)
        best = flat.argmax(axis=2)
        peaks.append(np.take_along_axis(flat, best[..., np.newaxis], axis=2)[..., 0])
        places.append(np.stack(np.unravel_index(best, maps.shape[2:]), axis=-1))
    return np.concatenate(peaks), np.concatenate(places)


def _back_to_input(layers: list[Any], images: Float64, delta: Float64) -> Float64:
    x: NDArray[Any] = images
    contexts = []
    for layer in layers:
        x, context = layer.forward(x)
        contexts.append(context)
    back: NDArray[Any] = delta
    for layer, context in zip(reversed(layers), reversed(contexts), strict=True):
        back, _ = layer.backward(back, context)
    return back


def _laplacian(images: Float64) -> Float64:
    """How far the four neighbors' mean lies above each pixel; zero where all are alike, edges repeated."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    around = padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
    return around / 4 - images


def _scaled(steps: Float64) -> Float64:
    """The largest of each image's becomes 1."""
    largest = np.abs(steps).max(axis=(1, 2, 3), keepdims=True)
    return np.divide(steps, largest, out=np.zeros_like(steps), where=largest > 0)
