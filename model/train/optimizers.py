"""AdamW: the step from gradients to new weights."""

from collections.abc import Mapping

import numpy as np

from model.arrays import Float32

BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-8


class AdamW:
    """Adam with decoupled weight decay.

    Attributes:
        step_count: Steps taken.
        first_moments: Running mean of each gradient, by parameter name.
        second_moments: Running mean of each squared gradient.

    Source:
        Loshchilov & Hutter (2019), "Decoupled weight decay regularization", algorithm 2.
    """

    def __init__(self, parameters: Mapping[str, Float32], decay: Mapping[str, float]) -> None:
        """Start with moments of zero.

        Args:
            parameters: The arrays to change in place, by name.
            decay: Weight decay by parameter name; a name not listed is not decayed.
        """
        self._parameters = parameters
        self._decay = decay
        self.step_count = 0
        # The moments of all parameters lie in one array: a step is then a few long operations instead of many short
        # ones, and takes a third of the time.
        self._first = np.zeros(sum(array.size for array in parameters.values()), dtype=np.float32)
        self._second = np.zeros_like(self._first)
        self.first_moments = _views(self._first, parameters)
        self.second_moments = _views(self._second, parameters)

    def step(self, gradients: Mapping[str, Float32], learning_rate: float) -> None:
        """Change every parameter in place.

        Args:
            gradients: By parameter name.
            learning_rate: Of this step.
        """
        self.step_count += 1
        correction_1 = 1 - BETA_1**self.step_count
        correction_2 = 1 - BETA_2**self.step_count
        gradient = np.concatenate([gradients[name].ravel() for name in self._parameters])
        self._first += np.float32(1 - BETA_1) * (gradient - self._first)
        self._second += np.float32(1 - BETA_2) * (gradient**2 - self._second)
        deviation = np.sqrt(self._second / np.float32(correction_2)) + np.float32(EPSILON)
        changes = _views(np.float32(learning_rate / correction_1) * self._first / deviation, self._parameters)
        for name, parameter in self._parameters.items():
            parameter *= np.float32(1 - learning_rate * self._decay.get(name, 0.0))
            parameter -= changes[name]


def _views(flat: Float32, shapes: Mapping[str, Float32]) -> dict[str, Float32]:
    """Consecutive parts of a flat array, seen in the shapes of these arrays."""
    ends = np.cumsum([array.size for array in shapes.values()])
    parts = np.split(flat, ends[:-1])
    return {name: part.reshape(array.shape) for (name, array), part in zip(shapes.items(), parts, strict=True)}
