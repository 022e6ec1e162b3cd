"""Constant folding: operators that read only constants are computed when a file is read.

Exporters write such operators around reshapes, and some store weights in another shape than the layers read them in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import ModelError
from model.onnx.model_file import DTYPES, Tensor
from model.onnx.node import Node

Array = NDArray[Any]


def fold(node: Node) -> Array:
    """The output of an operator that reads only constants.

    Raises:
        ModelError: It is not supported, or cannot be computed from these constants.
    """
    if node.declared.domain or node.operator not in FOLDED:
        raise ModelError(f"{node} reads only constants and is not supported")
    if node.operator == "Constant":
        return _constant(node)
    inputs = [None if not name else node.constants[name] for name in node.inputs]
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(FOLDED[node.operator](node, inputs))
    except ModelError:
        raise
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
        AttributeError,
        np.exceptions.AxisError,
    ) as error:
        raise ModelError(f"{node} cannot be computed: {str(error)[:200]}") from None
    node.constants.budget.move(result.size, str(node))
    return result


def _constant(node: Node) -> Array:
    attributes = node.declared.attributes
    if isinstance(attributes.get("value"), Tensor):
        return node.constants.read(attributes["value"])
    for name, dtype in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64)):
        if name in attributes:
            return np.array(attributes[name], dtype=dtype)
    if "value_ints" in attributes:
        return np.array(node.integers("value_ints", []), dtype=np.int64)
    raise ModelError(f"{node} has no value that is a number or a tensor")


def bounded(node: Node, shape: Sequence[int]) -> tuple[int, ...]:
    """A shape that a node is about to make, after it was counted."""
    size = 1
    for extent in shape:
        if extent < 0:
            raise ModelError(f"{node} would make an array of {list(shape)[:8]}")
        size *= int(extent)
    node.constants.budget.move(size, str(node))
    return tuple(int(extent) for extent in shape)


def reshaped(node: Node, shape: tuple[int, ...], target: Sequence[int]) -> tuple[int, ...]:
    """The shape that Reshape makes of a shape.

    Raises:
        ModelError: The target has other extents than the values fill.
    """
    zero_is_zero = node.integer("allowzero", 0)
    extents = [
        shape[axis] if extent == 0 and not zero_is_zero and axis < len(shape) else extent
        for axis, extent in enumerate(target)
    ]
    size = _product(shape)
    known = _product([extent for extent in extents if extent != -1])
    if extents.count(-1) == 1 and known > 0 and size % known == 0:
        extents[extents.index(-1)] = size // known
    if any(extent < 0 for extent in extents) or _product(extents) != size:
        raise ModelError(f"{node} makes {list(target)[:8]} of {size:,} values, which do not fit")
    return tuple(extents)


def _product(extents: Sequence[int]) -> int:
    size = 1
    for extent in extents:
        size *= int(extent)
    return size


def axes_of(node: Node, index: int, rank: int, default: Sequence[int] | None = None) -> list[int]:
    """Axes given as an attribute (older operators) or as a constant input, counted from the front.

    Raises:
        ModelError: There are none and there is no default, or one does not exist.
    """
    given = node.integers("axes", []) if node.has("axes") else node.list_input(index)
    axes = given or list(default or ())
    if not given and default is None:
        raise ModelError(f"{node} names no axes")
    if any(not -rank <= axis < rank for axis in axes) or len({axis % max(rank, 1) for axis in axes}) != len(axes):
        raise ModelError(f"{node} names the axes {axes[:8]} of {rank}")
    return [axis % rank for axis in axes]


def squeezed(node: Node, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that Squeeze makes of a shape."""
    ones = [axis for axis, extent in enumerate(shape) if extent == 1]
    axes = axes_of(node, 1, len(shape), default=ones)
    if any(shape[axis] != 1 for axis in axes):
        raise ModelError(f"{node} removes the axes {axes} of {list(shape)}, which are not all of extent 1")
    return tuple(extent for axis, extent in enumerate(shape) if axis not in axes)


def unsqueezed(node: Node, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that Unsqueeze makes of a shape."""
    count = len(node.integers("axes", []) if node.has("axes") else node.list_input(1) or [])
    axes = axes_of(node, 1, len(shape) + count)
    rest = iter(shape)
    return tuple(1 if axis in axes else next(rest) for axis in range(len(shape) + count))


def transposed(node: Node, rank: int) -> list[int]:
    """The order of axes that Transpose makes."""
    order = node.integers("perm", range(rank - 1, -1, -1))
    if sorted(order) != list(range(rank)):
        raise ModelError(f"{node} has perm {order[:8]}, which is no order of {rank} axes")
    return order


def flattened(node: Node, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that Flatten makes of a shape."""
    axis = node.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise ModelError(f"{node} has axis {axis} of {len(shape)}")
    axis = axis + len(shape) if axis < 0 else axis
    return (_product(shape[:axis]), _product(shape[axis:]))


def _divide(_node: Node, inputs: list[Any]) -> Array:
    over, under = inputs
    if under.dtype.kind in "iu":
        if (under == 0).any():
            raise ValueError("division by zero")
        return np.asarray(np.trunc(over / under).astype(over.dtype))
    return np.asarray(over / under)


def _elementwise(operation: Callable[..., Any]) -> Callable[[Node, list[Any]], Array]:
    def compute(node: Node, inputs: list[Any]) -> Array:
        bounded(node, np.broadcast_shapes(*(array.shape for array in inputs)))
        return np.asarray(operation(*inputs))

    return compute


def _cast(node: Node, inputs: list[Any]) -> Array:
    number = node.integer("to", 1)
    if number not in DTYPES:
        raise ModelError(f"{node} makes elements of ONNX's type {number}, which is not supported")
    return np.asarray(inputs[0].astype(DTYPES[number]))


def _gather(node: Node, inputs: list[Any]) -> Array:
    data, indices = inputs
    axis = node.integer("axis", 0)
    if data.ndim == 0:
        raise ValueError("a single number has no axes")
    bounded(node, (*np.delete(data.shape, axis), *indices.shape))
    return np.asarray(np.take(data, indices, axis=axis))


def _slice(node: Node, inputs: list[Any]) -> Array:
    data = inputs[0]
    if node.has("starts"):
        starts, ends = node.integers("starts", []), node.integers("ends", [])
        axes, steps = node.integers("axes", range(len(starts))), [1] * len(starts)
    else:
        starts, ends = inputs[1].tolist(), inputs[2].tolist()
        axes = inputs[3].tolist() if len(inputs) > 3 and inputs[3] is not None else list(range(len(starts)))
        steps = inputs[4].tolist() if len(inputs) > 4 and inputs[4] is not None else [1] * len(starts)
    index = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        # An end far below zero means down to the first value, which a Python slice writes as None.
        index[axis] = slice(start, None if step < 0 and end < -data.shape[axis] else end, step)
    return np.asarray(data[tuple(index)])


def _constant_of_shape(node: Node, inputs: list[Any]) -> Array:
    shape = bounded(node, inputs[0].reshape(-1).tolist())
    value = node.declared.attributes.get("value")
    return np.full(shape, node.constants.read(value).reshape(-1)[0] if isinstance(value, Tensor) else np.float32(0))


def _expand(node: Node, inputs: list[Any]) -> Array:
    shape = np.broadcast_shapes(inputs[0].shape, tuple(inputs[1].reshape(-1).tolist()))
    return np.broadcast_to(inputs[0], bounded(node, shape))


def _range(node: Node, inputs: list[Any]) -> Array:
    start, limit, step = (array.reshape(-1)[0] for array in inputs)
    if step == 0:
        raise ValueError("a range with steps of zero")
    bounded(node, [max(0, int(np.ceil((float(limit) - float(start)) / float(step))))])
    return np.arange(start, limit, step)


def _reduced(operation: Callable[..., Any]) -> Callable[[Node, list[Any]], Array]:
    def compute(node: Node, inputs: list[Any]) -> Array:
        data = inputs[0]
        axes = tuple(axes_of(node, 1, data.ndim, default=range(data.ndim)))
        return np.asarray(operation(data, axis=axes, keepdims=bool(node.integer("keepdims", 1))), dtype=data.dtype)

    return compute


FOLDED: Mapping[str, Callable[[Node, list[Any]], Any]] = {
    "Abs": lambda _node, inputs: np.abs(inputs[0]),
    "Add": _elementwise(np.add),
    "And": _elementwise(np.logical_and),
    "Cast": _cast,
    "Ceil": lambda _node, inputs: np.ceil(inputs[0]),
    "Concat": lambda node, inputs: np.concatenate(inputs, axis=node.integer("axis", 0)),
    "Constant": lambda node, _inputs: _constant(node),
    "ConstantOfShape": _constant_of_shape,
    "Div": _divide,
    "Equal": _elementwise(np.equal),
    "Exp": lambda _node, inputs: np.exp(inputs[0]),
    "Expand": _expand,
    "Flatten": lambda node, inputs: inputs[0].reshape(flattened(node, inputs[0].shape)),
    "Floor": lambda _node, inputs: np.floor(inputs[0]),
    "Gather": _gather,
    "Identity": lambda _node, inputs: inputs[0],
    "Log": lambda _node, inputs: np.log(inputs[0]),
    "Max": _elementwise(np.maximum),
    "Min": _elementwise(np.minimum),
    "Mul": _elementwise(np.multiply),
    "Neg": lambda _node, inputs: -inputs[0],
    "Not": lambda _node, inputs: np.logical_not(inputs[0]),
    "Or": _elementwise(np.logical_or),
    "Pow": _elementwise(lambda base, power: np.power(base, power.astype(base.dtype))),
    "Range": _range,
    "Reciprocal": lambda _node, inputs: 1 / inputs[0],
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "Reshape": lambda node, inputs: inputs[0].reshape(reshaped(node, inputs[0].shape, node.list_input(1) or [])),
    "Shape": lambda node, inputs: shape_of(node, inputs[0].shape),
    "Size": lambda _node, inputs: np.int64(inputs[0].size),
    "Slice": _slice,
    "Sqrt": lambda _node, inputs: np.sqrt(inputs[0]),
    "Squeeze": lambda node, inputs: inputs[0].reshape(squeezed(node, inputs[0].shape)),
    "Sub": _elementwise(np.subtract),
    "Transpose": lambda node, inputs: inputs[0].transpose(transposed(node, inputs[0].ndim)),
    "Unsqueeze": lambda node, inputs: inputs[0].reshape(unsqueezed(node, inputs[0].shape)),
    "Where": _elementwise(np.where),
}
"""Operator → its output, from its inputs."""


def shape_of(node: Node, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """What Shape makes of an array of this shape."""
    start, end = node.integer("start", 0), node.integer("end", len(shape))
    return np.array(shape[start:end], dtype=np.int64)
