"""Which pixels of a digit support a class: the gradient of the logit by each pixel, and occlusion.

The gradient is computed in double precision; the hundreds of occluded digits by the network's own forward pass.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.errors import ShapeError
from model.losses import softmax
from model.network import Network

BATCH = 128
"""Occluded digits in one forward pass."""


@dataclass(frozen=True)
class Saliency:
    """How a class's logit depends on each pixel.

    Attributes:
        logit: Of the class.
        by_channel: (C, H, W) float64, the derivative of the logit by each value of the input.
    """

    logit: float
    by_channel: Float64

    @property
    def gradient(self) -> Float64:
        """(H, W) float64, the derivative of the logit by each pixel's ink, which goes into every channel alike."""
        return np.asarray(self.by_channel.sum(axis=0))


@dataclass(frozen=True)
class Occlusion:
    """How covering a square with paper changes the logit and the probability of a class.

    Attributes:
        tops: First rows of the squares.
        lefts: First columns.
        logit: Of the class, with nothing covered.
        probability: Of the class, with nothing covered.
        logit_changes: (tops, lefts) float64, covered minus uncovered.
        probability_changes: (tops, lefts) float64, covered minus uncovered.
    """

    tops: range
    lefts: range
    logit: float
    probability: float
    logit_changes: Float64
    probability_changes: Float64


def explain_by_gradient(network: Network, pixels: Float32, digit: int) -> Saliency:
    """The gradient of a class's logit by the input.

    Where neurons of one pooling window are equal, as on blank paper, the logit has a kink: the gradient is then that of
    the neuron that pooling's backward pass chooses as the maximum.

    Args:
        network: The network; its last layer turns logits into probabilities.
        pixels: (H, W) float32, or (3, H, W) colors.
        digit: The class.

    Source:
        Simonyan, Vedaldi & Zisserman (2014), "Deep inside convolutional networks", with the sign kept.
    """
    x: NDArray[Any] = network.images_of(pixels[np.newaxis]).astype(np.float64)
    double = network.as_dtype(np.float64)
    layer = list(network.layers)[-2]
    recording = double.record(x, last=layer)
    logits = recording.outputs[layer]
    delta = np.zeros_like(logits)
    delta[0, digit] = 1
    by_input = double.backward_from(layer, delta, recording).input
    assert by_input is not None, "it is left out only on request"
    return Saliency(float(logits[0, digit, 0, 0]), np.ascontiguousarray(by_input[0], dtype=np.float64))


def explain_by_occlusion(network: Network, pixels: Float32, digit: int, size: int, stride: int = 1) -> Occlusion:
    """Cover one square after the other with paper and compute the class's logit and probability.

    Args:
        network: The network.
        pixels: (H, W) float32, or (3, H, W) colors.
        digit: The class.
        size: Of the square, in pixels.
        stride: Between squares, in pixels.

    Raises:
        ShapeError: The square is larger than the image.

    Source:
        Zeiler & Fergus (2014), "Visualizing and understanding convolutional networks", section 4.2.
    """
    height, width = pixels.shape[-2:]
    if size > min(height, width):
        raise ShapeError(f"a square of {size} pixels does not fit into {height}×{width}")
    tops, lefts = range(0, height - size + 1, stride), range(0, width - size + 1, stride)
    # Where there is no ink, covering changes nothing, so that no forward pass is needed.
    images, positions = [pixels], []
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            if pixels[..., top : top + size, left : left + size].any():
                occluded = pixels.copy()
                occluded[..., top : top + size, left : left + size] = 0
                images.append(occluded)
                positions.append((row, column))
    batches = [network.images_of(np.stack(images[begin : begin + BATCH])) for begin in range(0, len(images), BATCH)]
    logits = np.concatenate([network.forward(batch)[0] for batch in batches])
    probabilities = softmax(logits)
    changes = np.zeros((2, len(tops), len(lefts)))
    for (row, column), index in zip(positions, range(1, len(images)), strict=True):
        for kind, values in enumerate((logits, probabilities)):
            changes[kind, row, column] = float(values[index, digit]) - float(values[0, digit])
    logit, probability = float(logits[0, digit]), float(probabilities[0, digit])
    return Occlusion(tops, lefts, logit, probability, changes[0], changes[1])
