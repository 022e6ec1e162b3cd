"""Operator → what it adds to the chain of layers.

`OPERATORS` is the list of what a file may contain besides operators on constants (`model.onnx.folding`).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from model.arrays import Shape3
from model.errors import ModelError
from model.geometry import Pair
from model.layers import Activation, AvgPool2d, Conv2d, GroupedConv2d, Layer, Linear, MaxPool2d, Pad2d, ReLU, Softmax
from model.layers.conv2d import with_holes
from model.onnx.chain import Arrangement, Chain
from model.onnx.folding import axes_of, flattened, reshaped, squeezed, transposed, unsqueezed
from model.onnx.model_file import FLOAT_TYPES
from model.onnx.node import Node, extents_text

Margins = tuple[Pair, Pair]
"""(above, left) and (below, right)."""

LARGEST_KERNEL = 128
"""Rows or columns of a dilated kernel, which is stored with its holes."""

# --- Layers with weights ---------------------------------------------------------------------------------------------


def _conv(node: Node, chain: Chain) -> None:
    weight, bias = node.weights(), node.optional_weights(2)
    if weight.ndim != 4 or not weight.size:
        raise ModelError(f"{node} has kernels of {extents_text(weight.shape)}; they must be F×C×kH×kW")
    groups, stride = node.integer("group", 1), node.pair("strides")
    weight, dilation = _dilated(node, weight)
    chain.maps_for(node)
    padding, after = _margins(node, chain.value.maps, weight.shape[2:], stride)
    before = chain.take_padding()
    if before is not None:
        (above, below), (left, right) = before.window.margins
        padding, after = (padding[0] + above, padding[1] + left), (after[0] + below, after[1] + right)
    filters = len(weight)
    if bias is not None and bias.size not in (1, filters):
        raise ModelError(f"{node} adds {bias.size} numbers to {filters} maps")
    bias = np.zeros(filters, np.float32) if bias is None else np.array(np.broadcast_to(bias.reshape(-1), filters))
    steps = (stride, padding, None if after == padding else after, dilation)
    if groups == 1 and weight.shape[1:] == chain.value.maps and padding == after == (0, 0) and not dilation:
        chain.append(Linear(weight, bias))
    elif groups == 1:
        chain.append(Conv2d(weight, bias, *steps))
    elif groups > 1:
        chain.append(GroupedConv2d(weight, bias, groups, *steps))
    else:
        raise ModelError(f"{node} has group {groups}; it must be at least 1")


def _dilated(node: Node, weight: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], Pair | None]:
    """The kernels as they are stored, dilated ones with zeros between weights; and the dilation, if there is one."""
    size = (int(weight.shape[2]), int(weight.shape[3]))
    if node.pair("kernel_shape", size) != size:
        raise ModelError(f"{node} has kernel_shape {node.pair('kernel_shape')} and kernels of {extents_text(size)}")
    down, right = node.pair("dilations")
    if (down, right) == (1, 1):
        return weight, None
    extents = (*weight.shape[:2], (size[0] - 1) * down + 1, (size[1] - 1) * right + 1)
    if max(extents[2:]) > LARGEST_KERNEL:
        raise ModelError(
            f"{node} has dilated kernels of {extents_text(extents[2:])}; at most {LARGEST_KERNEL} are accepted"
        )
    node.constants.budget.move(math.prod(extents), str(node))
    return with_holes(weight.astype(np.float32), (down, right)), (down, right)


def _gemm(node: Node, chain: Chain) -> None:
    node.require("transA", 0, value=0)
    if node.inputs[0] in node.constants:
        raise ModelError(f"{node} has its weights on the left; they must be on the right")
    weight, bias = node.weights(), node.optional_weights(2)
    alpha, beta = node.number("alpha", 1.0), node.number("beta", 1.0)
    weight = weight if node.integer("transB", 0) else weight.T
    chain.linear(
        node,
        weight if alpha == 1 else weight * np.float32(alpha),
        bias if bias is None or beta == 1 else bias * np.float32(beta),
    )


def _matmul(node: Node, chain: Chain) -> None:
    if node.inputs[0] in node.constants:
        raise ModelError(f"{node} has its weights on the left; they must be on the right")
    weight = node.weights()
    if weight.ndim != 2:
        raise ModelError(f"{node} has weights of {extents_text(weight.shape)}; they must be a matrix")
    chain.linear(node, weight.T, None)


# --- Scales and shifts -----------------------------------------------------------------------------------------------

ONE, ZERO = np.ones(()), np.zeros(())


def _number_of(node: Node) -> tuple[np.ndarray[Any, Any], bool]:
    """The constant of an operator on two tensors, and whether it comes first."""
    is_first = node.inputs[0] in node.constants
    return node.weights(0 if is_first else 1).astype(np.float64), is_first


def _add(node: Node, chain: Chain) -> None:
    chain.affine(node, ONE, _number_of(node)[0])


def _subtract(node: Node, chain: Chain) -> None:
    number, is_first = _number_of(node)
    chain.affine(node, -ONE if is_first else ONE, number if is_first else -number)


def _multiply(node: Node, chain: Chain) -> None:
    chain.affine(node, _number_of(node)[0], ZERO)


def _divide(node: Node, chain: Chain) -> None:
    number, is_first = _number_of(node)
    if is_first or (number == 0).any():
        raise ModelError(f"{node} divides {'by the values of maps' if is_first else 'by zero'}, which is not supported")
    chain.affine(node, 1 / number, ZERO)


def _batch_normalization(node: Node, chain: Chain) -> None:
    node.require("training_mode", 0, value=0)
    scale, shift, mean, variance = (node.weights(index).astype(np.float64) for index in range(1, 5))
    epsilon = node.number("epsilon", 1e-5)
    shape = chain.value.shape
    channels = shape[1] if len(shape) > 1 else 0
    if any(each.shape != (channels,) for each in (scale, shift, mean, variance)):
        raise ModelError(f"{node} normalizes {scale.size} maps, but its input has {channels}")
    if (variance + epsilon <= 0).any():
        raise ModelError(
            f"{node} has a variance of {variance.min():g} and an epsilon of {epsilon:g}; their sum must be > 0"
        )
    factor = scale / np.sqrt(variance + epsilon)
    extents = (channels, *(1,) * (len(shape) - 2))
    chain.affine(node, factor.reshape(extents), (shift - mean * factor).reshape(extents))


# --- Pooling and padding ---------------------------------------------------------------------------------------------


def _max_pool(node: Node, chain: Chain) -> None:
    if len(node.declared.outputs) > 1 and node.declared.outputs[1]:
        raise ModelError(f"{node} also returns the indices of its maxima, which is not supported")
    size, stride, padding, after, _ = _pooling(node, chain)
    chain.append(MaxPool2d(size, stride, padding, after))


def _average_pool(node: Node, chain: Chain) -> None:
    size, stride, padding, after, extra = _pooling(node, chain)
    if node.integer("count_include_pad", 0) and (padding != (0, 0) or after not in (None, extra)):
        below, right = padding if after is None else after
        chain.append(Pad2d(padding, (below - extra[0], right - extra[1])))
        padding, after = (0, 0), extra
    chain.append(AvgPool2d(size, stride, padding, after))


def _pooling(node: Node, chain: Chain) -> tuple[Pair, Pair | None, Pair, Pair | None, Pair]:
    """Size, stride, padding before and after, and how much of that after was added by ceil_mode.

    The stride is None if it is the size, and the padding after if it is that before.
    """
    shape = chain.maps_for(node)
    size, stride = node.pair("kernel_shape", ()), node.pair("strides")
    if node.pair("dilations") != (1, 1):
        raise ModelError(f"{node} has dilations {node.pair('dilations')}; pooling with dilation is not supported")
    padding, after = _margins(node, shape, size, stride)
    if max(padding[0], after[0]) >= size[0] or max(padding[1], after[1]) >= size[1]:
        raise ModelError(f"{node} pads its input by {padding} and {after}, which is not less than its window of {size}")
    extra = (0, 0)
    if node.integer("ceil_mode", 0):
        axes = zip(shape[1:], size, stride, padding, after, strict=True)
        rows, columns = (_extra(*axis) for axis in axes)
        extra = (rows, columns)
        after = (after[0] + rows, after[1] + columns)
    return size, None if stride == size else stride, padding, None if after == padding else after, extra


def _extra(extent: int, kernel: int, step: int, before: int, after: int) -> int:
    """How far the last window reaches beyond the padding if a window that is not full counts, too."""
    positions = -(-(extent + before + after - kernel) // step) + 1
    if (positions - 1) * step >= extent + before:  # it would begin in the padding
        positions -= 1
    return max(0, (positions - 1) * step + kernel - (extent + before + after))


def _margins(node: Node, shape: Shape3, kernel: Any, stride: Pair) -> Margins:
    """The rows and columns around the input."""
    automatic = node.word("auto_pad", "NOTSET")
    if automatic == "VALID":
        return (0, 0), (0, 0)
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        axes = zip(shape[1:], kernel, stride, strict=True)
        down, across = (max(0, (-(-size // step) - 1) * step + extent - size) for size, extent, step in axes)
        less, more = (down // 2, across // 2), (-(-down // 2), -(-across // 2))
        return (less, more) if automatic == "SAME_UPPER" else (more, less)
    if automatic != "NOTSET":
        raise ModelError(f"{node} has auto_pad {automatic}, which is not supported")
    pads = node.integers("pads", [0, 0, 0, 0])
    if len(pads) != 4 or min(pads) < 0:
        raise ModelError(f"{node} has pads {pads[:8]}; there must be four, none of them negative")
    return (pads[0], pads[1]), (pads[2], pads[3])


def _pad(node: Node, chain: Chain) -> None:
    mode = node.word("mode", "constant")
    if mode != "constant":
        raise ModelError(f"{node} pads by mode {mode}; only constant is supported")
    shape = chain.value.shape
    pads = node.integers("pads", []) if node.has("pads") else node.list_input(1) or []
    axes = list(range(len(shape)))
    if len(node.inputs) > 3 and node.inputs[3]:
        axes = axes_of(node, 3, len(shape))
    if len(pads) != 2 * len(axes) or any(not 0 <= each <= 64 for each in pads):
        raise ModelError(f"{node} has pads {pads[:8]} of {len(axes)} axes; there must be two from 0 to 64 for each")
    around = {axis: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    value = node.scalar_input(2) if not node.has("pads") else node.number("value", 0.0)
    down, across, channel_last = _image_axes(node, chain)
    (above, below), (left, right) = around.pop(down, (0, 0)), around.pop(across, (0, 0))
    if any(any(each) for each in around.values()):
        raise ModelError(f"{node} pads other axes than the rows and columns of maps")
    if not (above or below or left or right):
        return
    if not math.isfinite(value or 0.0):
        raise ModelError(f"{node} pads with {value}, which is not finite")
    after = (below, right)
    chain.append(Pad2d((above, left), None if after == (above, left) else after, value or 0.0))
    if channel_last:
        chain.rearrange(node, lambda maps: maps.transposed([0, 2, 3, 1]))


def _image_axes(node: Node, chain: Chain) -> tuple[int, int, bool]:
    """The axes of rows and columns, and whether the channels come last."""
    value = chain.value
    if value.is_maps:
        return 2, 3, False
    channels, height, width = value.maps
    last = Arrangement.of(value.maps).transposed([0, 2, 3, 1])
    if value.shape == (1, height, width, channels) and (value.positions() == last.positions()).all():
        return 1, 2, True
    raise ModelError(f"{node} reads a tensor of {extents_text(value.shape)}, which is no image")


def _global(layer: Callable[[Pair], Layer]) -> Callable[[Node, Chain], None]:
    """Pooling over whole maps."""

    def read(node: Node, chain: Chain) -> None:
        chain.append(layer(chain.maps_for(node)[1:]))

    return read


def _reduce(layer: Callable[[Pair], Layer]) -> Callable[[Node, Chain], None]:
    """A mean or maximum over the axes of positions."""

    def read(node: Node, chain: Chain) -> None:
        value, keeps = chain.value, bool(node.integer("keepdims", 1))
        axes = axes_of(node, 1, len(value.shape), default=range(len(value.shape)))
        channels, height, width = value.maps
        kept = [axis for axis in range(len(value.shape)) if axis not in axes]
        node.constants.budget.move(value.size, str(node))
        groups = value.positions().transpose([*kept, *axes]).reshape(math.prod(value.shape[axis] for axis in kept), -1)
        of_map = groups // (height * width)
        if groups.shape != (channels, height * width) or (of_map != of_map[:, :1]).any():
            raise ModelError(f"{node} combines other values than those of each map")
        shape = tuple(
            1 if axis in axes else extent for axis, extent in enumerate(value.shape) if keeps or axis not in axes
        )
        if height * width > 1:
            chain.append(layer((height, width)))
        order = of_map[:, 0].astype(np.int32).reshape(shape)
        is_own = bool((order.reshape(-1) == np.arange(channels)).all())
        chain.value = Arrangement((channels, 1, 1), shape, None if is_own else order)

    return read


# --- Functions of each value -----------------------------------------------------------------------------------------


def _relu(node: Node, chain: Chain) -> None:
    chain.elementwise(node, ReLU())


def _clip(node: Node, chain: Chain) -> None:
    low, high = (
        node.number(name, default) if node.has(name) else node.scalar_input(index)
        for index, name, default in ((1, "min", 0.0), (2, "max", 0.0))
    )
    lowest, highest = -math.inf if low is None else low, math.inf if high is None else high
    if lowest > highest:
        raise ModelError(f"{node} clips to {lowest:g} to {highest:g}")
    # Older files state the largest float32 where there is no limit.
    if lowest == 0 and highest >= 3.4e38:
        chain.elementwise(node, ReLU())
    elif lowest > -3.4e38 or highest < 3.4e38:
        ends = (max(lowest, -3.4e38), min(highest, 3.4e38))
        chain.elementwise(node, Activation("clip", ends))


def _prelu(node: Node, chain: Chain) -> None:
    slopes = node.weights()
    if (slopes != slopes.reshape(-1)[:1]).any():
        raise ModelError(f"{node} has a slope for each map; only one for all maps is supported")
    chain.elementwise(node, Activation("leaky_relu", (float(slopes.reshape(-1)[0]),)))


def _gelu(node: Node, chain: Chain) -> None:
    approximation = node.word("approximate", "none")
    if approximation not in ("none", "tanh"):
        raise ModelError(f"{node} has approximate {approximation}; only none and tanh are supported")
    chain.elementwise(node, Activation("gelu" if approximation == "none" else "gelu_tanh"))


def _hard_sigmoid(node: Node, chain: Chain) -> None:
    chain.elementwise(node, Activation("hard_sigmoid", (node.number("alpha", 0.2), node.number("beta", 0.5))))


def _function(name: str, **defaults: float) -> Callable[[Node, Chain], None]:
    """A function whose constants are attributes."""

    def read(node: Node, chain: Chain) -> None:
        constants = tuple(node.number(constant, default) for constant, default in defaults.items())
        if name == "celu" and constants[0] == 0:
            raise ModelError(f"{node} has alpha 0")
        chain.elementwise(node, Activation(name, constants))

    return read


def _softmax(node: Node, chain: Chain) -> None:
    shape = chain.value.shape
    axis = node.integer("axis", -1 if node.opset >= 13 else 1)
    if not -len(shape) <= axis < len(shape):
        raise ModelError(f"{node} has axis {axis} of {len(shape)}")
    # Up to opset 12, all axes from this one on are one.
    extent = shape[axis] if node.opset >= 13 else math.prod(shape[axis % len(shape) :])
    if extent != chain.value.size or chain.value.maps[1:] != (1, 1):
        raise ModelError(f"{node} is not taken over the classes")
    chain.elementwise(node, Softmax())


# --- Arrangement -----------------------------------------------------------------------------------------------------


def _reshape(node: Node, chain: Chain) -> None:
    target = node.integers("shape", []) if node.has("shape") else node.list_input(1)
    if target is None:
        raise ModelError(f"{node} has no shape")
    if target and target[0] == chain.batch > 1:
        target = [1, *target[1:]]
    shape = reshaped(node, chain.value.shape, target)
    chain.rearrange(node, lambda value: value.reshaped(shape))


def _transpose(node: Node, chain: Chain) -> None:
    axes = transposed(node, len(chain.value.shape))
    node.constants.budget.move(4 * chain.value.size, str(node))
    chain.rearrange(node, lambda value: value.transposed(axes))


def _shaped(shape_of: Callable[[Node, tuple[int, ...]], tuple[int, ...]]) -> Callable[[Node, Chain], None]:
    def read(node: Node, chain: Chain) -> None:
        shape = shape_of(node, chain.value.shape)
        chain.rearrange(node, lambda value: value.reshaped(shape))

    return read


def _cast(node: Node, _chain: Chain) -> None:
    number = node.integer("to", 1)
    if number not in FLOAT_TYPES:
        raise ModelError(f"{node} makes elements of ONNX's type {number}; only floating-point numbers are supported")


def _dropout(node: Node, _chain: Chain) -> None:
    training = node.optional(2)
    if training is not None and training.any():
        raise ModelError(f"{node} is in training mode; export the network for inference")


def _nothing(_node: Node, _chain: Chain) -> None:
    """An operator that changes nothing at inference."""


OPERATORS: Mapping[str, Callable[[Node, Chain], None]] = {
    "Abs": _function("abs"),
    "Add": _add,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Cast": _cast,
    "Celu": _function("celu", alpha=1.0),
    "Clip": _clip,
    "Conv": _conv,
    "Div": _divide,
    "Dropout": _dropout,
    "Elu": _function("elu", alpha=1.0),
    "Flatten": _shaped(flattened),
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": _global(AvgPool2d),
    "GlobalMaxPool": _global(MaxPool2d),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _function("hard_swish"),
    "Identity": _nothing,
    "LeakyRelu": _function("leaky_relu", alpha=0.01),
    "LogSoftmax": _softmax,
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Mish": _function("mish"),
    "Mul": _multiply,
    "Neg": lambda node, chain: chain.affine(node, -ONE, ZERO),
    "PRelu": _prelu,
    "Pad": _pad,
    "ReduceMax": _reduce(MaxPool2d),
    "ReduceMean": _reduce(AvgPool2d),
    "Relu": _relu,
    "Reshape": _reshape,
    "Selu": _function("selu", alpha=1.67326319217681884765625, gamma=1.05070102214813232421875),
    "Sigmoid": _function("sigmoid"),
    "Softmax": _softmax,
    "Softplus": _function("softplus"),
    "Softsign": _function("softsign"),
    "Squeeze": _shaped(squeezed),
    "Sub": _subtract,
    "Tanh": _function("tanh"),
    "ThresholdedRelu": _function("thresholded_relu", alpha=1.0),
    "Transpose": _transpose,
    "Unsqueeze": _shaped(unsqueezed),
}
"""Operator → what reads it."""

REARRANGING = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators that may follow the softmax, and are left out."""
