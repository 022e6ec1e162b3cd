"""The training digits that are shipped."""

import numpy as np
import pytest

from model.artifact import read_tensors, write_tensors
from model.data.mnist import Digits
from model.data.training_subset import (
    ARTIFACTS,
    TRAINING_DIGITS_FILE,
    first_of_each_class,
    load_training_subset,
    write_training_subset,
)
from model.errors import ArtifactError


def test_first_digits_of_each_class_come_in_the_order_of_the_file():
    labels = np.array([3, 3, 1, 3, 1, 1, 1, 3], dtype=np.uint8)

    np.testing.assert_array_equal(first_of_each_class(labels, 2), [0, 1, 2, 4])
    np.testing.assert_array_equal(first_of_each_class(labels, 3), [0, 1, 2, 3, 4, 5])


def test_validation_digits_are_never_shipped(tmp_path, rng):
    # Class 9 is found among the last 5,000 digits alone.
    labels = np.where(np.arange(5_020) < 20, np.arange(5_020) % 2, 9).astype(np.uint8)
    images = rng.integers(0, 256, (5_020, 28, 28), dtype=np.uint8)

    write_training_subset(tmp_path, Digits(images, labels))
    shipped = load_training_subset(tmp_path)

    np.testing.assert_array_equal(shipped.labels, labels[:20])
    np.testing.assert_array_equal(shipped.images, images[:20])


def test_the_same_digits_give_the_same_bytes(tmp_path, rng):
    digits = Digits(rng.integers(0, 256, (5_030, 28, 28), dtype=np.uint8), rng.integers(0, 10, 5_030, dtype=np.uint8))
    for name in ("once", "again"):
        (tmp_path / name).mkdir()

    first, second = (write_training_subset(tmp_path / name, digits).read_bytes() for name in ("once", "again"))

    assert first == second


def test_a_file_without_digits_is_an_artifact_error(tmp_path):
    write_tensors(tmp_path / TRAINING_DIGITS_FILE, {"other": np.zeros(3)}, {})

    with pytest.raises(ArtifactError, match="holds no digits"):
        load_training_subset(tmp_path)


def test_committed_digits_are_600_of_each_class_and_none_is_a_test_digit():
    tensors, _ = read_tensors(ARTIFACTS / TRAINING_DIGITS_FILE)
    tests, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")

    digits = load_training_subset()

    assert digits.images.shape == (6_000, 28, 28)
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(digits.labels), [600] * 10)
    assert (np.diff(tensors["indexes"]) > 0).all()
    assert tensors["indexes"][-1] < 55_000
    shown = {image.tobytes() for image in tests["images"]}
    assert not any(image.tobytes() in shown for image in digits.images)
