"""A network: named layers in a row, the last of them softmax.

`Network` keeps its layers and nothing of what passes through them, so any number of threads may
use one at the same time.
"""

from collections.abc import Mapping
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


class Network:
    """Layers in a row, each reading the one before it.

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
            # Every layer is a dataclass, which a protocol cannot say.
            layers[name] = replace(layer, **own) if own else layer  # type: ignore[type-var]
        return Network(self.input_shape, layers)

    def input_shape_of(self, name: str) -> Shape3:
        """(C, H, W) of what the named layer reads."""
        names = list(self.layers)
        position = names.index(name)
        return self.input_shape if position == 0 else self.output_shapes[names[position - 1]]

    def images_of(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """(N, H, W) ink → (N, C, H, W) for this network: one that reads colors sees the same in each channel."""
        return np.repeat(pictures[:, np.newaxis], self.input_shape[0], axis=1)

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

    def backward(self, d_logits: Float32, contexts: list[Context]) -> dict[str, Float32]:
        """The gradient of the loss by every parameter.

        Args:
            d_logits: (N, classes) float32, the gradient by the logits.
            contexts: What `forward` returned with them.

        Returns:
            Gradients by the names of `parameters`.
        """
        gradients: dict[str, Float32] = {}
        dy: Float32 | None = d_logits[:, :, None, None]
        first = self._trained[0][0]
        for (name, layer), context in zip(reversed(self._trained), reversed(contexts), strict=True):
            assert dy is not None, "only the first layer leaves out the gradient by its input"
            dy, of_layer = layer.backward(dy, context, needs_dx=name != first)
            gradients.update({f"{name}.{parameter}": array for parameter, array in of_layer.items()})
        return gradients

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
