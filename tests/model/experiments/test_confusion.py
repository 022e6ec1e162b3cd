"""Confusion matrix and calibration curve."""

import json

import numpy as np
import pytest

from model.artifact import (
    EXPERIMENTS_FOLDER,
    REPORT_FILE,
    STEP_PREDICTIONS_FILE,
    load_artifact,
    load_history,
    read_tensors,
)
from model.data.training_subset import ARTIFACTS
from model.experiments.confusion import calibration_curve, confusion_matrix, expected_calibration_error


def test_rows_are_labels_and_columns_are_predictions():
    labels = np.array([0, 0, 0, 9, 4, 4], dtype=np.uint8)
    predicted = np.array([0, 0, 6, 9, 9, 9], dtype=np.uint8)

    matrix = confusion_matrix(labels, predicted)

    expected = np.zeros((10, 10), dtype=int)
    expected[0, 0], expected[0, 6], expected[9, 9], expected[4, 9] = 2, 1, 1, 2
    np.testing.assert_array_equal(matrix, expected)


def test_calibration_curve_counts_what_lies_in_each_bin():
    probabilities = np.array([0.5, 0.55, 0.59, 0.6, 0.95, 1.0], dtype=np.float32)
    correct = np.array([True, False, True, False, True, True])

    curve = calibration_curve(probabilities, correct)

    assert [each.digits for each in curve] == [0, 0, 0, 0, 0, 3, 1, 0, 0, 2]
    assert curve[5].correct == 2
    assert curve[5].accuracy == pytest.approx(2 / 3)
    assert curve[5].mean_probability == pytest.approx((0.5 + 0.55 + 0.59) / 3)
    assert (curve[6].low, curve[6].high, curve[6].accuracy) == (0.6, 0.7, 0)
    assert curve[0].accuracy is curve[0].mean_probability is None
    # 3 digits 12/100 apart, one 60/100, two 2.5/100: (0.36 + 0.6 + 0.05) / 6
    assert expected_calibration_error(curve) == pytest.approx((3 * (2 / 3 - 1.64 / 3) + 0.6 + 2 * 0.025) / 6)


def test_without_digits_there_is_no_calibration_error():
    curve = calibration_curve(np.empty(0, np.float32), np.empty(0, bool))

    assert expected_calibration_error(curve) == 0


@pytest.mark.parametrize(("model", "step"), [("cnn", 186), ("mlp-500", 134), ("locally-connected", 0)])
def test_committed_predictions_are_those_of_the_committed_step(model, step):
    kept, _ = read_tensors(ARTIFACTS / EXPERIMENTS_FOLDER / STEP_PREDICTIONS_FILE)
    samples, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    network = load_artifact(ARTIFACTS / model).network.with_parameters(load_history(ARTIFACTS / model)[step])
    images = samples["images"][:200, np.newaxis].astype(np.float32) / np.float32(255)

    probabilities = network.trace(images).probabilities

    np.testing.assert_allclose(kept[f"{model}/{step}/probabilities"][:200], probabilities.max(axis=1), atol=2e-3)
    sure = np.diff(np.sort(probabilities, axis=1)[:, -2:], axis=1)[:, 0] > 1e-3
    np.testing.assert_array_equal(kept[f"{model}/{step}/digits"][:200][sure], probabilities.argmax(axis=1)[sure])
    assert sure.mean() > 0.9


def test_committed_predictions_have_the_recorded_accuracy():
    kept, _ = read_tensors(ARTIFACTS / EXPERIMENTS_FOLDER / STEP_PREDICTIONS_FILE)
    samples, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")

    steps = {name.rpartition("/")[0] for name in kept}

    assert len(steps) == 6
    for each in steps:
        model, _, step = each.partition("/")
        report = json.loads((ARTIFACTS / model / REPORT_FILE).read_text(encoding="utf-8"))
        [recorded] = [entry["test_accuracy"] for entry in report["history"] if entry["step"] == int(step)]
        matrix = confusion_matrix(samples["labels"], kept[f"{each}/digits"])
        np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(samples["labels"]))
        assert matrix.sum() - np.trace(matrix) == round(10_000 * (1 - recorded))
