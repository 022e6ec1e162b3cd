"""What every layer can do.

A layer holds parameters and nothing else. `forward` returns what `backward` will need, so one
network serves many threads and no digit can leak into another's answer.

Axes are (N, C, H, W) for every input and output, also of a fully connected layer, whose maps are
1×1: its kernel is as large as its input. In memory the images lie innermost, as (H, C, W, N):
see `windows`. That is a matter of speed alone; any memory order gives the same values.

Networks compute in float32. Given float64 parameters and inputs, a layer computes in float64: experiments do.
"""

from typing import Any, ClassVar, Protocol

from model.arrays import Float32, Shape3
from model.geometry import Window

Context = Any
"""What one layer's `forward` hands to its own `backward`; opaque to everybody else."""


class Layer(Protocol):
    """A pure function of its input and its parameters."""

    kind: ClassVar[str]
    """The kind's name in manifests and in the API."""

    @property
    def parameters(self) -> dict[str, Float32]:
        """The arrays that training changes, in place, by name: ``weight`` and ``bias``, or none."""
        ...

    @property
    def window(self) -> Window | None:
        """How the layer steps over its input; None where each neuron reads all of it."""
        ...

    def output_shape(self, input_shape: Shape3) -> Shape3:
        """(C, H, W) of the feature maps for an input of (C, H, W).

        Raises:
            ShapeError: The layer does not fit this input.
        """
        ...

    def multiply_adds(self, input_shape: Shape3) -> int:
        """How many products the forward pass of one image sums up, padding included."""
        ...

    def forward(self, x: Float32) -> tuple[Float32, Context]:
        """(N, C, H, W) in, (N, C', H', W') and the context out."""
        ...

    def backward(
        self, dy: Float32, context: Context, needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        """The gradient by the input and by each parameter, from the gradient by the output.

        Args:
            dy: (N, C', H', W'), the gradient of the loss by what `forward` returned.
            context: What `forward` returned with it.
            needs_dx: False for the first layer of a network, whose input nobody trains.

        Returns:
            (N, C, H, W), or None if not needed; and the gradients by parameter name.
        """
        ...
