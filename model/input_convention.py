"""How a network from elsewhere expects its input: found by which usual convention classifies the test digits best.

PyTorch's examples normalize pixels by the mean and deviation of MNIST, others scale them to −1 to 1, leave them from 0
to 255, or have dark ink on light paper. A network that gets another convention than in training loads silently and
classifies badly. Here pixels are always from 0 (paper) to 1 (ink); a convention becomes a first layer, `normalize`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.arrays import Float32, Labels
from model.layers import Affine
from model.network import Network
from model.onnx.settings import Normalization

NORMALIZE = "normalize"
"""Name of the layer."""

DIGITS = 1000
"""Test digits that are classified."""

FIRST_SHARE = 5
"""One digit of so many is classified first, to rule out conventions that are far behind."""

WORK = 2**34
"""Multiply-adds of one pass over the digits: networks that take more for 1,000 are measured with fewer."""

FEWEST_DIGITS = 100

BEHIND = 0.1
"""Share of the first digits by which a convention must be behind the best to be ruled out."""

MARGIN = 0.005
"""Share of the digits by which a convention must be better than a more usual one: see `_USUALNESS`."""

GUESSING = 0.5
"""Share of the digits below which no convention is taken for the right one."""

POOR = 0.9
"""Share of the digits below which it is said that no convention gives more."""

WORKING_VALUES = 2**22
"""Activations that are held at a time."""


def gray(mean: float, deviation: float) -> Normalization:
    """The same for a single channel."""
    return Normalization((mean,), (deviation,))


PLAIN = "pixels from 0 (paper) to 1 (ink)"

CONVENTIONS: Mapping[str, Normalization] = {
    PLAIN: gray(0, 1),
    "inputs normalized by mean 0.1307 and deviation 0.3081": gray(0.1307, 0.3081),
    "pixels from −1 (paper) to 1 (ink)": gray(0.5, 0.5),
    "pixels from 0 (paper) to 255 (ink)": gray(0, 1 / 255),
    "pixels from 1 (paper) to 0 (ink)": gray(1, -1),
    "pixels from 1 (paper) to −1 (ink)": gray(0.5, -0.5),
    "pixels from 255 (paper) to 0 (ink)": gray(1, -1 / 255),
}
"""In words → the convention; the same for every channel."""

_USUALNESS = {
    PLAIN: 1,
    "pixels from 0 (paper) to 255 (ink)": -1,
    "pixels from 1 (paper) to −1 (ink)": -1,
    "pixels from 255 (paper) to 0 (ink)": -1,
}
"""Some networks classify inputs of any scale alike, and the largest or rarest by chance a little better."""

IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
COLOR_CONVENTIONS: Mapping[str, Normalization] = {"inputs normalized by the means and deviations of ImageNet": IMAGENET}
"""Of networks that read colors."""


@dataclass(frozen=True)
class InputConvention:
    """How a network expects its input, and how well it then classifies.

    Attributes:
        normalization: What it expects.
        words: The same in words, after "expects".
        is_stated: Whether its file says so; otherwise it was found by measuring, or assumed.
        digits: Number of test digits that were classified; 0 if it has not ten classes.
        accuracy: Share of them that it classifies correctly; None if none were.
        accuracy_without: The same with pixels from 0 to 1 as they are.
    """

    normalization: Normalization
    words: str
    is_stated: bool
    digits: int = 0
    accuracy: float | None = None
    accuracy_without: float | None = None

    @property
    def sentence(self) -> str:
        """What a visitor reads.

        >>> InputConvention(gray(0, 1 / 255), "pixels from 0 to 255", False, 1000, 0.987, 0.317).sentence
        'Expects pixels from 0 to 255: classifies 98.7% of 1,000 test digits correctly, 31.7% without.'
        """
        expects = f"Expects {self.words}{', as its file states' if self.is_stated else ''}"
        if self.accuracy is None:
            reason = "" if self.is_stated else ", which was not measured: it has not ten classes"
            return f"{expects}{reason}."
        shown = f"{expects}: classifies {100 * self.accuracy:.1f}% of {self.digits:,} test digits correctly"
        if not self.normalization.is_identity:
            shown += f", {100 * (self.accuracy_without or 0):.1f}% without"
        poor = self.accuracy < POOR and not self.is_stated
        return f"{shown}; no usual convention gives more." if poor else f"{shown}."


def with_convention(network: Network, normalization: Normalization) -> Network:
    """The network behind a layer that makes what it expects of pixels from 0 to 1; itself if that is the same."""
    if normalization.is_identity:
        return network
    channels = network.input_shape[0]
    deviation = np.broadcast_to(np.array(normalization.deviation), channels)
    mean = np.broadcast_to(np.array(normalization.mean), channels)
    weight = (1 / deviation).astype(np.float32).reshape(channels, 1, 1, 1)
    layer = Affine(weight, (-mean / deviation).astype(np.float32))
    return Network(network.input_shape, {NORMALIZE: layer, **network.layers})


def find_convention(network: Network, pictures: Float32, labels: Labels) -> InputConvention:
    """The convention by which a network with ten classes classifies most digits correctly.

    Args:
        network: The network.
        pictures: (N, H, W) float32 of its input size, 0 paper, 1 ink.
        labels: (N,) uint8.
    """
    if network_classes(network) != 10:
        return InputConvention(_for_channels(CONVENTIONS[PLAIN], network), PLAIN, is_stated=False)
    usual = CONVENTIONS if network.input_shape[0] == 1 else {**CONVENTIONS, **COLOR_CONVENTIONS}
    candidates = {words: _for_channels(each, network) for words, each in usual.items()}
    first = -(-len(labels) // FIRST_SHARE)
    few = {words: accuracy_of(network, each, pictures[:first], labels[:first]) for words, each in candidates.items()}
    least = max(few.values()) - BEHIND
    results = {
        words: accuracy_of(network, each, pictures, labels)
        for words, each in candidates.items()
        if few[words] >= least or words == PLAIN
    }
    best = max(results, key=lambda words: results[words] + MARGIN * _USUALNESS.get(words, 0))
    if results[best] < GUESSING:
        best = PLAIN
    return InputConvention(candidates[best], best, False, len(labels), results[best], results[PLAIN])


def _for_channels(normalization: Normalization, network: Network) -> Normalization:
    channels = network.input_shape[0]
    if len(normalization.mean) == channels:
        return normalization
    return Normalization(normalization.mean * channels, normalization.deviation * channels)


def stated_convention(
    network: Network, normalization: Normalization, pictures: Float32, labels: Labels
) -> InputConvention:
    """The convention that a network's file states, and how well it classifies; arguments as above."""
    words = _words(normalization)
    if network_classes(network) != 10:
        return InputConvention(normalization, words, is_stated=True)
    accuracy = accuracy_of(network, normalization, pictures, labels)
    without = accuracy_of(network, CONVENTIONS[PLAIN], pictures, labels)
    return InputConvention(normalization, words, True, len(labels), accuracy, without)


def _words(normalization: Normalization) -> str:
    for words, each in CONVENTIONS.items():
        if _is_close(each, normalization):
            return words
    means, deviations = (
        ", ".join(f"{each:.4g}" for each in (values[:1] if len(set(values)) == 1 else values))
        for values in (normalization.mean, normalization.deviation)
    )
    return f"inputs normalized by mean {means} and deviation {deviations}"


def _is_close(usual: Normalization, stated: Normalization) -> bool:
    pairs = [
        *((usual.mean[0], each) for each in stated.mean),
        *((usual.deviation[0], each) for each in stated.deviation),
    ]
    return all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for a, b in pairs)


def network_classes(network: Network) -> int:
    """Number of classes."""
    return list(network.output_shapes.values())[-1][0]


def accuracy_of(network: Network, normalization: Normalization, pictures: Float32, labels: Labels) -> float:
    """Share of digits that a network classifies correctly, normalized so."""
    mean, deviation = (
        np.array(values, dtype=np.float32)[:, np.newaxis, np.newaxis]
        for values in (normalization.mean, normalization.deviation)
    )
    batch, correct = batch_size(network), 0
    with np.errstate(all="ignore"):  # with a convention far from the right one, activations may overflow
        for begin in range(0, len(pictures), batch):
            images = (network.images_of(pictures[begin : begin + batch]) - mean) / deviation
            correct += int((network.forward(images)[0].argmax(axis=1) == labels[begin : begin + batch]).sum())
    return correct / len(pictures)


def digits_for(network: Network, most: int = DIGITS) -> int:
    """How many digits a network is measured with: as many as `WORK` allows."""
    multiply_adds = sum(layer.multiply_adds(network.input_shape_of(name)) for name, layer in network.layers.items())
    return min(most, max(FEWEST_DIGITS, WORK // max(1, multiply_adds)))


def batch_size(network: Network, most: int = 250) -> int:
    """As many images as keep all activations of a forward pass within `WORKING_VALUES`, at least one."""
    largest = 0
    for name, layer in network.layers.items():
        channels, height, width = network.input_shape_of(name)
        outputs = math.prod(network.output_shapes[name])
        # A convolution lays out each row of its input once for each column of its kernel.
        columns = layer.window.size[1] if layer.window is not None and "weight" in layer.parameters else 1
        largest += outputs + channels * height * width * (columns - 1)
    return max(1, min(most, WORKING_VALUES // largest))


def is_finite(network: Network, pictures: Float32) -> bool:
    """Whether all activations for some digits are finite numbers."""
    with np.errstate(all="ignore"):
        outputs = network.trace(network.images_of(pictures)).outputs
    return all(bool(np.isfinite(output).all()) for output in outputs.values())
