"""A network: a sequence of named layers, the last of them softmax.

A `Network` stores its layers, but no activations, so that any number of threads may use one at the same time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Images, Logits, Shape3, require_images
from model.errors import ShapeError
from model.layers import Context, Layer, MaxPool2d, ReLU, Softmax


@dataclass(frozen=True)
class ForwardTrace:
    """Every layer's feature maps for a batch of images.

    Attributes:
        outputs: Layer name → (N, C, H, W) float32, in the order of the layers.
    """

    outputs: Mapping[str, Float32]

    @property
    def probabilities(self) -> Float32:
        """(N, classes) float32: the softmax, which is always the last layer."""
        return list(self.outputs.values())[-1][:, :, 0, 0]

    @property
    def logits(self) -> Logits:
        """(N, classes) float32: what the softmax was computed from."""
        return list(self.outputs.values())[-2][:, :, 0, 0]

    def copy(self) -> "ForwardTrace":
        """The same values in memory of their own, each layer's contiguous."""
        return ForwardTrace({name: np.array(output, order="C") for name, output in self.outputs.items()})


@dataclass(frozen=True)
class Recording:
    """A forward pass that `Network.backward_from` can start from.

    Attributes:
        outputs: Layer name → (N, C, H, W), in the order of the layers.
        contexts: Layer name → what its `backward` needs.
    """

    outputs: Mapping[str, NDArray[Any]]
    contexts: Mapping[str, Context]


@dataclass(frozen=True)
class Backward:
    """The gradients of one backward pass.

    Attributes:
        input: (N, C, H, W), the gradient by the images; None if it was left out.
        deltas: Layer name → (N, C, H, W), the gradient by its output, from the last layer to the first.
        gradients: The gradient by each parameter, by the names of `Network.parameters`.
    """

    input: NDArray[Any] | None
    deltas: Mapping[str, NDArray[Any]]
    gradients: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class ActivityFloor:
    """A loss that raises filters which hardly activate, since a filter that is zero everywhere cannot learn.

    For each filter followed by a ReLU whose largest activation in a batch is below the floor, it is minus the weight
    times the mean of its pre-activations. For other filters it is zero.

    Attributes:
        floor: Lowest activation that a filter should reach in a batch.
        weight: Of this loss, relative to the loss of the network.
    """

    floor: float
    weight: float

    def add_gradient(self, dx: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        """Add this loss's gradient to that of the network, in place.

        Args:
            dx: (N, C, H, W), the gradient by the input of the ReLU.
            y: (N, C, H, W), its output.
        """
        inactive = np.flatnonzero(y.max(axis=(0, 2, 3)) < self.floor)
        if inactive.size:
            dx[:, inactive] -= np.float32(self.weight / (len(y) * y.shape[2] * y.shape[3]))
        return dx


class Network:
    """A sequence of layers, each reading the output of the one before.

    Attributes:
        input_shape: (C, H, W) of one image.
        layers: Name → layer, in order; the last is a `Softmax`.
        output_shapes: Name → (C, H, W) of that layer's feature maps.
    """

    def __init__(self, input_shape: Shape3, layers: Mapping[str, Layer]) -> None:
        """Check that the layers fit each other.

        Raises:
            ShapeError: A layer does not fit its input, or the last is not a softmax; the message names it.
        """
        if not layers or not isinstance(list(layers.values())[-1], Softmax):
            raise ShapeError("the last layer of a network must be a softmax")
        shapes: dict[str, Shape3] = {}
        shape = input_shape
        for name, layer in layers.items():
            try:
                shape = layer.output_shape(shape)
            except ShapeError as error:
                raise ShapeError(f"layer {name!r}: {error}") from error
            shapes[name] = shape
        self.input_shape = input_shape
        self.layers: Mapping[str, Layer] = MappingProxyType(dict(layers))
        self.output_shapes: Mapping[str, Shape3] = MappingProxyType(shapes)
        self._trained = _pooled_before_rectified(list(layers.items())[:-1])

    @property
    def parameters(self) -> dict[str, Float32]:
        """Every trained array by its full name, ``conv1.weight``; the arrays themselves, not copies."""
        return {
            f"{name}.{parameter}": array
            for name, layer in self.layers.items()
            for parameter, array in layer.parameters.items()
        }

    def with_parameters(self, values: Mapping[str, NDArray[Any]]) -> "Network":
        """The same network with other weights.

        Args:
            values: By the names of `parameters`; copied as float32.
        """
        layers: dict[str, Layer] = {}
        for name, layer in self.layers.items():
            own = {key: values[f"{name}.{key}"].astype(np.float32) for key in layer.parameters}
            layers[name] = _replaced(layer, own)
        return Network(self.input_shape, layers)

    def input_shape_of(self, name: str) -> Shape3:
        """(C, H, W) of what the named layer reads."""
        names = list(self.layers)
        position = names.index(name)
        return self.input_shape if position == 0 else self.output_shapes[names[position - 1]]

    def images_of(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """(N, H, W) ink, which every channel gets alike, or (N, 3, H, W) colors → (N, C, H, W) for this network."""
        if pictures.ndim == 4:
            return pictures
        images = pictures[:, np.newaxis]
        return images if self.input_shape[0] == 1 else np.repeat(images, self.input_shape[0], axis=1)

    def forward(self, images: Images) -> tuple[Logits, list[Context]]:
        """Logits for training, where the loss takes the softmax itself.

        Args:
            images: (N, C, H, W) float32.

        Returns:
            (N, classes) float32, and each layer's context for `backward`.

        Raises:
            ShapeError: The images are not what this network reads.
        """
        require_images(images, self.input_shape)
        x: Float32 = images
        contexts: list[Context] = []
        for _name, layer in self._trained:
            x, context = layer.forward(x)
            contexts.append(context)
        return x[:, :, 0, 0], contexts

    def backward(
        self, d_logits: Float32, contexts: list[Context], activity: ActivityFloor | None = None
    ) -> dict[str, Float32]:
        """The gradient of the loss by every parameter.

        Args:
            d_logits: (N, classes) float32, the gradient by the logits.
            contexts: What `forward` returned with them.
            activity: A second loss, on filters that hardly activate; by default none.

        Returns:
            Gradients by the names of `parameters`.
        """
        steps = [(name, layer, context) for (name, layer), context in zip(self._trained, contexts, strict=True)]
        return dict(_walk_back(steps, d_logits[:, :, None, None], input_gradient=False, activity=activity).gradients)

    def record(self, images: NDArray[Any], last: str | None = None) -> Recording:
        """Run the layers in their order, in the precision of the images and parameters.

        Args:
            images: (N, C, H, W); float64 for a network in double precision.
            last: Name of the layer to stop at; by default the last of all.
        """
        x = images
        outputs: dict[str, NDArray[Any]] = {}
        contexts: dict[str, Context] = {}
        for name, layer in self.layers.items():
            x, contexts[name] = layer.forward(x)
            outputs[name] = x
            if name == last:
                break
        return Recording(outputs, contexts)

    def backward_from(
        self, layer: str, delta: NDArray[Any], recording: Recording, *, input_gradient: bool = True
    ) -> Backward:
        """Propagate a gradient from the output of one layer back to the input.

        Args:
            layer: Name of the layer.
            delta: (N, C, H, W), the gradient by that layer's output.
            recording: The forward pass, which has reached that layer.
            input_gradient: False leaves out the gradient by the images.
        """
        names = list(self.layers)
        steps = [(name, self.layers[name], recording.contexts[name]) for name in names[: names.index(layer) + 1]]
        return _walk_back(steps, delta, input_gradient)

    def as_dtype(self, dtype: type[np.floating[Any]]) -> "Network":
        """The same network with a copy of every parameter in another precision."""
        return Network(
            self.input_shape,
            {
                name: _replaced(layer, {key: array.astype(dtype) for key, array in layer.parameters.items()})
                for name, layer in self.layers.items()
            },
        )

    def trace(self, images: Images) -> ForwardTrace:
        """Every layer's feature maps.

        Args:
            images: (N, C, H, W) float32.

        Raises:
            ShapeError: The images are not what this network reads.
        """
        require_images(images, self.input_shape)
        x: Float32 = images
        outputs: dict[str, Float32] = {}
        for name, layer in self.layers.items():
            x, _context = layer.forward(x)
            outputs[name] = x
        return ForwardTrace(outputs)


def _walk_back(
    steps: Sequence[tuple[str, Layer, Context]],
    delta: NDArray[Any],
    input_gradient: bool,
    activity: ActivityFloor | None = None,
) -> Backward:
    """The backward pass through layers given first to last, each with its name and context."""
    deltas: dict[str, NDArray[Any]] = {}
    gradients: dict[str, NDArray[Any]] = {}
    dy: NDArray[Any] | None = delta
    first = steps[0][0]
    for name, layer, context in reversed(steps):
        assert dy is not None, "only the first layer leaves out the gradient by its input"
        deltas[name] = dy
        dy, of_layer = layer.backward(dy, context, needs_dx=input_gradient or name != first)
        if activity and dy is not None and isinstance(layer, ReLU):
            dy = activity.add_gradient(dy, context)
        gradients.update({f"{name}.{parameter}": array for parameter, array in of_layer.items()})
    return Backward(dy, deltas, gradients)


def _replaced(layer: Layer, parameters: Mapping[str, NDArray[Any]]) -> Layer:
    """The same layer with other parameters."""
    # Every layer is a dataclass, which a protocol cannot state.
    changed: Layer = replace(layer, **parameters) if parameters else layer  # type: ignore[type-var]
    return changed


def _pooled_before_rectified(layers: list[tuple[str, Layer]]) -> list[tuple[str, Layer]]:
    """The same layers, each pooling moved before the ReLU that it follows.

    The largest of rectified values is the rectified largest value, so nothing changes but the work: of four values
    that a 2×2 window compares, three are never rectified. A trace keeps the order as written, since it is shown.
    """
    order = list(layers)
    for i, (above, below) in enumerate(pairwise(layers)):
        if isinstance(above[1], ReLU) and isinstance(below[1], MaxPool2d):
            order[i : i + 2] = [below, above]
    return order
