"""The command line of a training run: arguments ⇄ `TrainConfig`, checkpoints, export."""

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
from model.data.synthetic import draw_synthetic_digits
from model.errors import ModelError
from model.preprocessing import FRAME_SIZE
from model.train.checkpoint import load_checkpoint, save_checkpoint
from model.train.config import RECIPES, TrainConfig
from model.train.export import RunFacts, export_run, save_samples
from model.train.loop import TrainingState, start_training, train
from model.train.progress import ProgressDisplay

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as asked; returns the exit status."""
    options = parse(arguments)
    try:
        run(options)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nstopped; the same command goes on from {options.run_dir / 'checkpoint.safetensors'}", file=sys.stderr)
        return 130
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train a network on MNIST and synthetic digits. A run that was stopped goes on where it was.",
    )
    parser.add_argument("architecture", nargs="?", default="cnn", choices=sorted(ARCHITECTURES))
    parser.add_argument(
        "--split",
        choices=("validation", "full"),
        default="validation",
        help="validation: train on 55,000 digits, choose by the other 5,000; full: all 60,000 (default: %(default)s)",
    )
    parser.add_argument("--recipe", choices=sorted(RECIPES), help="how to train (default: the architecture's own)")
    parser.add_argument("--epochs", type=int, help="passes over the digits (default: the recipe's)")
    parser.add_argument("--seed", type=int, help="of everything random (default: the recipe's)")
    parser.add_argument("--run-dir", type=Path, help="where checkpoints go (default: runs/ARCHITECTURE-SPLIT)")
    parser.add_argument("--restart", action="store_true", help="begin anew even if there is a checkpoint")
    parser.add_argument(
        "--export",
        action="store_true",
        help="at the end read the test digits, once, and write the artifact that is served",
    )
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where the artifact goes")
    options = parser.parse_args(arguments)
    options.recipe = options.recipe or options.architecture
    if RECIPES[options.recipe].architecture != options.architecture:
        parser.error(
            f"recipe {options.recipe} trains {RECIPES[options.recipe].architecture}, not {options.architecture}"
        )
    options.run_dir = options.run_dir or Path("runs") / f"{options.recipe}-{options.split}"
    return options


def run(options: argparse.Namespace) -> None:
    """Train to the end, keeping a checkpoint after each epoch; export if asked to."""
    config = config_of(options)
    digits = load_training_digits()
    fit, validation = (digits, None) if config.split == "full" else split_validation(digits)
    synthetic = Digits(np.empty((0, FRAME_SIZE, FRAME_SIZE), np.uint8), np.empty(0, np.uint8))
    if config.synthetic_share:
        print(f"drawing {config.synthetic_digits:,} synthetic digits", file=sys.stderr, flush=True)
        synthetic = draw_synthetic_digits(config.synthetic_digits, config.seed)

    state = start_training(ARCHITECTURES[config.architecture](np.random.default_rng(config.seed)), config)
    checkpoint = options.run_dir / "checkpoint.safetensors"
    if checkpoint.exists() and not options.restart:
        load_checkpoint(state, config, checkpoint)
        print(f"going on after epoch {state.epoch} from {checkpoint}", file=sys.stderr, flush=True)

    display = ProgressDisplay(config.epochs)

    def after_epoch(state: TrainingState) -> None:
        save_checkpoint(state, config, checkpoint)
        display.show_epoch(state)

    train(state, config, fit, synthetic, validation, display.show_step, after_epoch)

    if options.export:
        facts = RunFacts(len(fit), len(validation) if validation else 0, datetime.date.today().isoformat())
        test = load_test_digits()
        save_samples(test, options.artifacts)
        record = export_run(state, config, facts, test, options.artifacts / config.architecture)
        write_checksums(options.artifacts)
        print(f"test accuracy {record['test_accuracy']:.2%}, {record['test_errors']} errors of {len(test):,}")


def config_of(options: argparse.Namespace) -> TrainConfig:
    """The architecture's recipe with what the command line changes."""
    changes = {key: getattr(options, key) for key in ("split", "epochs", "seed") if getattr(options, key) is not None}
    return replace(RECIPES[options.recipe], **changes)
