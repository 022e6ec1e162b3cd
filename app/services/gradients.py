"""One digit's gradients, for whoever wants to see how they are assembled."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.errors import UnknownWeight
from app.services.framing import NetworkInput
from app.services.network_catalog import ServedNetwork, by_filter
from model.arrays import Float32
from model.errors import ParameterError
from model.exact_trace import Float64
from model.experiments.gradients import (
    Backpropagation,
    FiniteDifference,
    backpropagate,
    descend,
    loss_of,
    nudge,
)


@dataclass(frozen=True)
class LayerGradient:
    """What backpropagation leaves in a layer.

    Attributes:
        name: The layer.
        kind: Its kind.
        output: (F, H, W) float64.
        delta: (F, H, W) float64, the loss's gradient by the output.
        weight: The loss's gradient by the kernels, as the API shapes them; None for a layer without any.
        bias: By the biases; None as above.
        products: δ · x that are computed for the kernels' gradient.
        kept: Numbers that remain of them, biases' included.
    """

    name: str
    kind: str
    output: Float64
    delta: Float64
    weight: Float64 | None
    bias: Float64 | None
    products: int
    kept: int


@dataclass(frozen=True)
class Step:
    """A digit before and after steps of gradient descent on it alone.

    Attributes:
        losses: Before and after, in nats.
        probabilities: (2, classes) float32.
        kernels: Before and after, (2, F, C, kH, kW) float32, of one layer; (2, F, H, W, C, kH, kW) if they are untied.
        maps: Before and after, (2, F, H, W) float32, of one layer's ReLU, or of itself if none follows it.
        layer: Whose kernels.
        mapped: Whose maps.
    """

    losses: tuple[float, float]
    probabilities: Float32
    kernels: Float32
    maps: Float32
    layer: str
    mapped: str


def layers_with_kernels(served: ServedNetwork) -> list[str]:
    """Names, in order."""
    return [name for name, layer in served.layers.items() if layer.parameters]


def gradients_of(
    served: ServedNetwork, digit: NetworkInput, label: int, layers: list[str]
) -> tuple[Backpropagation, list[LayerGradient]]:
    """The loss and what backpropagation leaves in each of some layers."""
    result = backpropagate(served.artifact.network, digit.pixels, label)
    return result, [_layer_gradient(served, result, name) for name in layers]


def check_gradient(
    served: ServedNetwork, digit: NetworkInput, label: int, parameter: str, index: list[int]
) -> tuple[float, FiniteDifference]:
    """The gradient by one weight, by backpropagation and by nudging it.

    Raises:
        UnknownWeight: There is no such weight.
    """
    try:
        difference = nudge(served.artifact.network, digit.pixels, label, parameter, tuple(index))
    except ParameterError as error:
        message = str(error)
        raise UnknownWeight(f"{message[0].upper()}{message[1:]}.") from None
    gradient = backpropagate(served.artifact.network, digit.pixels, label).gradients[parameter]
    return float(gradient[tuple(index)]), difference


def take_steps(served: ServedNetwork, digit: NetworkInput, label: int, rate: float, steps: int, layer: str) -> Step:
    """What steps of plain gradient descent on this digit alone do to the network; nothing of it is kept."""
    before = served.artifact.network
    after = descend(before, digit.pixels, label, rate, steps)
    names = list(served.layers)
    following = names[names.index(layer) + 1]
    mapped = following if served.layers[following].kind == "relu" else layer
    traces = [network.trace(network.images_of(digit.pixels[np.newaxis])) for network in (before, after)]
    return Step(
        losses=(loss_of(before, digit.pixels, label), loss_of(after, digit.pixels, label)),
        probabilities=np.ascontiguousarray(np.stack([trace.probabilities[0] for trace in traces])),
        kernels=np.ascontiguousarray(
            np.stack([by_filter(network.parameters[f"{layer}.weight"]) for network in (before, after)])
        ),
        maps=np.ascontiguousarray(np.stack([trace.outputs[mapped][0] for trace in traces])),
        layer=layer,
        mapped=mapped,
    )


def _layer_gradient(served: ServedNetwork, result: Backpropagation, name: str) -> LayerGradient:
    layer = served.layers[name]
    gradients: dict[str, Any] = {
        key: by_filter(result.gradients[f"{name}.{key}"]) if f"{name}.{key}" in result.gradients else None
        for key in ("weight", "bias")
    }
    return LayerGradient(
        name=name,
        kind=layer.kind,
        output=np.ascontiguousarray(result.outputs[name]),
        delta=np.ascontiguousarray(result.deltas[name]),
        products=layer.multiply_adds,
        kept=layer.parameters,
        **gradients,
    )
