"""Does the order of the pixels matter? Each network is trained on digits, and again on the same digits permuted.

One fixed permutation moves every pixel of every digit to another position. No information is lost, because the
permutation could be undone. A fully connected layer has one weight for each pixel and can learn both; a layer that
detects features in small regions finds none if neighboring pixels no longer belong together.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.architectures import ARCHITECTURES
from model.data.mnist import Digits
from model.train.config import QUICK, TrainConfig
from model.train.loop import start_training, train

PERMUTATION_SEED = 0
SEEDS = (1, 2, 3)
EPOCHS = 3


def permutation_of(pixels: int) -> NDArray[np.int64]:
    """The fixed permutation: permuted[i] = plain[permutation[i]], pixels counted row by row."""
    return np.random.default_rng(PERMUTATION_SEED).permutation(pixels)


def permute_pixels(digits: Digits) -> Digits:
    """The same digits, every pixel moved to another position."""
    count, height, width = digits.images.shape
    permuted = digits.images.reshape(count, -1)[:, permutation_of(height * width)]
    return Digits(np.ascontiguousarray(permuted.reshape(count, height, width)), digits.labels)


def measure_pixel_permutation(
    fit: Digits,
    validation: Digits,
    architectures: tuple[str, ...] = tuple(ARCHITECTURES),
    seeds: tuple[int, ...] = SEEDS,
    epochs: int = EPOCHS,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train each network on plain and on permuted digits, once for each seed.

    Digits are not augmented: rotating or thickening a permuted digit would be another operation.

    Args:
        fit: Digits to train on.
        validation: Digits to measure on.
        architectures: Names of networks.
        seeds: Of initial weights and order; the permutation is always the same.
        epochs: Passes over the digits.
        report: Called with one line for every finished run.

    Returns:
        The record as it is committed: JSON values.
    """
    empty = Digits(np.empty((0, *fit.images.shape[1:]), np.uint8), np.empty(0, np.uint8))
    data = {"plain": (fit, validation), "permuted": (permute_pixels(fit), permute_pixels(validation))}
    models = []
    for architecture in architectures:
        model: dict[str, Any] = {"id": architecture}
        for pixels, (training, held_out) in data.items():
            accuracies = []
            for seed in seeds:
                config = _config(architecture, seed, epochs)
                state = start_training(ARCHITECTURES[architecture](np.random.default_rng(seed)), config)
                train(state, config, training, empty, held_out)
                accuracies.append(state.curve[-1]["validation_accuracy"])
                report(f"{architecture}, {pixels}, seed {seed}: {accuracies[-1]:.2%} in {state.seconds:.0f} s")
            model[pixels] = {
                "accuracy": accuracies,
                "mean": float(np.mean(accuracies)),
                "deviation": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None,
            }
        models.append(model)
    return {
        "permutation": permutation_of(fit.images[0].size).tolist(),
        "permutation_seed": PERMUTATION_SEED,
        "seeds": list(seeds),
        "epochs": epochs,
        "training_digits": len(fit),
        "validation_digits": len(validation),
        "models": models,
        "config": _config("", 0, epochs).to_dict() | {"architecture": None, "seed": None},
    }


def _config(architecture: str, seed: int, epochs: int) -> TrainConfig:
    return replace(QUICK, architecture=architecture, seed=seed, epochs=epochs)
