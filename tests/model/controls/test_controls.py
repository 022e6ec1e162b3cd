"""The controls: how they are made, on small data, and what the committed records hold."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.artifact import EXPERIMENTS_FOLDER, SCRAMBLE_FILE, SHIFT_CURVE_FILE, Artifact, load_artifact, read_tensors
from model.controls.scramble import measure_scrambling, permutation_of, scramble
from model.controls.shift_curve import measure_shifts
from model.data.mnist import Digits
from tests.builders import tiny_cnn

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"
RECORDS = ARTIFACTS / EXPERIMENTS_FOLDER


@pytest.fixture(scope="module")
def test_digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors")
    return Digits(tensors["images"], tensors["labels"])


def test_scrambling_moves_every_digits_pixels_to_the_same_places(test_digits):
    few = Digits(test_digits.images[:20], test_digits.labels[:20])

    scrambled = scramble(few)

    permutation = permutation_of(784)
    assert sorted(permutation) == list(range(784))
    np.testing.assert_array_equal(scrambled.images.reshape(20, -1), few.images.reshape(20, -1)[:, permutation])
    np.testing.assert_array_equal(scrambled.labels, few.labels)
    restored = np.empty_like(few.images.reshape(20, -1))
    restored[:, permutation] = scrambled.images.reshape(20, -1)
    np.testing.assert_array_equal(restored.reshape(few.images.shape), few.images)


def test_each_network_is_trained_on_both_kinds_of_digits_for_each_seed(test_digits):
    fit = Digits(test_digits.images[:640], test_digits.labels[:640])
    judge = Digits(test_digits.images[640:840], test_digits.labels[640:840])
    lines = []

    record = measure_scrambling(fit, judge, ("mlp-500",), seeds=(1, 2), epochs=1, report=lines.append)

    [model] = record["models"]
    assert [line.partition(":")[0] for line in lines] == [
        f"mlp-500, {way}, seed {seed}" for way in ("plain", "scrambled") for seed in (1, 2)
    ]
    for way in ("plain", "scrambled"):
        assert model[way]["mean"] == pytest.approx(np.mean(model[way]["accuracy"]))
        assert min(model[way]["accuracy"]) > 0.3, "one pass over 640 digits teaches far more than chance"
    assert (record["training_digits"], record["validation_digits"]) == (640, 200)
    json.dumps(record)


def test_shift_curve_without_a_shift_is_the_plain_accuracy(test_digits):
    network = tiny_cnn()
    artifact = Artifact("tiny", "", network, {}, {})

    record = measure_shifts([artifact], test_digits, digits=50, reach=2)

    curve = record["directions"]["down"]["models"][0]
    images = test_digits.images[:50, np.newaxis].astype(np.float32) / np.float32(255)
    read = network.trace(images).probabilities.argmax(axis=1)
    assert record["directions"]["down"]["shifts"] == [-2, -1, 0, 1, 2]
    assert curve["accuracy"][2] == np.mean(read == test_digits.labels[:50])
    assert curve["cosine"][2] == pytest.approx(1)
    assert curve["cosine"][0] < 1
    json.dumps(record)


def test_committed_scramble_record_shows_who_cares_about_neighbors():
    record = json.loads((RECORDS / SCRAMBLE_FILE).read_text(encoding="utf-8"))

    models = {model["id"]: model for model in record["models"]}
    lost = {name: model["plain"]["mean"] - model["scrambled"]["mean"] for name, model in models.items()}
    assert record["permutation"] == permutation_of(784).tolist()
    assert (record["training_digits"], record["validation_digits"]) == (55_000, 5_000)
    for model in models.values():
        for way in ("plain", "scrambled"):
            assert len(model[way]["accuracy"]) == len(record["seeds"]) >= 3
    # What was measured, not what was hoped for: the convolutions lose more than ten times as much as the perceptron.
    assert lost["cnn"] > 10 * abs(lost["mlp-500"])


def test_committed_shift_curve_is_what_the_committed_networks_do(test_digits):
    record = json.loads((RECORDS / SHIFT_CURVE_FILE).read_text(encoding="utf-8"))

    again = measure_shifts([load_artifact(ARTIFACTS / "mlp-500")], test_digits, reach=3)

    assert record["digits"] == 1000
    for direction in ("right", "down"):
        [measured] = again["directions"][direction]["models"]
        kept = next(model for model in record["directions"][direction]["models"] if model["id"] == "mlp-500")
        for figure in ("accuracy", "probability", "cosine"):
            np.testing.assert_allclose(kept[figure][5:12], measured[figure], rtol=0, atol=2e-3)
