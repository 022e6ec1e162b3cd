"""POST /models/{model}/feature-maps: the feature maps of every filter for a digit."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.codecs.media_types import PNG, TENSORS
from app.context import Context, context_of
from app.digit_input import DIGIT_ERRORS, IMAGE_ERRORS, DigitRequest, image_source, read_body, read_upload, source_maker
from app.documentation import DIGIT_EXAMPLES, UPLOAD_BODY, documented, request_body
from app.errors import NotAcceptable, OneLayerRequired, PictureTooLarge, UnknownFilter
from app.formats import ResponseFormat, compressed_if_accepted, send
from app.forward import FeatureMapsResponse, encode_feature_maps, forward
from app.framing import FramingChoice, MakeSource, Source
from app.operations import API
from app.parameters import CheckpointParameter, LayersParameter, ModelPath, PictureParameters, require_one_layer
from app.routing import DirectRoute
from app.scheduling import Length, length_of_drawing, run_by_length
from app.served_network import ServedNetwork

router = APIRouter(prefix=API, tags=["Feature maps"], route_class=DirectRoute)

FORMAT_ERRORS = (UnknownFilter, NotAcceptable, OneLayerRequired, PictureTooLarge)


class FeatureMapsParameters(PictureParameters, CheckpointParameter, LayersParameter):
    """The query of both operations."""


@router.post(
    "/models/{model}/feature-maps",
    summary="Compute feature maps",
    **documented(
        FeatureMapsResponse,
        [*TENSORS, PNG],
        *DIGIT_ERRORS,
        *FORMAT_ERRORS,
        parameters=FeatureMapsParameters,
        body=request_body(DigitRequest, DIGIT_EXAMPLES),
    ),
)
async def compute_feature_maps(request: Request, model: ModelPath) -> Response:
    """The prediction and the feature maps for a drawing, pixels, an image or a test digit.

    safetensors and npz hold a tensor for each layer, besides `input`, `logits` and `probabilities`; their metadata
    holds `prediction`, `framing`, `model` and `layers` as JSON. A PNG shows one layer in its fixed color range. With
    `filter`, the response holds that map of the one layer alone: [1][H][W].
    """
    context = context_of(request)
    parameters = FeatureMapsParameters.of(request)
    served = parameters.at_checkpoint(context.models[model])
    layers, wanted = _layers_and_format(request, served, parameters)
    digit = await read_body(DigitRequest, request, context.settings)
    make_source = source_maker(digit, context.samples, context.settings)
    length = _length_of(digit, served, wanted)
    return await _respond(context, make_source, digit.framing, served, layers, wanted, length)


@router.post(
    "/models/{model}/feature-maps/upload",
    summary="Compute feature maps of an uploaded image",
    **documented(
        FeatureMapsResponse,
        [*TENSORS, PNG],
        *IMAGE_ERRORS,
        *FORMAT_ERRORS,
        parameters=FeatureMapsParameters,
        body=UPLOAD_BODY,
    ),
)
async def compute_feature_maps_of_upload(request: Request, model: ModelPath) -> Response:
    """The same response for a multipart form with a `file`: PNG, JPEG, WebP, GIF or BMP.

    `framing`, `crop`, `rotate` and `threshold` may be added.
    """
    context = context_of(request)
    parameters = FeatureMapsParameters.of(request)
    served = parameters.at_checkpoint(context.models[model])
    layers, wanted = _layers_and_format(request, served, parameters)
    data, fields = await read_upload(request)
    settings = context.settings

    def make_source(_most_cells: int) -> Source:
        return image_source(data, settings, fields)

    return await _respond(context, make_source, fields.framing, served, layers, wanted, Length.LONG)


def _layers_and_format(
    request: Request, served: ServedNetwork, parameters: FeatureMapsParameters
) -> tuple[list[str], ResponseFormat]:
    layers, wanted = parameters.layers_of(served), compressed_if_accepted(request, parameters.format_of(request))
    require_one_layer(served, layers, wanted)
    return layers, wanted


def _length_of(digit: DigitRequest, served: ServedNetwork, wanted: ResponseFormat) -> Length:
    if digit.image is not None or wanted.media_type == PNG:
        return Length.LONG
    points = sum(map(len, digit.strokes or []))
    return length_of_drawing(points, is_quick=served.is_quick and not wanted.is_gzipped)


async def _respond(
    context: Context,
    make_source: MakeSource,
    framing: FramingChoice,
    served: ServedNetwork,
    layers: list[str],
    wanted: ResponseFormat,
    length: Length,
) -> Response:
    """Decode, frame, compute and encode, all in one job."""
    wanted = replace(wanted, at_once=length == Length.INSTANT)

    def compute(most_cells: int) -> bytes:
        return encode_feature_maps(forward(served, make_source(most_cells), framing, layers), wanted)

    with context.metrics.timed_inference(served.metric_label):
        body = await run_by_length(context.pool, context.slow_pool, length, compute)
    return send(body, wanted.media_type, is_gzipped=wanted.is_gzipped)
