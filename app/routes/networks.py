"""GET /models: the networks, their layers and kernels."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from app.codecs.media_types import JSON, PNG, TENSORS
from app.codecs.tensor_file import encode_tensors
from app.codecs.tensor_json import encode_json, encode_json_text
from app.codecs.tensor_png import encode_kernels
from app.dependencies import CatalogDep, CheckpointDep, ModelDep, PoolDep
from app.errors import (
    InvalidInput,
    LayerWithoutKernels,
    NotAcceptable,
    ServerBusy,
    UnknownCheckpoint,
    UnknownFilter,
    UnknownLayer,
    UnknownModel,
    UnknownNeuron,
)
from app.routes import API
from app.routes.parameters import AnswerFormatDep
from app.schemas.documentation import HISTORY_EXAMPLE, KERNELS_EXAMPLE, MODEL_EXAMPLE, MODELS_EXAMPLE, answers
from app.schemas.networks import HistoryAnswer, KernelsAnswer, NetworkDescription, NetworkList, NetworkSummary

router = APIRouter(prefix=API, tags=["Models"])


@router.get(
    "/models",
    summary="List the models",
    response_model=NetworkList,
    responses=answers(MODELS_EXAMPLE, [JSON]),
)
async def list_models(catalog: CatalogDep) -> NetworkList:
    """Every network that is served, a line each."""
    return NetworkList(models=[NetworkSummary.of(served) for served in catalog.all])


@router.get(
    "/models/{model}",
    summary="Describe a model",
    response_model=NetworkDescription,
    responses=answers(MODEL_EXAMPLE, [JSON], UnknownModel),
)
async def describe_model(served: ModelDep) -> NetworkDescription:
    """Its input, classes, training record, and each layer's shape, cost, receptive field and color range."""
    return NetworkDescription.of(served)


@router.get(
    "/models/{model}/history",
    summary="Get a model's training history",
    response_model=HistoryAnswer,
    responses=answers(HISTORY_EXAMPLE, [JSON], UnknownModel),
)
async def get_history(served: ModelDep) -> HistoryAnswer:
    """The steps whose weights were kept, each with its accuracy on the test digits, and the learning curve.

    Kernels, feature maps and neurons can be had as of each of them, with `?checkpoint=`. The weights are averages over
    the last steps, as are those that are served; they were kept in half precision.
    """
    return HistoryAnswer.of(served)


@router.get(
    "/models/{model}/layers/{layer}/kernels",
    summary="Get a layer's kernels",
    response_model=KernelsAnswer,
    response_class=Response,
    responses=answers(
        KERNELS_EXAMPLE,
        [*TENSORS, PNG],
        UnknownModel,
        UnknownCheckpoint,
        UnknownLayer,
        LayerWithoutKernels,
        UnknownFilter,
        UnknownNeuron,
        NotAcceptable,
        InvalidInput,
        ServerBusy,
    ),
)
async def get_kernels(
    served: CheckpointDep,
    layer: Annotated[str, Path(description="Name of a layer with weights.", examples=["conv1"])],
    wanted: AnswerFormatDep,
    pool: PoolDep,
    row: Annotated[int | None, Query(description="Of a neuron in the feature maps; with `column`.")] = None,
    column: Annotated[int | None, Query(description="Of a neuron in the feature maps; with `row`.")] = None,
) -> Response:
    """The weights and the bias of every filter.

    A layer that shares no weights has a kernel for each filter and place: [F, H, W, C, kH, kW]. With `row` and
    `column`, the kernels of that place alone, [F, C, kH, kW]; in a convolution they are the same everywhere.

    As a PNG: a row for each filter with a kernel for each input channel (a layer that reads one channel has eight
    filters to a row), blue below zero, orange above, all in one range: the layer's largest weight. With `filter`, that
    filter's kernel and bias alone; `range` is the layer's all the same.
    """
    if (row is None) != (column is None):
        raise InvalidInput("A place is a row and a column: give both, or none.")
    kernels = served.kernels(layer, None if row is None or column is None else (row, column))
    if wanted.media_type == PNG and kernels.kernels.ndim > 4:
        _filters, rows, columns, *_kernel = kernels.kernels.shape
        raise InvalidInput(
            f"Layer {layer} has kernels of its own for each of {rows}×{columns} places; a PNG shows those of one: "
            f"add ?row={rows // 2}&column={columns // 2}."
        )
    chosen = slice(None)
    if wanted.filter is not None:
        served.require_filter(layer, wanted.filter)
        chosen = slice(wanted.filter, wanted.filter + 1)

    def encode() -> bytes:
        if wanted.media_type == PNG:
            return encode_kernels(kernels.kernels, wanted.filter, wanted.zoom, wanted.theme)
        tensors = {"kernels": kernels.kernels[chosen], "biases": kernels.biases[chosen]}
        if wanted.media_type == JSON:
            shape = tensors["kernels"].shape
            return encode_json({"layer": layer, "shape": shape, "range": kernels.range, **tensors})
        metadata = {"model": encode_json_text(served.name), "layer": encode_json_text(layer)}
        return encode_tensors(wanted.media_type, tensors, metadata, wanted.dtype)

    return Response(await pool.run(encode), media_type=wanted.media_type, headers={"Vary": "Accept"})
