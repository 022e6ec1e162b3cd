"""What a visitor chooses for a training run.

Read by the service and by the process that trains. Imports neither training nor its data, so that the service does not
either.
"""

from dataclasses import dataclass
from typing import Literal

MAX_DIGITS = 5000
"""Training digits; 1,000 more are held out, of the 6,000 that are shipped."""

MAX_EPOCHS = 20

LONG = 4
"""A run that takes so many times as long as the default one is a long one: it gives way to the others."""

Start = Literal["random", "equal"]


@dataclass(frozen=True)
class TrainingRequest:
    """The choices of one training run.

    Attributes:
        kernel_size: Height and width of the kernels, in pixels; odd.
        filters: Number of kernels.
        learning_rate: Maximum learning rate.
        digits: Number of training digits.
        epochs: Passes over the training digits.
        seed: Seed of the weights and the order.
        start: Weights at the beginning. random: as usual. equal: every kernel is the first one, and every map has the
            same outgoing weights; the gradient is then the same for all of them, and they stay equal.
    """

    kernel_size: int = 5
    filters: int = 8
    learning_rate: float = 0.004
    digits: int = 5000
    epochs: int = 5
    seed: int = 1
    start: Start = "random"

    @property
    def products(self) -> int:
        """Products of the convolution in all passes, forward alone: how long the run takes, up to a constant."""
        return 28 * 28 * self.kernel_size**2 * self.filters * self.digits * self.epochs

    @property
    def is_long(self) -> bool:
        """Whether it takes at least `LONG` times as long as the default run."""
        return self.products >= LONG * TrainingRequest().products
