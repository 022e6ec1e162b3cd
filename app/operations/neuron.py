"""POST /models/{model}/neuron: the arithmetic of one neuron for one digit."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, DigitRequest, Position, framed_digit, read_body
from app.documentation import SEVEN, documented, request_body
from app.errors import UnknownNeuron, sentence
from app.framing import FramedDigit
from app.operations import API
from app.parameters import CheckpointParameter, ModelPath
from app.served_network import ServedNetwork
from model.arrays import Float32
from model.description import LayerDescription
from model.errors import NeuronError
from model.geometry import Box
from model.neuron import NeuronArithmetic, explain_neuron
from model.receptive_field import receptive_field_of

router = APIRouter(prefix=API, tags=["Explanations"])

EXAMPLES = {
    "convolution": {
        "summary": "A neuron of the first layer, at a corner",
        "value": {"sample": 0, "layer": "conv1", "filter": 2, "row": 0, "column": 0},
    },
    "pooling": {
        "summary": "A pooling neuron",
        "value": {"strokes": SEVEN, "layer": "pool1", "filter": 0, "row": 3, "column": 5},
    },
}


class NeuronRequest(DigitRequest):
    """One digit, as for feature maps, and one neuron."""

    layer: str = Field(max_length=100, description="Name of a layer.")
    filter: Position = Field(description="Number of the filter, from 0.")
    row: Position = Field(description="Row in the feature map, from 0.")
    column: Position = Field(description="Column in the feature map, from 0.")


@dataclass(frozen=True)
class NeuronPosition:
    """The neuron of the request."""

    layer: str
    kind: str
    filter: int
    row: int
    column: int


@dataclass(frozen=True)
class NeuronInput:
    """What the neuron reads; top and left are negative where it reads padding."""

    layer: Annotated[str, Field(description="The layer that it reads, or `input`.")]
    first_channel: Annotated[int, Field(description="The first channel of the patch in that layer.")]
    top: int
    left: int
    height: int
    width: int
    inside: Annotated[Box, Field(description="The part of the patch that is not padding.")]


@dataclass(frozen=True)
class NeuronReceptiveField:
    """The input pixels that the neuron sees."""

    top: int
    left: int
    height: int
    width: int
    inside: Annotated[Box, Field(description="The part that is not padding.")]


@dataclass(frozen=True)
class PatchPosition:
    """Row and column in a patch."""

    row: int
    column: int


@dataclass(frozen=True)
class NeuronResponse:
    """The arithmetic of one neuron, from what it reads to its activation."""

    model: str
    neuron: NeuronPosition
    reads: NeuronInput
    patch: Annotated[Float32, Array("C", "kH", "kW", description="The inputs; 0 for padding.")]
    kernel: Annotated[Float32, Array("C", "kH", "kW", description="null for a layer without weights.")] | None
    products: (
        Annotated[NDArray[np.float64], Array("C", "kH", "kW", description="Patch times kernel, in double precision.")]
        | None
    )
    channel_sums: (
        Annotated[NDArray[np.float64], Array("C", description="The products of each input channel, added up.")] | None
    )
    bias: float | None
    winner: Annotated[
        PatchPosition | None, Field(description="Of a max pooling neuron: the position of the maximum in the patch.")
    ]
    exponentials: (
        Annotated[
            NDArray[np.float64],
            Array("classes", description="Of a softmax neuron: exp(logit − largest logit) of every class."),
        ]
        | None
    )
    computed: Annotated[float, Field(description="The value by this arithmetic, in double precision.")]
    stored: Annotated[
        float, Field(description="The value in the feature map, which the network computed in single precision.")
    ]
    difference: Annotated[float, Field(description="stored − computed: the effect of rounding.")]
    pre_activation: Annotated[
        float | None, Field(description="The sum before an activation function; null without sums.")
    ]
    activation: Annotated[float, Field(description="After the activation function that follows the layer, if any.")]
    receptive_field: NeuronReceptiveField


@router.post(
    "/models/{model}/neuron",
    summary="Write out one neuron",
    **documented(
        NeuronResponse,
        [JSON],
        *DIGIT_ERRORS,
        UnknownNeuron,
        parameters=CheckpointParameter,
        body=request_body(NeuronRequest, EXAMPLES),
    ),
)
async def write_out_neuron(request: Request, model: ModelPath) -> Response:
    """The patch that a neuron reads, its products with the kernel, their sums, the activation, the receptive field.

    Sums are in double precision, so that they add up exactly; `difference` is how far the network's own single
    precision differs from them.
    """
    context = context_of(request)
    served = CheckpointParameter.of(request).at_checkpoint(context.models[model])
    body = await read_body(NeuronRequest, request, context.settings)

    def compute() -> bytes:
        served.require_layer(body.layer)
        digit = framed_digit(body, context.samples, context.settings, served.input_shape)
        return encode_json(neuron_response(served, digit, body))

    return Response(await context.slow_pool.run(compute), media_type=JSON)


def neuron_response(served: ServedNetwork, digit: FramedDigit, neuron: NeuronRequest) -> NeuronResponse:
    """Pass a digit through a network and write out one neuron of a known layer.

    Raises:
        UnknownNeuron: The layer has no such filter, row or column.
    """
    network = served.artifact.network
    # The values of the feature-map response; a copy, because the patch must not change with the next digit.
    picture = served.picture_of(digit)
    trace = served.trace(picture).copy()
    image = network.images_of(picture[np.newaxis])
    try:
        arithmetic = explain_neuron(network, image, trace, neuron.layer, neuron.filter, neuron.row, neuron.column)
    except NeuronError as error:
        raise UnknownNeuron(sentence(error), shape=network.output_shapes[neuron.layer]) from None
    layer, sums, patch = served.layers[neuron.layer], arithmetic.weighted_sum, arithmetic.patch_span
    field = receptive_field_of(layer, neuron.row, neuron.column, network.input_shape)
    return NeuronResponse(
        model=served.name,
        neuron=NeuronPosition(neuron.layer, layer.kind, neuron.filter, neuron.row, neuron.column),
        reads=NeuronInput(
            arithmetic.reads,
            arithmetic.first_channel,
            *_corners(patch),
            inside=patch.inside(*layer.input_shape[1:]),
        ),
        patch=arithmetic.patch,
        kernel=None if sums is None else sums.kernel,
        products=None if sums is None else sums.products,
        channel_sums=None if sums is None else sums.channel_sums,
        bias=None if sums is None else sums.bias,
        winner=None if arithmetic.winner is None else PatchPosition(*arithmetic.winner),
        exponentials=arithmetic.exponentials,
        computed=arithmetic.computed,
        stored=arithmetic.activation,
        difference=arithmetic.difference,
        pre_activation=_pre_activation(layer, arithmetic),
        activation=_activation(served, neuron.layer, arithmetic),
        receptive_field=NeuronReceptiveField(*_corners(field), inside=field.inside(*network.input_shape[1:])),
    )


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.top, box.left, box.height, box.width


def _pre_activation(layer: LayerDescription, arithmetic: NeuronArithmetic) -> float | None:
    """The sum before an activation function; None for a layer without sums."""
    if arithmetic.weighted_sum is not None:
        return arithmetic.activation
    return float(arithmetic.patch[0, 0, 0]) if layer.function is not None else None


def _activation(served: ServedNetwork, layer: str, arithmetic: NeuronArithmetic) -> float:
    """The value after the activation function that follows the layer, if there is one."""
    names = list(served.layers)
    following = names[names.index(layer) + 1 :][:1]
    if not following or served.layers[following[0]].function is None:
        return arithmetic.activation
    value = np.full((1, 1, 1, 1), arithmetic.activation, dtype=np.float32)
    return float(served.artifact.network.layers[following[0]].forward(value)[0][0, 0, 0, 0])
