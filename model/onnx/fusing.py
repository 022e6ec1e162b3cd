"""Activation functions that a file spells out: several operators that together compute a function of each value.

PyTorch writes GELU as x · (erf(x / √2) + 1) / 2 and SiLU as x · sigmoid(x). The operators are recognized by what they
compute, at 801 points, so that the order of factors does not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import ModelError
from model.layers import Activation
from model.layers.activation import FUNCTIONS, erf
from model.onnx.folding import fold
from model.onnx.node import Node

Values = NDArray[Any]

POINTS = np.linspace(-8, 8, 801)
TOLERANCE = 1e-5
"""Of the difference at any point. The constants in files have single precision."""

_WITHOUT_CONSTANTS = [name for name, function in FUNCTIONS.items() if not function.constants]

ELEMENTWISE: Mapping[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "Add": np.add,
    "Cast": lambda x: x,
    "Clip": lambda x, low=-np.inf, high=np.inf: np.clip(x, low, high),
    "Div": np.divide,
    "Erf": erf,
    "Exp": np.exp,
    "HardSigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "Identity": lambda x: x,
    "Log": np.log,
    "Max": lambda *values: np.max(np.broadcast_arrays(*values), axis=0),
    "Min": lambda *values: np.min(np.broadcast_arrays(*values), axis=0),
    "Mul": np.multiply,
    "Neg": np.negative,
    "Pow": np.power,
    "Reciprocal": lambda x: 1 / x,
    "Relu": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Softplus": lambda x: np.logaddexp(0, x),
    "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Tanh": np.tanh,
}
"""Operator → its value at `POINTS`."""


def fused(nodes: Sequence[Node], begin: int, name: str, reads: Mapping[str, int]) -> tuple[Activation, int] | None:
    """The activation function that the next operators compute together.

    Args:
        nodes: All operators in their order.
        begin: Index of the first one that reads the tensor.
        name: Of the tensor, which several operators read.
        reads: How often each tensor is read.

    Returns:
        The function, and the index of its last operator; None if the operators compute something else than one value
        from each value.

    Raises:
        ModelError: They compute a function that is not known.
    """
    values: dict[str, Values] = {name: POINTS}
    left = {name: reads[name]}
    joined: Node | None = None
    for index in range(begin, len(nodes)):
        node = nodes[index]
        if not node.data:  # a constant, which exporters write where it is needed
            node.constants.add(node.output, fold(node))
            continue
        arguments = _arguments(node, values)
        if arguments is None:
            break
        for each in node.data:
            left[each] -= 1
        try:
            with np.errstate(all="ignore"):
                values[node.output] = ELEMENTWISE[node.operator](*arguments)
        except TypeError:
            raise ModelError(f"{node} has {len(arguments)} inputs") from None
        left[node.output] = reads.get(node.output, 0)
        if not any(count for each, count in left.items() if each != node.output):
            joined = joined or node
            function = _recognized(values[node.output])
            if function is not None:
                return function, index
    if joined is None:
        return None
    raise ModelError(
        f"the operators up to {joined} compute a function of each value that is not one of "
        f"{', '.join(sorted({function.title for function in FUNCTIONS.values()}))}"
    )


def _arguments(node: Node, values: Mapping[str, Values]) -> list[Any] | None:
    if node.declared.domain or node.operator not in ELEMENTWISE or any(each not in values for each in node.data):
        return None
    if node.operator == "HardSigmoid" and abs(node.number("alpha", 0.2) - 1 / 6) > TOLERANCE:
        return None
    arguments: list[Any] = []
    for index, each in enumerate(node.inputs):
        if each in values:
            arguments.append(values[each])
        elif each:
            number = node.optional(index)
            if number is None or number.size != 1:
                return None
            arguments.append(float(number.reshape(-1)[0]))
    return arguments


def _recognized(values: Values) -> Activation | None:
    """The function with these values at `POINTS`; None if it is none of the known ones."""
    slope = -float(values[np.abs(POINTS + 1).argmin()])
    candidates = [*(Activation(name) for name in _WITHOUT_CONSTANTS), Activation("leaky_relu", (round(slope, 6),))]
    for candidate in candidates:
        function = FUNCTIONS[candidate.function]
        if np.abs(function.value(POINTS, *candidate.constants) - values).max() <= TOLERANCE:
            return candidate
    return None
