"""The committed curves are those that the networks have."""

import json

import pytest

from model.artifact import EXPERIMENTS_FOLDER, ROBUSTNESS_FILE, load_artifact, read_tensors
from model.data.mnist import Digits
from model.data.training_subset import ARTIFACTS
from model.experiments.perturbations import PERTURBATIONS, accuracy_curve
from model.measurements.robustness import DIGITS, measure_robustness
from model.train.loop import to_batch

MODELS = ["cnn", "mlp-500", "locally-connected"]


@pytest.fixture(scope="module")
def record():
    return json.loads((ARTIFACTS / EXPERIMENTS_FOLDER / ROBUSTNESS_FILE).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return Digits(tensors["images"][:DIGITS], tensors["labels"][:DIGITS])


def test_record_has_every_kind_and_network(record):
    assert record["digits"] == DIGITS
    assert [curve["kind"] for curve in record["curves"]] == list(PERTURBATIONS)
    for curve in record["curves"]:
        assert curve["levels"] == list(PERTURBATIONS[curve["kind"]].levels)
        assert sorted(each["id"] for each in curve["models"]) == sorted(MODELS)


def test_without_a_change_every_curve_has_the_accuracy_of_the_digits_themselves(record):
    unchanged = {
        (each["id"], each["accuracy"][curve["levels"].index(PERTURBATIONS[curve["kind"]].unchanged)])
        for curve in record["curves"]
        for each in curve["models"]
    }

    assert len(unchanged) == len(MODELS)


@pytest.mark.parametrize("kind", ["noise", "fgsm"])
def test_a_curve_is_measured_again(record, digits, kind):
    network = load_artifact(ARTIFACTS / "mlp-500").network

    found = accuracy_curve(network, kind, to_batch(digits.images)[:, 0], digits.labels.tolist())

    (curve,) = [each for each in record["curves"] if each["kind"] == kind]
    (stored,) = [each["accuracy"] for each in curve["models"] if each["id"] == "mlp-500"]
    # Another machine's rounding may turn one digit among a thousand.
    assert found == pytest.approx(stored, abs=0.0011)


def test_measuring_reports_each_kind(digits):
    lines: list[str] = []

    record = measure_robustness([load_artifact(ARTIFACTS / "mlp-500")], digits, lines.append, digits=20)

    assert record["digits"] == 20
    assert [line.partition(":")[0] for line in lines] == list(PERTURBATIONS)
