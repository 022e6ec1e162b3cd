"""Softmax and cross-entropy, with the gradient that backpropagation starts from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Labels, Logits


def softmax(logits: Logits) -> Float32:
    """Turn logits into probabilities.

    Args:
        logits: (N, classes) float32.

    Returns:
        (N, classes) float32; each row is positive and sums to 1.
    """
    # Subtracting the row maximum leaves softmax unchanged and keeps exp() finite.
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def log_softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """The logarithm of `softmax`, exact also where a probability underflows.

    Args:
        logits: (N, classes) floating-point numbers.

    Returns:
        (N, classes) of the same type, at most 0.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities: NDArray[Any] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_probabilities


def softmax_cross_entropy(logits: Logits, labels: Labels, smoothing: float = 0.0) -> tuple[float, Float32]:
    """The mean loss of a batch and its gradient by the logits.

    Args:
        logits: (N, classes) float32.
        labels: (N,) the true class of each row.
        smoothing: Share of the target spread evenly over all classes, 0–1.

    Returns:
        The loss in nats, averaged over the batch, and d(loss)/d(logits), (N, classes) float32:
        ``(softmax - target) / N``.

    Source:
        Label smoothing: Szegedy et al. (2016), "Rethinking the Inception architecture", section 7.
    """
    count, classes = logits.shape
    target = np.full((count, classes), smoothing / classes, dtype=np.float32)
    target[np.arange(count), labels] += 1.0 - smoothing
    log_probabilities = log_softmax(logits)
    loss = -float(np.sum(target * log_probabilities, dtype=np.float64)) / count
    return loss, (np.exp(log_probabilities) - target) / np.float32(count)
