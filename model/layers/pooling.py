"""What every pooling layer is: windows side by side on each map, and nothing learned."""

from dataclasses import dataclass

from model.arrays import Float32, Shape3
from model.geometry import Window, conv_output_size

ROWS, COLUMNS = 2, 3
"""Axes of (N, C, H, W)."""


@dataclass(frozen=True, eq=False)
class Pooling:
    """One value for each size×size window; windows do not overlap, and a rest that fills no window is not read.

    Attributes:
        size: Extent of the window and the step between windows, in pixels.
    """

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


def members_of_groups(x: Float32, axis: int, size: int) -> list[Float32]:
    """Views of x that hold the first, second, … value of every group of ``size`` neighbors along an axis."""
    count = x.shape[axis] // size
    before = (slice(None),) * axis
    return [x[(*before, slice(i, count * size, size))] for i in range(size)]
