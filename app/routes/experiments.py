"""/experiments: the claims about global and local features, measured on a digit."""

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.codecs.media_types import JSON, TENSORS, negotiate
from app.codecs.tensor_json import encode_json
from app.dependencies import (
    CatalogDep,
    DigitQueryDep,
    PokeQueryDep,
    RecordsDep,
    SamplesDep,
    SettingsDep,
    ShiftCurveQueryDep,
    ShiftQueryDep,
    SlowPoolDep,
)
from app.errors import DigitUnlabeled, InvalidInput, NotAcceptable, NotMeasured, UnknownLayer
from app.routes import API
from app.routes.experiment_answer import encode_experiment
from app.routes.inference import DIGIT_REFUSALS, source_of
from app.routes.inference_answer import prediction_of
from app.routes.parameters import DtypeQuery, NetworksDep
from app.schemas.documentation import (
    LEDGER_EXAMPLE,
    MEAN_SHIFT_CURVE_EXAMPLE,
    POKE_BODY,
    POKE_EXAMPLE,
    RESPONSES_BODY,
    RESPONSES_EXAMPLE,
    SCRAMBLE_EXAMPLE,
    SHIFT_BODY,
    SHIFT_CURVE_BODY,
    SHIFT_CURVE_EXAMPLE,
    SHIFT_EXAMPLE,
    answers,
)
from app.schemas.experiments import (
    LedgerAnswer,
    MeanShiftCurveAnswer,
    PokeAnswer,
    ResponsesAnswer,
    ScrambleAnswer,
    ShiftAnswer,
    ShiftCurveAnswer,
)
from app.services.experiments import (
    NetworkPoke,
    NetworkShift,
    choose_label,
    ledger_rows,
    poke_pixel,
    responses_of,
    shift_curve,
    shift_digit,
    shifts_along,
    side_of,
)
from app.services.framing import frame
from app.services.inference import run_forward

if TYPE_CHECKING:
    from model.experiments.poke import LayerChange
    from model.experiments.shift import LayerShift

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])

PERCEPTRON, CONVOLUTION = ("mlp-500", "linear1"), ("cnn", "conv1")
"""Model and layer whose features are compared: 500 global ones and 16 local ones."""


@router.get(
    "/ledger",
    summary="Count what a layer costs",
    response_model=LedgerAnswer,
    responses=answers(LEDGER_EXAMPLE, [JSON], InvalidInput),
)
async def get_ledger(
    kernel_size: Annotated[int, Query(ge=1, le=15, description="Side of the kernel, in pixels.")] = 5,
    stride: Annotated[int, Query(ge=1, le=4, description="Step between patches, in pixels.")] = 1,
    padding: Annotated[int, Query(ge=0, le=7, description="Zeros around the digit, in pixels.")] = 2,
    filters: Annotated[int, Query(ge=1, le=64, description="Maps of the local layers.")] = 16,
    features: Annotated[int, Query(ge=1, le=2000, description="Neurons of the perceptron's layer.")] = 500,
) -> LedgerAnswer:
    """Outputs, weights, multiply-adds, uses of each weight and gradients: fully connected, locally, and shared.

    Each row is read off a layer of that geometry, the very kind that the models are made of.
    """
    rows = ledger_rows(kernel_size=kernel_size, stride=stride, padding=padding, filters=filters, features=features)
    return LedgerAnswer.model_validate({"input_shape": rows[0].input_shape, "rows": [asdict(row) for row in rows]})


@router.post(
    "/poke",
    summary="Change one pixel",
    response_model=PokeAnswer,
    response_class=Response,
    openapi_extra=POKE_BODY,
    responses=answers(POKE_EXAMPLE, TENSORS, *DIGIT_REFUSALS, NotAcceptable),
)
async def poke_one_pixel(
    request: Request,
    query: PokeQueryDep,
    networks: NetworksDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    dtype: DtypeQuery = "float32",
) -> Response:
    """Which neurons of each model notice one changed pixel, and by how much.

    Everything is computed twice in double precision, each sum in the same order, so that a neuron counts as changed
    if and only if its number is another one. safetensors and npz hold `input` and `<model>/<layer>`; their metadata
    holds the rest as JSON under `answer`.
    """
    media_type = negotiate(request.headers.get("accept"), TENSORS)
    source = partial(source_of, query, samples, settings)

    def compute() -> bytes:
        digit = frame(source(), query.framing, side_of(networks))
        pixel, models = poke_pixel(networks, digit, query.row, query.column, query.value)
        about = {
            "pixel": pixel,
            "models": [{**_readings(model), "layers": [_changed(layer) for layer in model.layers]} for model in models],
        }
        arrays = {f"{model.id}/{layer.name}": {"change": layer.change} for model in models for layer in model.layers}
        return encode_experiment(media_type, dtype, digit, about, "change", arrays)

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})


@router.post(
    "/shift",
    summary="Move the digit",
    response_model=ShiftAnswer,
    response_class=Response,
    openapi_extra=SHIFT_BODY,
    responses=answers(SHIFT_EXAMPLE, TENSORS, *DIGIT_REFUSALS, NotAcceptable),
)
async def shift_one_digit(
    request: Request,
    query: ShiftQueryDep,
    networks: NetworksDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    dtype: DtypeQuery = "float32",
) -> Response:
    """Each map minus the old map moved along, and what each model reads then.

    The digit is framed once; then the 28×28 moves by whole pixels, paper comes in, and nothing is framed again. In
    double precision, each sum in the same order: where a map moves along, the difference is 0 to the last bit.
    safetensors and npz hold `input`, `shifted` and `<model>/<layer>`; their metadata holds the rest as JSON under
    `answer`.
    """
    media_type = negotiate(request.headers.get("accept"), TENSORS)
    source = partial(source_of, query, samples, settings)

    def compute() -> bytes:
        digit = frame(source(), query.framing, side_of(networks))
        shifted, lost, models = shift_digit(networks, digit, query.down, query.right)
        about = {
            "shift": {"down": query.down, "right": query.right},
            "ink_lost": lost,
            "models": [{**_readings(model), "layers": [_moved(layer) for layer in model.layers]} for model in models],
        }
        arrays = {
            f"{model.id}/{layer.name}": {"difference": layer.difference} for model in models for layer in model.layers
        }
        return encode_experiment(media_type, dtype, digit, about, "difference", arrays, {"shifted": shifted})

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})


@router.post(
    "/shift-curve",
    summary="Move the digit step by step",
    response_model=ShiftCurveAnswer,
    response_class=Response,
    openapi_extra=SHIFT_CURVE_BODY,
    responses=answers(SHIFT_CURVE_EXAMPLE, [JSON], *DIGIT_REFUSALS, DigitUnlabeled),
)
async def follow_one_digit(
    query: ShiftCurveQueryDep,
    networks: NetworksDep,
    catalog: CatalogDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
) -> Response:
    """Each model's probability of the right class, and each layer's residual and cosine, at every shift."""
    source = partial(source_of, query, samples, settings)

    def compute() -> bytes:
        digit = frame(source(), query.framing, side_of(networks))
        label, label_from = choose_label(
            query.label, query.sample, samples, digit, networks, catalog[settings.default_model]
        )
        lost, models = shift_curve(networks, digit, shifts_along(query.direction, query.reach), label)
        return encode_json(
            {
                "label": label,
                "label_from": label_from,
                "direction": query.direction,
                "shifts": list(range(-query.reach, query.reach + 1)),
                "ink_lost": lost,
                "models": models,
            }
        )

    return Response(await pool.run(compute), media_type=JSON)


@router.get(
    "/shift-curve",
    summary="Get the shift curve of 1,000 test digits",
    response_model=MeanShiftCurveAnswer,
    response_class=Response,
    responses=answers(MEAN_SHIFT_CURVE_EXAMPLE, [JSON], NotMeasured),
)
async def get_mean_shift_curve(records: RecordsDep) -> Response:
    """The same along both axes, averaged over test digits; measured beforehand by `python -m model.controls`."""
    return Response(encode_json(records.shift_curve), media_type=JSON)


@router.post(
    "/responses",
    summary="Compare global and local features",
    response_model=ResponsesAnswer,
    response_class=Response,
    openapi_extra=RESPONSES_BODY,
    responses=answers(RESPONSES_EXAMPLE, [JSON], *DIGIT_REFUSALS, UnknownLayer),
)
async def compare_responses(
    query: DigitQueryDep, catalog: CatalogDep, samples: SamplesDep, settings: SettingsDep, pool: SlowPoolDep
) -> Response:
    """How strongly each of the perceptron's 500 features answers a digit, and each of the 16 local kernels.

    The features themselves: the kernels of layer linear1 of mlp-500, and of conv1 of cnn.
    """
    source = partial(source_of, query, samples, settings)

    def compute() -> bytes:
        inference = run_forward(catalog[settings.default_model], source(), query.framing, [])
        digit = inference.input
        templates, kernels = (responses_of(catalog[model], digit, layer) for model, layer in (PERCEPTRON, CONVOLUTION))
        return encode_json(
            {
                "input": digit,
                "prediction": prediction_of(inference),
                "templates": {
                    "model": templates.model,
                    "layer": templates.layer,
                    "pre_activations": templates.pre_activations.ravel(),
                    "activations": templates.strongest,
                    "order": templates.order,
                    "active": int((templates.strongest > 0).sum()),
                },
                "kernels": {
                    "model": kernels.model,
                    "layer": kernels.layer,
                    "strongest": kernels.strongest,
                    "places": kernels.places,
                    "active_share": kernels.active_share,
                },
            }
        )

    return Response(await pool.run(compute), media_type=JSON)


@router.get(
    "/scramble",
    summary="Get the pixel-scramble control",
    response_model=ScrambleAnswer,
    response_class=Response,
    responses=answers(SCRAMBLE_EXAMPLE, [JSON], NotMeasured),
)
async def get_scramble(records: RecordsDep) -> Response:
    """What each network reaches on digits whose pixels a fixed permutation moved; measured beforehand."""
    return Response(encode_json(records.scramble), media_type=JSON)


def _readings(model: NetworkPoke | NetworkShift) -> dict[str, Any]:
    return {"id": model.id, "before": model.before, "after": model.after}


def _changed(layer: "LayerChange") -> dict[str, Any]:
    counts = layer.changed_per_filter
    return {
        "name": layer.name,
        "kind": layer.kind,
        "shape": layer.change.shape,
        "neurons": layer.change.size,
        "reachable": layer.reachable,
        "changed": int(counts.sum()),
        "changed_per_filter": counts.tolist(),
        "largest": float(layer.change.max()),
    }


def _moved(layer: "LayerShift") -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "shape": layer.difference.shape,
        "map_shift": {"down": layer.down, "right": layer.right},
        "exact": layer.exact,
        "inside": layer.inside,
        "residual": layer.residual,
        "cosine": layer.cosine,
    }
