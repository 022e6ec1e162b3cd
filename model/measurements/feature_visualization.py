"""Feature visualization: the patches that activate each filter most, and activation maximization.

It reads the test digits, but chooses nothing by them: the network is finished.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.data.mnist import Digits
from model.description import describe_layers
from model.experiments.feature_visualization import LayerVisualization
from model.geometry import ReceptiveField
from model.layers import Conv2d, ReLU
from model.network import Network
from model.train.loop import to_batch

PATCHES = 9
"""Digits kept for a filter."""

AVERAGED = 100
"""Digits whose patches are averaged in the mean patch."""

STEPS = 300
STEP_SIZE = 0.05
"""Change of the pixel with the largest gradient in one step, in ink."""

SMOOTHING = 0.15
"""Weight of the step that smooths the image, relative to the step along the gradient."""

INK_COST = 0.05
"""Ink that a step removes from every pixel, relative to the ink that it adds at the largest gradient."""

BATCH = 500


@dataclass(frozen=True)
class StrongestNeurons:
    """The neurons with the largest pre-activations of each filter, at most one in each digit.

    Attributes:
        samples: (F, n) int64, the digits, strongest first.
        positions: (F, n, 2) int64, row and column of the neuron.
        pre_activations: (F, n) float32.
    """

    samples: NDArray[np.int64]
    positions: NDArray[np.int64]
    pre_activations: Float32


def visualize_filters(
    network: Network, digits: Digits, report: Callable[[str], None] = lambda line: None, steps: int = STEPS
) -> list[LayerVisualization]:
    """Visualize the filters of every convolution that a ReLU follows, in the order of the layers.

    Args:
        network: The network.
        digits: The digits to search for the strongest neurons.
        report: Called with a line for each layer.
        steps: Steps of activation maximization.
    """
    described = {layer.name: layer for layer in describe_layers(network)}
    result = []
    for name, following in pairwise(network.layers):
        if not (isinstance(network.layers[name], Conv2d) and isinstance(network.layers[following], ReLU)):
            continue
        field = described[name].receptive_field
        assert field is not None, "a convolution after convolutions and poolings has a receptive field"
        report(f"{name}: {network.output_shapes[name][0]} filters, {field.size[0]}×{field.size[1]} pixels")
        strongest = find_strongest_neurons(network, name, digits)
        mean_patches = average_patches(digits, field, strongest)
        images, reached = maximize_activations(network, name, field, mean_patches, steps)
        best = slice(0, PATCHES)
        is_positive = strongest.pre_activations[:, best] > 0
        result.append(
            LayerVisualization(
                layer=name,
                field=field,
                samples=np.where(is_positive, strongest.samples[:, best], -1),
                positions=strongest.positions[:, best],
                pre_activations=strongest.pre_activations[:, best],
                mean_patches=mean_patches,
                maximizing_images=images,
                reached=reached,
            )
        )
    return result


def find_strongest_neurons(network: Network, layer: str, digits: Digits, count: int = AVERAGED) -> StrongestNeurons:
    """For each filter, the ``count`` digits with the largest pre-activation anywhere in its map."""
    peaks, positions = _largest_of_maps(network, layer, digits)
    order = np.argsort(-peaks, axis=0, kind="stable")[:count].T
    filters = np.arange(len(order))[:, np.newaxis]
    return StrongestNeurons(order, positions[order, filters], peaks[order, filters])


def average_patches(digits: Digits, field: ReceptiveField, strongest: StrongestNeurons) -> Float32:
    """(F, sH, sW) float32, ink 0–1: the mean of the patches that each filter's strongest neurons see."""
    means = [
        np.mean([patch_at(digits.images[number], field, *at) for number, at in zip(row, neurons, strict=True)], axis=0)
        for row, neurons in zip(strongest.samples, strongest.positions, strict=True)
    ]
    return np.stack(means).astype(np.float32) / np.float32(255)


def patch_at(image: NDArray[np.generic], field: ReceptiveField, row: int, column: int) -> NDArray[Any]:
    """(sH, sW): what the neuron at a position sees of an (H, W) image; zero beyond its border."""
    tall, wide = field.size
    box = field.box_at(row, column)
    padded = np.pad(image, ((tall, tall), (wide, wide)))
    return padded[box.top + tall : box.top + 2 * tall, box.left + wide : box.left + 2 * wide]


def maximize_activations(
    network: Network, layer: str, field: ReceptiveField, patches: Float32, steps: int = STEPS
) -> tuple[Float32, Float32]:
    """For each filter of a convolution, an image that maximizes the pre-activation of its middle neuron.

    Gradient ascent: it starts with a patch in the receptive field of that neuron and moves each pixel along the
    gradient of the pre-activation, with a little smoothing and a cost of ink; ink stays between 0 and 1. Nothing is
    random.

    Args:
        network: The network.
        layer: The convolution.
        field: The receptive field of its neurons.
        patches: (F, sH, sW) float32, ink to start with.
        steps: Steps of gradient ascent.

    Returns:
        (F, H, W) float32, the images; (F,) float32, the pre-activations for them.

    Source:
        Erhan, Bengio, Courville & Vincent (2009), "Visualizing higher-layer features of a deep network", for the idea.
    """
    filters, rows, columns = network.output_shapes[layer]
    _, height, width = network.input_shape
    double = network.as_dtype(np.float64)
    tall, wide = field.size
    box = field.box_at(rows // 2, columns // 2)
    padded = np.zeros((filters, height + 2 * tall, width + 2 * wide))
    padded[:, box.top + tall : box.top + 2 * tall, box.left + wide : box.left + 2 * wide] = patches
    images: Float64 = padded[:, np.newaxis, tall : tall + height, wide : wide + width]
    delta = np.zeros((filters, filters, rows, columns))
    middle = (np.arange(filters), np.arange(filters), rows // 2, columns // 2)
    delta[middle] = 1
    for _ in range(steps):
        gradient = _scaled(_gradient_by_input(double, layer, images, delta))
        images = np.clip(images + STEP_SIZE * (gradient + SMOOTHING * _scaled(_laplacian(images)) - INK_COST), 0, 1)
    reached = double.record(images, last=layer).outputs[layer]
    return images[:, 0].astype(np.float32), reached[middle].astype(np.float32)


def _largest_of_maps(network: Network, layer: str, digits: Digits) -> tuple[Float32, NDArray[np.int64]]:
    """(N, F) the largest pre-activation of each map, and (N, F, 2) row and column of its neuron."""
    peaks, positions = [], []
    for begin in range(0, len(digits), BATCH):
        maps = network.trace(to_batch(digits.images[begin : begin + BATCH])).outputs[layer]
        flat = maps.reshape(*maps.shape[:2], -1)
        best = flat.argmax(axis=2)
        peaks.append(np.take_along_axis(flat, best[..., np.newaxis], axis=2)[..., 0])
        positions.append(np.stack(np.unravel_index(best, maps.shape[2:]), axis=-1))
    return np.concatenate(peaks), np.concatenate(positions)


def _gradient_by_input(network: Network, layer: str, images: Float64, delta: Float64) -> Float64:
    by_input = network.backward_from(layer, delta, network.record(images, last=layer)).input
    assert by_input is not None, "it is left out only on request"
    return by_input


def _laplacian(images: Float64) -> Float64:
    """The mean of the four neighbors minus the pixel itself; the edge pixels are repeated beyond the edge."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    around = padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
    return around / 4 - images


def _scaled(steps: Float64) -> Float64:
    """The same, divided by the largest absolute value of each image."""
    largest = np.abs(steps).max(axis=(1, 2, 3), keepdims=True)
    return np.divide(steps, largest, out=np.zeros_like(steps), where=largest > 0)
