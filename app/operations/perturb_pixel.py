"""POST /experiments/perturb-pixel: which neurons of each model change their value if one pixel changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import TENSORS
from app.comparison import common_input
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, DigitRequest, framed_digit, read_body
from app.documentation import SEVEN, documented, request_body
from app.errors import InvalidInput, NotAcceptable
from app.formats import encode_response, send
from app.forward import TopPrediction, top_prediction
from app.framing import FramedDigit
from app.operations import API
from app.parameters import DtypeParameter, ModelsParameter
from app.served_network import ServedNetwork
from model.arrays import Float64
from model.experiments import perturb_pixel as experiment

router = APIRouter(prefix=API, tags=["Experiments"])

# Larger than any input; the size that the models read is checked later, with the number in the error.
Position = Annotated[int, Field(ge=0, le=63)]

EXAMPLES = {
    "inside": {"summary": "A pixel in the middle", "value": {"sample": 0, "row": 14, "column": 14}},
    "corner": {"summary": "A corner, half ink", "value": {"strokes": SEVEN, "row": 0, "column": 0, "value": 0.5}},
}


class PerturbPixelParameters(DtypeParameter, ModelsParameter):
    """The models and the number format."""


class PerturbPixelRequest(DigitRequest):
    """One digit, as for feature maps, and one of its pixels."""

    row: Position = Field(description="Row of the pixel in the framed digit, from 0.")
    column: Position = Field(description="Column of the pixel, from 0.")
    value: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="New value of the pixel; left out: 1 if it was below 0.5, else 0."
    )


@dataclass(frozen=True)
class PerturbedPixel:
    """The pixel that was changed."""

    row: int
    column: int
    before: float
    after: float


@dataclass(frozen=True)
class PerturbedLayer:
    """How one changed pixel changes a layer."""

    name: str
    kind: str
    shape: Annotated[tuple[int, int, int], Field(description="[F, H, W]")]
    neurons: int
    reachable: Annotated[int, Field(description="Neurons that have the pixel in their receptive field.")]
    changed: Annotated[int, Field(description="Neurons that change their value.")]
    changed_per_filter: Annotated[list[int], Field(description="The same for each map.")]
    largest: Annotated[float, Field(description="Largest |Δ|.")]
    change: Annotated[Float64, Array("F", "H", "W", is_main=True, description="|Δ| of each neuron.")]

    @classmethod
    def of(cls, layer: experiment.LayerChange) -> "PerturbedLayer":
        """Count the changes."""
        counts = layer.changed_per_filter
        filters, height, width = layer.change.shape
        return cls(
            name=layer.name,
            kind=layer.kind,
            shape=(filters, height, width),
            neurons=layer.change.size,
            reachable=layer.reachable,
            changed=int(counts.sum()),
            changed_per_filter=counts.tolist(),
            largest=float(layer.change.max()),
            change=layer.change,
        )


@dataclass(frozen=True)
class PerturbedModel:
    """How one changed pixel changes a model's activations."""

    id: str
    before: Annotated[TopPrediction | None, Field(description="null for a blank digit.")]
    after: TopPrediction | None
    layers: list[PerturbedLayer]


@dataclass(frozen=True)
class PerturbPixelResponse:
    """How one changed pixel changes the activations of each model."""

    input: FramedDigit
    pixel: PerturbedPixel
    models: list[PerturbedModel]


@router.post(
    "/experiments/perturb-pixel",
    summary="Change one pixel",
    **documented(
        PerturbPixelResponse,
        TENSORS,
        *DIGIT_ERRORS,
        NotAcceptable,
        parameters=PerturbPixelParameters,
        body=request_body(PerturbPixelRequest, EXAMPLES),
    ),
)
async def perturb_pixel(request: Request) -> Response:
    """Which neurons of each model change their value, and by how much, if one pixel changes.

    The activations are computed twice in double precision, every sum in the same order, so that a neuron counts as
    changed if and only if its value changed. safetensors and npz hold `input` and `<model>/<layer>`; their metadata
    holds the rest as JSON under `response`.
    """
    context, parameters = context_of(request), PerturbPixelParameters.of(request)
    networks, wanted = parameters.networks_of(context), parameters.format_of(request)
    body = await read_body(PerturbPixelRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, common_input(networks))
        return encode_response(_perturb(networks, digit, body), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


def _perturb(networks: Sequence[ServedNetwork], digit: FramedDigit, body: PerturbPixelRequest) -> PerturbPixelResponse:
    """Change the pixel; without a value, to the other end of the scale."""
    row, column = body.row, body.column
    height, width = digit.pixels.shape
    if row >= height or column >= width:
        raise InvalidInput(
            f"There is no pixel at row {row}, column {column}: these models read {height}×{width} pixels, "
            "counted from 0."
        )
    perturbed = digit.pixels.copy()
    before = float(digit.pixels[row, column])
    perturbed[row, column] = before < 0.5 if body.value is None else body.value
    after = float(perturbed[row, column])
    models = []
    for served in networks:
        result = experiment.perturb_pixel(served.artifact.network, served.picture_of(digit), row, column, after)
        models.append(
            PerturbedModel(
                id=served.name,
                before=top_prediction(digit.pixels, result.before),
                after=top_prediction(perturbed, result.after),
                layers=[PerturbedLayer.of(layer) for layer in result.layers],
            )
        )
    return PerturbPixelResponse(digit, PerturbedPixel(row, column, before, after), models)
