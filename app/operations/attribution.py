"""Which pixels support a class: POST /experiments/saliency and /experiments/occlusion."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import TENSORS
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, framed_digit, read_body
from app.documentation import SEVEN, documented, request_body
from app.errors import DigitUnlabeled, NotAcceptable
from app.formats import encode_response, send
from app.forward import TopPrediction
from app.framing import FramedDigit
from app.labels import ExplainedDigitRequest, class_to_explain
from app.operations import API
from app.parameters import DtypeParameter, ModelParameter
from model.experiments.attribution import explain_by_gradient, explain_by_occlusion

router = APIRouter(prefix=f"{API}/experiments", tags=["Explanations"])

SALIENCY_EXAMPLES = {
    "predicted": {"summary": "The predicted class", "value": {"strokes": SEVEN}},
    "chosen": {"summary": "Another class", "value": {"sample": 0, "label": 2}},
}
OCCLUSION_EXAMPLES = {
    "coarse": {"summary": "Large squares, every third pixel", "value": {"sample": 0, "size": 7, "stride": 3}}
}


class AttributionParameters(ModelParameter, DtypeParameter):
    """The query of both operations."""


class OcclusionRequest(ExplainedDigitRequest):
    """The same, and the square that covers the digit."""

    size: Annotated[int, Field(ge=1, le=14)] = Field(5, description="Of the square of paper, in pixels.")
    stride: Annotated[int, Field(ge=1, le=14)] = Field(1, description="Between squares, in pixels.")


@dataclass(frozen=True)
class SaliencyResponse:
    """The gradient of a class's logit by each pixel."""

    input: FramedDigit
    model: str
    label: Annotated[int, Field(description="The class that is explained.")]
    prediction: Annotated[TopPrediction | None, Field(description="null for a blank digit.")]
    logit: Annotated[float, Field(description="Of the class.")]
    gradient: Annotated[
        NDArray[np.float64],
        Array("H", "W", description="The derivative of the logit by each pixel's ink, in all channels together."),
    ]
    by_channel: Annotated[
        Annotated[NDArray[np.float64], Array("3", "H", "W", description="The same by red, green and blue.")] | None,
        Field(description="null unless the network reads colors of this digit."),
    ]


@dataclass(frozen=True)
class OcclusionResponse:
    """How covering parts of a digit changes the logit and the probability of a class."""

    input: FramedDigit
    model: str
    label: Annotated[int, Field(description="The class that is explained.")]
    prediction: Annotated[TopPrediction | None, Field(description="null for a blank digit.")]
    size: int
    stride: int
    logit: Annotated[float, Field(description="Of the class, with nothing covered.")]
    probability: Annotated[float, Field(description="Of the class, with nothing covered.")]
    logit_changes: Annotated[
        NDArray[np.float64],
        Array("i", "j", description="Covered minus uncovered; the square begins at row `stride`·i, column `stride`·j."),
    ]
    probability_changes: Annotated[NDArray[np.float64], Array("i", "j", description="Covered minus uncovered.")]


@router.post(
    "/saliency",
    summary="Find the pixels that support a class",
    **documented(
        SaliencyResponse,
        TENSORS,
        *DIGIT_ERRORS,
        DigitUnlabeled,
        NotAcceptable,
        parameters=AttributionParameters,
        body=request_body(ExplainedDigitRequest, SALIENCY_EXAMPLES),
    ),
)
async def explain_saliency(request: Request) -> Response:
    """The gradient of the class's logit by each pixel's ink, with its sign, in double precision.

    safetensors and npz hold `input` and `gradient`, in color also `by_channel`; their metadata holds the rest as JSON
    under `response`.
    """
    context, parameters = context_of(request), AttributionParameters.of(request)
    served, wanted = parameters.network_of(context), parameters.format_of(request)
    body = await read_body(ExplainedDigitRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, served.input_shape)
        label, prediction = class_to_explain(served, digit, body.label)
        result = explain_by_gradient(served.artifact.network, served.picture_of(digit), label)
        channels = None if digit.colors is None else result.by_channel
        response = SaliencyResponse(digit, served.name, label, prediction, result.logit, result.gradient, channels)
        return encode_response(response, wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


@router.post(
    "/occlusion",
    summary="Cover parts of a digit",
    **documented(
        OcclusionResponse,
        TENSORS,
        *DIGIT_ERRORS,
        DigitUnlabeled,
        NotAcceptable,
        parameters=AttributionParameters,
        body=request_body(OcclusionRequest, OCCLUSION_EXAMPLES),
    ),
)
async def explain_occlusion(request: Request) -> Response:
    """How a class's logit and probability change while a square of paper covers one position after the other.

    safetensors and npz hold `input`, `logit_changes` and `probability_changes`; their metadata holds the rest as JSON
    under `response`.
    """
    context, parameters = context_of(request), AttributionParameters.of(request)
    served, wanted = parameters.network_of(context), parameters.format_of(request)
    body = await read_body(OcclusionRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, served.input_shape)
        label, prediction = class_to_explain(served, digit, body.label)
        result = explain_by_occlusion(served.artifact.network, served.picture_of(digit), label, body.size, body.stride)
        response = OcclusionResponse(
            input=digit,
            model=served.name,
            label=label,
            prediction=prediction,
            size=body.size,
            stride=body.stride,
            logit=result.logit,
            probability=result.probability,
            logit_changes=result.logit_changes,
            probability_changes=result.probability_changes,
        )
        return encode_response(response, wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)
