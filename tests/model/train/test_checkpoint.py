from dataclasses import replace

import numpy as np
import pytest

from model.artifact import read_tensors, write_tensors
from model.data.augmentation import Augmentation
from model.errors import ArtifactError, CheckpointError
from model.train import checkpoint
from model.train.checkpoint import load_checkpoint, save_checkpoint
from model.train.config import TrainConfig
from model.train.loop import start_training, train
from tests.builders import easy_digits, two_conv_network

# Everything random is switched on: a resumed run must draw the same random numbers again.
CONFIG = TrainConfig(
    epochs=4,
    seed=11,
    batch_size=16,
    max_learning_rate=0.02,
    synthetic_digits=20,
    drawn_share=0.25,
    augmentation=Augmentation(shift=1, rotation=5, noise=0.1, elastic=0.5, clean_share=0.1),
    history_length=5,
    chunk_size=6,
)
MNIST, SYNTHETIC, VALIDATION = easy_digits(64), easy_digits(20, seed=1), easy_digits(20, seed=2)


class InterruptedRunError(Exception):
    pass


def _fresh(config=CONFIG):
    return start_training(two_conv_network(np.random.default_rng(config.seed)), config)


def _train(state, after_epoch=lambda state: None):
    train(state, CONFIG, MNIST, SYNTHETIC, VALIDATION, after_epoch=after_epoch)


def _arrays(state):
    groups = {
        "weights": state.network.parameters,
        "ema": state.ema,
        "first_moments": state.optimizer.first_moments,
        "second_moments": state.optimizer.second_moments,
    } | {f"history {step}": values for step, values in state.history.items()}
    return {f"{group} {name}": array for group, values in groups.items() for name, array in values.items()}


def _assert_equal_to_the_bit(one, other):
    assert (one.epoch, one.optimizer.step_count) == (other.epoch, other.optimizer.step_count)
    arrays, others = _arrays(one), _arrays(other)
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        assert others[name].dtype == array.dtype, name
        np.testing.assert_array_equal(others[name], array, err_msg=name)


@pytest.mark.parametrize("epochs_before", [1, 3])
def test_resumed_run_equals_an_uninterrupted_one_to_the_bit(tmp_path, epochs_before):
    path = tmp_path / "run" / "checkpoint.safetensors"
    uninterrupted = _fresh()
    _train(uninterrupted)

    def keep_then_stop(state):
        save_checkpoint(state, CONFIG, path)
        if state.epoch == epochs_before:
            raise InterruptedRunError

    with pytest.raises(InterruptedRunError):
        _train(_fresh(), keep_then_stop)
    resumed = _fresh()
    load_checkpoint(resumed, CONFIG, path)
    assert resumed.epoch == epochs_before
    _train(resumed)

    _assert_equal_to_the_bit(resumed, uninterrupted)
    for record, other in zip(resumed.curve, uninterrupted.curve, strict=True):
        for figure in ("epoch", "loss", "accuracy", "validation_accuracy"):
            assert record[figure] == other[figure]


def test_whole_state_is_loaded_again(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    state = _fresh()
    _train(state)
    save_checkpoint(state, CONFIG, path)

    loaded = _fresh()
    load_checkpoint(loaded, CONFIG, path)

    _assert_equal_to_the_bit(loaded, state)
    assert loaded.curve == state.curve
    assert loaded.seconds == state.seconds
    assert list(loaded.history) == list(state.history)


def test_training_goes_on_with_the_loaded_arrays(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(_fresh(), CONFIG, path)
    state = _fresh()
    weight = state.network.parameters["conv1.weight"]
    weight += 1

    load_checkpoint(state, CONFIG, path)

    assert state.network.parameters["conv1.weight"] is weight
    np.testing.assert_array_equal(weight, _fresh().network.parameters["conv1.weight"])


def test_error_names_how_the_config_of_a_checkpoint_differs(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(_fresh(), CONFIG, path)
    changed = replace(CONFIG, max_learning_rate=0.5, epochs=9)

    with pytest.raises(CheckpointError) as error:
        load_checkpoint(_fresh(changed), changed, path)

    assert str(error.value) == (
        f"{path} belongs to a run with another config: epochs: 4 stored, 9 requested; "
        "max_learning_rate: 0.02 stored, 0.5 requested"
    )


def test_another_augmentation_is_another_config(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(_fresh(), CONFIG, path)
    changed = replace(CONFIG, augmentation=Augmentation(shift=2))

    with pytest.raises(
        CheckpointError, match=r"another config: augmentation: \{'rotation': 5.*\} stored, \{.*\} requested$"
    ):
        load_checkpoint(_fresh(), changed, path)


def test_write_that_is_interrupted_leaves_the_former_checkpoint_whole(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.safetensors"
    former = _fresh()
    save_checkpoint(former, CONFIG, path)
    later = _fresh()
    _train(later)

    def write_half(file, tensors, metadata):
        file.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoint, "write_tensors", write_half)
    with pytest.raises(OSError, match="no space left"):
        save_checkpoint(later, CONFIG, path)

    loaded = _fresh()
    load_checkpoint(loaded, CONFIG, path)
    _assert_equal_to_the_bit(loaded, former)


def test_saving_again_replaces_the_checkpoint_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(_fresh(), CONFIG, path)
    later = _fresh()
    later.epoch = 3

    save_checkpoint(later, CONFIG, path)

    loaded = _fresh()
    load_checkpoint(loaded, CONFIG, path)
    assert loaded.epoch == 3
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_or_missing_checkpoint_is_an_error(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(ArtifactError, match=r"checkpoint\.safetensors cannot be loaded: No such file"):
        load_checkpoint(_fresh(), CONFIG, path)
    save_checkpoint(_fresh(), CONFIG, path)
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(ArtifactError, match=r"checkpoint\.safetensors cannot be loaded: "):
        load_checkpoint(_fresh(), CONFIG, path)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda tensors: tensors.pop("ema/conv1.bias"), r"KeyError\('conv1\.bias'\)"),
        (lambda tensors: tensors.update({"weights/conv1.bias": np.zeros(5, np.float32)}), r"is \(5,\), not \(3,\)"),
    ],
    ids=["an array is missing", "an array is of another size"],
)
def test_checkpoint_of_another_network_is_an_error_and_changes_nothing(tmp_path, damage, words):
    path = tmp_path / "checkpoint.safetensors"
    done = _fresh()
    _train(done)
    save_checkpoint(done, CONFIG, path)
    tensors, metadata = read_tensors(path)
    damage(tensors)
    write_tensors(path, tensors, metadata)
    state = _fresh()

    with pytest.raises(CheckpointError, match=words):
        load_checkpoint(state, CONFIG, path)

    _assert_equal_to_the_bit(state, _fresh())


def test_other_safetensors_file_is_an_error(tmp_path):
    path = tmp_path / "other.safetensors"
    write_tensors(path, {"x": np.zeros(3, np.float32)}, {})

    with pytest.raises(CheckpointError, match=r"is not a checkpoint of this network: KeyError\('config'\)$"):
        load_checkpoint(_fresh(), CONFIG, path)
