"""What a visitor chooses for a training run.

Read by the service and by the process that trains. Imports neither training nor its data, so that the service does not
either.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingRequest:
    """The choices of one training run.

    Attributes:
        kernel_size: Height and width of the kernels, in pixels; odd.
        filters: Number of kernels.
        learning_rate: Maximum learning rate.
        digits: Number of training digits.
        epochs: Passes over the training digits.
        seed: Seed of the weights, the order and the synthetic digits.
    """

    kernel_size: int = 5
    filters: int = 8
    learning_rate: float = 0.004
    digits: int = 5000
    epochs: int = 5
    seed: int = 1
