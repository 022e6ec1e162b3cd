"""Names of filters: kernels whose line or edge is known, and the committed network against stimuli of another kind."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact
from model.experiments.filter_names import draw_stimuli, name_filters, named_layers
from model.experiments.orientation_tuning import Bar
from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network

CNN = Path(__file__).resolve().parents[3] / "model" / "artifacts" / "cnn"


def across(angle, size=7):
    """Distance of each cell of a kernel from the line through its center, positive on its left."""
    away = np.arange(size) - size // 2
    turn = np.radians(angle)
    return -away[:, np.newaxis] * np.cos(turn) - away * np.sin(turn)


def round_window(size=7):
    away = np.arange(size) - size // 2
    return np.exp(-(away[:, np.newaxis] ** 2 + away**2) / 8)


def edge_kernel(angle):
    """Positive where the ink of an edge is, on the left of its direction."""
    return np.tanh(across(angle)) * round_window()


def line_kernel(angle):
    kernel = np.cos(2 * np.pi * across(angle) / 5.5) * round_window()
    return kernel - kernel.mean()


def network_of(*kernels, bias=0.0, size=28):
    weight = np.stack(kernels)[:, np.newaxis].astype(np.float32)
    layers = {
        "conv1": Conv2d(weight, np.full(len(weight), bias, np.float32), padding=(3, 3)),
        "relu1": ReLU(),
        # The classes do not matter here.
        "pool": MaxPool2d((size, size)),
        "softmax": Softmax(),
    }
    return Network((1, size, size), layers)


def angle_between(a, b, period=180):
    return abs((a - b + period / 2) % period - period / 2)


@pytest.mark.parametrize("size", [28, 32])
def test_edges_of_known_angle_are_named_with_the_side_of_the_ink(size):
    known = {
        0: "above",
        30: "above",
        60: "on the left",
        90: "on the left",
        180: "below",
        200: "below",
        275: "on the right",
    }

    names = name_filters(network_of(*map(edge_kernel, known), size=size))

    assert [(name.kind, name.ink) for name in names] == [("edge", side) for side in known.values()]
    assert all(angle_between(name.angle, angle) <= 5 for name, angle in zip(names, known, strict=True))
    assert names[3].words == f"edge at {names[3].angle:.0f}°, ink on the left"
    assert min(name.direction for name in names) > 0.9


def test_lines_of_known_angle_are_named():
    known = np.arange(0, 180, 12.5)

    names = name_filters(network_of(*map(line_kernel, known)))

    assert {name.kind for name in names} == {"line"}
    assert all(angle_between(name.angle, angle) <= 5 for name, angle in zip(names, known, strict=True))
    assert {name.ink for name in names} == {None}
    assert names[0].words == "line at 0°"


def test_end_of_a_stroke_is_named_with_its_direction():
    # Ink at the center and to its left, none around: a stroke that points to the right and ends.
    kernel = np.full((7, 7), -3.0)
    kernel[2:5, :5] = 1.5

    [name] = name_filters(network_of(kernel))

    assert name.kind == "end"
    assert angle_between(name.angle, 0, 360) <= 10
    assert name.words == f"end of a stroke at {name.angle:.0f}°"


def test_round_spot_is_not_selective_and_a_negative_kernel_is_inactive():
    spot, negative = name_filters(network_of(round_window(), -round_window()))

    assert (spot.words, spot.angle) == ("not selective", None)
    assert spot.activation > 0
    assert (negative.words, negative.activation, negative.selectivity) == ("inactive", 0, 0)


def test_bias_alone_is_no_response():
    [name] = name_filters(network_of(-round_window(), bias=5.0))

    assert name.kind == "inactive"


def test_stimuli_are_drawn_as_described():
    stimuli = draw_stimuli()

    (edge,) = stimuli["edge"]
    # Directed to the right: ink above. Directed upward: ink on the left.
    np.testing.assert_array_equal(edge.pictures[0, 0, :14], 1)
    np.testing.assert_array_equal(edge.pictures[0, 0, 14:], 0)
    np.testing.assert_allclose(edge.pictures[18, 0], edge.pictures[0, 0].T, atol=1e-6)
    # Lines are the bars of the experiment on orientation, of unlimited length.
    for width, line in zip((2, 3), stimuli["line"], strict=True):
        for angle, picture in zip(line.angles, line.pictures[:, 0], strict=True):
            np.testing.assert_allclose(picture, Bar(length=80, width=width).draw(angle), atol=1e-6)
    (end,) = stimuli["end"]
    assert end.pictures[0, 0, 14, 5] == 1
    assert end.pictures[0, 0, 14, 20] == 0


def test_only_a_first_convolution_with_a_relu_is_named():
    dense = Linear(np.ones((10, 1, 28, 28), np.float32), np.zeros(10, np.float32))
    without = Network((1, 28, 28), {"linear1": dense, "relu1": ReLU(), "softmax": Softmax()})

    assert named_layers(without) is None
    assert name_filters(without) == []
    assert named_layers(network_of(edge_kernel(0))) == ("conv1", "relu1")


def test_named_angle_is_where_finer_stimuli_of_another_kind_activate_the_committed_filters_most():
    network = load_artifact(CNN).network
    names = name_filters(network)

    named = [number for number, name in enumerate(names) if name.angle is not None]
    assert len(named) >= 10
    # Bars of other widths and lengths, at every 2 degrees, and the edges of a bar as wide as the picture.
    angles = np.arange(0, 360, 2.0)
    pictures = [Bar(length=22, width=width).draw(angle) for angle in angles for width in (2.5, 3.5)]
    rows, columns = np.mgrid[:28, :28] - 13.5
    for angle in np.radians(angles):
        pictures.append(np.clip(-rows * np.cos(angle) - columns * np.sin(angle) + 0.5, 0, 1))
    of_angle = np.concatenate([np.repeat(angles, 2), angles])
    maps = network.record(network.images_of(np.stack(pictures).astype(np.float32)), last="relu1").outputs["relu1"]
    largest = maps[:, :, 11:17, 11:17].max(axis=(2, 3))
    for number in named:
        if names[number].kind == "end":
            continue
        near = np.array([angle_between(angle, names[number].angle) <= 10 for angle in of_angle])
        assert largest[near, number].max() >= 0.99 * largest[:, number].max(), names[number].words
