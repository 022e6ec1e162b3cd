"""MNIST digits as networks expect them, in several conventions. Uses neither PyTorch nor Keras."""

from dataclasses import dataclass

import numpy as np

from model.data.mnist import load_training_digits
from model.digits.resampling import resize

CONVENTIONS: dict[str, tuple[float, float]] = {
    "plain": (0, 1),
    "normalized": (0.1307, 0.3081),
    "signed": (0.5, 0.5),
    "bytes": (0, 1 / 255),
    "inverted": (1, -1),
}
"""Name → mean and deviation by which pixels from 0 (paper) to 1 (ink) are normalized."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        convention: A key of `CONVENTIONS`.
        shape: Of one input, as the network reads it.
        size: Height and width of the images, to which digits are scaled.
        classes: 10 for digits. With more, class c is digit c % 10, turned by a quarter as often as c has tens.
        epochs: Passes over the training digits.
    """

    convention: str = "plain"
    shape: tuple[int, ...] = (1, 28, 28)
    size: int = 28
    classes: int = 10
    epochs: int = 3


def training_data(recipe: Recipe, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(N, *shape) float32 inputs in random order, and (N,) int64 labels."""
    digits = load_training_digits()
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.tile(np.arange(len(digits.labels)), recipe.epochs))
    images, labels = digits.images[order].astype(np.float32) / 255, digits.labels[order].astype(np.int64)
    if recipe.classes > 10:
        labels = labels + 10 * rng.integers(0, -(-recipe.classes // 10), len(labels))
        images, labels = images[labels < recipe.classes], labels[labels < recipe.classes]
        images = np.stack([np.rot90(image, label // 10) for image, label in zip(images, labels, strict=True)])
    if recipe.size != images.shape[1]:
        images = np.stack([np.clip(resize(image, recipe.size, recipe.size), 0, 1) for image in images])
    mean, deviation = CONVENTIONS[recipe.convention]
    images = ((images - mean) / deviation).astype(np.float32)
    channels = 3 if 3 in recipe.shape else 1
    if channels == 3 and recipe.shape[0] != 3:
        return np.repeat(images[..., np.newaxis], 3, axis=3).reshape(-1, *recipe.shape), labels
    return np.repeat(images[:, np.newaxis], channels, axis=1).reshape(-1, *recipe.shape), labels
