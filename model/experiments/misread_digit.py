"""Why a digit was misread: the most similar digits that were classified correctly, and what decided between classes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Labels
from model.layers import Linear
from model.network import Network


@dataclass(frozen=True)
class Margin:
    """What one logit exceeds another by, divided among the maps that the last layer with weights reads.

    Attributes:
        layer: The layer of these maps.
        contributions: (F,) float64, of each map: the sum over its neurons of activation × difference of the weights.
        bias: The difference of the biases.
        margin: The difference of the logits, which the contributions and the bias add up to.
    """

    layer: str
    contributions: Float64
    bias: float
    margin: float


def most_similar(images: NDArray[np.uint8], index: int, candidates: NDArray[np.bool_]) -> tuple[int, float] | None:
    """The candidate whose pixels are nearest to those of a digit, and the Euclidean distance; None without candidates.

    Args:
        images: (N, H, W) uint8.
        index: The digit, which need not be left out of the candidates.
        candidates: (N,) bool.
    """
    rows = np.flatnonzero(candidates & (np.arange(len(candidates)) != index))
    if not rows.size:
        return None
    pixels = images.reshape(len(images), -1)
    differences = pixels[rows].astype(np.int32) - pixels[index].astype(np.int32)
    squares = np.einsum("np,np->n", differences, differences, dtype=np.int64)
    best = int(squares.argmin())
    return int(rows[best]), float(np.sqrt(squares[best])) / 255


def reads_linear(network: Network) -> bool:
    """Whether the logits are computed by a fully connected layer from the maps of another layer."""
    names = list(network.layers)
    return len(names) >= 3 and isinstance(network.layers[names[-2]], Linear)


def explain_margin(network: Network, outputs: Mapping[str, Float32], winner: int, loser: int) -> Margin:
    """Divide the difference of two logits among the maps of the last hidden layer.

    Args:
        network: One for which `reads_linear` holds.
        outputs: Layer → (1, F, H, W) float32, of the digit.
        winner: The class whose logit is taken.
        loser: The class whose logit is subtracted.
    """
    names = list(network.layers)
    head, source = names[-2], names[-3]
    parameters = network.layers[head].parameters
    weights = parameters["weight"].astype(np.float64)
    bias = parameters["bias"].astype(np.float64)
    activations = outputs[source][0].astype(np.float64)
    difference = (weights[winner] - weights[loser]).reshape(activations.shape)
    logits = outputs[head][0, :, 0, 0].astype(np.float64)
    return Margin(
        layer=source,
        contributions=(difference * activations).sum(axis=(1, 2)),
        bias=float(bias[winner] - bias[loser]),
        margin=float(logits[winner] - logits[loser]),
    )


def correct_digits(labels: Labels, predicted: Labels, label: int) -> NDArray[np.bool_]:
    """(N,) bool: which digits have this class and are classified correctly."""
    right: NDArray[np.bool_] = (labels == label) & (predicted == label)
    return right
