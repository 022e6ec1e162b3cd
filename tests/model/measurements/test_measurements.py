"""The measurements: how they are run, on little data, and what the committed records hold."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.artifact import (
    EXPERIMENTS_FOLDER,
    PIXEL_PERMUTATION_FILE,
    TRANSLATION_CURVE_FILE,
    Artifact,
    load_artifact,
    read_tensors,
)
from model.data.mnist import Digits
from model.measurements.pixel_permutation import measure_pixel_permutation, permutation_of, permute_pixels
from model.measurements.translation_curve import measure_translation_curve
from tests.builders import tiny_cnn

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"
RECORDS = ARTIFACTS / EXPERIMENTS_FOLDER


@pytest.fixture(scope="module")
def test_digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return Digits(tensors["images"], tensors["labels"])


def test_permutation_moves_every_digits_pixels_to_the_same_positions(test_digits):
    few = Digits(test_digits.images[:20], test_digits.labels[:20])

    permuted = permute_pixels(few)

    permutation = permutation_of(784)
    assert sorted(permutation) == list(range(784))
    np.testing.assert_array_equal(permuted.images.reshape(20, -1), few.images.reshape(20, -1)[:, permutation])
    np.testing.assert_array_equal(permuted.labels, few.labels)
    restored = np.empty_like(few.images.reshape(20, -1))
    restored[:, permutation] = permuted.images.reshape(20, -1)
    np.testing.assert_array_equal(restored.reshape(few.images.shape), few.images)


def test_each_network_is_trained_on_both_kinds_of_digits_for_each_seed(test_digits):
    fit = Digits(test_digits.images[:640], test_digits.labels[:640])
    judge = Digits(test_digits.images[640:840], test_digits.labels[640:840])
    lines = []

    record = measure_pixel_permutation(fit, judge, ("mlp-500",), seeds=(1, 2), epochs=1, report=lines.append)

    [model] = record["models"]
    assert [line.partition(":")[0] for line in lines] == [
        f"mlp-500, {way}, seed {seed}" for way in ("plain", "permuted") for seed in (1, 2)
    ]
    for way in ("plain", "permuted"):
        assert model[way]["mean"] == pytest.approx(np.mean(model[way]["accuracy"]))
        assert min(model[way]["accuracy"]) > 0.3, "one pass over 640 digits teaches far more than chance"
    assert (record["training_digits"], record["validation_digits"]) == (640, 200)
    json.dumps(record)


def test_translation_curve_at_offset_zero_is_the_plain_accuracy(test_digits):
    network = tiny_cnn()
    artifact = Artifact("tiny", "", network, {}, {})

    record = measure_translation_curve([artifact], test_digits, digits=50, max_offset=2)

    curve = record["directions"]["down"]["models"][0]
    images = test_digits.images[:50, np.newaxis].astype(np.float32) / np.float32(255)
    read = network.trace(images).probabilities.argmax(axis=1)
    assert record["directions"]["down"]["offsets"] == [-2, -1, 0, 1, 2]
    assert curve["accuracy"][2] == np.mean(read == test_digits.labels[:50])
    assert curve["cosine"][2] == pytest.approx(1)
    assert curve["cosine"][0] < 1
    json.dumps(record)


def test_committed_pixel_permutation_shows_which_networks_need_neighbors():
    record = json.loads((RECORDS / PIXEL_PERMUTATION_FILE).read_text(encoding="utf-8"))

    models = {model["id"]: model for model in record["models"]}
    lost = {name: model["plain"]["mean"] - model["permuted"]["mean"] for name, model in models.items()}
    assert record["permutation"] == permutation_of(784).tolist()
    assert (record["training_digits"], record["validation_digits"]) == (55_000, 5_000)
    for model in models.values():
        for way in ("plain", "permuted"):
            assert len(model[way]["accuracy"]) == len(record["seeds"]) >= 3
    # What was measured, not what was hoped for: the convolutions lose more than ten times as much as the perceptron.
    assert lost["cnn"] > 10 * abs(lost["mlp-500"])


def test_committed_translation_curve_is_what_the_committed_networks_do(test_digits):
    record = json.loads((RECORDS / TRANSLATION_CURVE_FILE).read_text(encoding="utf-8"))

    again = measure_translation_curve([load_artifact(ARTIFACTS / "mlp-500")], test_digits, max_offset=3)

    assert record["digits"] == 1000
    for direction in ("right", "down"):
        [measured] = again["directions"][direction]["models"]
        kept = next(model for model in record["directions"][direction]["models"] if model["id"] == "mlp-500")
        for figure in ("accuracy", "probability", "cosine"):
            np.testing.assert_allclose(kept[figure][5:12], measured[figure], rtol=0, atol=2e-3)
