"""The kinds of layers.

A new kind of layer is a file here, an entry in `LAYER_KINDS` and one in the tables of `model.onnx`.
"""

from collections.abc import Mapping

from model.layers.activation import Activation
from model.layers.affine import Affine
from model.layers.avg_pool2d import AvgPool2d
from model.layers.base import Context, Layer
from model.layers.conv2d import Conv2d
from model.layers.grouped_conv2d import GroupedConv2d
from model.layers.linear import Linear
from model.layers.locally_connected2d import LocallyConnected2d
from model.layers.max_pool2d import MaxPool2d
from model.layers.pad2d import Pad2d
from model.layers.relu import ReLU
from model.layers.softmax import Softmax

__all__ = [
    "LAYER_KINDS",
    "Activation",
    "Affine",
    "AvgPool2d",
    "Context",
    "Conv2d",
    "GroupedConv2d",
    "Layer",
    "Linear",
    "LocallyConnected2d",
    "MaxPool2d",
    "Pad2d",
    "ReLU",
    "Softmax",
]

LAYER_KINDS: Mapping[str, type[Layer]] = {
    layer.kind: layer
    for layer in (
        Conv2d,
        GroupedConv2d,
        LocallyConnected2d,
        Linear,
        Affine,
        AvgPool2d,
        MaxPool2d,
        Pad2d,
        ReLU,
        Activation,
        Softmax,
    )
}
"""Kind → its class. A file names a kind; it can never name a class."""
