"""The command line of a training run: arguments, `TrainConfig`, checkpoints, export."""

import argparse
import datetime
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from model.architectures import ARCHITECTURES
from model.checksums import write_checksums
from model.data.mnist import Digits, load_test_digits, load_training_digits, split_validation
from model.data.pen_rendering import EVALUATED_PEN_WIDTHS, draw_held_out, draw_pen_digits
from model.data.pendigits import PenDigit, load_pen_digits, split_writers
from model.data.synthetic import draw_synthetic_digits
from model.digits.framing import FRAME_SIZE
from model.errors import ModelError
from model.train.checkpoint import load_checkpoint, save_checkpoint
from model.train.config import RECIPES, TrainConfig
from model.train.evaluation import evaluate
from model.train.export import RunFacts, export_run, first_kernels, high_frequency_share, save_samples
from model.train.loop import TrainingState, ema_network, scale_logits, start_training, train
from model.train.progress import ProgressDisplay

NO_DIGITS = Digits(np.empty((0, FRAME_SIZE, FRAME_SIZE), np.uint8), np.empty(0, np.uint8))

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and export if requested; returns the exit status."""
    options = parse(arguments)
    try:
        run(options)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nstopped; the same command resumes from {options.run_dir / 'checkpoint.safetensors'}", file=sys.stderr)
        return 130
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train a network on MNIST, synthetic digits and pen digits. "
        "A stopped run resumes from its last checkpoint.",
    )
    parser.add_argument("architecture", nargs="?", default="cnn", choices=sorted(ARCHITECTURES))
    parser.add_argument(
        "--split",
        choices=("validation", "full"),
        default="validation",
        help="validation: train on 55,000 digits, evaluate on 5,000; full: train on all 60,000 (default: %(default)s)",
    )
    parser.add_argument("--recipe", choices=sorted(RECIPES), help="training recipe (default: the architecture's own)")
    parser.add_argument("--epochs", type=int, help="passes over the digits (default: the recipe's)")
    parser.add_argument("--seed", type=int, help="seed of all random numbers (default: the recipe's)")
    parser.add_argument("--run-dir", type=Path, help="folder of the checkpoints (default: runs/ARCHITECTURE-SPLIT)")
    parser.add_argument("--restart", action="store_true", help="start from the beginning even if there is a checkpoint")
    parser.add_argument(
        "--export",
        action="store_true",
        help="at the end, evaluate the test digits once and write the artifact that is served",
    )
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="folder of the artifacts")
    options = parser.parse_args(arguments)
    options.recipe = options.recipe or options.architecture
    if RECIPES[options.recipe].architecture != options.architecture:
        parser.error(
            f"recipe {options.recipe} trains {RECIPES[options.recipe].architecture}, not {options.architecture}"
        )
    options.run_dir = options.run_dir or Path("runs") / f"{options.recipe}-{options.split}"
    return options


def run(options: argparse.Namespace) -> None:
    """Train to the end, with a checkpoint after each epoch; evaluate, and export if requested."""
    config = config_of(options)
    digits = load_training_digits()
    fit, validation = (digits, None) if config.split == "full" else split_validation(digits)
    state = start_training(ARCHITECTURES[config.architecture](np.random.default_rng(config.seed)), config)
    checkpoint = options.run_dir / "checkpoint.safetensors"
    if checkpoint.exists() and not options.restart:
        load_checkpoint(state, config, checkpoint)
        print(f"resuming after epoch {state.epoch} from {checkpoint}", file=sys.stderr, flush=True)

    pen_digits, held_out = split_writers(load_pen_digits() if uses_pen_digits(config) else [])
    # A finished run that is exported later needs no training digits.
    drawn = draw_training_digits(config, pen_digits) if state.epoch < config.epochs else NO_DIGITS
    display = ProgressDisplay(config.epochs)

    def after_epoch(state: TrainingState) -> None:
        save_checkpoint(state, config, checkpoint)
        display.show_epoch(state)

    train(state, config, fit, drawn, validation, display.show_step, after_epoch)

    scale_logits(state, config.logit_scale)
    network = ema_network(state)
    on_validation = evaluate(network, validation) if validation else None
    on_pen_digits = {
        width: evaluate(network, draw_held_out(held_out, width)) for width in EVALUATED_PEN_WIDTHS if held_out
    }
    if on_validation:
        print(f"validation digits: {on_validation}")
    for width, evaluation in on_pen_digits.items():
        print(f"held-out writers, pen width {width}: {evaluation.accuracy}")
    print(f"high-frequency share of the first kernels: {high_frequency_share(first_kernels(state.ema)):.3f}")

    if options.export:
        facts = RunFacts(len(fit), datetime.date.today().isoformat(), on_validation, on_pen_digits)
        test = load_test_digits()
        save_samples(test, options.artifacts)
        record = export_run(state, config, facts, test, options.artifacts / config.architecture)
        write_checksums(options.artifacts)
        print(f"test accuracy {record['test_accuracy']:.2%}, {record['test_errors']} errors of {len(test):,}")


def uses_pen_digits(config: TrainConfig) -> bool:
    """Whether a run is trained on strokes that people drew."""
    return bool(config.drawn_share and config.pen_renderings)


def draw_training_digits(config: TrainConfig, pen_digits: Sequence[PenDigit]) -> Digits:
    """Draw the digits that a run is trained on besides MNIST's: synthetic ones, then pen digits."""
    if not config.drawn_share:
        return NO_DIGITS
    count = config.pen_renderings * len(pen_digits)
    print(f"drawing {config.synthetic_digits:,} synthetic digits and {count:,} pen digits", file=sys.stderr, flush=True)
    synthetic = draw_synthetic_digits(config.synthetic_digits, config.seed)
    people = draw_pen_digits(pen_digits, config.pen_renderings, config.seed)
    return Digits(np.concatenate([synthetic.images, people.images]), np.concatenate([synthetic.labels, people.labels]))


def config_of(options: argparse.Namespace) -> TrainConfig:
    """The recipe, with the settings of the command line."""
    changes = {key: getattr(options, key) for key in ("split", "epochs", "seed") if getattr(options, key) is not None}
    return replace(RECIPES[options.recipe], **changes)
