"""python -m model.workshop: train a small network on few digits, and tell of it while it happens.

Made for a visitor who wants to watch: one thread, so that the service beside it stays quick, and one line of JSON on
standard output every few steps. It ends when its standard input closes, so that it never outlives who started it.
"""

import argparse
import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from model.architectures import CLASSES, MNIST_SHAPE
from model.artifact import GUEST, Artifact, save_weights
from model.calibration import calibrate
from model.data.download import SOURCES, cache_folder
from model.data.mnist import Digits, load_training_digits
from model.data.synthetic import draw_synthetic_digits
from model.errors import ModelError
from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network
from model.train.config import QUICK, TrainConfig
from model.train.loop import Progress, TrainingState, accuracy_of, averaged_network, start_training, to_batch, train

HELD_OUT = 1000
"""Digits that it is judged by: of the same kind, and never trained on."""

UPDATES = 60
"""Lines told over a run, about."""

NICENESS = 10


@dataclass(frozen=True)
class Wish:
    """What a visitor chooses.

    Attributes:
        kernel_size: Side of the kernels, odd.
        filters: How many.
        rate: Highest learning rate.
        digits: Digits to train on.
        epochs: Passes over them.
        seed: Of weights, order and synthetic digits.
    """

    kernel_size: int = 5
    filters: int = 8
    rate: float = 0.004
    digits: int = 5000
    epochs: int = 5
    seed: int = 1


def build_workshop_network(rng: np.random.Generator, kernel_size: int, filters: int) -> Network:
    """One convolution: k×k → relu → pool 2 → linear 10 → softmax."""
    side = MNIST_SHAPE[1] // 2
    return Network(
        MNIST_SHAPE,
        {
            "conv1": Conv2d.create(rng, 1, filters, kernel_size, padding=kernel_size // 2),
            "relu1": ReLU(),
            "pool1": MaxPool2d(),
            "linear": Linear.create(rng, (filters, side, side), CLASSES),
            "softmax": Softmax(),
        },
    )


def run(wish: Wish, digits: tuple[Digits, Digits], folder: Path, tell: TextIO) -> None:
    """Train, tell, and write the artifact.

    Args:
        wish: What was chosen.
        digits: To train on, and to judge by.
        folder: Where to write the network.
        tell: Gets a line of JSON for each update: ``step, steps, epoch, loss, accuracy, kernels`` and at the end
            ``validation_accuracy`` and ``seconds``.
    """
    fit, judge = digits
    config = _config_of(wish)
    network = build_workshop_network(np.random.default_rng(wish.seed), wish.kernel_size, wish.filters)
    state = start_training(network, config)
    steps = wish.epochs * (len(fit) // config.batch_size)
    every = max(1, steps // UPDATES)

    def report(progress: Progress) -> None:
        if progress.step % every == 0 or progress.step == progress.steps:
            _tell(
                tell,
                step=progress.step,
                steps=progress.steps,
                epoch=progress.epoch,
                loss=round(progress.loss, 5),
                accuracy=round(progress.accuracy, 5),
                kernels=_kernels(network),
            )

    _tell(tell, step=0, steps=steps, epoch=0, kernels=_kernels(network))
    began = time.perf_counter()
    empty = Digits(np.empty((0, *MNIST_SHAPE[1:]), np.uint8), np.empty(0, np.uint8))
    train(state, config, fit, empty, None, report, threads=1)
    seconds = time.perf_counter() - began
    _write(state, config, wish, judge, folder, seconds, tell)


def choose_digits(count: int, seed: int) -> tuple[str, tuple[Digits, Digits]]:
    """Where digits come from, and some to train on and others to judge by.

    MNIST's training digits if they are on this machine; nothing is downloaded for a visitor's sake. Else digits written
    by code. MNIST's test digits are never used.
    """
    total = count + HELD_OUT
    if os.environ.get("MNIST_DIR") or all(
        (cache_folder() / SOURCES[f"train-{kind}"].name).exists() for kind in ("images", "labels")
    ):
        source, digits = "mnist", load_training_digits()
        chosen = np.random.default_rng(seed).permutation(len(digits))[:total]
        digits = Digits(digits.images[chosen], digits.labels[chosen])
    else:
        source, digits = "synthetic", draw_synthetic_digits(total, seed, processes=1)
    return source, (digits[:count], digits[count:])


def main() -> int:
    """Train as asked; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.workshop", description=__doc__)
    for name, default in asdict(Wish()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--output", type=Path, required=True, help="folder that the network is written to")
    options = vars(parser.parse_args())
    folder = options.pop("output")
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    os.nice(NICENESS)
    wish = Wish(**options)
    try:
        source, digits = choose_digits(wish.digits, wish.seed)
        _tell(sys.stdout, source=source, digits=len(digits[0]), held_out=len(digits[1]))
        run(wish, digits, folder, sys.stdout)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _config_of(wish: Wish) -> TrainConfig:
    # Smoothing as in the recipe of the cnn: without it kernels come out as noise, and there is nothing to watch.
    return replace(
        QUICK,
        architecture=GUEST,
        epochs=wish.epochs,
        seed=wish.seed,
        peak_rate=wish.rate,
        first_kernel_smoothing=TrainConfig().first_kernel_smoothing,
    )


def _write(
    state: TrainingState, config: TrainConfig, wish: Wish, judge: Digits, folder: Path, seconds: float, tell: TextIO
) -> None:
    network = averaged_network(state)
    accuracy = accuracy_of(network, judge)
    size = f"{wish.kernel_size}×{wish.kernel_size}"
    artifact = Artifact(
        name=GUEST,
        title=f"Trained here: {wish.filters} kernels of {size}, {wish.digits:,} digits",
        network=network,
        calibration=calibrate(network, to_batch(judge.images)),
        record={
            "validation_accuracy": accuracy,
            "validation_digits": len(judge),
            "seconds": round(seconds, 2),
            "wish": asdict(wish),
            "config": config.to_dict(),
        },
    )
    save_weights(artifact, folder)
    _tell(tell, validation_accuracy=accuracy, seconds=round(seconds, 2))


def _kernels(network: Network) -> list[Any]:
    kernels: list[Any] = np.round(network.parameters["conv1.weight"][:, 0].astype(np.float64), 4).tolist()
    return kernels


def _tell(stream: TextIO, **facts: Any) -> None:
    stream.write(json.dumps(facts) + "\n")
    stream.flush()


def _end_with_standard_input() -> None:
    # Unbuffered: a buffered reader's lock, held by this thread, would spoil an ordinary exit.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main())
