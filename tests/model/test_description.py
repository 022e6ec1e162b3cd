from itertools import pairwise

import numpy as np
import pytest

from model.architectures import build_cnn
from model.description import describe_layers
from model.geometry import ReceptiveField, Window
from model.layers import Linear, ReLU, Softmax
from model.network import Network


@pytest.fixture(scope="module")
def cnn():
    return build_cnn(np.random.default_rng(5))


@pytest.fixture(scope="module")
def described(cnn):
    return {layer.name: layer for layer in describe_layers(cnn)}


# Worked by hand. Weights: F·(C·k·k + 1). Multiply-adds: F·C·k·k for each of H'·W' positions.
FIGURES = [
    # name, kind, output shape, parameters, multiply-adds, uses of each weight
    ("conv1", "conv2d", (16, 28, 28), 16 * 26, 400 * 784, 784),
    ("relu1", "relu", (16, 28, 28), 0, 0, 0),
    ("pool1", "max_pool2d", (16, 14, 14), 0, 0, 0),
    ("conv2", "conv2d", (32, 12, 12), 32 * 145, 4_608 * 144, 144),
    ("relu2", "relu", (32, 12, 12), 0, 0, 0),
    ("conv3", "conv2d", (32, 10, 10), 32 * 289, 9_216 * 100, 100),
    ("relu3", "relu", (32, 10, 10), 0, 0, 0),
    ("pool2", "max_pool2d", (32, 5, 5), 0, 0, 0),
    ("conv4", "conv2d", (64, 5, 5), 64 * 289, 18_432 * 25, 25),
    ("relu4", "relu", (64, 5, 5), 0, 0, 0),
    ("conv5", "conv2d", (64, 3, 3), 64 * 577, 36_864 * 9, 9),
    ("relu5", "relu", (64, 3, 3), 0, 0, 0),
    ("linear", "linear", (10, 1, 1), 10 * 577, 5_760, 1),
    ("softmax", "softmax", (10, 1, 1), 0, 0, 0),
]


@pytest.mark.parametrize(("name", "kind", "output_shape", "parameters", "multiply_adds", "weight_uses"), FIGURES)
def test_figures_of_each_layer_worked_by_hand(
    described, name, kind, output_shape, parameters, multiply_adds, weight_uses
):
    layer = described[name]

    assert layer.kind == kind
    assert layer.output_shape == output_shape
    assert layer.parameters == parameters
    assert layer.multiply_adds == multiply_adds
    assert layer.weight_uses == weight_uses


def test_every_layer_is_described_in_order_and_reads_what_the_one_before_it_writes(described):
    layers = list(described.values())

    assert [layer.name for layer in layers] == [figures[0] for figures in FIGURES]
    assert layers[0].input_shape == (1, 28, 28)
    for layer, following in pairwise(layers):
        assert following.input_shape == layer.output_shape


def test_whole_network_has_75_280_weights_and_218_biases_and_takes_2_697_088_multiply_adds(described):
    assert sum(layer.weights for layer in described.values()) == 75_280
    assert sum(layer.biases for layer in described.values()) == 218
    assert sum(layer.parameters for layer in described.values()) == 75_498
    assert sum(layer.multiply_adds for layer in described.values()) == 2_697_088


def test_first_layer_uses_400_weights_784_times_each_for_313_600_multiply_adds(described):
    conv1 = described["conv1"]

    assert (conv1.weights, conv1.biases, conv1.parameters) == (400, 16, 416)
    assert conv1.weights * conv1.weight_uses == 400 * 784 == conv1.multiply_adds
    assert conv1.window == Window(size=(5, 5), stride=(1, 1), padding=(2, 2))


# size: + (k - 1)·jump for each window. jump: doubled by each pooling. start: - padding·jump.
RECEPTIVE_FIELDS = {
    "conv1": ReceptiveField(size=(5, 5), jump=(1, 1), start=(-2, -2)),
    "relu1": ReceptiveField(size=(5, 5), jump=(1, 1), start=(-2, -2)),
    "pool1": ReceptiveField(size=(6, 6), jump=(2, 2), start=(-2, -2)),
    "conv2": ReceptiveField(size=(10, 10), jump=(2, 2), start=(-2, -2)),
    "relu2": ReceptiveField(size=(10, 10), jump=(2, 2), start=(-2, -2)),
    "conv3": ReceptiveField(size=(14, 14), jump=(2, 2), start=(-2, -2)),
    "relu3": ReceptiveField(size=(14, 14), jump=(2, 2), start=(-2, -2)),
    "pool2": ReceptiveField(size=(16, 16), jump=(4, 4), start=(-2, -2)),
    "conv4": ReceptiveField(size=(24, 24), jump=(4, 4), start=(-6, -6)),
    "relu4": ReceptiveField(size=(24, 24), jump=(4, 4), start=(-6, -6)),
    "conv5": ReceptiveField(size=(32, 32), jump=(4, 4), start=(-6, -6)),
    "relu5": ReceptiveField(size=(32, 32), jump=(4, 4), start=(-6, -6)),
    "linear": None,
    "softmax": None,
}


def test_receptive_fields_worked_by_hand(described):
    assert {name: layer.receptive_field for name, layer in described.items()} == RECEPTIVE_FIELDS


def test_receptive_fields_are_the_pixels_that_move_a_neuron_when_poked(described):
    # With positive weights on a blank image nothing cancels and no ReLU shuts: a neuron moves if it can.
    network = build_cnn(np.random.default_rng(5))
    for array in network.parameters.values():
        np.abs(array, out=array)
    poked = np.eye(784, dtype=np.float32).reshape(784, 1, 28, 28)
    blank = network.trace(np.zeros((1, 1, 28, 28), np.float32)).outputs

    outputs = network.trace(poked).outputs

    for name, field in RECEPTIVE_FIELDS.items():
        if field is None:
            continue
        moved = (outputs[name] > blank[name]).any(axis=1)
        _, height, width = network.output_shapes[name]
        for row, column in {(0, 0), (0, width - 1), (height // 2, width // 3), (height - 1, 1)}:
            box = field.box_at(row, column).inside(28, 28)
            expected = np.zeros((28, 28), dtype=bool)
            expected[box.top : box.top + box.height, box.left : box.left + box.width] = True
            np.testing.assert_array_equal(
                moved[:, row, column].reshape(28, 28), expected, err_msg=f"{name}, neuron ({row}, {column})"
            )


def test_layer_behind_a_fully_connected_one_has_no_receptive_field(rng):
    network = Network(
        (1, 4, 4),
        {
            "relu1": ReLU(),
            "linear1": Linear.create(rng, (1, 4, 4), 5),
            "relu2": ReLU(),
            "linear2": Linear.create(rng, (5, 1, 1), 3),
            "softmax": Softmax(),
        },
    )

    fields = [layer.receptive_field for layer in describe_layers(network)]

    assert fields == [ReceptiveField(size=(1, 1), jump=(1, 1), start=(0, 0)), None, None, None, None]
