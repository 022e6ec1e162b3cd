"""``python -m bench.robust_input``: how many images of each kind that people bring are classified correctly.

Digits are the validation digits of MNIST, enlarged, drawn into the images of `bench.drawn_images`. Nothing of the test
digits is used.
"""

import argparse
import io
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from app.codecs.uploaded_image import Limits, decode_image
from app.framing import frame, from_image
from bench.drawn_images import KINDS, Picture, enlarge
from model.artifact import load_artifact
from model.data.mnist import Digits, load_training_digits, split_validation
from model.network import Network
from model.train.cli import ARTIFACTS

LIMITS = Limits(bytes=24 * 2**20, pixels=20_000_000, jpeg_pixels=100_000_000)
SCALES = (2, 5, 20)
PHOTOS = frozenset({"photo", "pencil", "hard-shadow", "penumbra", "ruled", "squared", "on-table", "cell", "blurred"})

Framed = NDArray[np.float32]
Read = Callable[[bytes], Framed]


def read(data: bytes) -> Framed:
    """(28, 28), the network's input for an uploaded file."""
    image = decode_image(data, LIMITS)
    return frame(from_image(image.colors, image.size), "auto").pixels


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.robust_input", description=__doc__)
    parser.add_argument("--images", type=int, default=200, help="images of each kind (default: %(default)s)")
    parser.add_argument("--digits", type=int, default=5000, help="digits at each scale (default: %(default)s)")
    parser.add_argument("--mnist", type=Path, help="folder with MNIST's files")
    options = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        measure(read, options.images, options.digits, options.mnist)


def measure(read: Read, images: int, digits: int, folder: Path | None) -> None:
    """Print the share that is classified correctly and the time of one image, by kind and by scale."""
    network = load_artifact(ARTIFACTS / "cnn").network
    _fit, validation = split_validation(load_training_digits(folder))
    print(f"{'kind':<20}{'correct':>9}{'ms':>8}")
    for name in KINDS:
        _report(name, network, read, drawn(name, images, validation))
    for scale in SCALES:
        _report(f"MNIST, times {scale}", network, read, enlarged(scale, validation[:digits]))


def drawn(name: str, count: int, digits: Digits, seed: int = 2) -> Iterator[tuple[bytes, int]]:
    """Files of one kind with their labels; the same seed draws the same images."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    for index in rng.integers(len(digits.labels), size=count):
        coverage = np.clip(enlarge(digits.images[index], int(rng.choice([140, 280, 560]))), 0, 1)
        yield encoded(KINDS[name](coverage, rng), "JPEG" if name in PHOTOS else "PNG"), int(digits.labels[index])


def enlarged(scale: int, digits: Digits) -> Iterator[tuple[bytes, int]]:
    """Digits enlarged, dark on light."""
    for image, label in zip(digits.images, digits.labels, strict=True):
        coverage = np.clip(enlarge(image, 28 * scale), 0, 1)
        yield encoded(np.rint(255 * (1 - coverage)).astype(np.uint8), "PNG"), int(label)


def encoded(picture: Picture, format: str) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    options = {"quality": 85} if format == "JPEG" else {"compress_level": 1}
    Image.fromarray(picture).save(file, format, **options)
    return file.getvalue()


def _report(name: str, network: Network, read: Read, files: Iterator[tuple[bytes, int]]) -> None:
    inputs, labels, seconds = [], [], []
    for data, label in files:
        begin = time.perf_counter()
        inputs.append(read(data))
        seconds.append(time.perf_counter() - begin)
        labels.append(label)
    logits, _contexts = network.forward(np.stack(inputs)[:, np.newaxis])
    correct = float(np.mean(logits.argmax(axis=1) == labels))
    print(f"{name:<20}{correct:>9.1%}{1000 * float(np.median(seconds)):>8.1f}", flush=True)


if __name__ == "__main__":
    main()
