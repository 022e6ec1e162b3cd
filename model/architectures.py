"""The networks that Kernelscope trains, by name."""

from collections.abc import Callable, Mapping

import numpy as np

from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network

MNIST_SHAPE = (1, 28, 28)
CLASSES = 10


def build_cnn(rng: np.random.Generator) -> Network:
    """Five convolutions with two poolings and a small fully connected head; 75,498 weights."""
    return Network(
        MNIST_SHAPE,
        {
            "conv1": Conv2d.create(rng, 1, 16, 5, padding=2),
            "relu1": ReLU(),
            "pool1": MaxPool2d(),
            "conv2": Conv2d.create(rng, 16, 32, 3),
            "relu2": ReLU(),
            "conv3": Conv2d.create(rng, 32, 32, 3),
            "relu3": ReLU(),
            "pool2": MaxPool2d(),
            "conv4": Conv2d.create(rng, 32, 64, 3, padding=1),
            "relu4": ReLU(),
            "conv5": Conv2d.create(rng, 64, 64, 3),
            "relu5": ReLU(),
            "linear": Linear.create(rng, (64, 3, 3), CLASSES),
            "softmax": Softmax(),
        },
    )


ARCHITECTURES: Mapping[str, Callable[[np.random.Generator], Network]] = {"cnn": build_cnn}

TITLES: Mapping[str, str] = {"cnn": "Five convolutional layers, from edges to digits"}
"""One line on each network, for people."""
