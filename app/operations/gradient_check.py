"""POST /experiments/gradient-check: one weight's gradient beside a finite difference."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, framed_digit, read_body
from app.documentation import documented, request_body
from app.errors import DigitUnlabeled, UnknownWeight, sentence
from app.framing import FramedDigit
from app.labels import LabeledDigitRequest, LabelSource, choose_label
from app.operations import API
from app.parameters import ModelParameter
from app.sample_catalog import SampleCatalog
from app.served_network import ServedNetwork
from model.errors import ParameterError
from model.experiments.gradients import backpropagate, finite_difference

router = APIRouter(prefix=API, tags=["Experiments"])

EXAMPLES = {
    "kernel": {
        "summary": "The middle of the first kernel",
        "value": {"sample": 0, "label": 2, "parameter": "conv1.weight", "index": [0, 0, 2, 2]},
    }
}


class GradientCheckRequest(LabeledDigitRequest):
    """One digit, its class, and one weight."""

    parameter: str = Field(max_length=100, description="Name of an array: `conv1.weight`, `conv1.bias`.")
    index: list[Annotated[int, Field(ge=0, le=1_000_000)]] = Field(
        max_length=8, description="Of the weight in that array, as it is stored; conv1.weight is [F, C, kH, kW]."
    )


@dataclass(frozen=True)
class GradientCheckResponse:
    """One weight's gradient, by backpropagation and by a finite difference."""

    model: str
    label: Annotated[int, Field(description="The class that counts as correct.")]
    label_from: LabelSource
    parameter: str
    index: list[int]
    weight: float
    gradient: Annotated[float, Field(description="By backpropagation, in double precision.")]
    step: Annotated[float, Field(description="How far the weight was changed in each direction.")]
    loss_below: Annotated[float, Field(description="The loss with the weight minus the step.")]
    loss_above: Annotated[float, Field(description="The loss with the weight plus the step.")]
    finite_difference: Annotated[
        float,
        Field(
            description="(loss_above − loss_below) / (2 · step). Where a ReLU's input is zero within the step, the "
            "loss has a kink: this is the mean of the slopes on its two sides, and the gradient that on one of them."
        ),
    ]


@router.post(
    "/experiments/gradient-check",
    summary="Check one weight's gradient",
    **documented(
        GradientCheckResponse,
        [JSON],
        *DIGIT_ERRORS,
        DigitUnlabeled,
        UnknownWeight,
        parameters=ModelParameter,
        body=request_body(GradientCheckRequest, EXAMPLES),
    ),
)
async def check_gradient(request: Request) -> Response:
    """The gradient by backpropagation, and the difference quotient of the loss when the weight changes a little."""
    context = context_of(request)
    served = ModelParameter.of(request).network_of(context)
    body = await read_body(GradientCheckRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, served.input_shape)
        return encode_json(_check(served, digit, body, context.samples))

    return Response(await context.slow_pool.run(compute), media_type=JSON)


def _check(
    served: ServedNetwork, digit: FramedDigit, body: GradientCheckRequest, samples: SampleCatalog
) -> GradientCheckResponse:
    """Both gradients of the weight; raises UnknownWeight if there is no such weight."""
    label, label_from = choose_label(body, samples, digit, [served])
    network, picture, index = served.artifact.network, served.picture_of(digit), tuple(body.index)
    try:
        difference = finite_difference(network, picture, label, body.parameter, index)
    except ParameterError as error:
        raise UnknownWeight(sentence(error)) from None
    gradient = backpropagate(network, picture, label).gradients[body.parameter]
    return GradientCheckResponse(
        model=served.name,
        label=label,
        label_from=label_from,
        parameter=body.parameter,
        index=body.index,
        weight=difference.weight,
        gradient=float(gradient[index]),
        step=difference.step,
        loss_below=difference.loss_below,
        loss_above=difference.loss_above,
        finite_difference=difference.quotient,
    )
