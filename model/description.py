"""Properties of a network's layers that need no forward pass: shapes, costs, receptive fields."""

from dataclasses import dataclass

from model.arrays import Shape3
from model.geometry import Pair, ReceptiveField, Window, field_through
from model.layers import Activation, Conv2d, GroupedConv2d, ReLU
from model.layers.conv2d import between_holes
from model.network import Network


@dataclass(frozen=True)
class LayerDescription:
    """One layer's shape and cost.

    Attributes:
        name: As in the network.
        kind: A key of `model.layers.LAYER_KINDS`.
        operation: What its neurons compute; see `Layer.operation`.
        function: Of a layer that computes a function of each value, the function as people write it; else None.
        groups: Groups of maps of equal size: each filter reads the maps of its own group alone. 1: it reads all.
        input_shape: (C, H, W) it reads.
        output_shape: (C, H, W) of its feature maps.
        window: How it steps over its input; None where each neuron reads all of it.
        dilation: Steps between neighboring weights of a kernel (dH, dW); more than 1 leaves holes.
        weights: Number of trained weights, without biases.
        biases: Number of biases and other parameters that are added and not multiplied.
        multiply_adds: Number of multiplications and additions for one image.
        weight_uses: How often each kernel weight is used for one image: once for each position of its kernel,
            0 for a layer without weights.
        receptive_field: The box of input pixels its neurons see; None where they see the whole input
            whatever their position.
    """

    name: str
    kind: str
    operation: str
    function: str | None
    groups: int
    input_shape: Shape3
    output_shape: Shape3
    window: Window | None
    dilation: Pair
    weights: int
    biases: int
    multiply_adds: int
    weight_uses: int
    receptive_field: ReceptiveField | None

    @property
    def parameters(self) -> int:
        """Number of trained values: weights and biases."""
        return self.weights + self.biases


def describe_layers(network: Network) -> list[LayerDescription]:
    """Every layer of a network, in order."""
    described = []
    windows: list[Window] | None = []
    for name, layer in network.layers.items():
        input_shape, output_shape = network.input_shape_of(name), network.output_shapes[name]
        if windows is not None and layer.window is not None:
            windows.append(layer.window)
        else:
            windows = None
        weight = layer.parameters.get("weight")
        dilation = layer.dilation if isinstance(layer, Conv2d | GroupedConv2d) else None
        stored = 0 if weight is None else weight.size
        weights = stored if weight is None or dilation is None else between_holes(weight, dilation).size
        multiply_adds = layer.multiply_adds(input_shape)
        described.append(
            LayerDescription(
                name=name,
                kind=layer.kind,
                operation=layer.operation,
                function=layer.title if isinstance(layer, ReLU | Activation) else None,
                groups=1 if weight is None else input_shape[0] // weight.shape[-3],
                input_shape=input_shape,
                output_shape=output_shape,
                window=layer.window,
                dilation=dilation or (1, 1),
                weights=weights,
                biases=sum(array.size for array in layer.parameters.values()) - stored,
                multiply_adds=multiply_adds,
                weight_uses=multiply_adds // weights if weights else 0,
                receptive_field=None if windows is None else field_through(windows),
            )
        )
    return described
