"""Initial weights. Biases start at zero, so only kernels are drawn."""

import math

import numpy as np

from model.arrays import Float32


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, scale: float = 1.0) -> Float32:
    """Draw weights that keep the variance of activations through a ReLU.

    Args:
        rng: Source of randomness.
        shape: Shape of the weights.
        fan_in: How many inputs one neuron reads.
        scale: Factor on the standard deviation. Below 1 a layer starts close to zero, so
            that what it learns outweighs the noise it began with: its kernels can be read.

    Returns:
        float32 of the given shape, mean 0, standard deviation ``scale * sqrt(2 / fan_in)``.

    Source:
        He, Zhang, Ren & Sun (2015), "Delving deep into rectifiers", equation 10.
    """
    deviation = scale * math.sqrt(2.0 / fan_in)
    return (deviation * rng.standard_normal(shape)).astype(np.float32)
