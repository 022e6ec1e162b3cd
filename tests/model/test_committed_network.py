"""The networks that are served: what their records claim is measured again, from their weights."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from model.artifact import REPORT_FILE, load_artifact, load_history, load_predictions, read_tensors
from model.calibration import calibrate
from model.data.mnist import Digits
from model.digits.framing import to_mnist_frame
from model.digits.strokes import rasterize_strokes
from model.losses import softmax
from model.train.export import high_frequency_share
from model.train.loop import accuracy_of, predict, to_batch

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "model" / "artifacts"
SPECIMENS = ROOT / "tests" / "specimens" / "pen_digits.json.gz"


@pytest.fixture(scope="module")
def artifact():
    return load_artifact(ARTIFACTS / "cnn")


@pytest.fixture(scope="module")
def test_digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return Digits(tensors["images"], tensors["labels"])


@pytest.fixture(scope="module")
def logits(artifact, test_digits):
    return predict(artifact.network, test_digits.images)


def test_recorded_accuracy_is_the_measured_one(artifact, test_digits, logits):
    errors = int(np.count_nonzero(logits.argmax(axis=1) != test_digits.labels))

    assert len(test_digits) == 10_000
    assert errors == artifact.record["test_errors"]
    assert artifact.record["test_accuracy"] == pytest.approx(1 - errors / 10_000)


def test_network_misreads_at_most_forty_of_the_ten_thousand(artifact):
    assert artifact.record["test_errors"] <= 40


def test_kept_predictions_are_the_networks(logits):
    kept = load_predictions(ARTIFACTS / "cnn")

    np.testing.assert_array_equal(kept.digits, logits.argmax(axis=1))
    np.testing.assert_allclose(kept.probabilities, softmax(logits).max(axis=1), atol=1e-5)


@pytest.mark.parametrize("name", ["mlp-500", "locally-connected"])
def test_networks_to_compare_with_reach_what_their_records_say_by_the_same_recipe(artifact, test_digits, name):
    other = load_artifact(ARTIFACTS / name)
    kept = load_predictions(ARTIFACTS / name)
    history = load_history(ARTIFACTS / name)

    logits = predict(other.network, test_digits.images)

    np.testing.assert_array_equal(kept.digits, logits.argmax(axis=1))
    np.testing.assert_allclose(kept.probabilities, softmax(logits).max(axis=1), atol=1e-5)
    assert np.count_nonzero(logits.argmax(axis=1) != test_digits.labels) == other.record["test_errors"]
    own = {"architecture", "history_length", "chunk_size"}
    for key, value in artifact.record["config"].items():
        assert key in own or other.record["config"][key] == value, key
    assert len(history) >= 3
    assert accuracy_of(other.network.with_parameters(history[0]), test_digits) < 0.3


def test_report_tells_the_same_as_the_weights_file(artifact):
    report = json.loads((ARTIFACTS / "cnn" / REPORT_FILE).read_text(encoding="utf-8"))

    assert {key: report[key] for key in artifact.record} == dict(artifact.record)
    assert len(report["curve"]) == artifact.record["epochs"]


@pytest.mark.parametrize("pen_width", [0.04, 0.065, 0.11])
def test_pen_digits_never_trained_on_are_read_whatever_the_pen(artifact, pen_width: float):
    """Synthetic specimens by another hand than the training digits': see tests/specimens."""
    digits = json.loads(gzip.decompress(SPECIMENS.read_bytes()))["digits"]
    inks = [rasterize_strokes([np.array(stroke) for stroke in digit["strokes"]], pen_width) for digit in digits]
    images = np.stack([np.rint(to_mnist_frame(ink).pixels * 255).astype(np.uint8) for ink in inks])

    read = predict(artifact.network, images).argmax(axis=1)

    assert np.mean(read == [digit["label"] for digit in digits]) >= 0.99


def test_first_kernels_are_smooth_enough_to_read(artifact, rng):
    kernels = artifact.network.parameters["conv1.weight"]

    assert high_frequency_share(rng.standard_normal((2000, 1, 5, 5))) == pytest.approx(0.80, abs=0.01)
    assert high_frequency_share(kernels) <= 0.25


def test_no_filter_is_dead_and_no_two_first_kernels_are_alike(artifact):
    rectified = [name for name, layer in artifact.network.layers.items() if layer.kind == "relu"]
    kernels = artifact.network.parameters["conv1.weight"].reshape(16, -1)
    directions = kernels / np.linalg.norm(kernels, axis=1, keepdims=True)

    assert all(min(artifact.calibration[name].peaks) > 0 for name in rectified)
    assert np.triu(directions @ directions.T, 1).max() < 0.8


def test_probabilities_are_calibrated_and_held_out_writers_are_read(artifact):
    writers = artifact.record["held_out_writers"]["by_pen_width"]

    assert artifact.record["test_expected_calibration_error"] <= 0.005
    for width, accuracy in {"0.065": 0.988, "0.04": 0.983, "0.11": 0.982}.items():
        assert writers[width]["accuracy"] >= accuracy


def test_display_ranges_are_those_of_the_test_digits(artifact, test_digits):
    again = calibrate(artifact.network, to_batch(test_digits.images[:2000]))

    for name, calibration in artifact.calibration.items():
        low, high = calibration.display_range
        assert low in (0, -high)
        assert again[name].display_range[1] == pytest.approx(high, rel=0.1)


def test_history_runs_from_the_untrained_network_to_the_served_one(artifact):
    history = load_history(ARTIFACTS / "cnn")

    first, *_, last = history
    assert first == 0
    assert len(history) >= 15
    for name, array in artifact.network.parameters.items():
        np.testing.assert_array_equal(history[last][name], array.astype(np.float16))
        assert history[0][name].shape == array.shape
