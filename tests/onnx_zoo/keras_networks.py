"""Typical Keras networks of a first course, and how each is exported."""

from collections.abc import Callable
from dataclasses import dataclass, field

import keras
from keras import layers

from tests.onnx_zoo.training import Recipe


@dataclass(frozen=True)
class Export:
    """One network.

    Attributes:
        make: Builds it.
        recipe: How it is trained.
        exporter: ``tf2onnx``, or ``keras`` for Keras's own ``model.export``.
        opset: The version of ONNX's operators.
    """

    make: Callable[[], keras.Model]
    recipe: Recipe = field(default_factory=lambda: IMAGES)
    exporter: str = "tf2onnx"
    opset: int = 15


IMAGES = Recipe("plain", (28, 28, 1), epochs=2)


def sequential(*parts: layers.Layer, shape: tuple[int, ...] = (28, 28, 1)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *parts])


def functional() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(6, 5, padding="same", activation="relu")(inputs)
    x = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    x = layers.Dropout(0.1)(x)
    x = layers.Conv2D(12, 3, strides=2, activation="elu")(x)
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))


def dense() -> layers.Dense:
    return layers.Dense(10, activation="softmax")


def simple() -> keras.Model:
    """Keras's own example, smaller."""
    return sequential(
        layers.Conv2D(6, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(12, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.2),
        dense(),
    )


NETWORKS: dict[str, Export] = {
    "keras-example": Export(simple, opset=9),
    "keras-example-18": Export(simple, Recipe("signed", (28, 28, 1), epochs=2), opset=18),
    "keras-own-export": Export(simple, Recipe("bytes", (28, 28, 1), epochs=2), exporter="keras"),
    "keras-batchnorm": Export(
        lambda: sequential(
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(12, 3),
            layers.ReLU(),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            dense(),
        ),
        Recipe("plain", (28, 28, 1), epochs=3),
        opset=13,
    ),
    "keras-separable": Export(
        lambda: sequential(
            layers.SeparableConv2D(8, 3, padding="same", activation="relu6"),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2),
            layers.Activation("swish"),
            layers.Conv2D(16, 1),
            layers.LeakyReLU(),
            layers.Flatten(),
            dense(),
        ),
        opset=17,
    ),
    "keras-zero-padding": Export(
        lambda: sequential(
            layers.ZeroPadding2D(((0, 1), (2, 1))),
            layers.Conv2D(6, 5, strides=2, activation="tanh"),
            layers.Conv2D(12, 3, strides=2, padding="same", activation="hard_sigmoid"),
            layers.Flatten(),
            dense(),
        ),
        opset=12,
    ),
    "keras-rescaling": Export(
        lambda: sequential(
            layers.Rescaling(1 / 255), layers.Conv2D(6, 5, strides=2, activation="mish"), layers.Flatten(), dense()
        ),
        Recipe("bytes", (28, 28, 1), epochs=2),
        opset=16,
    ),
    "keras-normalization": Export(
        lambda: sequential(
            layers.Rescaling(1 / 78.6, offset=-33.3 / 78.6),
            layers.Conv2D(6, 5, activation="selu"),
            layers.MaxPooling2D(3),
            layers.Flatten(),
            dense(),
        ),
        Recipe("bytes", (28, 28, 1), epochs=2),
    ),
    "keras-functional": Export(functional, opset=14),
    "keras-mlp": Export(
        lambda: sequential(layers.Dense(24, activation="relu"), dense(), shape=(784,)),
        Recipe("plain", (784,), epochs=2),
    ),
    "keras-flatten": Export(
        lambda: sequential(layers.Flatten(), layers.Dense(24, activation="sigmoid"), dense(), shape=(28, 28)),
        Recipe("plain", (28, 28), epochs=3),
        opset=10,
    ),
    "keras-reshape": Export(
        lambda: sequential(
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(6, 5, dilation_rate=2, activation="relu"),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            dense(),
            shape=(28, 28),
        ),
        Recipe("inverted", (28, 28), epochs=2),
    ),
    "keras-colors": Export(
        lambda: sequential(
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(12, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            dense(),
            shape=(32, 32, 3),
        ),
        Recipe("plain", (32, 32, 3), 32, epochs=3),
    ),
    "keras-softplus": Export(
        lambda: sequential(
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(16, 3, strides=(1, 2), activation="softplus"),
            layers.Flatten(),
            dense(),
        ),
        opset=11,
    ),
}
"""Name → network."""
