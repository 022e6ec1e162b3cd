"""Changes of a digit that a network should tolerate: what they do, and how far they go.

One definition for the digit of a visitor and for the measured curves: each takes framed digits and a level, and returns
digits of the same size with ink between 0 and 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.errors import ParameterError
from model.losses import softmax
from model.network import Network

BATCH = 50
"""Digits of one pass through a network."""

TRUNCATE = 4.0
"""A Gaussian ends at so many standard deviations."""

Images = Float32
"""(N, H, W) float32, 0 paper to 1 ink."""


@dataclass(frozen=True)
class Perturbation:
    """A kind of change.

    Attributes:
        name: In requests and records.
        unit: Of its level: what the number means.
        least: Lowest level.
        most: Highest level.
        step: Between the levels of a dial.
        unchanged: The level that changes nothing.
        levels: Those of the measured curves.
    """

    name: str
    unit: str
    least: float
    most: float
    step: float
    unchanged: float
    levels: tuple[float, ...]


FGSM = "fgsm"


def _spread(least: float, most: float, count: int) -> tuple[float, ...]:
    return tuple(round(float(level), 6) for level in np.linspace(least, most, count))


PERTURBATIONS: Mapping[str, Perturbation] = {
    each.name: each
    for each in (
        Perturbation("rotate", "degrees clockwise", -90, 90, 1, 0, _spread(-90, 90, 13)),
        Perturbation("scale", "times as large", 0.3, 1.7, 0.02, 1, _spread(0.4, 1.6, 13)),
        Perturbation("shear", "pixels sideways for each pixel up", -1, 1, 0.02, 0, _spread(-1, 1, 11)),
        Perturbation("shift", "pixels to the right", -14, 14, 0.5, 0, _spread(-10, 10, 11)),
        Perturbation("thicken", "pixels added on each side of a stroke", 0, 3, 0.05, 0, _spread(0, 3, 7)),
        Perturbation("thin", "pixels taken from each side of a stroke", 0, 2, 0.05, 0, _spread(0, 1.5, 7)),
        Perturbation("blur", "pixels, the standard deviation of the Gaussian", 0, 4, 0.1, 0, _spread(0, 4, 9)),
        Perturbation("noise", "standard deviation, ink being 1", 0, 1, 0.02, 0, _spread(0, 1, 11)),
        Perturbation("contrast", "share of the contrast taken away", 0, 0.98, 0.02, 0, (*_spread(0, 0.9, 10), 0.98)),
        Perturbation("occlude", "pixels, the side of the square of paper", 0, 20, 2, 0, _spread(0, 20, 11)),
        Perturbation(FGSM, "ε, the change of each pixel", 0, 0.5, 0.01, 0, _spread(0, 0.5, 11)),
    )
}
"""By name; `fgsm` is the fast gradient sign method, which needs a network and labels."""


def perturb(
    kind: str,
    images: Images,
    level: float,
    seeds: Sequence[int],
    gradient: NDArray[np.floating[Any]] | None = None,
) -> Images:
    """Change digits.

    Args:
        kind: A key of `PERTURBATIONS`.
        images: (N, H, W) float32, 0–1.
        level: Between the ends of that kind.
        seeds: Of each digit's noise.
        gradient: (N, H, W), of the loss by the pixels, as `gradient_by_pixels` computes it; only `fgsm` needs it.

    Returns:
        (N, H, W) float32, 0–1; the images themselves at the level that changes nothing.

    Raises:
        ParameterError: The kind is unknown, or the level is beyond its ends.
    """
    if kind not in PERTURBATIONS:
        raise ParameterError(f"there is no perturbation {kind!r}; there are: {', '.join(PERTURBATIONS)}")
    found = PERTURBATIONS[kind]
    if not found.least <= level <= found.most:
        raise ParameterError(f"{kind} takes levels from {found.least:g} to {found.most:g}, not {level:g}")
    if level == found.unchanged:
        return images
    if kind == "noise":
        return add_noise(images, level, seeds)
    if kind == FGSM:
        assert gradient is not None, "the fast gradient sign method needs the gradient"
        return fast_gradient_sign(images, level, gradient)
    return _WITHOUT_MORE[kind](images, level)


def perturb_one(network: Network, kind: str, pixels: Float32, level: float, seed: int, label: int | None) -> Float32:
    """Change one digit.

    Args:
        network: The network; `fgsm` follows its own gradient.
        kind: A key of `PERTURBATIONS`.
        pixels: (H, W) float32, 0–1.
        level: Between the ends of that kind.
        seed: Of the noise.
        label: The class whose loss `fgsm` raises; None for other kinds.

    Returns:
        (H, W) float32, 0–1.

    Raises:
        ParameterError: As for `perturb`.
    """
    images = pixels[np.newaxis]
    gradient = None if label is None else gradient_by_pixels(network, images, [label])
    return perturb(kind, images, level, [seed], gradient)[0]


def accuracy_curve(network: Network, kind: str, images: Images, labels: Sequence[int]) -> list[float]:
    """The share of digits that are classified correctly at each of a kind's levels.

    Args:
        network: The network; `fgsm` follows its own gradient.
        kind: A key of `PERTURBATIONS`.
        images: (N, H, W) float32, of the network's input size.
        labels: Their classes. The noise of each digit has its number as the seed.
    """
    gradient = gradient_by_pixels(network, images, labels) if kind == FGSM else None
    accuracies = []
    for level in PERTURBATIONS[kind].levels:
        changed = perturb(kind, images, level, range(len(images)), gradient)
        correct = 0
        for begin in range(0, len(images), BATCH):
            probabilities = network.trace(network.images_of(changed[begin : begin + BATCH])).probabilities
            correct += int((probabilities.argmax(axis=1) == labels[begin : begin + BATCH]).sum())
        accuracies.append(correct / len(images))
    return accuracies


def rotate(images: Images, degrees: float) -> Images:
    """Rotate digits clockwise around the middle of the image."""
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return _warp(images, np.array([[cosine, -sine], [sine, cosine]]))


def scale(images: Images, factor: float) -> Images:
    """Enlarge digits around the middle of the image; a factor below 1 makes them smaller."""
    # A smaller digit is first blurred, or pixels between the sampled ones would be lost.
    smooth = blur(images, 0.5 * np.sqrt(max(0.0, factor**-2 - 1))) if factor < 1 else images
    return _warp(smooth, np.eye(2) / factor)


def shear(images: Images, amount: float) -> Images:
    """Slant digits: each row moves to the right by this many pixels for each pixel that it lies above the middle."""
    return _warp(images, np.array([[1, 0], [amount, 1]]))


def shift(images: Images, right: float) -> Images:
    """Move digits to the right; between whole pixels, ink is interpolated."""
    return _warp(images, np.eye(2), (0, -right))


def thicken(images: Images, radius: float) -> Images:
    """Dilate: each pixel becomes the largest ink within a disk.

    Pixels on the edge of the disk count with the share ``clip(radius + 1 − distance, 0, 1)``, so that the result
    changes continuously with the radius.
    """
    reach = int(np.ceil(radius))
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)))
    height, width = images.shape[1:]
    largest = np.zeros_like(images)
    for row in range(2 * reach + 1):
        for column in range(2 * reach + 1):
            share = np.clip(radius + 1 - np.hypot(row - reach, column - reach), 0, 1)
            if share > 0:
                moved = padded[:, row : row + height, column : column + width] * np.float32(share)
                np.maximum(largest, moved, out=largest)
    return largest


def thin(images: Images, radius: float) -> Images:
    """Erode: dilate the paper."""
    reach = int(np.ceil(radius))
    # Beyond the image there is paper, too.
    paper = np.pad(1 - images, ((0, 0), (reach, reach), (reach, reach)), constant_values=1)
    eroded = 1 - thicken(paper, radius)
    return np.ascontiguousarray(eroded[:, reach : eroded.shape[1] - reach, reach : eroded.shape[2] - reach])


def blur(images: Images, sigma: float) -> Images:
    """Convolve with a Gaussian, cut off at four standard deviations, with paper around the image."""
    reach = int(np.ceil(TRUNCATE * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    weights /= weights.sum()
    blurred: NDArray[Any] = images
    for axis in (1, 2):
        size = images.shape[axis]
        room = [(0, 0)] * 3
        room[axis] = (reach, reach)
        padded = np.pad(blurred, room)
        blurred = sum(
            weight * padded.take(range(at, at + size), axis=axis)
            for at, weight in enumerate(weights.astype(np.float32))
        )
    return np.clip(blurred, 0, 1)


def add_noise(images: Images, deviation: float, seeds: Sequence[int]) -> Images:
    """Add Gaussian noise to each pixel, and clip to 0–1.

    The same seed gives the same noise at every level, only stronger or weaker.
    """
    shape = images.shape[1:]
    noise: Images = np.array([np.random.default_rng(seed).standard_normal(shape, dtype=np.float32) for seed in seeds])
    return np.clip(images + np.float32(deviation) * noise, 0, 1)


def lower_contrast(images: Images, share: float) -> Images:
    """Take away this share of all ink."""
    return images * np.float32(1 - share)


def occlude(images: Images, size: float) -> Images:
    """Cover the middle of the image with a square of paper.

    Args:
        images: (N, H, W) float32.
        size: Of the square, in pixels; rounded to a number that leaves the same on both sides.
    """
    changed = images.copy()
    rows, columns = (_middle(extent, size) for extent in images.shape[1:])
    changed[:, rows, columns] = 0
    return changed


def fast_gradient_sign(images: Images, epsilon: float, gradient: NDArray[np.floating[Any]]) -> Images:
    """Move each pixel by ε in the direction that raises the loss, and clip to 0–1.

    Args:
        images: (N, H, W) float32.
        epsilon: ε.
        gradient: (N, H, W), of the loss by the pixels; where it is zero, the pixel stays.

    Source:
        Goodfellow, Shlens & Szegedy (2015), "Explaining and harnessing adversarial examples", section 4: the fast
        gradient sign method.
    """
    return np.clip(images + np.float32(epsilon) * np.sign(gradient).astype(np.float32), 0, 1)


def gradient_by_pixels(network: Network, images: Images, labels: Sequence[int]) -> NDArray[np.float64]:
    """(N, H, W) float64, the gradient of each digit's loss by its pixels, with the labels as the only target."""
    double = network.as_dtype(np.float64)
    last = list(network.layers)[-2]
    parts = []
    for begin in range(0, len(images), BATCH):
        batch: NDArray[Any] = network.images_of(images[begin : begin + BATCH]).astype(np.float64)
        recording = double.record(batch, last=last)
        delta = softmax(recording.outputs[last][:, :, 0, 0])
        delta[np.arange(len(delta)), labels[begin : begin + BATCH]] -= 1
        by_input = double.backward_from(last, delta[:, :, np.newaxis, np.newaxis], recording).input
        assert by_input is not None, "it is left out only on request"
        # Ink goes into every channel alike, so its effect is the sum over them.
        parts.append(by_input.sum(axis=1))
    return np.concatenate(parts).astype(np.float64)


_WITHOUT_MORE: Mapping[str, Callable[[Images, float], Images]] = {
    "rotate": rotate,
    "scale": scale,
    "shear": shear,
    "shift": shift,
    "thicken": thicken,
    "thin": thin,
    "blur": blur,
    "contrast": lower_contrast,
    "occlude": occlude,
}
"""Kinds that need nothing but the digit and the level."""


def _middle(extent: int, size: float) -> slice:
    margin = round((extent - size) / 2)
    return slice(max(0, margin), extent - max(0, margin))


def _warp(images: Images, matrix: NDArray[Any], offset: tuple[float, float] = (0, 0)) -> Images:
    """Interpolate each image at other positions, bilinearly, with paper around it.

    Args:
        images: (N, H, W) float32.
        matrix: (2, 2), from a row and column of the result, counted from the middle, to those of the image.
        offset: Added to them.
    """
    height, width = images.shape[1:]
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    positions = np.moveaxis(np.mgrid[:height, :width], 0, -1) - middle
    rows, columns = np.moveaxis(positions @ matrix.T + middle + np.array(offset), -1, 0)
    # One pixel of paper around the image: a position beyond it is between two pixels of paper.
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    rows, columns = np.clip(rows + 1, 0, height + 1), np.clip(columns + 1, 0, width + 1)
    top, left = np.minimum(np.floor(rows), height).astype(int), np.minimum(np.floor(columns), width).astype(int)
    down, right = (rows - top).astype(np.float32), (columns - left).astype(np.float32)
    upper = padded[:, top, left] * (1 - right) + padded[:, top, left + 1] * right
    lower = padded[:, top + 1, left] * (1 - right) + padded[:, top + 1, left + 1] * right
    warped: Images = upper * (1 - down) + lower * down
    return warped
