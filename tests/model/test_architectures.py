import numpy as np
import pytest

from model.architectures import ARCHITECTURES, TITLES, build_cnn


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("cnn", 75_498),
        ("mlp-500", (784 + 1) * 500 + (500 + 1) * 10),
        ("locally-connected", 28 * 28 * 16 * (25 + 1) + (16 * 14 * 14 + 1) * 10),
    ],
)
def test_network_has_so_many_weights(name, weights):
    network = ARCHITECTURES[name](np.random.default_rng(0))

    assert sum(array.size for array in network.parameters.values()) == weights


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
