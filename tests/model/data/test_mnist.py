import gzip
import hashlib
import struct

import numpy as np
import pytest

from model.data import mnist
from model.data.download import Source
from model.data.mnist import Digits, load_test_digits, load_training_digits, split_validation
from model.errors import DatasetError


def _idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path, monkeypatch, rng):
    """A data set of its own: 7 training digits and 3 test digits, written as MNIST's files are."""
    sources = {}
    for part, count in (("train", 7), ("test", 3)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        for kind, array in (("images", images), ("labels", labels)):
            content = _idx(array)
            source = Source(f"{part}-{kind}.gz", hashlib.sha256(content).hexdigest())
            (tmp_path / source.name).write_bytes(gzip.compress(content))
            sources[f"{part}-{kind}"] = source
    monkeypatch.setattr(mnist, "SOURCES", sources)
    return tmp_path


@pytest.mark.parametrize(("load", "part", "count"), [(load_training_digits, "train", 7), (load_test_digits, "test", 3)])
def test_digits_come_in_the_order_of_the_file(folder, load, part, count):
    digits = load(folder)

    assert len(digits) == count
    assert digits.images.shape == (count, 28, 28)
    assert gzip.decompress((folder / f"{part}-images.gz").read_bytes())[16:] == digits.images.tobytes()
    assert gzip.decompress((folder / f"{part}-labels.gz").read_bytes())[8:] == digits.labels.tobytes()


def test_folder_may_come_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(folder))

    assert len(load_training_digits()) == 7


def test_missing_file_is_a_dataset_error(folder):
    (folder / "train-labels.gz").unlink()

    with pytest.raises(DatasetError, match=r"holds neither train-labels\.gz nor train-labels; unset MNIST_DIR"):
        load_training_digits(folder)


def test_last_five_thousand_digits_are_kept_for_validation():
    labels = np.arange(5_003) % 251
    digits = Digits(np.repeat(labels, 4).reshape(-1, 2, 2).astype(np.uint8), labels.astype(np.uint8))

    fit, validation = split_validation(digits)

    assert (len(fit), len(validation)) == (3, 5_000)
    np.testing.assert_array_equal(fit.labels, [0, 1, 2])
    np.testing.assert_array_equal(validation.labels, labels[3:])
    np.testing.assert_array_equal(validation.images[:, 0, 0], labels[3:])
