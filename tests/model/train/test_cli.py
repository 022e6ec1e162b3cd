"""A whole run from the command line, on digits enough for a few steps."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from model.artifact import HISTORY_FILE, REPORT_FILE, load_artifact, read_tensors
from model.data import download
from model.data.download import Source
from model.train import cli
from model.train.config import RECIPES


def _idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


@pytest.fixture
def mnist(tmp_path, monkeypatch, rng):
    """A folder with files like MNIST's: 5,200 random digits to train on, 300 to test on."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, count in (("train", 5_200), ("test", 300)):
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
    monkeypatch.setenv("MNIST_DIR", str(folder))
    return folder


@pytest.fixture
def quick(monkeypatch):
    """The real recipe, but for its length."""
    recipe = replace(RECIPES["cnn"], epochs=2, synthetic_digits=100, synthetic_share=0.5, history_length=4)
    monkeypatch.setattr(cli, "RECIPES", {"cnn": recipe})


def test_run_trains_keeps_checkpoints_and_exports_what_is_served(mnist, quick, tmp_path, capsys):
    arguments = ["cnn", "--run-dir", str(tmp_path / "run"), "--artifacts", str(tmp_path / "artifacts"), "--export"]

    assert cli.main(arguments) == 0

    printed = capsys.readouterr()
    assert "epoch 2/2" in printed.err
    assert "validation" in printed.err
    artifact = load_artifact(tmp_path / "artifacts" / "cnn")
    record = artifact.record
    assert f"{record['test_errors']} errors of 300" in printed.out
    assert record["training_data"] == {
        "mnist_digits": 200,
        "validation_digits": 5_000,
        "synthetic_digits": 100,
        "synthetic_share": 0.5,
    }
    report = json.loads((tmp_path / "artifacts" / "cnn" / REPORT_FILE).read_text())
    assert [entry["epoch"] for entry in report["curve"]] == [1, 2]
    history, metadata = read_tensors(tmp_path / "artifacts" / "cnn" / HISTORY_FILE)
    steps = json.loads(metadata["steps"])
    assert steps == [0, 1, 2, 4]
    assert history["4/conv1.weight"].dtype == np.float16
    np.testing.assert_array_equal(
        history["4/conv1.weight"], artifact.network.parameters["conv1.weight"].astype(np.float16)
    )
    samples, _ = read_tensors(tmp_path / "artifacts" / "samples.safetensors")
    assert samples["images"].shape == (300, 28, 28)

    # The same command again finds the run finished and trains no further.
    assert cli.main(arguments) == 0
    assert "going on after epoch 2" in capsys.readouterr().err


def test_run_with_other_settings_does_not_go_on_from_this_ones_checkpoint(mnist, quick, tmp_path, capsys):
    arguments = ["cnn", "--run-dir", str(tmp_path / "run")]
    cli.main([*arguments, "--epochs", "1"])

    assert cli.main([*arguments, "--epochs", "2"]) == 1

    assert "another config: epochs 1 there, 2 here" in capsys.readouterr().err


def test_missing_files_are_said_plainly(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))

    assert cli.main(["cnn"]) == 1

    assert "holds neither train-images" in capsys.readouterr().err


def test_a_recipe_can_be_chosen_and_has_a_run_of_its_own():
    options = cli.parse(["cnn", "--recipe", "cnn-quick", "--seed", "7"])

    assert cli.config_of(options) == replace(RECIPES["cnn-quick"], seed=7)
    assert options.run_dir.name == "cnn-quick-validation"
    assert cli.config_of(cli.parse(["cnn"])) == RECIPES["cnn"]


def test_a_recipe_of_another_architecture_is_refused_by_name(monkeypatch, capsys):
    monkeypatch.setitem(cli.ARCHITECTURES, "other", cli.ARCHITECTURES["cnn"])

    with pytest.raises(SystemExit):
        cli.parse(["other", "--recipe", "cnn-quick"])

    assert "recipe cnn-quick trains cnn, not other" in capsys.readouterr().err
