"""Small things that tests are made of: networks, drawings, image files."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.artifact import Artifact, save_predictions, save_weights, write_tensors
from model.calibration import calibrate
from model.data.mnist import Digits
from model.digits.framing import to_mnist_frame
from model.digits.strokes import rasterize_strokes
from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network

TINY_LAYERS = ["conv1", "relu1", "pool1", "linear", "softmax"]

SAMPLES = 30

DEAD_FILTER = 3

# What MNIST's makers saw: a line down, a hook, a ring; enough to tell apart.
SEVEN = [[[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]]
ONE = [[[0.5, 0.2], [0.5, 0.8]]]


def tiny_cnn(seed: int = 0) -> Network:
    """conv 5×5×4 pad 2 → relu → pool 4 → linear 10 → softmax; untrained, and its filter 3 is dead."""
    rng = np.random.default_rng(seed)
    network = Network(
        (1, 28, 28),
        {
            "conv1": Conv2d.create(rng, 1, 4, 5, padding=2),
            "relu1": ReLU(),
            "pool1": MaxPool2d((4, 4)),
            "linear": Linear.create(rng, (4, 7, 7), 10),
            "softmax": Softmax(),
        },
    )
    network.layers["conv1"].parameters["bias"][DEAD_FILTER] = -100
    return network


def two_conv_network(rng: np.random.Generator) -> Network:
    """Two convolutions on (1, 8, 8), small enough for slow oracles; its biases are drawn too, lest one be forgotten."""
    network = Network(
        (1, 8, 8),
        {
            "conv1": Conv2d.create(rng, 1, 3, 3, padding=1),
            "relu1": ReLU(),
            "pool1": MaxPool2d(),
            "conv2": Conv2d.create(rng, 3, 4, 2),
            "relu2": ReLU(),
            "linear": Linear.create(rng, (4, 3, 3), 10),
            "softmax": Softmax(),
        },
    )
    for name, array in network.parameters.items():
        if name.endswith(".bias"):
            array[...] = rng.normal(0, 0.1, array.shape)
    return network


def easy_digits(count: int, seed: int = 0) -> Digits:
    """(count, 8, 8): class k is one bright block at a place of its own, on a little noise."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    images = rng.integers(0, 40, (count, 8, 8), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 4)
        image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 255
    return Digits(images, labels)


def ink_from_drawing(*rows: str) -> NDArray[np.uint8]:
    """Ink where a row has a ``#``: ``ink_from_drawing(".#.", ".#.")``."""
    return np.array([[255 if cell == "#" else 0 for cell in row] for row in rows], dtype=np.uint8)


def write_artifacts(folder: Path, network: Network) -> Path:
    """An artifacts folder with one network, ``cnn``, and 30 samples."""
    rng = np.random.default_rng(1)
    inks = [rasterize_strokes([rng.uniform(0.1, 0.9, (4, 2))], 0.065) for _ in range(SAMPLES)]
    images = np.stack([np.rint(to_mnist_frame(ink).pixels * 255).astype(np.uint8) for ink in inks])
    batch = images[:, np.newaxis].astype(np.float32) / np.float32(255)
    probabilities = network.trace(batch).probabilities
    labels = probabilities.argmax(axis=1).astype(np.uint8)
    labels[::3] = (labels[::3] + 1) % 10  # every third digit is read wrongly
    record = {"test_accuracy": 2 / 3, "test_errors": SAMPLES // 3, "epochs": 0, "seed": 0, "numpy": np.__version__}
    save_weights(Artifact("cnn", "Tiny network", network, calibrate(network, batch), record), folder / "cnn")
    save_predictions(probabilities, folder / "cnn")
    write_tensors(folder / "samples.safetensors.gz", {"images": images, "labels": labels}, {})
    return folder


def encode(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def page_with_line(height: int = 100, width: int = 100, paper: int = 255, ink: int = 0) -> NDArray[np.uint8]:
    """A picture with one upright line in its middle, a tenth as wide as the picture."""
    page = np.full((height, width), paper, dtype=np.uint8)
    page[height // 5 : -height // 5, width * 9 // 20 : width * 11 // 20] = ink
    return page
