"""The networks that Kernelscope trains, by name."""

from collections.abc import Callable, Mapping

import numpy as np

from model.layers import Conv2d, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax
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


def build_mlp_500(rng: np.random.Generator) -> Network:
    """The perceptron: 500 features, each of the whole image, and a class from these; 397,510 weights."""
    return Network(
        MNIST_SHAPE,
        {
            "linear1": Linear.create(rng, MNIST_SHAPE, 500),
            "relu1": ReLU(),
            "linear2": Linear.create(rng, (500, 1, 1), CLASSES),
            "softmax": Softmax(),
        },
    )


def build_locally_connected(rng: np.random.Generator) -> Network:
    """The first layer of `build_cnn` with a separate kernel for each position, and a class from it; 357,514 weights."""
    return Network(
        MNIST_SHAPE,
        {
            "local1": LocallyConnected2d.create(rng, MNIST_SHAPE, 16, 5, padding=2),
            "relu1": ReLU(),
            "pool1": MaxPool2d(),
            "linear": Linear.create(rng, (16, 14, 14), CLASSES),
            "softmax": Softmax(),
        },
    )


ARCHITECTURES: Mapping[str, Callable[[np.random.Generator], Network]] = {
    "cnn": build_cnn,
    "mlp-500": build_mlp_500,
    "locally-connected": build_locally_connected,
}

TITLES: Mapping[str, str] = {
    "cnn": "Five convolutional layers, from edges to digits",
    "mlp-500": "A perceptron: 500 features, each of the whole image",
    "locally-connected": "Local features whose weights are not shared",
}
"""Title of each network in the page."""
