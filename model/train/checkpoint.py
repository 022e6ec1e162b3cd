"""Resumable training states: one safetensors file, replaced whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from model.artifact import read_tensors, write_tensors
from model.errors import CheckpointError
from model.train.config import TrainConfig
from model.train.loop import TrainingState


def save_checkpoint(state: TrainingState, config: TrainConfig, path: Path) -> None:
    """Write everything that resuming needs. The file of this name is always complete, also when this is interrupted."""
    tensors: dict[str, NDArray[Any]] = {}
    groups = _targets(state) | {f"history/{step}": values for step, values in state.history.items()}
    for group, values in groups.items():
        tensors |= {f"{group}/{name}": array for name, array in values.items()}
    progress = {
        "epoch": state.epoch,
        "step_count": state.optimizer.step_count,
        "seconds": state.seconds,
        "curve": state.curve,
        "history_steps": list(state.history),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    write_tensors(part, tensors, {"config": json.dumps(config.to_dict()), "progress": json.dumps(progress)})
    part.replace(path)


def load_checkpoint(state: TrainingState, config: TrainConfig, path: Path) -> None:
    """Set a fresh state to that of a checkpoint.

    Args:
        state: As `start_training` made it for the same config; changed in place.
        config: The run's config.
        path: The checkpoint.

    Raises:
        CheckpointError: The checkpoint is of a run with another config, or of another network; the message says
            what differs.
        ArtifactError: The file is missing or damaged.
    """
    tensors, metadata = read_tensors(path)
    try:
        stored, ours = json.loads(metadata["config"]), json.loads(json.dumps(config.to_dict()))
        different = [
            f"{key}: {stored.get(key)} stored, {ours[key]} requested" for key in ours if stored.get(key) != ours[key]
        ]
        if different:
            raise CheckpointError(f"{path} belongs to a run with another config: {'; '.join(different)}")
        progress = json.loads(metadata["progress"])
        values = {group: _group(tensors, group) for group in _targets(state)}
        history = {step: _group(tensors, f"history/{step}") for step in progress["history_steps"]}
        # Everything is checked before anything is changed.
        for group, arrays in _targets(state).items():
            for name, array in arrays.items():
                if values[group][name].shape != array.shape:
                    raise ValueError(f"{group}/{name} is {values[group][name].shape}, not {array.shape}")
        state.optimizer.step_count = int(progress["step_count"])
        state.epoch = int(progress["epoch"])
        state.seconds = float(progress["seconds"])
        state.curve = list(progress["curve"])
        state.history = history
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this network: {error!r}") from error
    for group, arrays in _targets(state).items():
        for name, array in arrays.items():
            array[...] = values[group][name]


def _targets(state: TrainingState) -> dict[str, Mapping[str, NDArray[Any]]]:
    """The arrays of a checkpoint, by group."""
    return {
        "weights": state.network.parameters,
        "ema": state.ema,
        "first_moments": state.optimizer.first_moments,
        "second_moments": state.optimizer.second_moments,
    }


def _group(tensors: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    members = {name: array for name, array in tensors.items() if name.startswith(f"{prefix}/")}
    return {name.removeprefix(f"{prefix}/"): array for name, array in members.items()}
