"""A visitor's own training, as the process that it is."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import visitor_training
from model.artifact import load_artifact
from model.data import synthetic
from model.data.mnist import Digits
from model.data.synthetic import draw_synthetic_digits
from model.train.loop import accuracy_of
from model.training_request import TrainingRequest
from model.visitor_training import build_visitor_network, choose_digits, run
from tests.builders import easy_digits

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def digits() -> Digits:
    """(1600, 28, 28): each class is a block of ink at a position of its own."""
    small = easy_digits(1600)
    enlarged = small.images.repeat(3, axis=1).repeat(3, axis=2)
    return Digits(np.pad(enlarged, ((0, 0), (2, 2), (2, 2))), small.labels)


def without_mnist(tmp_path: Path) -> dict[str, str]:
    """An environment without MNIST."""
    kept = {key: value for key, value in os.environ.items() if key != "MNIST_DIR"}
    return {**kept, "XDG_CACHE_HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}


@pytest.mark.parametrize(("kernel_size", "filters"), [(3, 2), (5, 8), (9, 32)])
def test_network_has_the_requested_size(rng, kernel_size: int, filters: int):
    network = build_visitor_network(rng, kernel_size, filters)

    assert network.parameters["conv1.weight"].shape == (filters, 1, kernel_size, kernel_size)
    assert network.output_shapes["conv1"] == (filters, 28, 28)
    assert network.output_shapes["softmax"] == (10, 1, 1)


def test_it_reports_every_few_steps_and_writes_the_network(tmp_path, digits):
    request = TrainingRequest(kernel_size=7, filters=4, learning_rate=0.01, digits=1280, epochs=2)
    output = io.StringIO()

    run(request, (digits[:1280], digits[1280:]), tmp_path, output)

    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    first, *middle, last = lines
    assert (first["step"], first["steps"]) == (0, 40)
    assert [line["step"] for line in middle] == list(range(1, 41))
    assert np.shape(middle[-1]["kernels"]) == (4, 7, 7)
    assert middle[-1]["loss"] < middle[0]["loss"]
    artifact = load_artifact(tmp_path)
    assert artifact.name == "trained"
    assert artifact.record["request"]["kernel_size"] == 7
    assert last["validation_accuracy"] == artifact.record["validation_accuracy"]
    assert last["validation_accuracy"] == pytest.approx(accuracy_of(artifact.network, digits[1280:]))
    assert last["validation_accuracy"] > 0.4, "far above the 0.1 of guessing"
    assert set(artifact.calibration) == set(artifact.network.layers)


def test_same_request_gives_the_same_kernels(tmp_path, digits):
    request = TrainingRequest(digits=640, epochs=1)
    both = []
    for name in ("a", "b"):
        run(request, (digits[:640], digits[1280:]), tmp_path / name, io.StringIO())
        both.append(load_artifact(tmp_path / name).network.parameters["conv1.weight"])

    np.testing.assert_array_equal(*both)


def test_without_mnist_the_digits_are_synthetic_and_none_is_both_trained_and_evaluated_on(tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(synthetic, "BLOCK", 10)
    monkeypatch.setattr(visitor_training, "HELD_OUT", 20)

    source, (training, validation) = choose_digits(10, seed=2)

    assert source == "synthetic"
    expected = draw_synthetic_digits(30, 2, processes=1)
    np.testing.assert_array_equal(training.images, expected.images[:10])
    np.testing.assert_array_equal(validation.images, expected.images[10:])


def start(
    environment: dict[str, str],
    folder: Path,
    *options: str,
    program: tuple[str, ...] = ("-m", "model.visitor_training"),
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *program, *options, f"--output={folder}"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


WITH_FEW_DIGITS = """
import sys
from model import visitor_training
from model.data import synthetic
synthetic.BLOCK, visitor_training.HELD_OUT = 100, 20
sys.exit(visitor_training.main())
"""
"""Drawing the digits that accuracy is measured on would take most of the test's time."""


def test_process_ends_by_itself_when_it_is_done(tmp_path):
    options = ("--digits=80", "--epochs=1")
    with start(without_mnist(tmp_path), tmp_path, *options, program=("-c", WITH_FEW_DIGITS)) as process:
        assert process.stdout is not None
        lines = [json.loads(line) for line in process.stdout]
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""

    assert lines[0] == {"source": "synthetic", "digits": 80, "held_out": 20}
    assert lines[-1].keys() == {"validation_accuracy", "seconds"}


def test_process_ends_when_whoever_started_it_is_gone(tmp_path):
    with start(without_mnist(tmp_path), tmp_path, "--digits=20000", "--epochs=20") as process:
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(timeout=30) == 3


def test_missing_digits_are_output_in_one_line(tmp_path):
    with start({**without_mnist(tmp_path), "MNIST_DIR": str(tmp_path / "nowhere")}, tmp_path) as process:
        assert process.wait(timeout=60) == 1
        assert process.stderr is not None
        message = process.stderr.read()

    assert message.startswith("error: ")
    assert "nowhere" in message
    assert message.count("\n") == 1
