"""/experiments/edit: feature maps of a network whose kernels a client has changed."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.codecs.media_types import JSON, TENSORS
from app.codecs.tensor_json import decode_kernel, encode_json
from app.dependencies import read_query, services_of
from app.errors import NotAcceptable, OneLayerRequired, UnknownFilter
from app.routes import API
from app.routes.inference import DIGIT_REFUSALS, source_of
from app.routes.inference_answer import encode_inference
from app.routes.parameters import MapsParameters, ModelQuery
from app.schemas.documentation import (
    EDIT_BODY,
    EDITED_ACCURACY_BODY,
    EDITED_ACCURACY_EXAMPLE,
    FEATURE_MAPS_EXAMPLE,
    answers,
)
from app.schemas.experiments import EditedAccuracyAnswer, EditedAccuracyQuery, EditFields, EditQuery
from app.schemas.inference import FeatureMapsAnswer
from app.services.editor import KernelEdit, edited_network, measure_edited
from app.services.inference import run_forward

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])


@router.post(
    "/edit",
    summary="Compute feature maps with edited kernels",
    response_model=FeatureMapsAnswer,
    response_class=Response,
    openapi_extra={**EDIT_BODY, "parameters": MapsParameters.described()},
    responses=answers(FEATURE_MAPS_EXAMPLE, TENSORS, *DIGIT_REFUSALS, UnknownFilter, NotAcceptable, OneLayerRequired),
)
async def compute_edited_feature_maps(request: Request, model: ModelQuery = "cnn") -> Response:
    """The same answer as that of feature maps, of a network with some kernels changed; the server keeps nothing of it.

    An edit with `row` and `column` changes one neuron alone: its layer no longer shares its weights.
    """
    services = services_of(request)
    parameters = MapsParameters.of(request)
    served = parameters.network_of(services.catalog, model)
    layers, wanted = parameters.layers_of(served), parameters.format_for(request)
    parameters.require_one_layer(served, layers, wanted)
    query = await read_query(EditQuery, request, services.settings)
    source = partial(source_of, query, services.samples, services.settings)

    def compute() -> bytes:
        edited = edited_network(served, _edits(query.edits))
        return encode_inference(run_forward(edited, source(), query.framing, layers), wanted)

    return Response(await services.slow_pool.run(compute), media_type=wanted.media_type, headers={"Vary": "Accept"})


@router.post(
    "/edit/accuracy",
    summary="Measure edited kernels on test digits",
    response_model=EditedAccuracyAnswer,
    response_class=Response,
    openapi_extra=EDITED_ACCURACY_BODY,
    responses=answers(EDITED_ACCURACY_EXAMPLE, [JSON], *DIGIT_REFUSALS),
)
async def measure_edited_accuracy(request: Request, model: ModelQuery = "cnn") -> Response:
    """How many of the first 1,000 test digits the network misreads with the edits and without."""
    services = services_of(request)
    served = services.catalog[model]
    query = await read_query(EditedAccuracyQuery, request, services.settings)

    def compute() -> bytes:
        measured = measure_edited(served, _edits(query.edits), services.samples)
        return encode_json(
            {
                "model": served.name,
                "digits": measured.digits,
                "errors": measured.errors,
                "accuracy": 1 - measured.errors / measured.digits,
                "unedited_errors": measured.unedited_errors,
                "unedited_accuracy": 1 - measured.unedited_errors / measured.digits,
            }
        )

    return Response(await services.slow_pool.run(compute), media_type=JSON)


def _edits(edits: Sequence[EditFields]) -> list[KernelEdit]:
    return [
        KernelEdit(
            layer=each.layer,
            filter=each.filter,
            kernel=None if each.kernel is None else decode_kernel(each.kernel),
            bias=each.bias,
            silenced=each.silence,
            place=None if each.row is None or each.column is None else (each.row, each.column),
        )
        for each in edits
    ]
