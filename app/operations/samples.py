"""GET /samples: the MNIST test digits, with the prediction of each model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import JSON, PNG, TENSORS
from app.codecs.tensor_file import encode_tensors
from app.codecs.tensor_json import encode_json, encode_json_text
from app.codecs.tensor_png import encode_digits
from app.context import context_of
from app.documentation import documented
from app.errors import InvalidInput, NotAcceptable, ServerBusy, UnknownModel, UnknownSample
from app.formats import ResponseFormat, choose_format, encode_response, send
from app.framing import as_pixels
from app.operations import API
from app.parameters import DtypeParameter, ModelParameter, Parameters
from app.sample_catalog import Sample, SamplePrediction
from app.settings import DEFAULT_MODEL
from model.arrays import Float32

router = APIRouter(prefix=API, tags=["Samples"])

GALLERY_COLUMNS = 10


class ZoomParameter(Parameters):
    """Of an operation that shows digits as a PNG."""

    zoom: int = Field(1, ge=1, le=16, description="For a PNG: pixels along each side of a digit's pixel.")


class SamplesParameters(ZoomParameter, ModelParameter):
    """Which test digits to list."""

    label: int | None = Field(None, ge=0, le=9, description="Only this digit.")
    correct: bool | None = Field(
        None, description="Only digits that the model classifies correctly, or only those that it does not."
    )
    model: str | None = Field(
        None,
        description="The model whose prediction `correct` is about; left out: the default model.",
        examples=[DEFAULT_MODEL],
    )
    offset: int = Field(0, ge=0, le=10**9, description="How many to leave out at the beginning.")
    limit: int = Field(50, ge=1, le=200, description="How many to list at most.")


class SampleParameters(ZoomParameter, DtypeParameter):
    """How to write one test digit."""


@dataclass(frozen=True)
class SampleSummary:
    """A test digit without its pixels."""

    index: int
    label: Annotated[int, Field(description="The digit that its writer meant.")]
    predictions: Annotated[Mapping[str, SamplePrediction], Field(description="By model.")]

    @classmethod
    def of(cls, sample: Sample) -> "SampleSummary":
        """Summarize a test digit."""
        return cls(sample.index, sample.label, sample.predictions)


@dataclass(frozen=True)
class SamplesResponse:
    """One page of test digits."""

    total: Annotated[int, Field(description="How many test digits match.")]
    offset: int
    limit: int
    next: Annotated[str | None, Field(description="Address of the next page; null on the last.")]
    samples: list[SampleSummary]


@dataclass(frozen=True)
class SampleResponse(SampleSummary):
    """A test digit."""

    pixels: Annotated[Float32, Array("28", "28", description="0 paper to 1 ink.")]

    def tensors(self) -> dict[str, Float32]:
        """`pixels`."""
        return {"pixels": self.pixels}

    def metadata(self) -> Mapping[str, str]:
        """The other fields as JSON."""
        return {name: encode_json_text(getattr(self, name)) for name in ("index", "label", "predictions")}


@router.get(
    "/samples",
    summary="List test digits",
    **documented(
        SamplesResponse,
        [*TENSORS, PNG],
        UnknownModel,
        NotAcceptable,
        InvalidInput,
        ServerBusy,
        parameters=SamplesParameters,
    ),
)
async def list_samples(request: Request) -> Response:
    """One page of test digits, in MNIST's order.

    JSON has no pixels; a PNG shows the same digits on one sheet, ten to a row, without gaps, ink light as MNIST
    stores it; safetensors and npz hold `images`, `labels` and `indexes`.
    """
    context = context_of(request)
    parameters = SamplesParameters.of(request)
    media_type = choose_format(request, [*TENSORS, PNG])
    samples = context.samples
    model = parameters.network_of(context).name  # an unknown model is an error even if its predictions are not needed
    indexes = samples.select(parameters.label, parameters.correct, model)
    following = parameters.offset + parameters.limit
    page = indexes[parameters.offset : following]

    def compute() -> bytes:
        if media_type == PNG:
            return encode_digits(samples.tensors(page)["images"], GALLERY_COLUMNS, parameters.zoom)
        if media_type != JSON:
            return encode_tensors(media_type, samples.tensors(page), {"total": encode_json_text(len(indexes))})
        return encode_json(
            SamplesResponse(
                total=len(indexes),
                offset=parameters.offset,
                limit=parameters.limit,
                next=_address(request, following) if following < len(indexes) else None,
                samples=[SampleSummary.of(samples[index]) for index in page],
            )
        )

    return send(await context.slow_pool.run(compute), media_type)


@router.get(
    "/samples/{index}",
    summary="Get a test digit",
    **documented(
        SampleResponse, [*TENSORS, PNG], UnknownSample, NotAcceptable, InvalidInput, parameters=SampleParameters
    ),
)
async def get_sample(
    request: Request, index: Annotated[int, Path(description="Its index among the test digits, from 0.", examples=[0])]
) -> Response:
    """Its pixels, its label, and the prediction of each model."""
    parameters = SampleParameters.of(request)
    media_type = choose_format(request, [*TENSORS, PNG])
    samples = context_of(request).samples
    sample = samples[index]
    if media_type == PNG:
        return send(encode_digits(samples.tensors([index])["images"], columns=1, zoom=parameters.zoom), media_type)
    response = SampleResponse(sample.index, sample.label, sample.predictions, as_pixels(sample.ink))
    return send(encode_response(response, ResponseFormat(media_type, parameters.dtype)), media_type)


def _address(request: Request, offset: int) -> str:
    """This page's address with another offset."""
    return f"{request.url.path}?{urlencode({**request.query_params, 'offset': offset})}"
