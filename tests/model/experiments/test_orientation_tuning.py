"""Bars and tuning curves: what is drawn, and kernels whose angle is known."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, load_history
from model.experiments.orientation_tuning import Bar, measure_tuning, summarize_tuning
from model.layers import Conv2d, MaxPool2d, ReLU, Softmax
from model.network import Network

ANGLES = np.arange(0, 180, 5.0)


def gabor(angle, size=7, period=5.0, deviation=2.0):
    """An even oriented kernel without a mean: a light stripe along the angle between two dark ones."""
    away = np.arange(size) - size // 2
    turn = np.radians(angle)
    across = -away[:, np.newaxis] * np.cos(turn) - away * np.sin(turn)
    kernel = np.cos(2 * np.pi * across / period) * np.exp(-(away[:, np.newaxis] ** 2 + away**2) / (2 * deviation**2))
    return (kernel - kernel.mean()).astype(np.float32)


def network_of(kernels, biases=None):
    weight = np.stack(kernels)[:, np.newaxis]
    bias = np.zeros(len(weight), np.float32) if biases is None else np.array(biases, np.float32)
    layers = {"conv1": Conv2d(weight, bias, padding=(3, 3)), "relu1": ReLU(), "pool1": MaxPool2d()}
    # The classes do not matter here: a softmax over single cells needs them 1×1.
    return Network((1, 28, 28), {**layers, "pool2": MaxPool2d((14, 14)), "softmax": Softmax()})


def angle_between(a, b):
    return abs((a - b + 90) % 180 - 90)


def test_bars_are_horizontal_vertical_and_rise_to_the_right():
    lying, standing, rising = (Bar(length=10, width=2).draw(angle) for angle in (0, 90, 45))

    np.testing.assert_allclose(lying[13:15, 9:19], 1)
    assert lying.sum() == standing.sum() == pytest.approx(20)
    np.testing.assert_allclose(standing, lying.T, atol=1e-6)
    # Up is where rows are small: the upper right and the lower left are inked.
    assert rising[11, 16] > 0.9
    assert rising[16, 11] > 0.9
    assert rising[11, 11] == rising[16, 16] == 0


def test_bar_keeps_its_ink_while_it_turns():
    for angle in ANGLES:
        assert Bar(length=15, width=3).draw(angle).sum() == pytest.approx(45, rel=0.02)


def test_thin_bar_covers_pixels_partly():
    thin = Bar(length=28, width=0.5, row=14.5).draw(0)

    np.testing.assert_allclose(thin[14], 0.5)
    assert thin.sum() == pytest.approx(14)


def test_dark_bar_is_a_light_one_with_paper_and_ink_exchanged():
    np.testing.assert_allclose(Bar(dark=True).draw(30), 1 - Bar().draw(30), atol=1e-6)
    np.testing.assert_array_equal(Bar(dark=True).background(), np.ones((28, 28)))


def test_grating_repeats_after_two_widths():
    grating = Bar(grating=True, width=3, row=14).draw(0)

    np.testing.assert_allclose(grating[2:20], grating[8:26], atol=1e-6)
    np.testing.assert_allclose(grating, grating[:, :1] * np.ones(28))
    assert grating.mean() == pytest.approx(Bar(grating=True).background().mean(), abs=0.05)


@pytest.mark.parametrize("grating", [False, True])
@pytest.mark.parametrize("layer", ["relu1", "pool1"])
def test_kernels_of_known_angle_are_found_within_five_degrees(grating, layer):
    known = np.arange(0, 180, 12.5)
    network = network_of([gabor(angle) for angle in known])

    tunings = measure_tuning(network, [layer], Bar(width=2.5, grating=grating), ANGLES)[layer]

    for angle, tuning in zip(known, tunings, strict=True):
        assert angle_between(tuning.preferred, angle) < 5, angle
        assert angle_between(ANGLES[tuning.activations.argmax()], angle) <= 5, angle
        assert tuning.verdict == "selective"


def test_uniform_kernel_is_called_not_selective_and_one_that_is_never_positive_inactive():
    network = network_of([np.full((7, 7), 0.1, np.float32), -np.ones((7, 7), np.float32)])

    uniform, never = measure_tuning(network, ["relu1"], Bar(), ANGLES)["relu1"]

    assert uniform.verdict == "not selective"
    assert uniform.selectivity < 0.05
    assert (never.verdict, never.preferred, never.selectivity) == ("inactive", None, 0)


def test_activation_on_the_background_does_not_count():
    without_bias, with_bias = network_of([gabor(40)]), network_of([gabor(40)], biases=[5.0])

    [without] = measure_tuning(without_bias, ["relu1"], Bar(), ANGLES)["relu1"]
    [with_it] = measure_tuning(with_bias, ["relu1"], Bar(), ANGLES)["relu1"]

    assert with_it.preferred == pytest.approx(without.preferred, abs=5)
    assert with_it.verdict == "selective"


def test_central_neuron_follows_the_bar_and_pooling_sees_farther():
    network = network_of([gabor(90)])
    beside = [Bar(width=2.5, column=14.5 + away) for away in (0, 1, 2)]

    before, after = ([], [])
    for bar in beside:
        tunings = measure_tuning(network, ["relu1", "pool1"], bar, ANGLES, measure="center")
        before.append(tunings["relu1"][0].activations.max())
        after.append(tunings["pool1"][0].activations.max())

    # The neuron is the one nearest to the bar's center, so it moves along; its pool sees two columns.
    assert before[0] == pytest.approx(before[2], rel=1e-4)
    assert all(pooled >= single - 1e-6 for single, pooled in zip(before, after, strict=True))


def test_bar_is_scaled_to_the_input_and_measured_where_it_then_is():
    dot = Bar(length=2, width=2, row=7, column=21)
    identity = Conv2d(np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32))
    layers = {"conv1": identity, "relu1": ReLU(), "pool1": MaxPool2d((32, 32)), "softmax": Softmax()}

    [tuning] = measure_tuning(Network((1, 32, 32), layers), ["relu1"], dot, [0, 90], measure="center")["relu1"]

    # At 32/28 of the size, the dot's center is row 8, column 24; at row 7, column 21 there is paper.
    assert tuning.activations.min() > 0.9


def test_tuning_curves_worked_by_hand():
    only_one = summarize_tuning([0, 45, 90, 135], np.array([0, 2.0, 0, 0]))
    opposite = summarize_tuning([0, 45, 90, 135], np.array([1.0, 0, 1, 0]))
    two = summarize_tuning([0, 45, 90, 135], np.array([1.0, 1.0, 0, 0]))

    assert (only_one.preferred, only_one.selectivity) == (pytest.approx(45), pytest.approx(1))
    assert opposite.selectivity == pytest.approx(0)
    # Doubled, the angles are 0° and 90°: their mean has length √½ and lies between them.
    assert (two.preferred, two.selectivity) == (pytest.approx(22.5), pytest.approx(np.sqrt(0.5)))


def test_trained_filters_are_selective_and_most_untrained_ones_less():
    folder = Path(__file__).resolve().parents[3] / "model" / "artifacts" / "cnn"
    network = load_artifact(folder).network
    untrained = network.with_parameters(load_history(folder)[0])

    trained, before = (measure_tuning(each, ["relu1"], Bar(), ANGLES)["relu1"] for each in (network, untrained))

    active = [tuning for tuning in trained if tuning.preferred is not None]
    assert len(active) >= 12
    assert sum(tuning.verdict == "selective" for tuning in active) >= 12
    assert sum(tuning.verdict == "selective" for tuning in before) < 10
    assert np.mean([tuning.selectivity for tuning in active]) > 1.5 * np.mean([tuning.selectivity for tuning in before])
