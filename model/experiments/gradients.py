"""How backpropagation assembles the gradient of a kernel: every position's δ times its patch, added up.

The gradients are those of one digit's loss, with the label as the only target. They are computed by the layers' own
`backward`, in double precision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.errors import ParameterError
from model.exact_trace import Float64, trace_exactly
from model.network import Network

STEP = 2.0**-18
"""How far a finite difference nudges a weight: far above rounding in double precision, and so little that hardly any
ReLU crosses its kink. Of 155 random weights of conv1 on four digits, 2⁻¹³ put 17 % off by more than a thousandth, this
none."""


@dataclass(frozen=True)
class Backpropagation:
    """One digit's loss and all of its gradients.

    Attributes:
        loss: -log of the label's probability, in nats.
        outputs: Layer → (F, H, W) float64, its feature maps.
        deltas: Layer → (F, H, W) float64, the gradient of the loss by its feature maps.
        gradients: ``conv1.weight`` → float64 of that array's shape, the gradient of the loss by it.
    """

    loss: float
    outputs: Mapping[str, Float64]
    deltas: Mapping[str, Float64]
    gradients: Mapping[str, Float64]


@dataclass(frozen=True)
class FiniteDifference:
    """What nudging one weight does to the loss.

    Attributes:
        weight: The weight.
        step: How far it was nudged, both ways.
        below: The loss with the weight less the step.
        above: The loss with the weight plus the step.
    """

    weight: float
    step: float
    below: float
    above: float

    @property
    def slope(self) -> float:
        """The gradient by this weight, measured from outside."""
        return (self.above - self.below) / (2 * self.step)


def backpropagate(network: Network, pixels: Float32, label: int) -> Backpropagation:
    """Every gradient of one digit's loss.

    Args:
        network: The network.
        pixels: (H, W) float32.
        label: The class that counts as right.
    """
    x: NDArray[Any] = network.images_of(pixels[np.newaxis]).astype(np.float64)
    layers = in_double(network).layers
    outputs: dict[str, Float64] = {}
    contexts = {}
    for name, layer in layers.items():
        x, contexts[name] = layer.forward(x)
        outputs[name] = x[0]
    probability = float(x[0, label, 0, 0])
    delta: NDArray[Any] | None = np.zeros_like(x)
    assert delta is not None
    delta[0, label] = -1 / probability
    deltas: dict[str, Float64] = {}
    gradients: dict[str, Float64] = {}
    first = next(iter(layers))
    for name in reversed(list(layers)):
        assert delta is not None
        deltas[name] = delta[0]
        delta, of_layer = layers[name].backward(delta, contexts[name], needs_dx=name != first)
        gradients.update({f"{name}.{parameter}": np.asarray(of, np.float64) for parameter, of in of_layer.items()})
    return Backpropagation(
        loss=-float(np.log(probability)),
        outputs=outputs,
        deltas={name: deltas[name] for name in layers},
        gradients={name: gradients[name] for name in network.parameters},
    )


def descend(network: Network, pixels: Float32, label: int, rate: float, steps: int = 1) -> Network:
    """A network after steps of plain gradient descent on one digit: each weight less its gradient times the rate.

    Args:
        network: Left as it is.
        pixels: (H, W) float32.
        label: The class that counts as right.
        rate: Learning rate.
        steps: How many.
    """
    for _ in range(steps):
        gradients = backpropagate(network, pixels, label).gradients
        network = network.with_parameters(
            {name: array - rate * gradients[name] for name, array in network.parameters.items()}
        )
    return network


def nudge(
    network: Network, pixels: Float32, label: int, parameter: str, index: tuple[int, ...], step: float = STEP
) -> FiniteDifference:
    """Nudge one weight up and down, and see what the loss does.

    Args:
        network: Left as it is.
        pixels: (H, W) float32.
        label: The class that counts as right.
        parameter: Name of an array of `Network.parameters`.
        index: Of the weight in that array.
        step: How far.

    Raises:
        ParameterError: There is no such weight.
    """
    if parameter not in network.parameters:
        raise ParameterError(f"there is no {parameter!r}; there are: {', '.join(network.parameters)}")
    shape = network.parameters[parameter].shape
    if len(index) != len(shape) or any(not 0 <= at < extent for at, extent in zip(index, shape, strict=True)):
        raise ParameterError(f"{parameter} has no weight at {list(index)}; its shape is {list(shape)}")
    doubled = in_double(network)
    weights = doubled.parameters[parameter]
    weight = float(weights[index])
    losses = []
    for nudged in (weight - step, weight + step):
        weights[index] = nudged
        losses.append(loss_of(doubled, pixels, label))
    return FiniteDifference(weight, step, *losses)


def loss_of(network: Network, pixels: Float32, label: int) -> float:
    """-log of the label's probability, in nats, in double precision."""
    probabilities = list(trace_exactly(network, network.images_of(pixels[np.newaxis])).values())[-1]
    return -float(np.log(probabilities[0, label, 0, 0]))


def in_double(network: Network) -> Network:
    """The same network with a float64 copy of every parameter."""
    layers = {}
    for name, layer in network.layers.items():
        own: dict[str, Any] = {key: array.astype(np.float64) for key, array in layer.parameters.items()}
        layers[name] = replace(layer, **own) if own else layer  # type: ignore[type-var]
    return Network(network.input_shape, layers)
