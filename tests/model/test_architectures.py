import numpy as np
import pytest

from model.architectures import ARCHITECTURES, TITLES, build_cnn


def test_cnn_has_75_498_weights():
    assert sum(array.size for array in build_cnn(np.random.default_rng(0)).parameters.values()) == 75_498


def test_every_architecture_reads_mnist_tells_ten_classes_and_has_a_title():
    assert ARCHITECTURES.keys() == TITLES.keys()
    for build in ARCHITECTURES.values():
        network = build(np.random.default_rng(0))

        probabilities = network.trace(np.zeros((2, 1, 28, 28), np.float32)).probabilities

        assert probabilities.shape == (2, 10)
        assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-6)


def test_same_seed_builds_the_same_network():
    first, second, other = (build_cnn(np.random.default_rng(seed)).parameters for seed in (1, 1, 2))

    for name, array in first.items():
        np.testing.assert_array_equal(second[name], array)
    assert not np.array_equal(other["conv1.weight"], first["conv1.weight"])
