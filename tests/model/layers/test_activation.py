"""Activation functions: known values, far from zero as well, and the error function."""

import math

import numpy as np
import pytest

from model.errors import ShapeError
from model.layers import Activation
from model.layers.activation import FUNCTIONS, erf

KNOWN = [
    ("leaky_relu", (0.1,), -2.0, -0.2),
    ("clip", (0.0, 6.0), 7.5, 6.0),
    ("sigmoid", (), math.log(3), 0.75),
    ("tanh", (), math.log(3), 0.8),
    ("hard_sigmoid", (0.2, 0.5), 1.0, 0.7),
    ("hard_swish", (), 1.0, 4 / 6),
    ("elu", (2.0,), -1.0, 2 * (math.exp(-1) - 1)),
    ("celu", (2.0,), -1.0, 2 * (math.exp(-0.5) - 1)),
    ("selu", (1.6733, 1.0507), -1.0, 1.0507 * 1.6733 * (math.exp(-1) - 1)),
    ("gelu", (), 1.0, 0.8413447),
    ("gelu_tanh", (), 1.0, 0.8411920),
    ("swish", (), 1.0, 0.7310586),
    ("softplus", (), 0.0, math.log(2)),
    ("softsign", (), -3.0, -0.75),
    ("mish", (), 1.0, 0.8650984),
    ("thresholded_relu", (1.0,), 1.5, 1.5),
    ("abs", (), -2.5, 2.5),
]


@pytest.mark.parametrize(("name", "constants", "x", "y"), KNOWN, ids=[name for name, *_ in KNOWN])
def test_function_has_its_known_value(name: str, constants: tuple[float, ...], x: float, y: float):
    values = np.full((1, 1, 1, 1), x, dtype=np.float32)

    computed, _ = Activation(name, constants).forward(values)

    assert computed.dtype == np.float32
    assert float(computed[0, 0, 0, 0]) == pytest.approx(y, abs=1e-6)


def test_every_function_has_a_known_value():
    assert {name for name, *_ in KNOWN} == set(FUNCTIONS)


@pytest.mark.parametrize(("name", "constants"), [(name, constants) for name, constants, _, _ in KNOWN])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_from_zero_there_are_values_and_slopes_without_a_warning(name, constants, dtype):
    x = np.array([-3e38, -1e4, -88.0, 88.0, 1e4, 3e38]).astype(dtype).reshape(1, 1, 1, 6)
    layer = Activation(name, constants)

    y, context = layer.forward(x)
    dx, _ = layer.backward(np.ones_like(y), context)

    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_error_function_is_that_of_the_standard_library():
    x = np.linspace(-7, 7, 20_011)

    np.testing.assert_allclose(erf(x), [math.erf(each) for each in x], rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("layer", "title"),
    [
        (Activation("leaky_relu", (0.01,)), "LeakyReLU(0.01)"),
        (Activation("clip", (0.0, 6.0)), "ReLU6"),
        (Activation("clip", (-1.0, 1.0)), "Clip(-1, 1)"),
        (Activation("gelu"), "GELU"),
    ],
)
def test_title_names_the_function_and_its_constants(layer: Activation, title: str):
    assert layer.title == title


def test_unknown_function_in_a_file_is_refused():
    with pytest.raises(ShapeError, match="there is no function 'exec' with 0 constants"):
        Activation.from_parameters({}, {"function": "exec", "constants": []})
