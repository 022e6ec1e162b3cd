"""Max pooling: the largest value of each window, so that a feature may move a little."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from model.arrays import Float32, Shape3
from model.geometry import Window, conv_output_size


class MaxPool2dContext(NamedTuple):
    """The input and its maxima: the winner of a window is the value that equals its maximum."""

    x: Float32
    y: Float32


@dataclass(frozen=True, eq=False)
class MaxPool2d:
    """The maximum of each size×size window; windows do not overlap, and a rest that fills no window is not read.

    Attributes:
        size: Extent of the window and the step between windows, in pixels.
    """

    kind: ClassVar[str] = "max_pool2d"

    size: int = 2

    @property
    def parameters(self) -> dict[str, Float32]:
        return {}

    @property
    def window(self) -> Window:
        return Window(self.size, stride=self.size)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        return (
            channels,
            conv_output_size(height, self.size, self.size),
            conv_output_size(width, self.size, self.size),
        )

    def multiply_adds(self, input_shape: Shape3) -> int:
        return 0

    def _members(self, x: Float32) -> list[Float32]:
        """The size² views of x that hold the first, second, … value of every window, in reading order."""
        _, height, width = self.output_shape(x.shape[1:])
        size = self.size
        return [
            x[:, :, i : i + (height - 1) * size + 1 : size, j : j + (width - 1) * size + 1 : size]
            for i in range(size)
            for j in range(size)
        ]

    def forward(self, x: Float32) -> tuple[Float32, MaxPool2dContext]:
        first, *others = self._members(x)
        y = first.copy(order="K")
        for member in others:
            np.maximum(y, member, out=y)
        return y, MaxPool2dContext(x, y)

    def backward(
        self, dy: Float32, context: MaxPool2dContext, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        dx = np.zeros_like(context.x)
        # Of equal maxima the first in reading order wins and takes the whole gradient. After a
        # ReLU whole windows are often zero; all of them taking it would multiply the gradient.
        pending = dy.copy(order="K")
        for x_member, dx_member in zip(self._members(context.x), self._members(dx), strict=True):
            wins = (x_member == context.y).astype(np.float32)
            np.multiply(wins, pending, out=dx_member)
            pending -= dx_member
        return dx, {}
