"""A visitor's own training, as the process that it is."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact
from model.data.mnist import Digits
from model.data.training_subset import ARTIFACTS, load_training_subset
from model.losses import softmax_cross_entropy
from model.train.loop import accuracy_of, to_batch
from model.training_request import MAX_DIGITS, TrainingRequest
from model.visitor_training import MEASURED, build_visitor_network, choose_digits, dead_filters, make_equal, run
from tests.builders import easy_digits

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def digits() -> Digits:
    """(1600, 28, 28): each class is a block of ink at a position of its own."""
    small = easy_digits(1600)
    enlarged = small.images.repeat(3, axis=1).repeat(3, axis=2)
    return Digits(np.pad(enlarged, ((0, 0), (2, 2), (2, 2))), small.labels)


@pytest.mark.parametrize(("kernel_size", "filters"), [(3, 2), (5, 8), (9, 32)])
def test_network_has_the_requested_size(rng, kernel_size: int, filters: int):
    network = build_visitor_network(rng, kernel_size, filters)

    assert network.parameters["conv1.weight"].shape == (filters, 1, kernel_size, kernel_size)
    assert network.output_shapes["conv1"] == (filters, 28, 28)
    assert network.output_shapes["softmax"] == (10, 1, 1)


def test_it_reports_every_few_steps_and_writes_the_network(tmp_path, digits):
    request = TrainingRequest(kernel_size=7, filters=4, learning_rate=0.01, digits=1280, epochs=2)
    output = io.StringIO()

    run(request, (digits[:1280], digits[1280:]), "mine", tmp_path, output)

    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    first, *middle, last = lines
    assert (first["step"], first["steps"]) == (0, 40)
    assert [line["step"] for line in middle] == list(range(1, 41))
    assert np.shape(middle[-1]["kernels"]) == (4, 7, 7)
    assert middle[-1]["loss"] < middle[0]["loss"]
    artifact = load_artifact(tmp_path)
    assert artifact.name == "mine"
    assert artifact.record["request"]["kernel_size"] == 7
    assert last["validation_accuracy"] == artifact.record["validation_accuracy"]
    assert last["validation_accuracy"] == pytest.approx(accuracy_of(artifact.network, digits[1280:]))
    assert last["validation_accuracy"] > 0.4, "far above the 0.1 of guessing"
    assert set(artifact.calibration) == set(artifact.network.layers)
    np.testing.assert_allclose(last["kernels"], artifact.network.parameters["conv1.weight"][:, 0], atol=1e-4)


def test_filter_is_dead_that_no_digit_activates(rng, digits):
    network = build_visitor_network(rng, 5, 4)
    network.parameters["conv1.bias"][:] = [0, -100, 0.5, -100]
    images = to_batch(digits.images[:50])

    assert dead_filters(network, images) == [1, 3]
    assert not network.trace(images).outputs["relu1"][:, [1, 3]].any()
    # One pixel of one digit is enough: paper is 0, so a bias above 0 activates a filter everywhere.
    network.parameters["conv1.bias"][1] = 1e-6
    assert dead_filters(network, images) == [3]


def test_dead_filters_are_reported_with_the_finished_networks_own_at_the_end(tmp_path, digits, monkeypatch):
    monkeypatch.setattr("model.visitor_training.dead_filters", lambda network, images: [len(images)])
    request = TrainingRequest(kernel_size=3, filters=2, digits=640, epochs=1)
    output = io.StringIO()

    run(request, (digits[:640], digits[1280:]), "mine", tmp_path, output)

    *middle, last = [json.loads(line)["dead"] for line in output.getvalue().splitlines()]
    assert middle == [[MEASURED]] * 11
    peaks = load_artifact(tmp_path).calibration["relu1"].peaks
    assert last == [number for number, peak in enumerate(peaks) if peak <= 0]


def test_reported_loss_does_not_jump_where_a_pass_ends(tmp_path, digits):
    request = TrainingRequest(filters=4, learning_rate=0.003, digits=1280, epochs=3)
    output = io.StringIO()

    run(request, (digits[:1280], digits[1280:]), "mine", tmp_path, output)

    losses = [line["loss"] for line in map(json.loads, output.getvalue().splitlines()) if "loss" in line]
    # Twenty steps a pass: without the steps of the pass before, the mean at its first step is that of one batch.
    steps = np.abs(np.diff(losses))
    assert steps[[19, 39]].max() < 2 * np.median(steps[10:])


def test_same_request_gives_the_same_kernels(tmp_path, digits):
    request = TrainingRequest(digits=640, epochs=1)
    both = []
    for name in ("a", "b"):
        run(request, (digits[:640], digits[1280:]), name, tmp_path / name, io.StringIO())
        both.append(load_artifact(tmp_path / name).network.parameters["conv1.weight"])

    np.testing.assert_array_equal(*both)


@pytest.mark.parametrize("filters", [2, 3, 8, 13, 32])
def test_kernels_that_begin_equal_stay_equal_to_the_bit(tmp_path, digits, filters: int):
    request = TrainingRequest(kernel_size=5, filters=filters, digits=640, epochs=2, start="equal")

    run(request, (digits[:640], digits[1280:]), "mine", tmp_path, io.StringIO())

    parameters = load_artifact(tmp_path).network.parameters
    kernels, behind = parameters["conv1.weight"], parameters["linear.weight"]
    np.testing.assert_array_equal(kernels, kernels[:1].repeat(filters, axis=0))
    np.testing.assert_array_equal(behind, behind[:, :1].repeat(filters, axis=1))
    start = build_visitor_network(np.random.default_rng(1), 5, filters).parameters["conv1.weight"]
    assert not np.array_equal(kernels[0], start[0]), "they changed"


@pytest.mark.parametrize("filters", [2, 13, 32])
def test_gradients_of_equal_kernels_differ_by_rounding_alone(digits, filters: int):
    network = build_visitor_network(np.random.default_rng(1), 5, filters)
    make_equal(network)

    logits, contexts = network.forward(to_batch(digits.images[:64]))
    gradients = network.backward(softmax_cross_entropy(logits, digits.labels[:64])[1], contexts)

    for gradient in (gradients["conv1.weight"], gradients["conv1.bias"], gradients["linear.weight"].swapaxes(0, 1)):
        np.testing.assert_allclose(gradient, np.broadcast_to(gradient[:1], gradient.shape), rtol=1e-4, atol=1e-7)


def test_no_digit_is_both_trained_and_evaluated_on():
    request = TrainingRequest(digits=MAX_DIGITS, seed=2)

    training, validation = choose_digits(request, ARTIFACTS)

    assert (len(training), len(validation)) == (5000, 1000)
    shipped = load_training_subset(ARTIFACTS)
    both = np.concatenate([training.images, validation.images]).reshape(6000, -1)
    assert sorted(map(bytes, both)) == sorted(map(bytes, shipped.images.reshape(6000, -1)))


def start(folder: Path, *options: str, artifacts: Path = ARTIFACTS) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "model.visitor_training", *options, "--name=mine", f"--output={folder}")
    return subprocess.Popen(
        [*command, f"--artifacts={artifacts}"],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_process_ends_by_itself_when_it_is_done(tmp_path):
    with start(tmp_path, "--digits=80", "--epochs=1") as process:
        assert process.stdout is not None
        lines = [json.loads(line) for line in process.stdout]
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""

    assert lines[0] == {"digits": 80, "held_out": 1000}
    assert lines[-1].keys() == {"validation_accuracy", "seconds", "kernels", "dead"}


def test_process_ends_when_whoever_started_it_is_gone(tmp_path):
    with start(tmp_path, "--digits=5000", "--epochs=20") as process:
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(timeout=30) == 3


def test_missing_digits_are_output_in_one_line(tmp_path):
    with start(tmp_path, artifacts=tmp_path / "nowhere") as process:
        assert process.wait(timeout=60) == 1
        assert process.stderr is not None
        text = process.stderr.read()

    assert text.startswith("error: ")
    assert "nowhere" in text
    assert text.count("\n") == 1
