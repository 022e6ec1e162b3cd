"""Activation functions besides the rectifier: each output value is a function of the one input value at its position.

A layer stores the name of its function and that function's constants; `FUNCTIONS` is all that can be named.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64, Shape3
from model.errors import ShapeError
from model.geometry import Window
from model.layers.base import Settings
from model.layers.change import Change, Shares, elementwise_shares
from model.layers.fast_path import Step
from model.layers.neuron_terms import NeuronTerms, patch_of

Values = NDArray[Any]
"""Any shape, float32 or float64; functions return the same."""


class Function(NamedTuple):
    """A function of one number, with its constants as further arguments.

    Attributes:
        title: What people call it.
        value: x and the constants → y.
        slope: x and the constants → dy/dx; at a kink, the slope to its left.
        constants: The names of its constants.
    """

    title: str
    value: Callable[..., Values]
    slope: Callable[..., Values]
    constants: tuple[str, ...] = ()


def _sigmoid(x: Values) -> Values:
    # By tanh, since exp() overflows far below zero.
    return (np.tanh(x / 2) + 1) / 2


def _hard_sigmoid(x: Values, alpha: float, beta: float) -> Values:
    return np.clip(alpha * x + beta, 0, 1)


def _hard_sigmoid_slope(x: Values, alpha: float, beta: float) -> Values:
    line = alpha * x + beta
    return alpha * ((line > 0) & (line <= 1))


def _elu(x: Values, alpha: float) -> Values:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _elu_slope(x: Values, alpha: float) -> Values:
    return np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))


def _celu(x: Values, alpha: float) -> Values:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def _celu_slope(x: Values, alpha: float) -> Values:
    return np.where(x > 0, 1, np.exp(np.minimum(x, 0) / alpha))


def _swish_slope(x: Values) -> Values:
    share = _sigmoid(x)
    return share + x * share * (1 - share)


def _softplus(x: Values) -> Values:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _mish_slope(x: Values) -> Values:
    bent = np.tanh(_softplus(x))
    return bent + x * (1 - bent**2) * _sigmoid(x)


_ERF_END, _ERF_STEP = 6.0, 1 / 256
_ERF_AT = np.arange(-_ERF_END, _ERF_END + _ERF_STEP, _ERF_STEP)
_ERF = np.array([math.erf(at) for at in _ERF_AT])
_ERF_SLOPE = 2 / math.sqrt(math.pi) * np.exp(-(_ERF_AT**2)) * _ERF_STEP


def erf(x: Values) -> Values:
    """The error function, to 1e-11, by cubic Hermite interpolation of `math.erf`, which takes single numbers."""
    steps = (np.clip(x, -_ERF_END, _ERF_END).astype(np.float64) + _ERF_END) / _ERF_STEP
    left = np.minimum(steps.astype(np.int64), len(_ERF) - 2)
    t = steps - left
    rise = _ERF[left + 1] - _ERF[left]
    bend = _ERF_SLOPE[left] * (1 - t) - _ERF_SLOPE[left + 1] * t - rise * (1 - 2 * t)
    return np.asarray(_ERF[left] + t * rise + t * (1 - t) * bend, dtype=x.dtype)


def _normal_share(x: Values) -> Values:
    """The standard normal distribution's cumulative distribution function."""
    return (erf(x / math.sqrt(2)) + 1) / 2


def _gelu_slope(x: Values) -> Values:
    return _normal_share(x) + x * np.exp(-(np.minimum(np.abs(x), 30) ** 2) / 2) / math.sqrt(2 * math.pi)


def _gelu_bend(x: Values) -> Values:
    # Beyond ±30, the function is a line to all digits; the cube would overflow.
    near = np.clip(x, -30, 30)
    return np.tanh(math.sqrt(2 / math.pi) * (near + 0.044715 * near**3))


def _gelu_tanh_slope(x: Values) -> Values:
    bend, near = _gelu_bend(x), np.clip(x, -30, 30)
    return (1 + bend) / 2 + near * (1 - bend**2) / 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * near**2)


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function("Abs", np.abs, np.sign),
    "celu": Function("CELU", _celu, _celu_slope, ("alpha",)),
    "clip": Function(
        "Clip",
        lambda x, low, high: np.clip(x, low, high),
        lambda x, low, high: np.asarray((x > low) & (x <= high), dtype=x.dtype),
        ("min", "max"),
    ),
    "elu": Function("ELU", _elu, _elu_slope, ("alpha",)),
    "gelu": Function("GELU", lambda x: x * _normal_share(x), _gelu_slope),
    "gelu_tanh": Function("GELU", lambda x: x * ((_gelu_bend(x) + 1) / 2), _gelu_tanh_slope),
    "hard_sigmoid": Function("HardSigmoid", _hard_sigmoid, _hard_sigmoid_slope, ("alpha", "beta")),
    "hard_swish": Function(
        "HardSwish",
        lambda x: x * _hard_sigmoid(x, 1 / 6, 0.5),
        lambda x: _hard_sigmoid(x, 1 / 6, 0.5) + x * _hard_sigmoid_slope(x, 1 / 6, 0.5),
    ),
    "leaky_relu": Function(
        "LeakyReLU",
        lambda x, alpha: np.where(x > 0, x, alpha * x),
        lambda x, alpha: np.where(x > 0, 1, np.asarray(alpha, dtype=x.dtype)),
        ("alpha",),
    ),
    "mish": Function("Mish", lambda x: x * np.tanh(_softplus(x)), _mish_slope),
    "selu": Function(
        "SELU",
        lambda x, alpha, gamma: gamma * _elu(x, alpha),
        lambda x, alpha, gamma: gamma * _elu_slope(x, alpha),
        ("alpha", "gamma"),
    ),
    "sigmoid": Function("Sigmoid", _sigmoid, lambda x: _sigmoid(x) * _sigmoid(-x)),
    "softplus": Function("Softplus", _softplus, _sigmoid),
    "softsign": Function("Softsign", lambda x: x / (1 + np.abs(x)), lambda x: (1 / (1 + np.abs(x))) ** 2),
    "swish": Function("Swish", lambda x: x * _sigmoid(x), _swish_slope),
    "tanh": Function("Tanh", np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "thresholded_relu": Function(
        "ThresholdedReLU", lambda x, alpha: x * (x > alpha), lambda x, alpha: np.asarray(x > alpha, x.dtype), ("alpha",)
    ),
}
"""Name → function."""


@dataclass(frozen=True, eq=False)
class Activation:
    """``y = function(x)``, value by value.

    Attributes:
        function: A key of `FUNCTIONS`.
        constants: Its constants, in the order that `FUNCTIONS` names them.
    """

    kind: ClassVar[str] = "activation"
    operation: ClassVar[str] = "function"

    function: str
    constants: tuple[float, ...] = ()

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "Activation":
        function, constants = settings["function"], tuple(float(each) for each in settings["constants"])
        if function not in FUNCTIONS or len(constants) != len(FUNCTIONS[function].constants):
            raise ShapeError(f"there is no function {function!r} with {len(constants)} constants")
        return cls(function, constants)

    @property
    def title(self) -> str:
        """The function as people write it.

        >>> Activation("leaky_relu", (0.01,)).title, Activation("clip", (0, 6)).title, Activation("tanh").title
        ('LeakyReLU(0.01)', 'ReLU6', 'Tanh')
        """
        if (self.function, self.constants) == ("clip", (0, 6)):
            return "ReLU6"
        listed = ", ".join(f"{each:g}" for each in self.constants)
        return FUNCTIONS[self.function].title + (f"({listed})" if listed else "")

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window((1, 1))

    def output_shape(self, input_shape: Shape3) -> Shape3:
        return input_shape

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0

    def forward(self, x: Float32) -> tuple[Float32, Float32]:
        return self._value(x), x

    def backward(self, dy: Float32, context: Float32, needs_dx: bool = True) -> tuple[Float32, dict[str, Float32]]:
        return dy * self._slope(context), {}

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        return elementwise_shares(dy, self._slope(x.before), x, y)

    def forward_exactly(self, x: Float64) -> Float64:
        return self._value(x)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        patch, span = patch_of(source[filter_number : filter_number + 1], self.window, row, column)
        return NeuronTerms(filter_number, patch, span, float(self._value(patch.astype(np.float64))[0, 0, 0]))

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        return [lambda: np.copyto(y, self._value(x))]

    def _value(self, x: Values) -> Values:
        return FUNCTIONS[self.function].value(x, *self.constants)

    def _slope(self, x: Values) -> Values:
        return FUNCTIONS[self.function].slope(x, *self.constants)
