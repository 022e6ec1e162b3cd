"""The configuration of a training run: everything that its result depends on, besides the data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from model.data.augmentation import Augmentation


@dataclass(frozen=True)
class TrainConfig:
    """One run. The same config on the same data gives the same weights.

    Attributes:
        architecture: Name in `model.architectures.ARCHITECTURES`.
        split: ``validation`` keeps the last 5,000 training digits aside for choosing a recipe; ``full`` trains on
            all 60,000 and evaluates the test digits once, at the end.
        epochs: Passes over the digits.
        seed: Of initial weights, order, augmentation and synthetic digits.
        batch_size: Images for each step.
        max_learning_rate: Maximum of the one cycle.
        warmup_share: Share of the steps in which the learning rate rises.
        weight_decay: Decoupled decay of kernels, for each step in units of the learning rate.
        first_kernel_smoothing: Decoupled decay of each cell of the first layer's kernels toward its neighbors, in
            the same units. Kernels are shown to people: without it they look like noise (high-frequency share 0.5 and
            more, instead of 0.2), with it like smooth, oriented edges, and the network is just as accurate.
        first_bias_decay: Decoupled decay of the first layer's biases. Adam's steps are about as long as the learning
            rate, so this bounds each bias to about the decay's reciprocal. Most of a digit is paper, where the
            activation equals the bias; unbounded, it drifted so low that no stroke activated the filter.
        activity_floor: Lowest activation that every filter should reach in a chunk of images. Below it a small gradient
            raises the filter: a filter that is zero on every digit gets no other gradient and stays dead. 0 turns it
            off.
        activity_weight: Of that gradient; see `model.network.ActivityFloor`.
        label_smoothing: Share of each target spread over all classes.
        equal_filters: The filters of the first layer began equal, with equal weights in the layer behind. Their
            gradients are then equal except for rounding, since a matrix product may add up its columns in different
            orders; each gets the mean of them, or rounding would take the part of a random start.
        logit_scale: What the finished network's logits are multiplied by. Label smoothing teaches probabilities that
            are too low; a larger scale calibrates them (Guo et al. 2017, temperature scaling by 1/scale).
        ema_decay: Of the exponential moving average of the weights, which is evaluated and exported.
        synthetic_digits: Number of synthetic digits drawn for the run.
        pen_renderings: How often each pen digit is drawn for the run, each time varied in another way.
        drawn_share: Digits drawn from strokes that are seen in each epoch, as a share of MNIST's. Synthetic and pen
            digits are chosen by their numbers.
        augmentation: Changes made to MNIST's digits.
        drawn_augmentation: Changes made to digits drawn from strokes: stronger, since templates and thirty
            writers vary less than MNIST's five hundred.
        history_length: Number of checkpoints in the history, evenly spaced in log(step).
        chunk_size: Images for each task of a step. Part of the record, since sums depend on their order.
    """

    architecture: str = "cnn"
    split: str = "validation"
    epochs: int = 32
    seed: int = 1
    batch_size: int = 128
    max_learning_rate: float = 0.003
    warmup_share: float = 0.2
    weight_decay: float = 0.02
    first_kernel_smoothing: float = 0.5
    first_bias_decay: float = 20.0
    activity_floor: float = 0.1
    activity_weight: float = 0.02
    label_smoothing: float = 0.05
    equal_filters: bool = False
    logit_scale: float = 2.0
    ema_decay: float = 0.999
    synthetic_digits: int = 36_000
    pen_renderings: int = 4
    drawn_share: float = 0.2
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
    drawn_augmentation: Augmentation = field(
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
    history_length: int = 16
    chunk_size: int = 64

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a record in JSON."""
        return asdict(self)


QUICK = TrainConfig(
    epochs=1,
    batch_size=64,
    chunk_size=32,
    max_learning_rate=0.004,
    warmup_share=0.15,
    label_smoothing=0.0,
    logit_scale=1.0,
    first_kernel_smoothing=0.0,
    ema_decay=0.99,
    drawn_share=0.0,
    augmentation=Augmentation(),
)
"""One pass over unchanged digits: about 99% within seconds, but the kernels look like noise and drawings are classified
less well."""

RECIPES: Mapping[str, TrainConfig] = {
    "cnn": TrainConfig(),
    "cnn-quick": QUICK,
    # The same recipe, except that the history keeps fewer checkpoints: these networks have five times as many weights.
    "mlp-500": TrainConfig(architecture="mlp-500", history_length=3),
    "locally-connected": TrainConfig(architecture="locally-connected", history_length=3),
}
"""Name → recipe. An architecture's default recipe has its name."""
