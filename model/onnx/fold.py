"""Operators that are no layers: constants, biases added separately, batch normalization and reshapes.

Each becomes part of a layer or disappears.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Shape3
from model.errors import ModelError
from model.layers import Conv2d, Linear
from model.onnx.node import Node, extents_text

Weighted = Conv2d | Linear
"""A layer that a bias or a normalization can become part of."""


def read_constants(graph: Any) -> dict[str, NDArray[Any]]:
    """The initializers and the outputs of Constant operators, by name.

    Args:
        graph: An ``onnx.GraphProto``.

    Raises:
        ModelError: A constant is stored in another file, or is no tensor.
    """
    from onnx import helper

    constants = {tensor.name: _array_of(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
            if "value" not in attributes:
                raise ModelError(
                    f"operator Constant {node.name!r} has {', '.join(attributes)}; only value is supported"
                )
            constants[node.output[0]] = _array_of(attributes["value"])
    return constants


def _array_of(tensor: Any) -> NDArray[Any]:
    from onnx import numpy_helper

    if tensor.data_location == tensor.EXTERNAL:
        raise ModelError(
            f"the weights {tensor.name} are stored in another file; save the model with its weights inside"
        )
    return np.asarray(numpy_helper.to_array(tensor))


def _add(node: Node, layer: Weighted) -> Weighted:
    constant_inputs = [index for index, name in enumerate(node.inputs) if name in node.constants]
    if not constant_inputs:
        raise ModelError(f"{node} adds no constant; only a bias can be added")
    bias = node.weights(constant_inputs[0])
    if bias.size not in (1, len(layer.bias)):
        raise ModelError(f"{node} adds {bias.size} numbers to {len(layer.bias)} maps; a bias has one for each map")
    return replace(layer, bias=np.asarray(layer.bias + bias.reshape(-1), dtype=np.float32))


def _batch_normalization(node: Node, layer: Weighted) -> Weighted:
    node.require("training_mode", 0, value=0)
    scale, shift, mean, variance = (node.weights(index) for index in range(1, 5))
    epsilon = node.attributes.get("epsilon", 1e-5)
    factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    weight = layer.weight * factor[:, np.newaxis, np.newaxis, np.newaxis]
    bias = (layer.bias - mean) * factor + shift
    return replace(layer, weight=weight.astype(np.float32), bias=bias.astype(np.float32))


INTO_THE_LAYER_BEFORE: Mapping[str, Callable[[Node, Weighted], Weighted]] = {
    "Add": _add,
    "BatchNormalization": _batch_normalization,
}
"""Operator → the layer before it, with the operator's work as part of its weights."""


def _flatten(node: Node, _shape: Shape3) -> None:
    node.require("axis", 1, value=1)


def _reshape(node: Node, shape: Shape3) -> None:
    target = [int(extent) for extent in node.weights()]
    if len(target) != 2 or target[1] not in (-1, int(np.prod(shape))):
        raise ModelError(f"{node} makes {extents_text(target)}; only a row can be made, as by Flatten")


TO_A_ROW: Mapping[str, Callable[[Node, Shape3], None]] = {"Flatten": _flatten, "Reshape": _reshape}
"""Operator → a check that it flattens (C, H, W). A `Linear` reads (C, H, W), so that no layer is needed."""

WITHOUT_EFFECT = frozenset({"Dropout", "Identity"})
"""Operators that change nothing at inference."""
