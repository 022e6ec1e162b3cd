"""The bounds of a network that can be shown, and the counters that enforce them.

All are checked from the extents that a file declares, before an array of that size exists.
"""

import math
from dataclasses import dataclass, field

from model.arrays import Shape3
from model.errors import ModelError
from model.geometry import Window
from model.layers import Layer

MIN_INPUT_SIZE = 8
"""Pixels."""

MAX_INPUT_SIZE = 64
"""Pixels. Larger inputs have maps too large to show and take long to compute."""


@dataclass(frozen=True)
class Limits:
    """The largest network that is read.

    Attributes:
        file_bytes: Of the file, and of all files of weights beside it together.
        fields: Of the file's encoding: every number, name and list in it, besides arrays.
        nodes: Operators.
        layers: Layers.
        weights: Of the network, and of all constants of the file.
        activations: Values of all layers for one digit, input included.
        multiply_adds: For one digit.
        patch_values: Values of all patches of one convolution, which are copied for its matrix product.
    """

    file_bytes: int = 2**26
    fields: int = 100_000
    nodes: int = 1000
    layers: int = 100
    weights: int = 2**24
    activations: int = 2**19
    multiply_adds: int = 2**27
    patch_values: int = 2**23


LIMITS = Limits()
"""What the service reads."""


@dataclass
class Budget:
    """What a network has used of its limits."""

    limits: Limits
    layers: int = 0
    weights: int = 0
    activations: int = 0
    multiply_adds: int = 0
    _moved: int = field(default=0, repr=False)

    def take(self, layer: Layer, input_shape: Shape3) -> Shape3:
        """Count one more layer, whose arrays may be views of the file's; returns its output shape.

        Raises:
            ModelError: The network is now too large; the message has the numbers.
        """
        output_shape = layer.output_shape(input_shape)
        outputs = math.prod(output_shape)
        self.layers += 1
        self.weights += sum(array.size for array in layer.parameters.values())
        self.activations += outputs + (math.prod(input_shape) if self.layers == 1 else 0)
        self.multiply_adds += layer.multiply_adds(input_shape)
        if layer.window is not None and "weight" not in layer.parameters:
            self.multiply_adds += outputs * math.prod(layer.window.size)  # values that are compared or averaged
        for what in ("layers", "weights", "activations", "multiply_adds"):
            self._require(what.replace("_", "-"), getattr(self, what), getattr(self.limits, what))
        if layer.window is not None:
            self._require_copies(layer, layer.window, input_shape, output_shape)
        return output_shape

    def _require_copies(self, layer: Layer, window: Window, input_shape: Shape3, output_shape: Shape3) -> None:
        """What the forward passes copy: the padded input, and patches or columns of it."""
        channels, height, width = input_shape
        rows, columns = height + sum(window.margins[0]), width + sum(window.margins[1])
        self._require("values in one padded input", channels * rows * columns, self.limits.activations)
        if "weight" in layer.parameters:
            patches = output_shape[1] * output_shape[2] * math.prod(window.size) * channels
            by_column = rows * channels * window.size[1] * output_shape[2]
            self._require("values in the patches of one layer", max(patches, by_column), self.limits.patch_values)

    def move(self, values: int, what: str) -> None:
        """Count values that are about to be computed or rearranged while the file is read.

        Raises:
            ModelError: All together they exceed twice the limit of weights.
        """
        self._moved += values
        if self._moved > 2 * self.limits.weights:
            raise ModelError(
                f"{what} would compute {values:,} values; while a file is read, at most {2 * self.limits.weights:,} "
                "are computed in all"
            )

    @staticmethod
    def _require(what: str, found: int, most: int) -> None:
        if found > most:
            raise ModelError(f"it has {found:,} {what} or more; at most {most:,} are accepted")
