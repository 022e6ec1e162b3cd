"""Everything that decides how a training run ends, in one frozen record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from model.data.augmentation import Augmentation


@dataclass(frozen=True)
class TrainConfig:
    """A run: the same config on the same data gives the same weights.

    Attributes:
        architecture: Name in `model.architectures.ARCHITECTURES`.
        split: ``validation`` keeps the last 5,000 training digits aside to choose by; ``full`` trains on all
            60,000 and reads the test digits once, at the end.
        epochs: Passes over the digits.
        seed: Of initial weights, order, augmentation and synthetic digits.
        batch_size: Images for each step.
        peak_rate: Highest learning rate of the one cycle.
        warmup_share: Share of the steps in which the rate rises.
        weight_decay: Decoupled decay of kernels, for each step in units of the rate.
        first_kernel_smoothing: Decoupled decay of each cell of the first layer's kernels toward its neighbors, in
            the same units. They are there to be looked at: without it they come out as noise (high-frequency
            share 0.5 and more, against 0.2), with it as smooth, oriented edges, and just as accurate.
        first_bias_decay: Decoupled decay of the first layer's biases. Adam's steps are about as long as the rate, so
            this bounds each bias to about its reciprocal. Nearly all of a digit is paper, where an activation *is* the
            bias; unbounded, it drifted below what a smooth kernel answers to any stroke, and the filter was dead.
        label_smoothing: Share of each target spread over all classes.
        average_decay: Of the exponential average of weights that is evaluated and exported.
        synthetic_digits: How many synthetic digits are drawn for the run.
        synthetic_share: Synthetic digits seen in each epoch, as a share of MNIST's.
        augmentation: Changes made to MNIST's digits.
        synthetic_augmentation: Changes made to synthetic digits: stronger, since templates vary less than hands.
        history_length: How many checkpoints, evenly spaced in log(step), the history keeps.
        chunk_size: Images for each task of a step. Part of the record, since sums depend on their order.
    """

    architecture: str = "cnn"
    split: str = "validation"
    epochs: int = 44
    seed: int = 1
    batch_size: int = 128
    peak_rate: float = 0.003
    warmup_share: float = 0.2
    weight_decay: float = 0.02
    first_kernel_smoothing: float = 0.5
    first_bias_decay: float = 20.0
    label_smoothing: float = 0.05
    average_decay: float = 0.999
    synthetic_digits: int = 60_000
    synthetic_share: float = 0.2
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(
            rotation=8.0,
            shift=1.5,
            scale=0.08,
            shear=0.1,
            elastic=0.5,
            thickness=0.5,
            fading=0.2,
            noise=0.1,
            clean_share=0.1,
        )
    )
    synthetic_augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(
            rotation=10.0,
            shift=1.5,
            scale=0.15,
            shear=0.25,
            elastic=0.8,
            thickness=0.5,
            fading=0.2,
            noise=0.1,
            clean_share=0.1,
        )
    )
    history_length: int = 24
    chunk_size: int = 64

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a record in JSON."""
        return asdict(self)


QUICK = TrainConfig(
    epochs=1,
    batch_size=64,
    chunk_size=32,
    peak_rate=0.004,
    warmup_share=0.15,
    label_smoothing=0.0,
    first_kernel_smoothing=0.0,
    average_decay=0.99,
    synthetic_share=0.0,
    augmentation=Augmentation(),
)
"""One pass over the digits as they are, for whoever will not wait: about 99 % within seconds, but kernels that
look like noise and drawings that are read less well."""

RECIPES: Mapping[str, TrainConfig] = {
    "cnn": TrainConfig(),
    "cnn-quick": QUICK,
    # The same recipe in all that matters to the weights. These networks have five times as many of them, so that
    # the history keeps fewer checkpoints.
    "mlp-500": TrainConfig(architecture="mlp-500", history_length=5),
    "locally-connected": TrainConfig(architecture="locally-connected", history_length=5),
}
"""By name; an architecture's own recipe has its name."""
