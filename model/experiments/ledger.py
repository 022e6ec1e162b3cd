"""What it costs to connect an input fully, locally, and locally with shared weights.

Nothing here is computed by a formula of its own: each row is read off a real layer of that geometry. Its arrays are
views of a single zero, since only their shapes count; a fully connected layer of 784 × 12,544 weights costs no memory.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Float32, Shape3
from model.geometry import conv_output_size
from model.layers import Conv2d, Layer, Linear, LocallyConnected2d


@dataclass(frozen=True)
class LedgerRow:
    """One way to connect, and what it costs for one image.

    Attributes:
        id: ``perceptron``, ``fully-connected``, ``locally-connected`` or ``convolution``.
        kind: The layer's kind.
        title: One line for people.
        input_shape: (C, H, W) it reads.
        output_shape: (F, H', W') of what it answers.
        outputs: Neurons.
        inputs_per_output: Values that one neuron reads, padding included.
        weights: Learned numbers, biases included.
        biases: Those of them that are biases.
        multiply_adds: Products summed up.
        weight_uses: How often each kernel weight is multiplied.
        gradients: Numbers that backpropagation keeps: one for each learned number.
        gradient_products: Products δ·x that are computed for them: one for each product of the forward pass.
    """

    id: str
    kind: str
    title: str
    input_shape: Shape3
    output_shape: Shape3
    outputs: int
    inputs_per_output: int
    weights: int
    biases: int
    multiply_adds: int
    weight_uses: int
    gradients: int
    gradient_products: int


def ledger(
    input_shape: Shape3, *, kernel_size: int, stride: int, padding: int, filters: int, features: int
) -> list[LedgerRow]:
    """A row for each way, from all wires to few and shared ones.

    Args:
        input_shape: (C, H, W) that all of them read.
        kernel_size: Side of the square patch, in pixels.
        stride: Step between patches, in pixels.
        padding: Zeros around the input, in pixels.
        filters: Maps of the two local layers.
        features: Neurons of the perceptron's layer.

    Raises:
        ShapeError: The kernel is larger than the padded input.
    """
    channels, height, width = input_shape
    rows, columns = (conv_output_size(extent, kernel_size, stride, padding) for extent in (height, width))
    patch = (channels, kernel_size, kernel_size)
    everywhere = filters * rows * columns
    local = LocallyConnected2d(_zeros(rows, columns, filters, *patch), _zeros(rows, columns, filters), stride, padding)
    shared = Conv2d(_zeros(filters, *patch), _zeros(filters), stride, padding)
    return [
        _row("perceptron", f"Fully connected to {features:,} features", _linear(input_shape, features), input_shape),
        _row("fully-connected", "Fully connected to as many outputs", _linear(input_shape, everywhere), input_shape),
        _row("locally-connected", "Locally connected", local, input_shape),
        _row("convolution", "Convolution", shared, input_shape),
    ]


def _linear(input_shape: Shape3, filters: int) -> Linear:
    return Linear(_zeros(filters, *input_shape), _zeros(filters))


def _zeros(*shape: int) -> Float32:
    return np.broadcast_to(np.float32(0), shape)


def _row(name: str, title: str, layer: Layer, input_shape: Shape3) -> LedgerRow:
    weight, bias = layer.parameters["weight"], layer.parameters["bias"]
    output_shape = layer.output_shape(input_shape)
    outputs = int(np.prod(output_shape))
    multiply_adds = layer.multiply_adds(input_shape)
    return LedgerRow(
        id=name,
        kind=layer.kind,
        title=title,
        input_shape=input_shape,
        output_shape=output_shape,
        outputs=outputs,
        inputs_per_output=multiply_adds // outputs,
        weights=weight.size + bias.size,
        biases=bias.size,
        multiply_adds=multiply_adds,
        weight_uses=multiply_adds // weight.size,
        gradients=weight.size + bias.size,
        gradient_products=multiply_adds,
    )
