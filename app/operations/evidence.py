"""POST /models/{model}/evidence: which maps of every layer support a class, and through which maps before them."""

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
from app.formats import compressed_if_accepted, encode_response, send
from app.forward import TopPrediction
from app.framing import FramedDigit
from app.labels import ExplainedDigitRequest, class_to_explain
from app.operations import API
from app.parameters import DtypeParameter, ModelPath
from app.served_network import ServedNetwork
from model.arrays import Float64
from model.experiments.evidence import STEPS, explain_by_evidence

router = APIRouter(prefix=API, tags=["Explanations"])

EVIDENCE_EXAMPLES = {
    "predicted": {"summary": "The predicted class", "value": {"strokes": SEVEN}},
    "chosen": {"summary": "Another class, in fewer steps", "value": {"sample": 0, "label": 2, "steps": 8}},
}

Contributions = Annotated[
    NDArray[np.float64],
    Array("F", is_main=True, description="Of each map; with `left_over` they add up to the difference."),
]
Links = Annotated[
    NDArray[np.float64],
    Array(
        "F",
        "C",
        description="Of map f's contribution, the part through map c of the layer before; null where each map "
        "reads only the map of the same number.",
    ),
]


class EvidenceRequest(ExplainedDigitRequest):
    """The same, the number of steps and the smallest link."""

    steps: Annotated[int, Field(ge=1, le=64)] = Field(
        STEPS, description="From a blank page to the digit; the contributions add up for any number."
    )
    least_link: Annotated[float, Field(ge=0, le=1000)] = Field(
        0.0, description="Smaller links are returned as 0: 0.005 is below what two decimals can show."
    )


@dataclass(frozen=True)
class LayerEvidenceResponse:
    """What the maps of one layer contribute."""

    name: str
    contributions: Contributions
    links: Links | None
    left_over: Annotated[
        float,
        Field(description="The difference less the sum of the contributions, to five decimals: float32 rounding."),
    ]


@dataclass(frozen=True)
class EvidenceResponse:
    """What makes the logit of a class differ from its logit for a blank page."""

    input: FramedDigit
    model: str
    label: Annotated[int, Field(description="The class that is explained.")]
    prediction: Annotated[TopPrediction | None, Field(description="null for a blank digit.")]
    steps: int
    logit: Annotated[float, Field(description="Of the class, for the digit.")]
    blank_logit: Annotated[float, Field(description="Of the class, for a blank page.")]
    difference: Annotated[float, Field(description="What the contributions of every layer add up to.")]
    pixels: Annotated[NDArray[np.float64], Array("H", "W", description="The contribution of each pixel.")]
    layers: list[LayerEvidenceResponse]


@router.post(
    "/models/{model}/evidence",
    summary="Find the maps that support a class",
    **documented(
        EvidenceResponse,
        TENSORS,
        *DIGIT_ERRORS,
        DigitUnlabeled,
        NotAcceptable,
        parameters=DtypeParameter,
        body=request_body(EvidenceRequest, EVIDENCE_EXAMPLES),
    ),
)
async def explain_evidence(request: Request, model: ModelPath) -> Response:
    """How much each map of each layer adds to the logit of a class, compared with a blank page.

    In every layer the contributions add up to the logit's difference from that of a blank page, and the links say
    through which maps of the layer before they come. safetensors and npz hold `pixels` and, for each layer, `conv1` and
    `conv1/links`, besides `input`; their metadata holds the rest as JSON under `response`.
    """
    context, parameters = context_of(request), DtypeParameter.of(request)
    served, wanted = context.models[model], compressed_if_accepted(request, parameters.format_of(request))
    body = await read_body(EvidenceRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, served.input_shape)
        return encode_response(_explain(served, digit, body), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type, is_gzipped=wanted.is_gzipped)


def _explain(served: ServedNetwork, digit: FramedDigit, body: EvidenceRequest) -> EvidenceResponse:
    label, prediction = class_to_explain(served, digit, body.label)
    evidence = explain_by_evidence(served.artifact.network, served.picture_of(digit), label, body.steps)
    layers = [
        LayerEvidenceResponse(name, layer.contributions, _from(layer.links, body.least_link), evidence.left_over(name))
        for name, layer in evidence.layers.items()
    ]
    return EvidenceResponse(
        input=digit,
        model=served.name,
        label=label,
        prediction=prediction,
        steps=body.steps,
        logit=evidence.logit,
        blank_logit=evidence.blank_logit,
        difference=evidence.difference,
        pixels=evidence.pixels,
        layers=layers,
    )


def _from(links: Float64 | None, least: float) -> Float64 | None:
    """The links, with 0 for those that are smaller."""
    return links if links is None or not least else np.where(np.abs(links) < least, 0.0, links)
