"""How a kernel's gradient is computed: every position's δ times its patch, added up.

The gradients are those of one digit's loss, with the label as the only target. They are computed by the layers' own
`backward`, in double precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.errors import ParameterError
from model.exact_trace import trace_exactly
from model.losses import log_softmax
from model.network import Network

STEP = 2.0**-18
"""The finite difference step: far above rounding in double precision, and so small that hardly any ReLU changes between
zero and positive. Of 155 random weights of conv1 on four digits, with 2⁻¹³ the difference quotient of 17 % was off by
more than a thousandth, with this step none was."""


@dataclass(frozen=True)
class Backpropagation:
    """One digit's loss and all of its gradients.

    Attributes:
        loss: -log of the label's probability, in nats.
        outputs: Layer → (F, H, W) float64, its feature maps.
        deltas: Layer → (F, H, W) float64, the gradient of the loss by its feature maps. The softmax is left out: the
            loss is computed from the logits.
        gradients: ``conv1.weight`` → float64 of that array's shape, the gradient of the loss by it.
    """

    loss: float
    outputs: Mapping[str, Float64]
    deltas: Mapping[str, Float64]
    gradients: Mapping[str, Float64]


@dataclass(frozen=True)
class FiniteDifference:
    """The loss before and after a small change of one weight, in both directions.

    Attributes:
        weight: The weight.
        step: How far it was changed in each direction.
        loss_below: The loss with the weight minus the step.
        loss_above: The loss with the weight plus the step.
    """

    weight: float
    step: float
    loss_below: float
    loss_above: float

    @property
    def quotient(self) -> float:
        """The central difference quotient, which approximates the gradient by this weight."""
        return (self.loss_above - self.loss_below) / (2 * self.step)


@dataclass(frozen=True)
class Descent:
    """A network after steps of gradient descent.

    Attributes:
        network: After the last step that left every number finite.
        steps: How many steps that are.
        diverged: Whether a further step was requested, after which some number is no longer finite.
    """

    network: Network
    steps: int
    diverged: bool


def backpropagate(network: Network, pixels: Float32, label: int) -> Backpropagation:
    """Every gradient of one digit's loss.

    Args:
        network: The network.
        pixels: (H, W) float32, or (3, H, W) colors.
        label: The class that counts as correct.
    """
    x: NDArray[Any] = network.images_of(pixels[np.newaxis]).astype(np.float64)
    double = network.as_dtype(np.float64)
    recording = double.record(x)
    before_softmax = list(network.layers)[-2]
    log_probabilities = log_softmax(recording.outputs[before_softmax][:, :, 0, 0])
    # d loss / d logits = p - onehot(label): finite also where the label's probability underflows to zero.
    delta = np.exp(log_probabilities)
    delta[0, label] -= 1
    back = double.backward_from(before_softmax, delta[:, :, np.newaxis, np.newaxis], recording, input_gradient=False)
    return Backpropagation(
        loss=_loss(log_probabilities, label),
        outputs={name: output[0] for name, output in recording.outputs.items()},
        deltas={name: back.deltas[name][0] for name in network.layers if name in back.deltas},
        gradients={name: np.asarray(back.gradients[name], np.float64) for name in network.parameters},
    )


def descend(network: Network, pixels: Float32, label: int, learning_rate: float, steps: int = 1) -> Descent:
    """Plain gradient descent on one digit: each weight minus its gradient times the learning rate.

    Stops before a step after which a weight, an activation or the loss is no longer finite.

    Args:
        network: Left unchanged.
        pixels: (H, W) float32, or (3, H, W) colors.
        label: The class that counts as correct.
        learning_rate: Learning rate.
        steps: How many.
    """
    # With a learning rate that is too large, numbers overflow, which is checked here and needs no warning.
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            gradients = backpropagate(network, pixels, label).gradients
            changed = network.with_parameters(
                {name: array - learning_rate * gradients[name] for name, array in network.parameters.items()}
            )
            if not _is_finite(changed, pixels, label):
                return Descent(network, step, diverged=True)
            network = changed
    return Descent(network, steps, diverged=False)


def require_index(parameter: str, shape: Sequence[int], index: Sequence[int]) -> None:
    """Raises ParameterError if an array of this name and shape has no such index."""
    if len(index) != len(shape) or any(not 0 <= at < extent for at, extent in zip(index, shape, strict=True)):
        raise ParameterError(f"there is nothing at {list(index)} in {parameter}; its shape is {list(shape)}")


def finite_difference(
    network: Network, pixels: Float32, label: int, parameter: str, index: tuple[int, ...], step: float = STEP
) -> FiniteDifference:
    """Change one weight a little in both directions and measure the loss.

    Args:
        network: Left unchanged.
        pixels: (H, W) float32, or (3, H, W) colors.
        label: The class that counts as correct.
        parameter: Name of an array of `Network.parameters`.
        index: Of the weight in that array.
        step: How far the weight is changed.

    Raises:
        ParameterError: There is no such weight.
    """
    if parameter not in network.parameters:
        raise ParameterError(f"there is no {parameter!r}; there are: {', '.join(network.parameters)}")
    require_index(parameter, network.parameters[parameter].shape, index)
    dilation = getattr(network.layers[parameter.rpartition(".")[0]], "dilation", None) or (1, 1)
    if parameter.endswith(".weight") and any(at % step for at, step in zip(index[-2:], dilation, strict=True)):
        raise ParameterError(f"there is a hole at {list(index)} in {parameter}; its dilation is {list(dilation)}")
    changed = network.as_dtype(np.float64)
    weights = changed.parameters[parameter]
    weight = float(weights[index])
    losses = []
    for value in (weight - step, weight + step):
        weights[index] = value
        losses.append(loss_of(changed, pixels, label))
    return FiniteDifference(weight, step, *losses)


def loss_of(network: Network, pixels: Float32, label: int) -> float:
    """-log of the label's probability, in nats, in double precision."""
    outputs = trace_exactly(network, network.images_of(pixels[np.newaxis]))
    logits = list(outputs.values())[-2][:, :, 0, 0]
    return _loss(log_softmax(logits), label)


def _loss(log_probabilities: NDArray[Any], label: int) -> float:
    return 0.0 - float(log_probabilities[0, label])  # 0 rather than -0 for a probability of 1


def _is_finite(network: Network, pixels: Float32, label: int) -> bool:
    """Whether weights, activations and the loss are; the activations in single precision, which overflows first."""
    activations = network.trace(network.images_of(pixels[np.newaxis])).outputs
    arrays = [*network.parameters.values(), *activations.values()]
    return all(np.isfinite(array).all() for array in arrays) and bool(np.isfinite(loss_of(network, pixels, label)))
