"""What a layer costs if it is fully connected, locally connected, or locally connected with shared weights.

No cost is computed by a formula of its own: each row is read from a real layer of that geometry. The arrays of these
layers are views of a single zero, because only their shapes count; a fully connected layer with 784 × 12,544 weights
takes no memory.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from model.arrays import Float32, Shape3
from model.geometry import Window, pair_of
from model.layers import Conv2d, Layer, Linear, LocallyConnected2d

Connection = Literal["perceptron", "fully-connected", "locally-connected", "convolution"]


@dataclass(frozen=True)
class LayerCost:
    """One way to connect a layer to its input, and what it costs for one image."""

    id: Connection
    kind: str = field(metadata={"description": "The layer's kind."})
    title: str = field(metadata={"description": "One line for people."})
    input_shape: Shape3 = field(metadata={"description": "[C, H, W] of its input."})
    output_shape: Shape3 = field(metadata={"description": "[F, H, W] of its feature maps."})
    outputs: int = field(metadata={"description": "Neurons."})
    inputs_per_output: int = field(metadata={"description": "Values that one neuron reads, padding included."})
    weights: int = field(metadata={"description": "Kernel weights, without biases."})
    biases: int = field(metadata={"description": "Biases alone."})
    multiply_adds: int = field(metadata={"description": "Products added up, those with padding included."})
    weight_uses: int = field(metadata={"description": "How often each kernel weight is multiplied."})
    parameters: int = field(metadata={"description": "Weights and biases."})
    gradients: int = field(metadata={"description": "Gradients that backpropagation keeps: one for each parameter."})
    gradient_products: int = field(metadata={"description": "Products δ·x that are added up for them."})


def layer_costs(
    input_shape: Shape3, *, kernel_size: int, stride: int, padding: int, filters: int, features: int
) -> list[LayerCost]:
    """The costs of four layers, from all connections to few connections with shared weights.

    Args:
        input_shape: (C, H, W) of the input of all four.
        kernel_size: Height and width of the square patch, in pixels.
        stride: Step between patches, in pixels.
        padding: Zeros around the input, in pixels.
        filters: Feature maps of the two local layers.
        features: Neurons of the perceptron's layer.

    Raises:
        ShapeError: The kernel is larger than the padded input.
    """
    channels, height, width = input_shape
    window = Window(pair_of(kernel_size), pair_of(stride), pair_of(padding))
    rows, columns = window.output_size(height, width)
    patch = (channels, *window.size)
    neurons = filters * rows * columns
    steps = (window.stride, window.padding)
    local = LocallyConnected2d(_zeros(rows, columns, filters, *patch), _zeros(rows, columns, filters), *steps)
    shared = Conv2d(_zeros(filters, *patch), _zeros(filters), *steps)
    return [
        _cost("perceptron", f"Fully connected to {features:,} features", _linear(input_shape, features), input_shape),
        _cost("fully-connected", "Fully connected to as many outputs", _linear(input_shape, neurons), input_shape),
        _cost("locally-connected", "Locally connected", local, input_shape),
        _cost("convolution", "Convolution", shared, input_shape),
    ]


def _linear(input_shape: Shape3, filters: int) -> Linear:
    return Linear(_zeros(filters, *input_shape), _zeros(filters))


def _zeros(*shape: int) -> Float32:
    return np.broadcast_to(np.float32(0), shape)


def _cost(connection: Connection, title: str, layer: Layer, input_shape: Shape3) -> LayerCost:
    weight, bias = layer.parameters["weight"], layer.parameters["bias"]
    output_shape = layer.output_shape(input_shape)
    outputs = int(np.prod(output_shape))
    multiply_adds = layer.multiply_adds(input_shape)
    return LayerCost(
        id=connection,
        kind=layer.kind,
        title=title,
        input_shape=input_shape,
        output_shape=output_shape,
        outputs=outputs,
        inputs_per_output=multiply_adds // outputs,
        weights=weight.size,
        biases=bias.size,
        multiply_adds=multiply_adds,
        weight_uses=multiply_adds // weight.size,
        parameters=weight.size + bias.size,
        gradients=weight.size + bias.size,
        gradient_products=multiply_adds,
    )
