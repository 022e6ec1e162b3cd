"""A whole run from the command line, on enough digits for a few steps."""

import gzip
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from model.artifact import REPORT_FILE, load_artifact, load_history, read_tensors
from model.data import download, pen_rendering, synthetic
from model.data import mnist as mnist_digits
from model.data.download import Source
from model.data.pendigits import PenDigit
from model.train import cli
from model.train.config import RECIPES


def _idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


@pytest.fixture
def mnist(tmp_path, monkeypatch, rng):
    """A folder with files like MNIST's: 200 random digits to train on, 50 for validation, 30 to test on."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, count in (("train", 250), ("test", 30)):
        arrays = {
            "images": rng.integers(0, 256, (count, 28, 28), dtype=np.uint8),
            "labels": rng.integers(0, 10, count, dtype=np.uint8),
        }
        for kind, array in arrays.items():
            content = _idx(array)
            name = f"{part}-{kind}.gz"
            (folder / name).write_bytes(gzip.compress(content, 1))
            digest = download.hashlib.sha256(content).hexdigest()
            monkeypatch.setitem(download.SOURCES, f"{part}-{kind}", Source(name, digest))
    monkeypatch.setattr(mnist_digits, "VALIDATION_DIGITS", 50)
    monkeypatch.setenv("MNIST_DIR", str(folder))
    return folder


@pytest.fixture
def quick(monkeypatch):
    """The real recipe, but a short one: 100 synthetic digits and five pen digits, drawn by this process."""
    recipe = replace(
        RECIPES["cnn"], epochs=2, synthetic_digits=100, pen_renderings=2, drawn_share=0.5, history_length=4
    )
    monkeypatch.setattr(cli, "RECIPES", {"cnn": recipe})
    monkeypatch.setattr(synthetic, "BLOCK", 100)
    monkeypatch.setattr(cli, "draw_synthetic_digits", partial(synthetic.draw_synthetic_digits, processes=1))
    monkeypatch.setattr(cli, "draw_pen_digits", partial(pen_rendering.draw_pen_digits, processes=1))
    monkeypatch.setattr(cli, "draw_held_out", partial(pen_rendering.draw_held_out, processes=1))
    one = [np.array([[0.5, 0.2], [0.5, 0.8]])]
    digits = [PenDigit(one, label=1, writer=writer) for writer in (1, 5, 1, 1, 5)]
    monkeypatch.setattr(cli, "load_pen_digits", lambda: digits)


def test_run_writes_checkpoints_and_exports_what_is_served(mnist, quick, tmp_path, capsys):
    arguments = ["cnn", "--run-dir", str(tmp_path / "run"), "--artifacts", str(tmp_path / "artifacts"), "--export"]

    assert cli.main(arguments) == 0

    printed = capsys.readouterr()
    assert "epoch 2/2" in printed.err
    assert "validation" in printed.err
    artifact = load_artifact(tmp_path / "artifacts" / "cnn")
    record = artifact.record
    assert f"{record['test_errors']} errors of 30" in printed.out
    assert record["training_data"] == {
        "mnist_digits": 200,
        "synthetic_digits": 100,
        "pen_renderings": 2,
        "drawn_share": 0.5,
    }
    assert record["validation"]["digits"] == 50
    assert f"{record['validation']['errors']} errors of 50, calibration error" in printed.out
    assert record["held_out_writers"]["writers"] == [5, 10, 15, 20, 25, 30]
    assert {width: each["digits"] for width, each in record["held_out_writers"]["by_pen_width"].items()} == {
        "0.065": 2,
        "0.04": 2,
        "0.11": 2,
    }
    assert "held-out writers, pen width 0.065: " in printed.out
    report = json.loads((tmp_path / "artifacts" / "cnn" / REPORT_FILE).read_text())
    assert [entry["epoch"] for entry in report["curve"]] == [1, 2]
    history = load_history(tmp_path / "artifacts" / "cnn")
    assert list(history) == [0, 2, 3, 4]
    np.testing.assert_array_equal(
        history[4]["conv1.weight"], artifact.network.parameters["conv1.weight"].astype(np.float16)
    )
    samples, _ = read_tensors(tmp_path / "artifacts" / "samples.safetensors.gz")
    assert samples["images"].shape == (30, 28, 28)

    # The same command again finds the run finished and does not train further.
    assert cli.main(arguments) == 0
    assert "resuming after epoch 2" in capsys.readouterr().err


def test_checkpoint_of_other_settings_is_an_error(mnist, quick, tmp_path, capsys):
    arguments = ["cnn", "--run-dir", str(tmp_path / "run")]
    cli.main([*arguments, "--epochs", "1"])

    assert cli.main([*arguments, "--epochs", "2"]) == 1

    assert "another config: epochs: 1 stored, 2 requested" in capsys.readouterr().err


def test_missing_files_are_named_in_the_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))

    assert cli.main(["cnn"]) == 1

    assert "holds neither train-images" in capsys.readouterr().err


def test_a_recipe_can_be_chosen_and_has_a_run_of_its_own():
    options = cli.parse(["cnn", "--recipe", "cnn-quick", "--seed", "7"])

    assert cli.config_of(options) == replace(RECIPES["cnn-quick"], seed=7)
    assert options.run_dir.name == "cnn-quick-validation"
    assert cli.config_of(cli.parse(["cnn"])) == RECIPES["cnn"]


def test_a_recipe_of_another_architecture_is_an_error(monkeypatch, capsys):
    monkeypatch.setitem(cli.ARCHITECTURES, "other", cli.ARCHITECTURES["cnn"])

    with pytest.raises(SystemExit):
        cli.parse(["other", "--recipe", "cnn-quick"])

    assert "recipe cnn-quick trains cnn, not other" in capsys.readouterr().err
