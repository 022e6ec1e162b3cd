"""GET /samples: the MNIST test digits, with what each model predicts."""

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from app.codecs.media_types import JSON, PNG, TENSORS, negotiate
from app.codecs.tensor_file import Dtype, encode_tensors
from app.codecs.tensor_json import encode_json, encode_json_text
from app.codecs.tensor_png import encode_digits
from app.dependencies import CatalogDep, SamplesDep, SettingsDep, SlowPoolDep
from app.errors import InvalidInput, NotAcceptable, ServerBusy, UnknownModel, UnknownSample
from app.routes import API
from app.schemas.documentation import SAMPLE_EXAMPLE, SAMPLES_EXAMPLE, answers
from app.schemas.samples import SampleAnswer, SampleList
from app.services.framing import as_pixels
from app.services.sample_catalog import Sample

router = APIRouter(prefix=API, tags=["Samples"])

GALLERY_COLUMNS = 10

ZoomQuery = Annotated[int, Query(ge=1, le=16, description="For a PNG: pixels along each side of a digit's pixel.")]


@router.get(
    "/samples",
    summary="List test digits",
    response_model=SampleList,
    response_class=Response,
    responses=answers(SAMPLES_EXAMPLE, [*TENSORS, PNG], UnknownModel, NotAcceptable, InvalidInput, ServerBusy),
)
async def list_samples(
    request: Request,
    samples: SamplesDep,
    catalog: CatalogDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    label: Annotated[int | None, Query(ge=0, le=9, description="Only this digit.")] = None,
    correct: Annotated[
        bool | None, Query(description="Only digits that the model reads correctly, or only those it does not.")
    ] = None,
    model: Annotated[
        str | None, Query(description="Whose reading `correct` means; left out: the default model's.", examples=["cnn"])
    ] = None,
    offset: Annotated[int, Query(ge=0, le=10**9, description="How many to leave out at the beginning.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200, description="How many to give at most.")] = 50,
    zoom: ZoomQuery = 1,
) -> Response:
    """One page of test digits, in MNIST's order.

    JSON has no pixels; a PNG shows the same digits on one sheet, ten to a row, without gaps, ink light as MNIST
    stores it; safetensors and npz hold `images`, `labels` and `indexes`.
    """
    media_type = negotiate(request.headers.get("accept"), [*TENSORS, PNG])
    reader = model or settings.default_model
    catalog[reader]  # an unknown model is refused even if nothing is asked of it
    indexes = samples.select(label, correct, reader)
    page = indexes[offset : offset + limit]

    def encode() -> bytes:
        if media_type == JSON:
            following = offset + limit
            return encode_json(
                {
                    "total": len(indexes),
                    "offset": offset,
                    "limit": limit,
                    "next": _address(request, following) if following < len(indexes) else None,
                    "samples": [_summary(samples[index]) for index in page],
                }
            )
        if media_type == PNG:
            return encode_digits(samples.tensors(page)["images"], GALLERY_COLUMNS, zoom)
        return encode_tensors(media_type, samples.tensors(page), {"total": encode_json_text(len(indexes))})

    return Response(await pool.run(encode), media_type=media_type, headers={"Vary": "Accept"})


@router.get(
    "/samples/{index}",
    summary="Get a test digit",
    response_model=SampleAnswer,
    response_class=Response,
    responses=answers(SAMPLE_EXAMPLE, [*TENSORS, PNG], UnknownSample, NotAcceptable, InvalidInput),
)
async def get_sample(
    request: Request,
    samples: SamplesDep,
    index: Annotated[int, Path(description="Its place among the test digits, from 0.", examples=[0])],
    dtype: Annotated[Dtype, Query(description="For safetensors and npz.")] = "float32",
    zoom: ZoomQuery = 1,
) -> Response:
    """Its pixels, its label, and what each model reads it as."""
    media_type = negotiate(request.headers.get("accept"), [*TENSORS, PNG])
    sample = samples[index]
    if media_type == PNG:
        body = encode_digits(samples.tensors([index])["images"], columns=1, zoom=zoom)
    else:
        pixels = as_pixels(sample.ink)
        if media_type == JSON:
            body = encode_json({**_summary(sample), "pixels": pixels})
        else:
            metadata = {name: encode_json_text(value) for name, value in _summary(sample).items()}
            body = encode_tensors(media_type, {"pixels": pixels}, metadata, dtype)
    return Response(body, media_type=media_type, headers={"Vary": "Accept"})


def _summary(sample: Sample) -> dict[str, Any]:
    return {
        "index": sample.index,
        "label": sample.label,
        "predictions": {model: asdict(prediction) for model, prediction in sample.predictions.items()},
    }


def _address(request: Request, offset: int) -> str:
    """This page's address with another offset."""
    return f"{request.url.path}?{urlencode({**request.query_params, 'offset': offset})}"
