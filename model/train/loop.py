"""The training loop. It depends on digits and networks, not on files, MNIST or the command line."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.arrays import Float32, Images, Labels
from model.data.augmentation import augment
from model.data.mnist import Digits
from model.errors import DatasetError
from model.losses import softmax_cross_entropy
from model.memory import keep_freed_memory
from model.network import ActivityFloor, Network
from model.train.config import TrainConfig
from model.train.optimizers import AdamW
from model.train.schedules import one_cycle


@dataclass
class TrainingState:
    """The state of a run, as a checkpoint stores it.

    Attributes:
        network: The network being trained.
        optimizer: Its moments and step count.
        averages: Exponential moving average of every parameter, by name: the weights that are evaluated and exported.
        epoch: Completed epochs.
        seconds: Training time so far, without interruptions.
        curve: A record for each completed epoch.
        history: Step → averaged weights as float16.
    """

    network: Network
    optimizer: AdamW
    ema: dict[str, Float32]
    epoch: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)
    history: dict[int, dict[str, NDArray[np.float16]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """The progress of a run after one step.

    Loss and accuracy are means over the last `RECENT_STEPS`, across epochs: over an epoch, they would jump at its end.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_second: float


Report = Callable[[Progress], None]

RECENT_STEPS = 20


def start_training(network: Network, config: TrainConfig) -> TrainingState:
    """A state before the first step."""
    parameters = network.parameters
    decay = {name: config.weight_decay for name in parameters if name.endswith(".weight")}
    decay[_first_kernels(parameters).replace(".weight", ".bias")] = config.first_bias_decay
    state = TrainingState(
        network=network,
        optimizer=AdamW(parameters, decay),
        ema={name: array.copy() for name, array in parameters.items()},
    )
    state.history[0] = _as_float16(state.ema)
    return state


def steps_per_epoch(mnist: Digits, config: TrainConfig) -> int:
    """Whole batches of each epoch. The few remaining digits are left out; each epoch has another order."""
    return round(len(mnist) * (1 + config.drawn_share)) // config.batch_size


def train(
    state: TrainingState,
    config: TrainConfig,
    mnist: Digits,
    drawn: Digits,
    validation: Digits | None,
    report: Report = lambda progress: None,
    after_epoch: Callable[[TrainingState], None] = lambda state: None,
    threads: int | None = None,
) -> None:
    """Train from the state's epoch to the last configured one.

    Each random choice is drawn from a generator seeded by (seed, epoch, batch). So a resumed run takes exactly the
    steps that an uninterrupted one would have taken, and no state of a generator is stored.

    Args:
        state: Changed in place.
        config: The recipe.
        mnist: Training digits.
        drawn: Digits drawn from strokes to mix in; may be empty if the configured share is 0.
        validation: Digits on which the averaged weights are evaluated after each epoch, if any.
        report: Called after every step.
        after_epoch: Called after every epoch, when the state is complete.
        threads: Number of threads, by default one for each core. The result does not depend on it.

    Raises:
        DatasetError: There are too few digits for one batch.
    """
    keep_freed_memory(array_bytes=2**30, total_bytes=2**30)
    if not steps_per_epoch(mnist, config):
        raise DatasetError(f"{len(mnist)} digits do not fill a batch of {config.batch_size}")
    recent: deque[tuple[float, int]] = deque(maxlen=RECENT_STEPS)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        while state.epoch < config.epochs:
            began = time.perf_counter()
            record = _train_epoch(state, config, mnist, drawn, report, recent, pool)
            state.epoch += 1
            spent = time.perf_counter() - began
            state.seconds += spent
            seen = steps_per_epoch(mnist, config) * config.batch_size
            record = {"epoch": state.epoch, **record, "images_per_second": seen / spent}
            if validation is not None:
                record["validation_accuracy"] = accuracy_of(ema_network(state), validation, pool)
            state.curve.append(record)
            after_epoch(state)


def _train_epoch(
    state: TrainingState,
    config: TrainConfig,
    mnist: Digits,
    drawn: Digits,
    report: Report,
    recent: deque[tuple[float, int]],
    pool: ThreadPoolExecutor,
) -> dict[str, float]:
    """Take the steps of one epoch; returns its mean loss and its accuracy on the digits as they were trained on."""
    steps = config.epochs * steps_per_epoch(mnist, config)
    in_history = history_steps(steps, config.history_length)
    began = time.perf_counter()
    losses: list[float] = []
    correct = 0
    for images, labels in _prepared_batches(config, state.epoch, mnist, drawn, pool):
        loss, correct_in_batch = train_step(state, config, images, labels, steps, pool)
        losses.append(loss)
        correct += correct_in_batch
        recent.append((loss, correct_in_batch))
        step = state.optimizer.step_count
        if step in in_history:
            state.history[step] = _as_float16(state.ema)
        seen = len(losses) * config.batch_size
        report(
            Progress(
                epoch=state.epoch,
                step=step,
                steps=steps,
                loss=float(np.mean([loss for loss, _ in recent])),
                accuracy=sum(correct for _, correct in recent) / (len(recent) * config.batch_size),
                images_per_second=seen / (time.perf_counter() - began),
            )
        )
    return {"loss": float(np.mean(losses)), "accuracy": correct / (len(losses) * config.batch_size)}


def train_step(
    state: TrainingState, config: TrainConfig, images: Images, labels: Labels, steps: int, pool: ThreadPoolExecutor
) -> tuple[float, int]:
    """One step: forward, loss, backward, AdamW, moving average.

    The batch is cut into chunks that the pool's threads work on; NumPy releases the interpreter's lock in its long
    loops. Gradients are summed in the order of the chunks, so the result does not depend on timing.

    Returns:
        The batch's mean loss in nats, and how many of its digits were classified correctly.
    """
    activity = ActivityFloor(config.activity_floor, config.activity_weight) if config.activity_floor else None

    def chunk_gradients(begin: int) -> tuple[float, int, dict[str, Float32]]:
        chunk = slice(begin, begin + config.chunk_size)
        logits, contexts = state.network.forward(images[chunk])
        loss, d_logits = softmax_cross_entropy(logits, labels[chunk], config.label_smoothing)
        share = len(logits) / len(images)
        correct = int(np.count_nonzero(logits.argmax(axis=1) == labels[chunk]))
        gradients = state.network.backward(np.float32(share) * d_logits, contexts, activity)
        return share * loss, correct, gradients

    results = list(pool.map(chunk_gradients, range(0, len(images), config.chunk_size)))
    gradients = results[0][2]
    for _, _, more in results[1:]:
        for name, gradient in gradients.items():
            gradient += more[name]
    if config.equal_filters:
        _equalize(gradients, state.network)

    optimizer = state.optimizer
    learning_rate = one_cycle(optimizer.step_count, steps, config.max_learning_rate, config.warmup_share)
    optimizer.step(gradients, learning_rate)
    parameters = state.network.parameters
    if config.first_kernel_smoothing:
        _smooth(parameters[_first_kernels(parameters)], learning_rate * config.first_kernel_smoothing)

    # Early weights soon become useless, so the average is short at first and grows to its full length.
    decay = min(config.ema_decay, (1 + optimizer.step_count) / (10 + optimizer.step_count))
    for name, ema in state.ema.items():
        ema += np.float32(1 - decay) * (parameters[name] - ema)
    return sum(loss for loss, _, _ in results), sum(correct for _, correct, _ in results)


def ema_network(state: TrainingState) -> Network:
    """A copy of the network with the averaged weights."""
    return state.network.with_parameters(state.ema)


def scale_logits(state: TrainingState, factor: float) -> None:
    """Multiply the logits of a finished run, by the last layer's averaged parameters, in its history, too.

    Args:
        state: A finished run; changed in place, so this is done once.
        factor: See `TrainConfig.logit_scale`.
    """
    last = [name for name, layer in state.network.layers.items() if layer.parameters][-1]
    snapshots: list[dict[str, Any]] = [state.ema, *state.history.values()]
    for values in snapshots:
        for parameter in state.network.layers[last].parameters:
            name = f"{last}.{parameter}"
            values[name] = (values[name] * factor).astype(values[name].dtype)


def predict(
    network: Network, images: NDArray[np.uint8], pool: ThreadPoolExecutor | None = None, batch_size: int = 250
) -> Float32:
    """Logits of many uint8 images.

    Args:
        network: Any network on (1, H, W).
        images: (N, H, W) uint8.
        pool: Threads to share the work, if any.
        batch_size: Images at a time.

    Returns:
        (N, classes) float32.
    """

    def logits(begin: int) -> Float32:
        return network.forward(to_batch(images[begin : begin + batch_size]))[0]

    begins = range(0, len(images), batch_size)
    return np.concatenate(list(pool.map(logits, begins) if pool else map(logits, begins)))


def accuracy_of(network: Network, digits: Digits, pool: ThreadPoolExecutor | None = None) -> float:
    """Share of the digits that are classified correctly, 0–1."""
    return float(np.mean(predict(network, digits.images, pool).argmax(axis=1) == digits.labels))


def to_batch(images: NDArray[np.uint8]) -> Images:
    """(N, H, W) uint8 → (N, 1, H, W) float32, 0–1, images innermost in memory."""
    return images_innermost(images.astype(np.float32) / np.float32(255))


def images_innermost(images: Float32) -> Images:
    """(N, H, W) float32 → (N, 1, H, W) with the images innermost in memory: see `model.windows`."""
    return np.ascontiguousarray(images.transpose(1, 2, 0))[:, np.newaxis].transpose(3, 1, 0, 2)


def history_steps(steps: int, length: int) -> set[int]:
    """The steps after which the history keeps the weights, besides 0: evenly spaced in log(step), up to the last."""
    # The first of them would be step 1, whose weights hardly differ from those before training.
    return {round(step) for step in np.geomspace(1, steps, length)[1:]}


def _prepared_batches(
    config: TrainConfig, epoch: int, mnist: Digits, drawn: Digits, pool: ThreadPoolExecutor
) -> Iterator[tuple[Images, Labels]]:
    """The epoch's batches; the pool prepares each during the training step before it."""
    order_rng = np.random.default_rng([config.seed, epoch])
    extra = round(len(mnist) * config.drawn_share)
    # Indices from len(mnist) on mean drawn digits: no second copy of the images is needed.
    chosen = order_rng.choice(len(drawn), extra, replace=extra > len(drawn)) if extra else np.empty(0, int)
    order = np.concatenate([np.arange(len(mnist)), len(mnist) + chosen])
    order_rng.shuffle(order)

    def prepare(batch: int) -> tuple[Images, Labels]:
        indices = order[batch * config.batch_size : (batch + 1) * config.batch_size]
        rng = np.random.default_rng([config.seed, epoch, batch])
        of_mnist = indices[indices < len(mnist)]
        of_drawn = indices[indices >= len(mnist)] - len(mnist)
        parts = ((mnist, of_mnist, config.augmentation), (drawn, of_drawn, config.drawn_augmentation))
        images = [
            augment(digits.images[members].astype(np.float32) / np.float32(255), strength, rng)
            for digits, members, strength in parts
        ]
        labels = [digits.labels[members] for digits, members, _ in parts]
        return images_innermost(np.concatenate(images)), np.concatenate(labels)

    batches = steps_per_epoch(mnist, config)
    waiting: Future[tuple[Images, Labels]] = pool.submit(prepare, 0)
    for batch in range(batches):
        ready = waiting.result()
        if batch + 1 < batches:
            waiting = pool.submit(prepare, batch + 1)
        yield ready


def _equalize(gradients: dict[str, Float32], network: Network) -> None:
    """Replace the gradients of the first layer's filters, and of the weights behind each, by their mean, in place."""
    kernels, biases, behind, *_ = network.parameters
    for name, axis in ((kernels, 0), (biases, 0), (behind, 1)):
        gradients[name][:] = gradients[name].mean(axis=axis, keepdims=True)


def _smooth(kernels: Float32, amount: float) -> None:
    """Move every cell of (…, k, k) kernels toward its neighbors, in place; a border cell has fewer of them."""
    pull = np.zeros_like(kernels)
    # Along rows, and with both seen turned over, along columns.
    for cells, pulls in ((kernels, pull), (kernels.swapaxes(-2, -1), pull.swapaxes(-2, -1))):
        steps = np.diff(cells, axis=-1)
        pulls[..., :-1] += steps
        pulls[..., 1:] -= steps
    kernels += np.float32(amount) * pull


def _first_kernels(parameters: Mapping[str, Float32]) -> str:
    """The name of the first layer's kernels."""
    return next(iter(parameters))


def _as_float16(values: Mapping[str, Float32]) -> dict[str, NDArray[np.float16]]:
    return {name: array.astype(np.float16) for name, array in values.items()}
