"""/experiments/gradients and what belongs to it: how backpropagation assembles few numbers from many products."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.codecs.media_types import JSON, TENSORS, negotiate
from app.codecs.tensor_json import encode_json
from app.dependencies import (
    CatalogDep,
    GradientCheckQueryDep,
    GradientQueryDep,
    SamplesDep,
    SettingsDep,
    SlowPoolDep,
    StepQueryDep,
)
from app.errors import DigitUnlabeled, LayerWithoutKernels, NotAcceptable, UnknownWeight
from app.routes import API
from app.routes.experiment_answer import encode_digit_answer, encode_experiment
from app.routes.inference import DIGIT_REFUSALS, source_of
from app.routes.parameters import DtypeQuery, ModelQuery, NetworksDep
from app.schemas.documentation import (
    GRADIENT_CHECK_BODY,
    GRADIENT_CHECK_EXAMPLE,
    GRADIENTS_BODY,
    GRADIENTS_EXAMPLE,
    STEP_BODY,
    STEP_EXAMPLE,
    answers,
)
from app.schemas.experiments import GradientCheckAnswer, GradientsAnswer, StepAnswer
from app.services.experiments import choose_label, reading_of, side_of
from app.services.framing import frame
from app.services.gradients import LayerGradient, check_gradient, gradients_of, layers_with_kernels, take_steps

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])


@router.post(
    "/gradients",
    summary="Backpropagate one digit",
    response_model=GradientsAnswer,
    response_class=Response,
    openapi_extra=GRADIENTS_BODY,
    responses=answers(GRADIENTS_EXAMPLE, TENSORS, *DIGIT_REFUSALS, DigitUnlabeled, NotAcceptable),
)
async def backpropagate_digit(
    request: Request,
    query: GradientQueryDep,
    networks: NetworksDep,
    catalog: CatalogDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    layers: Annotated[
        str | None,
        Query(description="Layers to tell of, where a model has them; left out: each model's first layer."),
    ] = None,
    weights: Annotated[
        bool, Query(description="Also the gradients by kernels and biases; where none are shared, they are many.")
    ] = True,
    dtype: DtypeQuery = "float32",
) -> Response:
    """The loss's gradient by the maps and by the kernels, in double precision.

    A kernel's gradient is the sum of δ · patch over all positions. safetensors and npz hold `input` and, as
    `<model>/<layer>`, the deltas; `…/output`, the maps; `…/weight` and `…/bias`, the gradients by kernels and biases.
    Their metadata holds the rest as JSON under `answer`.
    """
    media_type = negotiate(request.headers.get("accept"), TENSORS)
    source = partial(source_of, query, samples, settings)
    wanted = None if layers is None else [name for name in layers.split(",") if name]

    def compute() -> bytes:
        digit = frame(source(), query.framing, side_of(networks))
        reader = catalog[settings.default_model]
        label, label_from = choose_label(query.label, query.sample, samples, digit, networks, reader)
        models: list[dict[str, Any]] = []
        arrays: dict[str, Any] = {}
        for served in networks:
            chosen = layers_with_kernels(served)[:1] if wanted is None else [n for n in wanted if n in served.layers]
            result, told = gradients_of(served, digit, label, chosen)
            probabilities = list(result.outputs.values())[-1].ravel()
            models.append(
                {
                    "id": served.name,
                    "loss": result.loss,
                    "reading": reading_of(digit.pixels, probabilities),
                    "layers": [_layer(layer) for layer in told],
                }
            )
            for layer in told:
                arrays[f"{served.name}/{layer.name}"] = {
                    "delta": layer.delta,
                    "output": layer.output,
                    "weight": layer.weight if weights else None,
                    "bias": layer.bias if weights else None,
                }
        about = {"label": label, "label_from": label_from, "models": models}
        return encode_experiment(media_type, dtype, digit, about, "delta", arrays)

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})


@router.post(
    "/gradient-check",
    summary="Check one weight's gradient",
    response_model=GradientCheckAnswer,
    response_class=Response,
    openapi_extra=GRADIENT_CHECK_BODY,
    responses=answers(GRADIENT_CHECK_EXAMPLE, [JSON], *DIGIT_REFUSALS, DigitUnlabeled, UnknownWeight),
)
async def check_one_gradient(
    query: GradientCheckQueryDep,
    catalog: CatalogDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    model: ModelQuery = "cnn",
) -> Response:
    """Backpropagation's figure beside the slope that is measured by nudging the weight and looking at the loss."""
    source = partial(source_of, query, samples, settings)
    served = catalog[model]

    def compute() -> bytes:
        digit = frame(source(), query.framing, served.side)
        reader = catalog[settings.default_model]
        label, label_from = choose_label(query.label, query.sample, samples, digit, [served], reader)
        gradient, difference = check_gradient(served, digit, label, query.parameter, query.index)
        return encode_json(
            {
                "model": served.name,
                "label": label,
                "label_from": label_from,
                "parameter": query.parameter,
                "index": query.index,
                "weight": difference.weight,
                "gradient": gradient,
                "step": difference.step,
                "below": difference.below,
                "above": difference.above,
                "slope": difference.slope,
            }
        )

    return Response(await pool.run(compute), media_type=JSON)


@router.post(
    "/step",
    summary="Take steps of gradient descent on one digit",
    response_model=StepAnswer,
    response_class=Response,
    openapi_extra=STEP_BODY,
    responses=answers(STEP_EXAMPLE, TENSORS, *DIGIT_REFUSALS, DigitUnlabeled, LayerWithoutKernels, NotAcceptable),
)
async def descend_on_digit(
    request: Request,
    query: StepQueryDep,
    catalog: CatalogDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: SlowPoolDep,
    model: ModelQuery = "cnn",
    layer: Annotated[
        str | None, Query(description="Whose kernels and maps to tell; left out: the first layer's.")
    ] = None,
    dtype: DtypeQuery = "float32",
) -> Response:
    """Kernels, maps and reading before and after; the server keeps nothing of it.

    safetensors and npz hold `input`, `kernels`, `maps` and `probabilities`, each before and after; their metadata holds
    the rest as JSON under `answer`.
    """
    media_type = negotiate(request.headers.get("accept"), TENSORS)
    source = partial(source_of, query, samples, settings)
    served = catalog[model]
    chosen = layer or layers_with_kernels(served)[0]
    served.kernels(chosen)  # refuses a layer that has none

    def compute() -> bytes:
        digit = frame(source(), query.framing, served.side)
        reader = catalog[settings.default_model]
        label, label_from = choose_label(query.label, query.sample, samples, digit, [served], reader)
        step = take_steps(served, digit, label, query.rate, query.steps, chosen)
        about = {
            "model": served.name,
            "label": label,
            "label_from": label_from,
            "rate": query.rate,
            "steps": query.steps,
            "layer": step.layer,
            "mapped": step.mapped,
            "losses": step.losses,
            "readings": [reading_of(digit.pixels, probabilities) for probabilities in step.probabilities],
        }
        arrays = {"kernels": step.kernels, "maps": step.maps, "probabilities": step.probabilities}
        return encode_digit_answer(media_type, dtype, digit, about, arrays)

    return Response(await pool.run(compute), media_type=media_type, headers={"Vary": "Accept"})


def _layer(layer: LayerGradient) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "shape": layer.delta.shape,
        "products": layer.products,
        "kept": layer.kept,
        "largest": float(abs(layer.delta).max()),
    }
