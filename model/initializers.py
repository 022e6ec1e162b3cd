"""Initial weights. Biases start at zero; kernels are random."""

import math

import numpy as np

from model.arrays import Float32


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> Float32:
    """Draw weights that keep the variance of activations through a ReLU.

    Args:
        rng: Source of random numbers.
        shape: Shape of the weights.
        fan_in: How many inputs one neuron reads.

    Returns:
        float32 of the given shape, mean 0, standard deviation ``sqrt(2 / fan_in)``.

    Source:
        He, Zhang, Ren & Sun (2015), "Delving deep into rectifiers", equation 10.
    """
    deviation = math.sqrt(2.0 / fan_in)
    return (deviation * rng.standard_normal(shape)).astype(np.float32)
