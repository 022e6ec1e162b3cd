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
        self.first_moments = {name: np.zeros_like(array) for name, array in parameters.items()}
        self.second_moments = {name: np.zeros_like(array) for name, array in parameters.items()}

    def step(self, gradients: Mapping[str, Float32], learning_rate: float) -> None:
        """Change every parameter in place.

        Args:
            gradients: By parameter name.
            learning_rate: Of this step.
        """
        self.step_count += 1
        correction_1 = 1 - BETA_1**self.step_count
        correction_2 = 1 - BETA_2**self.step_count
        for name, parameter in self._parameters.items():
            gradient = gradients[name]
            first, second = self.first_moments[name], self.second_moments[name]
            first += np.float32(1 - BETA_1) * (gradient - first)
            second += np.float32(1 - BETA_2) * (gradient**2 - second)
            parameter *= np.float32(1 - learning_rate * self._decay.get(name, 0.0))
            deviation = np.sqrt(second / np.float32(correction_2)) + np.float32(EPSILON)
            parameter -= np.float32(learning_rate / correction_1) * first / deviation
