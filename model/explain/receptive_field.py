"""Receptive fields: which pixels of the input can move one neuron."""

from dataclasses import dataclass

from model.arrays import Shape3
from model.description import LayerDescription


@dataclass(frozen=True)
class Span:
    """A box of whole pixels that may reach beyond the image, into its padding.

    Attributes:
        top: First row; negative above the image.
        left: First column; negative left of it.
        height: Rows.
        width: Columns.
    """

    top: int
    left: int
    height: int
    width: int

    def inside(self, height: int, width: int) -> "Span":
        """The part that lies in an image of this size; the rest is padding."""
        top, left = max(self.top, 0), max(self.left, 0)
        bottom, right = min(self.top + self.height, height), min(self.left + self.width, width)
        return Span(top, left, max(0, bottom - top), max(0, right - left))


def receptive_field_of(layer: LayerDescription, row: int, column: int, input_shape: Shape3) -> Span:
    """The box of input pixels that the neurons at one place of a layer see, padding included.

    A neuron of a fully connected layer sees the whole input.

    Args:
        layer: The layer.
        row: Of the neuron.
        column: Of the neuron.
        input_shape: (C, H, W) of the network's input.
    """
    field = layer.receptive_field
    if field is None:
        return Span(0, 0, input_shape[1], input_shape[2])
    return Span(field.start + row * field.jump, field.start + column * field.jump, field.size, field.size)
