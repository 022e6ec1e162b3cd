"""One neuron of one digit, written out."""

from dataclasses import dataclass

import numpy as np

from app.errors import UnknownNeuron
from app.services.framing import FramingChoice, Source, frame
from app.services.network_catalog import ServedNetwork
from model.errors import NeuronError
from model.explain.neuron import NeuronArithmetic, explain_neuron
from model.explain.receptive_field import receptive_field_of
from model.geometry import Box


@dataclass(frozen=True)
class NeuronPlace:
    """Which neuron: counted from 0."""

    layer: str
    filter: int
    row: int
    column: int


@dataclass(frozen=True)
class Visible:
    """A box that may reach into padding, and the part of it that lies in the image.

    Attributes:
        box: The whole.
        inside: What is left of it in the image.
    """

    box: Box
    inside: Box


@dataclass(frozen=True)
class Explanation:
    """How one neuron came by its activation.

    Attributes:
        kind: Of its layer.
        arithmetic: What it read, multiplied and summed.
        pre_activation: The sum before a ReLU, as the network stored it; None for a layer that sums nothing.
        activation: What the neuron answers, after the ReLU that follows its layer if one does.
        patch: Where it reads, in the maps of the layer before.
        receptive_field: What it sees of the input, in input pixels.
    """

    kind: str
    arithmetic: NeuronArithmetic
    pre_activation: float | None
    activation: float
    patch: Visible
    receptive_field: Visible


def explain(served: ServedNetwork, source: Source, framing: FramingChoice, place: NeuronPlace) -> Explanation:
    """Frame a digit, pass it through a network, and write out one neuron.

    Raises:
        UnknownLayer: The network has no such layer.
        UnknownNeuron: The layer has no such filter, row or column.
        FramingImpossible: The source is no 28×28, and framing was declined.
    """
    served.require_layer(place.layer)
    network = served.artifact.network
    pixels = frame(source, framing, served.side).pixels
    # The very values of the feature-map answer; the patch that is handed on must not change with the next digit.
    trace = served.trace(pixels).copy()
    image = network.images_of(pixels[np.newaxis])
    try:
        arithmetic = explain_neuron(network, image, trace, place.layer, place.filter, place.row, place.column)
    except NeuronError as error:
        message = str(error)
        raise UnknownNeuron(f"{message[0].upper()}{message[1:]}.", shape=network.output_shapes[place.layer]) from None

    layer = served.layers[place.layer]
    names = list(served.layers)
    following = names[names.index(place.layer) + 1 :][:1]
    rectified = bool(following) and served.layers[following[0]].kind == "relu"
    sums = arithmetic.weighted_sum is not None
    field = receptive_field_of(layer, place.row, place.column, network.input_shape)
    return Explanation(
        kind=layer.kind,
        arithmetic=arithmetic,
        pre_activation=_pre_activation(layer.kind, sums, arithmetic),
        activation=max(0.0, arithmetic.activation) if rectified else arithmetic.activation,
        patch=Visible(arithmetic.patch_span, arithmetic.patch_span.inside(*layer.input_shape[1:])),
        receptive_field=Visible(field, field.inside(*network.input_shape[1:])),
    )


def _pre_activation(kind: str, sums: bool, arithmetic: NeuronArithmetic) -> float | None:
    if sums:
        return arithmetic.activation
    return float(arithmetic.patch[0, 0, 0]) if kind == "relu" else None
