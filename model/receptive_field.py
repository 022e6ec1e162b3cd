"""Receptive fields: which pixels of the input can change one neuron."""

from model.arrays import Shape3
from model.description import LayerDescription
from model.geometry import Box


def receptive_field_of(layer: LayerDescription, row: int, column: int, input_shape: Shape3) -> Box:
    """The box of input pixels that the neurons at a position of a layer see, padding included.

    A neuron of a fully connected layer sees the whole input.

    Args:
        layer: The layer.
        row: Of the neuron.
        column: Of the neuron.
        input_shape: (C, H, W) of the network's input.
    """
    field = layer.receptive_field
    if field is None:
        return Box(0, 0, input_shape[1], input_shape[2])
    return field.box_at(row, column)
