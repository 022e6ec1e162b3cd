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
from model.data.synthetic import draw_synthetic_digits
from model.train.loop import accuracy_of
from model.workshop import HELD_OUT, Wish, build_workshop_network, choose_digits, run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def synthetic() -> Digits:
    return draw_synthetic_digits(1600, seed=3, processes=1)


def without_mnist(tmp_path: Path) -> dict[str, str]:
    """An environment in which no MNIST is at hand."""
    kept = {key: value for key, value in os.environ.items() if key != "MNIST_DIR"}
    return {**kept, "XDG_CACHE_HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}


@pytest.mark.parametrize(("kernel_size", "filters"), [(3, 2), (5, 8), (9, 32)])
def test_network_is_as_it_was_wished(rng, kernel_size: int, filters: int):
    network = build_workshop_network(rng, kernel_size, filters)

    assert network.parameters["conv1.weight"].shape == (filters, 1, kernel_size, kernel_size)
    assert network.output_shapes["conv1"] == (filters, 28, 28)
    assert network.output_shapes["softmax"] == (10, 1, 1)


def test_it_tells_of_every_few_steps_and_writes_what_it_reached(tmp_path, synthetic):
    wish = Wish(kernel_size=7, filters=4, rate=0.01, digits=1280, epochs=2)
    told = io.StringIO()

    run(wish, (synthetic[:1280], synthetic[1280:]), tmp_path, told)

    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    first, *middle, last = lines
    assert (first["step"], first["steps"]) == (0, 40)
    assert [line["step"] for line in middle] == list(range(1, 41))
    assert np.shape(middle[-1]["kernels"]) == (4, 7, 7)
    assert middle[-1]["loss"] < middle[0]["loss"]
    artifact = load_artifact(tmp_path)
    assert artifact.name == "trained"
    assert artifact.record["wish"]["kernel_size"] == 7
    assert last["validation_accuracy"] == artifact.record["validation_accuracy"]
    assert last["validation_accuracy"] == pytest.approx(accuracy_of(artifact.network, synthetic[1280:]))
    assert last["validation_accuracy"] > 0.4, "far above the 0.1 of guessing"
    assert set(artifact.calibration) == set(artifact.network.layers)


def test_same_wish_gives_the_same_kernels(tmp_path, synthetic):
    wish = Wish(digits=640, epochs=1)
    both = []
    for name in ("a", "b"):
        run(wish, (synthetic[:640], synthetic[1280:]), tmp_path / name, io.StringIO())
        both.append(load_artifact(tmp_path / name).network.parameters["conv1.weight"])

    np.testing.assert_array_equal(*both)


def test_without_mnist_digits_are_written_by_code_and_none_is_judged_by_that_was_trained_on(tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    source, (fit, judge) = choose_digits(500, seed=2)

    assert source == "synthetic"
    assert (len(fit), len(judge)) == (500, HELD_OUT)
    expected = draw_synthetic_digits(1500, 2, processes=1)
    np.testing.assert_array_equal(judge.images, expected.images[500:])


def start(environment: dict[str, str], folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "model.workshop", *options, f"--output={folder}"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_process_ends_by_itself_when_it_is_done(tmp_path):
    with start(without_mnist(tmp_path), tmp_path, "--digits=500", "--epochs=1") as process:
        assert process.stdout is not None
        lines = [json.loads(line) for line in process.stdout]
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""

    assert lines[0] == {"source": "synthetic", "digits": 500, "held_out": HELD_OUT}
    assert lines[-1].keys() == {"validation_accuracy", "seconds"}


def test_process_ends_when_whoever_started_it_is_gone(tmp_path):
    with start(without_mnist(tmp_path), tmp_path, "--digits=20000", "--epochs=20") as process:
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(timeout=30) == 3


def test_missing_digits_are_told_in_one_line(tmp_path):
    with start({**without_mnist(tmp_path), "MNIST_DIR": str(tmp_path / "nowhere")}, tmp_path) as process:
        assert process.wait(timeout=60) == 1
        assert process.stderr is not None
        message = process.stderr.read()

    assert message.startswith("error: ")
    assert "nowhere" in message
    assert message.count("\n") == 1
