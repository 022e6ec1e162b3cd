"""What of a digit speaks for a class: the gradient of its logit by each pixel, and what covering places takes away.

The gradient in double precision; covered digits, of which there are hundreds, by the network's own forward.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.errors import ShapeError
from model.exact_trace import Float64
from model.experiments.gradients import in_double
from model.losses import softmax
from model.network import Network

BATCH = 128
"""Covered digits that are read at once."""


@dataclass(frozen=True)
class Saliency:
    """How a class's logit depends on each pixel.

    Attributes:
        logit: Of the class.
        gradient: (H, W) float64: how the logit would change with the pixel's ink.
    """

    logit: float
    gradient: Float64


@dataclass(frozen=True)
class Occlusion:
    """What covering a square with paper does to a class.

    Attributes:
        tops: First rows of the squares.
        lefts: First columns.
        logit: Of the class, nothing covered.
        probability: Likewise.
        logit_changes: (tops, lefts) float64, covered less uncovered.
        probability_changes: (tops, lefts) float64, likewise.
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
    the neuron which pooling's backward takes for the winner.

    Args:
        network: The network; its last layer makes probabilities of the logits.
        pixels: (H, W) float32.
        digit: The class.

    Source:
        Simonyan, Vedaldi & Zisserman (2014), "Deep inside convolutional networks", with the sign kept.
    """
    x: NDArray[Any] = network.images_of(pixels[np.newaxis]).astype(np.float64)
    layers = list(in_double(network).layers.values())[:-1]
    contexts = []
    for layer in layers:
        x, context = layer.forward(x)
        contexts.append(context)
    logit = float(x[0, digit, 0, 0])
    delta: NDArray[Any] | None = np.zeros_like(x)
    assert delta is not None
    delta[0, digit] = 1
    for layer, context in zip(reversed(layers), reversed(contexts), strict=True):
        assert delta is not None
        delta, _ = layer.backward(delta, context)
    assert delta is not None
    # Ink goes into every channel alike, so what it does is the sum over them.
    return Saliency(logit, np.ascontiguousarray(delta[0].sum(axis=0), dtype=np.float64))


def explain_by_occlusion(network: Network, pixels: Float32, digit: int, size: int, stride: int = 1) -> Occlusion:
    """Cover one square after the other with paper, and see what becomes of a class.

    Args:
        network: The network.
        pixels: (H, W) float32.
        digit: The class.
        size: Of the square, in pixels.
        stride: Between squares, in pixels.

    Raises:
        ShapeError: The square is larger than the image.

    Source:
        Zeiler & Fergus (2014), "Visualizing and understanding convolutional networks", section 4.2.
    """
    height, width = pixels.shape
    if size > min(height, width):
        raise ShapeError(f"a square of {size} pixels does not fit into {height}×{width}")
    tops, lefts = range(0, height - size + 1, stride), range(0, width - size + 1, stride)
    # Where there is no ink nothing is covered: those squares need no look.
    images, places = [pixels], []
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            if pixels[top : top + size, left : left + size].any():
                covered = pixels.copy()
                covered[top : top + size, left : left + size] = 0
                images.append(covered)
                places.append((row, column))
    batches = [network.images_of(np.stack(images[begin : begin + BATCH])) for begin in range(0, len(images), BATCH)]
    logits = np.concatenate([network.forward(batch)[0] for batch in batches])
    probabilities = softmax(logits)
    changes = np.zeros((2, len(tops), len(lefts)))
    for (row, column), index in zip(places, range(1, len(images)), strict=True):
        for kind, values in enumerate((logits, probabilities)):
            changes[kind, row, column] = float(values[index, digit]) - float(values[0, digit])
    logit, probability = float(logits[0, digit]), float(probabilities[0, digit])
    return Occlusion(tops, lefts, logit, probability, changes[0], changes[1])
