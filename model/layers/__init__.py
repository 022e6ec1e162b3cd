"""The layers, and each by the name of its kind."""

from model.layers.avg_pool2d import AvgPool2d
from model.layers.base import Context, Layer
from model.layers.conv2d import Conv2d
from model.layers.linear import Linear
from model.layers.locally_connected2d import LocallyConnected2d
from model.layers.max_pool2d import MaxPool2d
from model.layers.relu import ReLU
from model.layers.softmax import Softmax

__all__ = ["AvgPool2d", "Context", "Conv2d", "Layer", "Linear", "LocallyConnected2d", "MaxPool2d", "ReLU", "Softmax"]
