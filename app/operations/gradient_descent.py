"""POST /experiments/gradient-descent: a network before and after steps of gradient descent on one digit."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import TENSORS
from app.context import Context, context_of
from app.digit_input import DIGIT_ERRORS, framed_digit, read_body
from app.documentation import documented, request_body
from app.errors import DigitUnlabeled, LayerWithoutKernels, NotAcceptable
from app.formats import encode_response, send
from app.forward import TopPrediction, top_prediction
from app.framing import FramedDigit
from app.labels import LabeledDigitRequest, LabelSource, choose_label
from app.operations import API
from app.parameters import DtypeParameter, ModelParameter
from app.served_network import ServedNetwork, by_filter
from model.arrays import Float32
from model.experiments.gradients import descend, loss_of

router = APIRouter(prefix=API, tags=["Experiments"])

EXAMPLES = {"once": {"summary": "One step toward a two", "value": {"sample": 0, "label": 2, "learning_rate": 0.05}}}


class GradientDescentParameters(ModelParameter, DtypeParameter):
    """The model, the layer to show and the number format."""

    layer: str | None = Field(
        None, description="The layer whose kernels and maps are returned; left out: the first layer with weights."
    )


class GradientDescentRequest(LabeledDigitRequest):
    """One digit, its class, and the steps."""

    learning_rate: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 0.01
    steps: Annotated[int, Field(ge=1, le=20)] = Field(1, description="Steps of gradient descent.")


@dataclass(frozen=True)
class GradientDescentResponse:
    """A digit and a network, before and after gradient descent on this digit alone."""

    input: FramedDigit
    model: str
    label: Annotated[int, Field(description="The class that counts as correct.")]
    label_from: LabelSource
    learning_rate: float
    steps_taken: Annotated[int, Field(description="As many as requested, or fewer if the descent diverged.")]
    diverged: Annotated[
        bool,
        Field(description="Whether the next step would make a weight, an activation or the loss infinite."),
    ]
    layer: Annotated[str, Field(description="The layer whose kernels are returned.")]
    maps_layer: Annotated[str, Field(description="The layer whose maps are returned: its ReLU, or itself.")]
    losses: Annotated[tuple[float, float], Field(description="Before and after, in nats.")]
    predictions: Annotated[list[TopPrediction | None], Field(description="Before and after; null for a blank digit.")]
    probabilities: Annotated[Float32, Array("2", "classes", description="Before and after.")]
    kernels: (
        Annotated[Float32, Array("2", "F", "C", "kH", "kW", description="Before and after.")]
        | Annotated[Float32, Array("2", "F", "H", "W", "C", "kH", "kW", description="The same, of unshared weights.")]
    )
    maps: Annotated[Float32, Array("2", "F", "H", "W", description="Before and after.")]


@router.post(
    "/experiments/gradient-descent",
    summary="Take steps of gradient descent on one digit",
    **documented(
        GradientDescentResponse,
        TENSORS,
        *DIGIT_ERRORS,
        DigitUnlabeled,
        LayerWithoutKernels,
        NotAcceptable,
        parameters=GradientDescentParameters,
        body=request_body(GradientDescentRequest, EXAMPLES),
    ),
)
async def descend_on_digit(request: Request) -> Response:
    """Kernels, maps and predictions before and after; the server does not keep the changed network.

    With a learning rate that is too large, numbers overflow after some steps. The descent stops before that, and
    `diverged` says so. safetensors and npz hold `input`, `kernels`, `maps` and `probabilities`; their metadata holds
    the rest as JSON under `response`.
    """
    context, parameters = context_of(request), GradientDescentParameters.of(request)
    served, wanted = parameters.network_of(context), parameters.format_of(request)
    layer = parameters.layer or served.weighted_layers[0]
    served.kernels(layer)  # Raises UnknownLayer or LayerWithoutKernels.
    body = await read_body(GradientDescentRequest, request, context.settings)

    def compute() -> bytes:
        return encode_response(_descend(served, layer, body, context), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


def _descend(
    served: ServedNetwork, layer: str, body: GradientDescentRequest, context: Context
) -> GradientDescentResponse:
    digit = framed_digit(body, context.samples, context.settings, served.input_shape)
    label, label_from = choose_label(body, context.samples, digit, [served])
    before = served.artifact.network
    picture = served.picture_of(digit)
    descent = descend(before, picture, label, body.learning_rate, body.steps)
    networks = (before, descent.network)
    names = list(served.layers)
    following = names[names.index(layer) + 1]
    maps_layer = following if served.layers[following].kind == "relu" else layer
    traces = [network.trace(network.images_of(picture[np.newaxis])) for network in networks]
    losses = [loss_of(network, picture, label) for network in networks]
    return GradientDescentResponse(
        input=digit,
        model=served.name,
        label=label,
        label_from=label_from,
        learning_rate=body.learning_rate,
        steps_taken=descent.steps,
        diverged=descent.diverged,
        layer=layer,
        maps_layer=maps_layer,
        losses=(losses[0], losses[1]),
        predictions=[top_prediction(digit.pixels, trace.probabilities[0]) for trace in traces],
        probabilities=np.stack([trace.probabilities[0] for trace in traces]),
        kernels=np.stack([by_filter(network.parameters[f"{layer}.weight"]) for network in networks]),
        maps=np.stack([trace.outputs[maps_layer][0] for trace in traces]),
    )
