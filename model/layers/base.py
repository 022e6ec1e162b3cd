"""The protocol of layers.

A layer stores only parameters. `forward` returns what `backward` needs, so that many threads can use one
network and no digit can leak into the results of another.

Axes are (N, C, H, W) for every input and output, also of a fully connected layer, whose maps are
1×1: its kernel is as large as its input. In memory the images lie innermost, as (H, C, W, N):
see `windows`. This only affects speed; any memory order gives the same values.

Networks compute in float32. Given float64 parameters and inputs, a layer computes in float64, as experiments do.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self, TypeAlias

from model.arrays import Float32, Float64, Shape3
from model.geometry import Window
from model.layers.change import Change, Shares
from model.layers.fast_path import Step
from model.layers.neuron_terms import NeuronTerms

Context = Any
"""What a layer's `forward` returns for its `backward`; opaque to all other code."""


Settings: TypeAlias = Mapping[str, Any]
"""What a layer is built with besides its parameters, by name; plain JSON values."""


class Layer(Protocol):
    """A pure function of its input and its parameters."""

    kind: ClassVar[str]
    """The kind's name in manifests and in the API."""

    operation: ClassVar[str]
    """What its neurons compute: ``weighted_sum``, ``maximum``, ``mean``, ``copy``, ``rectifier``, ``function`` or
    ``softmax``."""

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> Self:
        """The layer with these parameters and settings, as an artifact stores them."""
        ...

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
        """Number of products in the forward pass of one image, padding included."""
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
            needs_dx: False for the first layer of a network, whose input is not trained.

        Returns:
            (N, C, H, W), or None if not needed; and the gradients by parameter name.
        """
        ...

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        """The multipliers of the input, from those of the output: see `model.layers.change`.

        Args:
            dy: (N, C', H', W'), the multipliers of the output.
            x: The input of N pairs of images.
            y: What `forward` returned for them.
        """
        ...

    def forward_exactly(self, x: Float64) -> Float64:
        """(N, C, H, W) in, (N, C', H', W') out, in double precision.

        Each sum is taken in the same order for every position and every batch, so equal inputs give
        equal outputs.
        """
        ...

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        """What one neuron reads and computes, with its sums in double precision.

        Args:
            source: (C, H, W) contiguous, the input of the layer for one image.
            filter_number: The neuron's filter.
            row: In the feature map.
            column: In the feature map.
        """
        ...

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        """The array operations that read x and write y, for `model.plan`.

        Args:
            x: (N, H, W, C) contiguous, the input.
            y: (N, H', W', C') contiguous, the output.
        """
        ...
