"""What holds for every kind of layer: three forward passes, gradients, shares, written-out neurons."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from model.artifact import _settings_of
from model.layers import (
    LAYER_KINDS,
    Activation,
    Affine,
    AvgPool2d,
    Conv2d,
    GroupedConv2d,
    Layer,
    Linear,
    LocallyConnected2d,
    MaxPool2d,
    Pad2d,
    ReLU,
    Softmax,
)
from model.layers.activation import FUNCTIONS
from model.layers.change import Change
from model.layers.conv2d import with_holes
from model.layers.fast_path import aligned
from tests.model.layers.gradient_check import assert_gradients_match

SHAPE = (4, 7, 6)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 0.5, shape).astype(np.float32)


CONSTANTS = {
    "celu": (0.7,),
    "clip": (-0.5, 0.6),
    "elu": (0.8,),
    "hard_sigmoid": (0.2, 0.5),
    "leaky_relu": (0.1,),
    "selu": (1.67, 1.05),
    "thresholded_relu": (0.397,),
}

LAYERS: dict[str, Callable[[], Layer]] = {
    "conv2d": lambda: Conv2d(normal(3, 4, 3, 2), normal(3)),
    "conv2d, padded below and right": lambda: Conv2d(normal(3, 4, 3, 3), normal(3), (2, 2), (0, 0), (1, 1)),
    "conv2d, padded unevenly": lambda: Conv2d(normal(3, 4, 4, 3), normal(3), (1, 2), (1, 2), (2, 0)),
    "conv2d, dilated": lambda: Conv2d(with_holes(normal(3, 4, 2, 2), (3, 2)), normal(3), dilation=(3, 2)),
    "grouped_conv2d": lambda: GroupedConv2d(normal(6, 2, 3, 3), normal(6), 2, (1, 1), (1, 1)),
    "grouped_conv2d, depthwise": lambda: GroupedConv2d(normal(8, 1, 3, 2), normal(8), 4, (2, 1), (1, 0), (0, 1)),
    "grouped_conv2d, dilated": lambda: GroupedConv2d(
        with_holes(normal(4, 2, 2, 3), (2, 1)), normal(4), 2, dilation=(2, 1)
    ),
    "locally_connected2d": lambda: LocallyConnected2d(normal(5, 4, 3, 4, 3, 3), normal(5, 4, 3)),
    "linear": lambda: Linear(normal(5, *SHAPE), normal(5)),
    "affine": lambda: Affine(normal(4, 1, 1, 1), normal(4)),
    "avg_pool2d": lambda: AvgPool2d((2, 3)),
    "avg_pool2d, overlapping": lambda: AvgPool2d((3, 2), (2, 1)),
    "avg_pool2d, padded": lambda: AvgPool2d((3, 3), (2, 2), (1, 1)),
    "avg_pool2d, padded after": lambda: AvgPool2d((2, 4), (2, 4), (0, 0), (1, 2)),
    "max_pool2d": lambda: MaxPool2d((3, 2)),
    "max_pool2d, overlapping": lambda: MaxPool2d((3, 3), (2, 1)),
    "max_pool2d, with gaps": lambda: MaxPool2d((1, 2), (3, 3)),
    "max_pool2d, padded": lambda: MaxPool2d((3, 3), (2, 2), (1, 1), (1, 0)),
    "pad2d": lambda: Pad2d((1, 2)),
    "pad2d, of one": lambda: Pad2d((0, 2), (1, 0), 1.0),
    "relu": ReLU,
    **{f"activation, {name}": lambda name=name: Activation(name, CONSTANTS.get(name, ())) for name in FUNCTIONS},  # type: ignore[misc]
}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> Layer:
    return LAYERS[request.param]()


@pytest.fixture
def x(rng: np.random.Generator) -> np.ndarray:
    """(3, *SHAPE) float32 whose values differ by at least 1/64, none of them nearer than that to a kink."""
    values = (rng.permutation(3 * np.prod(SHAPE)) - 252) / 128
    return (values.reshape(3, *SHAPE) + 1 / 300).astype(np.float32)


def test_all_kinds_are_tested_here():
    assert {make().kind for make in LAYERS.values()} == set(LAYER_KINDS) - {Softmax.kind}


def test_planned_plain_and_exact_forward_passes_agree(layer: Layer, x: np.ndarray):
    plain, _ = layer.forward(x)
    planned_x = aligned((3, 7, 6, 4))
    planned = aligned((3, *plain.shape[2:], plain.shape[1]))
    steps = layer.plan_steps(planned_x, planned)
    for _ in range(2):  # a plan is used many times
        planned_x[...] = x.transpose(0, 2, 3, 1)
        for step in steps:
            step()

    assert plain.dtype == np.float32
    assert plain.shape[1:] == layer.output_shape(SHAPE)
    # Each adds up its products in another order, so the last bits of the largest sums differ.
    tolerance = 2e-6 * max(1.0, float(np.abs(plain).max()))
    np.testing.assert_allclose(planned.transpose(0, 3, 1, 2), plain, atol=tolerance)
    exact = layer.forward_exactly(x.astype(np.float64))
    assert exact.dtype == np.float64
    np.testing.assert_allclose(exact, plain, atol=tolerance)


def test_gradients_match_central_differences(layer: Layer, x: np.ndarray, rng: np.random.Generator):
    dy = rng.standard_normal(layer.forward(x)[0].shape).astype(np.float32)

    assert_gradients_match(layer, x, dy, step=2.0**-9, tolerance=5e-3)


def test_first_layer_leaves_out_the_gradient_by_its_input_and_keeps_the_others(layer: Layer, x: np.ndarray):
    y, context = layer.forward(x)

    _, gradients = layer.backward(np.ones_like(y), context, needs_dx=False)

    assert gradients.keys() == layer.parameters.keys()


def test_shares_of_the_input_add_up_to_those_of_the_output(layer: Layer, x: np.ndarray, rng: np.random.Generator):
    before, after = Change(x, x[::-1].copy())
    y = Change(layer.forward(before)[0], layer.forward(after)[0])
    multipliers = rng.standard_normal(y.before.shape).astype(np.float32)

    shares = layer.multipliers(multipliers, Change(before, after), y)

    of_output, of_input = multipliers * y.difference, shares.multipliers * (after - before)
    assert of_input.sum() == pytest.approx(of_output.sum(), abs=1e-3)
    if shares.links is not None:
        assert shares.links.shape == (y.before.shape[1], SHAPE[0])
        np.testing.assert_allclose(shares.links.sum(axis=1), of_output.sum(axis=(0, 2, 3)), atol=1e-3)
        np.testing.assert_allclose(shares.links.sum(axis=0), of_input.sum(axis=(0, 2, 3)), atol=1e-3)


def test_every_neuron_written_out_is_its_activation(layer: Layer, x: np.ndarray):
    y, _ = layer.forward(x)

    for filter_number, row, column in np.ndindex(*y.shape[1:]):
        terms = layer.neuron_terms(x[0], filter_number, row, column)
        assert terms.computed == pytest.approx(float(y[0, filter_number, row, column]), abs=5e-6)
        if layer.window is not None:
            assert terms.patch_span == layer.window.patch_at(row, column)
        if terms.weighted_sum is not None:
            assert terms.patch.shape == terms.weighted_sum.kernel.shape


def test_layer_of_the_stored_settings_computes_the_same(layer: Layer, x: np.ndarray):
    settings = json.loads(json.dumps(_settings_of(layer)))

    restored = LAYER_KINDS[layer.kind].from_parameters(layer.parameters, settings)

    np.testing.assert_array_equal(restored.forward(x)[0], layer.forward(x)[0])
    assert restored.window == layer.window


def test_double_precision_stays_double(layer: Layer, x: np.ndarray):
    y, context = layer.forward(x.astype(np.float64))
    dx, _ = layer.backward(np.ones_like(y), context)

    assert dx is not None
    assert dx.dtype == np.float64
