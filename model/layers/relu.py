"""The rectifier: negative values become zero."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.arrays import Float32, Shape3
from model.geometry import Window


@dataclass(frozen=True, eq=False)
class ReLU:
    """``max(x, 0)``; its slope at zero is taken as zero."""

    kind: ClassVar[str] = "relu"

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window(1)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        return input_shape

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0

    def forward(self, x: Float32) -> tuple[Float32, Float32]:
        y = np.maximum(x, np.float32(0))
        return y, y

    def backward(self, dy: Float32, context: Float32, needs_dx: bool = True) -> tuple[Float32, dict[str, Float32]]:
        # The output is positive exactly where the input was; multiplying by a mask is several
        # times as fast as `where=`, which loops element by element.
        return dy * (context > 0), {}
