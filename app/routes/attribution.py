"""What filters look for, and what of a digit speaks for a class."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from app.codecs.media_types import JSON, TENSORS, negotiate
from app.codecs.tensor_file import encode_tensors
from app.codecs.tensor_json import encode_json, encode_json_text
from app.dependencies import (
    CatalogDep,
    ModelDep,
    OcclusionQueryDep,
    PoolDep,
    RecordsDep,
    SaliencyQueryDep,
    SamplesDep,
    SettingsDep,
    SlowPoolDep,
)
from app.errors import (
    DigitUnlabeled,
    InvalidInput,
    NotAcceptable,
    NotMeasured,
    ServerBusy,
    UnknownFilter,
    UnknownLayer,
    UnknownModel,
)
from app.routes import API
from app.routes.experiment_answer import encode_digit_answer
from app.routes.inference import DIGIT_REFUSALS, source_of
from app.routes.parameters import DtypeQuery, ModelQuery
from app.schemas.attribution import OcclusionAnswer, PortraitAnswer, PortraitsAnswer, SaliencyAnswer
from app.schemas.documentation import (
    OCCLUSION_BODY,
    OCCLUSION_EXAMPLE,
    PORTRAIT_EXAMPLE,
    PORTRAITS_EXAMPLE,
    SALIENCY_BODY,
    SALIENCY_EXAMPLE,
    answers,
)
from app.services.attribution import class_asked, explain_by_gradient, explain_by_occlusion, portrait_of, portraits_of
from app.services.framing import frame

router = APIRouter(prefix=API, tags=["Explanations"])


@router.get(
    "/models/{model}/layers/{layer}/filters",
    summary="Show what all filters of a layer look for",
    response_model=PortraitsAnswer,
    response_class=Response,
    responses=answers(
        PORTRAITS_EXAMPLE, TENSORS, UnknownModel, UnknownLayer, NotMeasured, NotAcceptable, InvalidInput, ServerBusy
    ),
)
async def get_filters(
    request: Request,
    served: ModelDep,
    layer: Annotated[str, Path(description="Name of a convolution.", examples=["conv1"])],
    records: RecordsDep,
    pool: PoolDep,
    dtype: DtypeQuery = "float32",
) -> Response:
    """Of each filter, the mean of what it sees where it answers most, and its strongest answer to a test digit."""
    media_type = negotiate(request.headers.get("accept"), TENSORS)

    def compute() -> bytes:
        measured = portraits_of(served, layer, records)
        about = {"model": served.name, "layer": layer, "receptive_field": measured.field}
        arrays = {"strongest": measured.strongest, "mean_patches": measured.mean_patches}
        if media_type == JSON:
            return encode_json({**about, **arrays})
        return encode_tensors(media_type, arrays, {"answer": encode_json_text(about)}, dtype)

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})


@router.get(
    "/models/{model}/layers/{layer}/filters/{filter}",
    summary="Show what a filter looks for",
    response_model=PortraitAnswer,
    response_class=Response,
    responses=answers(
        PORTRAIT_EXAMPLE,
        TENSORS,
        UnknownModel,
        UnknownLayer,
        UnknownFilter,
        NotMeasured,
        NotAcceptable,
        InvalidInput,
        ServerBusy,
    ),
)
async def get_filter(
    request: Request,
    served: ModelDep,
    layer: Annotated[str, Path(description="Name of a convolution.", examples=["conv1"])],
    filter: Annotated[int, Path(description="Its number, from 0.", examples=[3])],
    records: RecordsDep,
    samples: SamplesDep,
    pool: PoolDep,
    dtype: DtypeQuery = "float32",
) -> Response:
    """The nine test digits that excite it most, the mean of what it sees there, and an image made to excite it.

    Measured beforehand. safetensors and npz hold `digits` [9, 28, 28], `mean_patch` and `ascent`; their metadata holds
    the rest as JSON under `answer`.
    """
    media_type = negotiate(request.headers.get("accept"), TENSORS)

    def compute() -> bytes:
        portrait = portrait_of(served, layer, filter, records, samples)
        arrays = {"mean_patch": portrait.mean_patch, "ascent": portrait.ascent}
        about = {
            "model": served.name,
            "layer": layer,
            "filter": filter,
            "receptive_field": portrait.field,
            "strongest": portrait.patches,
            "ascent_value": portrait.ascent_value,
        }
        if media_type == JSON:
            return encode_json({**about, **arrays})
        return encode_tensors(
            media_type, {"digits": portrait.digits, **arrays}, {"answer": encode_json_text(about)}, dtype
        )

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})


@router.post(
    "/experiments/saliency",
    summary="Tell which pixels speak for a class",
    response_model=SaliencyAnswer,
    response_class=Response,
    openapi_extra=SALIENCY_BODY,
    responses=answers(SALIENCY_EXAMPLE, TENSORS, *DIGIT_REFUSALS, DigitUnlabeled, NotAcceptable),
)
async def explain_saliency(
    request: Request,
    query: SaliencyQueryDep,
    catalog: CatalogDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    model: ModelQuery = "cnn",
    dtype: DtypeQuery = "float32",
) -> Response:
    """The gradient of the class's logit by each pixel's ink, with its sign, in double precision.

    safetensors and npz hold `input` and `gradient`; their metadata holds the rest as JSON under `answer`.
    """
    media_type = negotiate(request.headers.get("accept"), TENSORS)
    source = partial(source_of, query, samples, settings)
    served = catalog[model]

    def compute() -> bytes:
        digit = frame(source(), query.framing, served.side)
        asked, reading = class_asked(served, digit, query.label)
        result = explain_by_gradient(served.artifact.network, digit.pixels, asked)
        about = {"model": served.name, "label": asked, "reading": reading, "logit": result.logit}
        return encode_digit_answer(media_type, dtype, digit, about, {"gradient": result.gradient})

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})


@router.post(
    "/experiments/occlusion",
    summary="Cover parts of a digit",
    response_model=OcclusionAnswer,
    response_class=Response,
    openapi_extra=OCCLUSION_BODY,
    responses=answers(OCCLUSION_EXAMPLE, TENSORS, *DIGIT_REFUSALS, DigitUnlabeled, NotAcceptable),
)
async def explain_occlusion(
    request: Request,
    query: OcclusionQueryDep,
    catalog: CatalogDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    model: ModelQuery = "cnn",
    dtype: DtypeQuery = "float32",
) -> Response:
    """How a class's logit and probability change while a square of paper covers one place after the other.

    safetensors and npz hold `input`, `logit_changes` and `probability_changes`; their metadata holds the rest as JSON
    under `answer`.
    """
    media_type = negotiate(request.headers.get("accept"), TENSORS)
    source = partial(source_of, query, samples, settings)
    served = catalog[model]

    def compute() -> bytes:
        digit = frame(source(), query.framing, served.side)
        asked, reading = class_asked(served, digit, query.label)
        result = explain_by_occlusion(served.artifact.network, digit.pixels, asked, query.size, query.stride)
        about = {
            "model": served.name,
            "label": asked,
            "reading": reading,
            "size": query.size,
            "stride": query.stride,
            "logit": result.logit,
            "probability": result.probability,
        }
        arrays = {"logit_changes": result.logit_changes, "probability_changes": result.probability_changes}
        return encode_digit_answer(media_type, dtype, digit, about, arrays)

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})
