"""``python -m model.visitor_training``: train a small network on few digits and report its progress.

It uses one thread, so that the service beside it stays fast, and writes a line of JSON to standard output every few
steps. It ends when its standard input is closed, so that it never outlives the process that started it.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from model.architectures import CLASSES, MNIST_SHAPE
from model.arrays import Images
from model.artifact import Artifact, save_weights
from model.calibration import calibrate
from model.child_process import LOWEST_NICENESS, NICENESS, work_for_parent
from model.data.augmentation import Augmentation
from model.data.mnist import Digits
from model.data.symbols import Symbols, draw_as_drawn, draw_varied, read_symbols, split_drawings
from model.data.training_subset import load_training_subset
from model.errors import ModelError
from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network
from model.train.config import QUICK, TrainConfig
from model.train.loop import Progress, TrainingState, accuracy_of, ema_network, start_training, to_batch, train
from model.training_request import TrainingRequest

ARCHITECTURE = "visitor"
"""Of the record of such networks."""

HELD_OUT = 1000
"""Digits that the accuracy is measured on: of the same kind, and not used for training."""

UPDATES = 60
"""Approximate number of progress lines of a run."""

SYMBOL_AUGMENTATION = Augmentation(elastic=0.7, thickness=0.3)
"""Of images of a visitor's own symbols, whose strokes have been varied before."""

MEASURED = 100
"""Held-out digits on which dead filters are looked for in every progress line: few, so that training is not slowed."""


def build_visitor_network(rng: np.random.Generator, kernel_size: int, filters: int, classes: int = CLASSES) -> Network:
    """One convolution: k×k → relu → pool 2 → linear → softmax."""
    size = MNIST_SHAPE[1] // 2
    return Network(
        MNIST_SHAPE,
        {
            "conv1": Conv2d.create(rng, 1, filters, kernel_size, padding=kernel_size // 2),
            "relu1": ReLU(),
            "pool1": MaxPool2d(),
            "linear": Linear.create(rng, (filters, size, size), classes),
            "softmax": Softmax(),
        },
    )


def make_equal(network: Network) -> None:
    """Make all kernels of the first layer equal, and the weights of all its maps in the layer behind."""
    convolution, linear = network.layers["conv1"].parameters, network.layers["linear"].parameters
    convolution["weight"][:] = convolution["weight"][0]
    linear["weight"][:] = linear["weight"][:, :1]


def run(
    request: TrainingRequest,
    digits: tuple[Digits, Digits],
    name: str,
    folder: Path,
    output: TextIO,
    classes: Sequence[str] = (),
) -> None:
    """Train, report progress and write the artifact.

    Args:
        request: What the visitor chose.
        digits: Training digits and validation digits.
        name: Id of the network.
        folder: Folder to write the network to.
        output: Receives a line of JSON for each update: ``step, steps, epoch, loss, accuracy, kernels, dead``, and at
            the end ``validation_accuracy``, ``seconds``, and ``kernels`` and ``dead`` of the network that is written.
        classes: Names of the visitor's own classes; by default those of MNIST.
    """
    training, validation = digits
    config = _config_of(request, own_symbols=bool(classes))
    rng = np.random.default_rng(request.seed)
    network = build_visitor_network(rng, request.kernel_size, request.filters, len(classes) or CLASSES)
    if request.start == "equal":
        make_equal(network)
    state = start_training(network, config)
    steps = request.epochs * (len(training) // config.batch_size)
    every = max(1, steps // UPDATES)
    measured = to_batch(validation.images[:MEASURED])

    def report(progress: Progress) -> None:
        if progress.step % every == 0 or progress.step == progress.steps:
            _report(
                output,
                step=progress.step,
                steps=progress.steps,
                epoch=progress.epoch,
                loss=round(progress.loss, 5),
                accuracy=round(progress.accuracy, 5),
                kernels=_kernels(network),
                dead=dead_filters(network, measured),
            )

    dead = dead_filters(network, measured)
    _report(output, step=0, steps=steps, epoch=0, kernels=_kernels(network), dead=dead)
    began = time.perf_counter()
    empty = Digits(np.empty((0, *MNIST_SHAPE[1:]), np.uint8), np.empty(0, np.uint8))
    train(state, config, training, empty, None, report, threads=1)
    seconds = time.perf_counter() - began
    artifact = _artifact_of(state, config, request, validation, name, seconds, classes)
    save_weights(artifact, folder)
    _report(
        output,
        validation_accuracy=artifact.record["validation_accuracy"],
        seconds=round(seconds, 2),
        kernels=_kernels(artifact.network),
        dead=[number for number, peak in enumerate(artifact.calibration["relu1"].peaks) if peak <= 0],
    )


def dead_filters(network: Network, images: Images) -> list[int]:
    """Filters of the convolution whose map is zero after the ReLU, everywhere, on each of these images.

    Args:
        network: As `build_visitor_network` makes it.
        images: (N, 1, 28, 28) float32.
    """
    pre_activations, _context = network.layers["conv1"].forward(images)
    return [int(number) for number in np.flatnonzero(pre_activations.max(axis=(0, 2, 3)) <= 0)]


def choose_digits(request: TrainingRequest, artifacts: Path) -> tuple[Digits, Digits]:
    """Training and validation digits, of the shipped training digits; MNIST's test digits are never used.

    Raises:
        ArtifactError: The file is missing or damaged.
    """
    digits = load_training_subset(artifacts)
    chosen = np.random.default_rng(request.seed).permutation(len(digits))
    held_out, training = chosen[:HELD_OUT], chosen[HELD_OUT : HELD_OUT + request.digits]
    return (
        Digits(digits.images[training], digits.labels[training]),
        Digits(digits.images[held_out], digits.labels[held_out]),
    )


def choose_drawings(request: TrainingRequest, symbols: Symbols) -> tuple[Digits, Digits]:
    """Training images, drawn from most of the drawings in many variations, and the other drawings as they are."""
    training, held_out = split_drawings(symbols, np.random.default_rng(request.seed))
    return draw_varied(training, request.digits, request.seed), draw_as_drawn(held_out)


def main() -> int:
    """Train as the options say; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.visitor_training", description=__doc__)
    for name, default in asdict(TrainingRequest()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--output", type=Path, required=True, help="folder that the network is written to")
    parser.add_argument("--name", required=True, help="id of the network")
    parser.add_argument("--artifacts", type=Path, required=True, help="folder of the training digits")
    parser.add_argument("--symbols", type=Path, help="file of the visitor's own drawings, instead of the digits")
    options = vars(parser.parse_args())
    folder, name, artifacts, drawings = (options.pop(each) for each in ("output", "name", "artifacts", "symbols"))
    request = TrainingRequest(**options)
    work_for_parent(LOWEST_NICENESS if request.is_long else NICENESS)
    try:
        symbols = read_symbols(drawings) if drawings else None
        digits = choose_drawings(request, symbols) if symbols else choose_digits(request, artifacts)
        _report(sys.stdout, digits=len(digits[0]), held_out=len(digits[1]))
        run(request, digits, name, folder, sys.stdout, symbols.names if symbols else ())
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _config_of(request: TrainingRequest, *, own_symbols: bool) -> TrainConfig:
    # Smoothing as in the recipe of the served network: without it the kernels look like noise.
    return replace(
        QUICK,
        architecture=ARCHITECTURE,
        epochs=request.epochs,
        seed=request.seed,
        max_learning_rate=request.learning_rate,
        first_kernel_smoothing=TrainConfig().first_kernel_smoothing,
        equal_filters=request.start == "equal",
        augmentation=SYMBOL_AUGMENTATION if own_symbols else QUICK.augmentation,
    )


def _artifact_of(
    state: TrainingState,
    config: TrainConfig,
    request: TrainingRequest,
    validation: Digits,
    name: str,
    seconds: float,
    classes: Sequence[str],
) -> Artifact:
    """The trained network, with what the validation digits say of it."""
    network = ema_network(state)
    size = f"{request.kernel_size}×{request.kernel_size}"
    source = f"{len(classes)} own symbols" if classes else f"{request.digits:,} digits"
    return Artifact(
        name=name,
        title=f"Trained here: {request.filters} kernels of {size}, {source}",
        network=network,
        calibration=calibrate(network, to_batch(validation.images)),
        record={
            "validation_accuracy": accuracy_of(network, validation),
            "validation_digits": len(validation),
            "seconds": round(seconds, 2),
            "request": asdict(request),
            "config": config.to_dict(),
            **({"classes": list(classes)} if classes else {}),
        },
    )


def _kernels(network: Network) -> list[Any]:
    kernels: list[Any] = np.round(network.parameters["conv1.weight"][:, 0].astype(np.float64), 4).tolist()
    return kernels


def _report(stream: TextIO, **facts: Any) -> None:
    stream.write(json.dumps(facts) + "\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
