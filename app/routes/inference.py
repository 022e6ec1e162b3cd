"""POST /models/{model}/feature-maps: what each filter makes of a digit."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from app.codecs.media_types import PNG, TENSORS
from app.codecs.tensor_json import decode_pixels, decode_strokes
from app.codecs.uploaded_image import decode_base64, decode_image
from app.dependencies import read_query, services_of
from app.errors import (
    BodyTooLarge,
    DrawingTooLarge,
    FramingImpossible,
    ImageTooLarge,
    ImageUnreadable,
    InvalidInput,
    MalformedRequest,
    NotAcceptable,
    NotAnImage,
    OneLayerRequired,
    RequestTooSlow,
    ServerBusy,
    TooManyPixels,
    UnknownCheckpoint,
    UnknownFilter,
    UnknownLayer,
    UnknownModel,
    UnknownSample,
    UnsupportedMediaType,
)
from app.routes import API
from app.routes.inference_answer import encode_inference
from app.routes.parameters import MapsParameters
from app.routes.upload import read_upload
from app.schemas.documentation import DIGIT_BODY, FEATURE_MAPS_EXAMPLE, UPLOAD_BODY, answers
from app.schemas.inference import DigitFields, DigitQuery, FeatureMapsAnswer
from app.services.drawing import MAX_CELLS, short_else_long
from app.services.framing import FramingChoice, MakeSource, Source, from_image, from_pixels, from_sample, from_strokes
from app.services.inference import run_forward
from app.services.network_catalog import ServedNetwork
from app.services.sample_catalog import SampleCatalog
from app.settings import Settings

router = APIRouter(prefix=API, tags=["Feature maps"])

ModelPath = Annotated[str, Path(description="Id of a model.", examples=["cnn"])]

IMAGE_REFUSALS = (
    MalformedRequest,
    UnknownModel,
    UnknownCheckpoint,
    UnknownLayer,
    RequestTooSlow,
    BodyTooLarge,
    ImageTooLarge,
    TooManyPixels,
    UnsupportedMediaType,
    NotAnImage,
    InvalidInput,
    ImageUnreadable,
    FramingImpossible,
    ServerBusy,
)
"""Of every operation that takes an image."""

DIGIT_REFUSALS = (*IMAGE_REFUSALS, UnknownSample, DrawingTooLarge)
"""Of every operation that takes a digit in any form."""

FORMAT_REFUSALS = (UnknownFilter, NotAcceptable, OneLayerRequired)
"""Of an answer in several formats."""


@router.post(
    "/models/{model}/feature-maps",
    summary="Compute feature maps",
    response_model=FeatureMapsAnswer,
    response_class=Response,
    openapi_extra={**DIGIT_BODY, "parameters": MapsParameters.described()},
    responses=answers(FEATURE_MAPS_EXAMPLE, [*TENSORS, PNG], *DIGIT_REFUSALS, *FORMAT_REFUSALS),
)
async def compute_feature_maps(request: Request, model: ModelPath) -> Response:
    """What every filter makes of a drawing, of pixels, of an image or of a test digit, and what it is read as.

    safetensors and npz hold a tensor for each layer, besides `input`, `logits` and `probabilities`; their metadata
    holds `prediction`, `framing`, `model` and `layers` as JSON. A PNG shows one layer in its fixed color range. With
    `filter`, the answer holds that map of the one layer alone: [1][H][W].
    """
    services = services_of(request)
    parameters = MapsParameters.of(request)
    served = parameters.network_of(services.catalog, model)
    query = await read_query(DigitQuery, request, services.settings)
    digit = partial(source_of, query, services.samples, services.settings)
    return await _answer(request, digit, query.framing, served, parameters, is_image=query.image is not None)


@router.post(
    "/models/{model}/feature-maps/upload",
    summary="Compute feature maps of an uploaded image",
    response_model=FeatureMapsAnswer,
    response_class=Response,
    openapi_extra={**UPLOAD_BODY, "parameters": MapsParameters.described()},
    responses=answers(FEATURE_MAPS_EXAMPLE, [*TENSORS, PNG], *IMAGE_REFUSALS, *FORMAT_REFUSALS),
)
async def compute_feature_maps_of_upload(request: Request, model: ModelPath) -> Response:
    """The same answer for a multipart form with a `file`: PNG, JPEG, WebP, GIF or BMP; and, if wanted, `framing`."""
    services = services_of(request)
    parameters = MapsParameters.of(request)
    served = parameters.network_of(services.catalog, model)
    data, framing = await read_upload(request)
    settings = services.settings
    return await _answer(request, lambda _: _decoded(data, settings), framing, served, parameters, is_image=True)


async def _answer(
    request: Request,
    make_source: MakeSource,
    framing: FramingChoice,
    served: ServedNetwork,
    parameters: MapsParameters,
    *,
    is_image: bool,
) -> Response:
    """Decode, frame, compute and encode, all in one go in a thread of the pool."""
    services = services_of(request)
    layers, wanted = parameters.layers_of(served), parameters.format_for(request)
    parameters.require_one_layer(served, layers, wanted)

    def compute(most_cells: int) -> bytes:
        inference = run_forward(served, make_source(most_cells), framing, layers)
        return encode_inference(inference, wanted)

    with services.metrics.timed_inference(served.name):
        if is_image:
            body = await services.slow_pool.run(compute, MAX_CELLS)
        else:
            body = await short_else_long(services.pool.run, services.slow_pool.run, compute)
    return Response(body, media_type=wanted.media_type, headers={"Vary": "Accept"})


def source_of(query: DigitFields, samples: SampleCatalog, settings: Settings, most_cells: int = MAX_CELLS) -> Source:
    """The digit that a query holds or names, drawn within bounds as `draw` has them.

    Drawing and decoding an image take time, so call it in the pool.
    """
    if query.strokes is not None:
        return from_strokes(decode_strokes(query.strokes), query.pen_width, most_cells=most_cells)
    if query.pixels is not None:
        return from_pixels(decode_pixels(query.pixels))
    if query.sample is not None:
        return from_sample(samples[query.sample].ink)
    if query.image is not None:
        return _decoded(decode_base64(query.image, settings.image_bytes), settings)
    raise AssertionError("a query has exactly one source")


def _decoded(data: bytes, settings: Settings) -> Source:
    image = decode_image(data, settings.image_bytes, settings.image_pixels)
    return from_image(image.ink, image.size, image.polarity)
