"""Similar digits, and what decided between two classes."""

import numpy as np
import pytest

from model.experiments.misread_digit import correct_digits, explain_margin, most_similar, reads_linear
from model.layers import AvgPool2d, Conv2d, Softmax
from model.network import Network
from tests.builders import tiny_cnn


def test_most_similar_digit_is_the_nearest_candidate_other_than_itself():
    images = np.zeros((5, 1, 2), dtype=np.uint8)
    images[:, 0] = [[0, 0], [3, 4], [0, 255], [0, 2], [1, 1]]

    assert most_similar(images, 0, np.array([True, True, True, False, False])) == (1, pytest.approx(5 / 255))
    assert most_similar(images, 0, np.array([True, False, True, False, False])) == (2, pytest.approx(1.0))
    assert most_similar(images, 0, np.array([True, False, False, False, False])) is None


def test_candidates_have_the_class_and_are_predicted_as_it():
    labels, predicted = np.array([4, 4, 9, 4], np.uint8), np.array([4, 9, 4, 4], np.uint8)

    assert correct_digits(labels, predicted, 4).tolist() == [True, False, False, True]


def test_contributions_and_bias_add_up_to_the_margin(rng):
    network = tiny_cnn()
    network.layers["linear"].parameters["bias"][...] = rng.normal(0, 1, 10)
    outputs = network.trace(rng.random((1, 1, 28, 28), dtype=np.float32)).outputs

    margin = explain_margin(network, outputs, winner=7, loser=2)

    logits = outputs["linear"][0, :, 0, 0]
    assert margin.layer == "pool1"
    assert margin.contributions.shape == (4,)
    assert margin.margin == pytest.approx(float(logits[7]) - float(logits[2]))
    assert margin.contributions.sum() + margin.bias == pytest.approx(margin.margin, abs=1e-5)


def test_a_contribution_is_activation_times_difference_of_weights():
    network = tiny_cnn()
    outputs = dict(network.trace(np.zeros((1, 1, 28, 28), np.float32)).outputs)
    outputs["pool1"] = np.zeros((1, 4, 7, 7), np.float32)
    outputs["pool1"][0, 2, 3, 5] = 10
    weight = network.layers["linear"].parameters["weight"].reshape(10, 4, 7, 7)

    margin = explain_margin(network, outputs, winner=1, loser=0)

    assert margin.contributions[2] == pytest.approx(10 * (weight[1, 2, 3, 5] - weight[0, 2, 3, 5]), rel=1e-5)
    np.testing.assert_array_equal(margin.contributions[[0, 1, 3]], 0)


def test_logits_of_a_pooling_layer_are_not_divided(rng):
    pooled = Network((1, 8, 8), {"conv": Conv2d.create(rng, 1, 10, 3), "pool": AvgPool2d((6, 6)), "softmax": Softmax()})

    assert reads_linear(tiny_cnn())
    assert not reads_linear(pooled)
