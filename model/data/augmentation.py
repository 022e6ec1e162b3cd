"""Small changes that keep a digit's class: moved, rotated, bent, thickened, faded.

Each digit of a batch is changed independently. All random numbers come from one generator, so that a
batch is a function of its digits and its seed.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Float32
from model.digits.resampling import resize_matrix

ELASTIC_GRID = 5
"""Control points of the elastic field along each axis; few, so that strokes bend and do not break up."""


@dataclass(frozen=True)
class Augmentation:
    """The strength of each change; the defaults change nothing.

    Attributes:
        rotation: Largest rotation in either direction, in degrees.
        shift: Largest translation along each axis, in pixels.
        scale: Largest relative change of size, each axis independently.
        shear: Largest shear, in columns per row.
        elastic: Standard deviation of the elastic field's control points, in pixels.
        thickness: Largest share of a one-pixel dilation or erosion that is mixed in.
        fading: Largest relative loss of ink.
        noise: Largest standard deviation of added noise, ink 1.
        clean_share: Share of digits that are not changed.
    """

    rotation: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    thickness: float = 0.0
    fading: float = 0.0
    noise: float = 0.0
    clean_share: float = 0.0


def augment(images: Float32, strength: Augmentation, rng: np.random.Generator) -> Float32:
    """Change each digit independently.

    Args:
        images: (N, H, W) float32, 0–1.
        strength: Strength of each change.
        rng: Source of all random numbers.

    Returns:
        (N, H, W) float32, 0–1, new.
    """
    clean = rng.random(len(images)) < strength.clean_share
    changed = _thicken(images, strength.thickness, rng)
    changed = _warp(changed, strength, rng)
    changed *= 1 - rng.random((len(images), 1, 1), dtype=np.float32) * np.float32(strength.fading)
    if strength.noise:
        # Squared, so that most digits get little noise and a few get much.
        level = np.float32(strength.noise) * rng.random((len(images), 1, 1), dtype=np.float32) ** 2
        changed += level * rng.standard_normal(images.shape, dtype=np.float32)
        np.clip(changed, 0, 1, out=changed)
    changed[clean] = images[clean]
    return changed


def _thicken(images: Float32, strength: float, rng: np.random.Generator) -> Float32:
    """Mix in the maximum of the four neighbors (thicker) or their minimum (thinner), a share for each digit."""
    if not strength:
        return images.copy()
    share = np.float32(strength) * rng.uniform(-1, 1, (len(images), 1, 1)).astype(np.float32)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    center, neighbors = (
        padded[:, 1:-1, 1:-1],
        (padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]),
    )
    most, least = np.maximum(center, neighbors[0]), np.minimum(center, neighbors[0])
    for neighbor in neighbors[1:]:
        np.maximum(most, neighbor, out=most)
        np.minimum(least, neighbor, out=least)
    return images + np.maximum(share, 0) * (most - images) + np.minimum(share, 0) * (images - least)


def _warp(images: Float32, strength: Augmentation, rng: np.random.Generator) -> Float32:
    """Interpolate each digit once, at positions moved by an affine map and a smooth elastic field."""
    count, height, width = images.shape
    rotation = np.radians(rng.uniform(-strength.rotation, strength.rotation, count))
    scale_y, scale_x = 1 + rng.uniform(-strength.scale, strength.scale, (2, count))
    shear = rng.uniform(-strength.shear, strength.shear, count)
    shift_y, shift_x = rng.uniform(-strength.shift, strength.shift, (2, count))

    # Output pixel → input pixel, around the image's center: rotation, then shear, then scale.
    cos, sin = np.cos(rotation), np.sin(rotation)
    y_from_y, y_from_x = scale_y * cos, scale_y * sin
    x_from_y, x_from_x = scale_x * (shear * cos - sin), scale_x * (cos + shear * sin)
    rows = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, np.newaxis]
    columns = np.arange(width, dtype=np.float32) - (width - 1) / 2

    def each(values: np.ndarray) -> Float32:
        return values.astype(np.float32)[:, np.newaxis, np.newaxis]

    y = each(y_from_y) * rows + each(y_from_x) * columns + each(shift_y + (height - 1) / 2)
    x = each(x_from_y) * rows + each(x_from_x) * columns + each(shift_x + (width - 1) / 2)
    if strength.elastic:
        field = np.float32(strength.elastic) * rng.standard_normal(
            (2, count, ELASTIC_GRID, ELASTIC_GRID), dtype=np.float32
        )
        smooth = resize_matrix(ELASTIC_GRID, height) @ field @ resize_matrix(ELASTIC_GRID, width).T
        y += smooth[0]
        x += smooth[1]
    return _read_bilinear(images, y, x)


def _read_bilinear(images: Float32, y: Float32, x: Float32) -> Float32:
    """(N, H, W), interpolated at fractional rows y and columns x, (N, H, W) each; zero outside the image."""
    count, height, width = images.shape
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    np.clip(y, -1, height, out=y)
    np.clip(x, -1, width, out=x)
    top, left = np.floor(y), np.floor(x)
    y -= top
    x -= left
    stride = width + 3
    image_offset = (np.arange(count, dtype=np.int32) * (stride * (height + 3)))[:, np.newaxis, np.newaxis]
    corner = (top.astype(np.int32) + 1) * stride + (left.astype(np.int32) + 1) + image_offset
    flat = padded.ravel()
    upper_left, upper_right = flat[corner], flat[corner + 1]
    lower_left, lower_right = flat[corner + stride], flat[corner + stride + 1]
    upper = upper_left + x * (upper_right - upper_left)
    lower = lower_left + x * (lower_right - lower_left)
    result: Float32 = upper + y * (lower - upper)
    return result
