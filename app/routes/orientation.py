"""/experiments/bar and /experiments/tuning: Hubel and Wiesel's experiment."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.dependencies import CatalogDep, SlowPoolDep
from app.errors import InvalidInput, ServerBusy, UnknownCheckpoint, UnknownLayer, UnknownModel
from app.routes import API
from app.routes.parameters import ModelQuery
from app.schemas.documentation import BAR_EXAMPLE, TUNING_EXAMPLE, answers
from app.schemas.experiments import DrawnBarAnswer, TuningAnswer
from app.services.orientation import SELECTIVE, Bar, LayerTuning, Measure, tune

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])


async def get_bar(
    length: Annotated[float, Query(ge=1, le=40, description="Of the bar, in pixels.")] = 20,
    width: Annotated[
        float, Query(ge=0.5, le=14, description="Of the bar, or of half a period of the grating, in pixels.")
    ] = 3,
    row: Annotated[float, Query(ge=0, le=28, description="Center, in pixels from the top edge.")] = 14,
    column: Annotated[float, Query(ge=0, le=28, description="Center, in pixels from the left edge.")] = 14,
    grating: Annotated[bool, Query(description="Soft bars all over the image instead of one.")] = False,
    dark: Annotated[bool, Query(description="A bar of paper on ink.")] = False,
) -> Bar:
    """The bar that is shown."""
    return Bar(length, width, row, column, grating, dark)


BarDep = Annotated[Bar, Depends(get_bar)]


@router.get(
    "/bar",
    summary="Draw a bar of light",
    response_model=DrawnBarAnswer,
    response_class=Response,
    responses=answers(BAR_EXAMPLE, [JSON], InvalidInput),
)
async def draw_bar(
    bar: BarDep,
    angle: Annotated[float, Query(ge=-360, le=360, description="Degrees, counterclockwise; 0 lies, 90 stands.")] = 0,
) -> Response:
    """The 28×28 that the tuning curve's experiment shows at an angle; feature maps of it as of any `pixels`."""
    return Response(encode_json({"bar": asdict(bar), "angle": angle, "pixels": bar.draw(angle)}), media_type=JSON)


@router.get(
    "/tuning",
    summary="Measure tuning curves",
    response_model=TuningAnswer,
    response_class=Response,
    responses=answers(TUNING_EXAMPLE, [JSON], UnknownModel, UnknownCheckpoint, UnknownLayer, InvalidInput, ServerBusy),
)
async def measure_tuning(
    bar: BarDep,
    catalog: CatalogDep,
    pool: SlowPoolDep,
    model: ModelQuery = "cnn",
    layers: Annotated[
        str | None,
        Query(description="ReLUs or poolings, separated by commas; left out: the first ReLU and the pooling after it."),
    ] = None,
    checkpoint: Annotated[
        int | None, Query(description="Training step to take the weights of; 0: the untrained network.")
    ] = None,
    step: Annotated[float, Query(ge=2, le=45, description="Between angles, in degrees.")] = 5,
    measure: Annotated[
        Measure,
        Query(
            description="swept: what one neuron answers at most while the bar is swept across its field. "
            "place: what the neuron answers that looks at the bar's center."
        ),
    ] = "swept",
) -> Response:
    """Turn a bar, and see how each filter takes its angle: curve, preferred angle, selectivity, and a verdict.

    `mlp-500` has hidden neurons instead of filters; they have no place, so that both measures are the same.
    """
    served = catalog[model] if checkpoint is None else catalog[model].at(checkpoint)
    wanted = None if layers is None else [name for name in layers.split(",") if name]

    def compute() -> bytes:
        angles, tunings = tune(served, wanted, bar, step, measure)
        return encode_json(
            {
                "model": served.name,
                "checkpoint": checkpoint,
                "bar": asdict(bar),
                "measure": measure,
                "angles": angles,
                "selective_from": SELECTIVE,
                "layers": [_layer(tuning) for tuning in tunings],
            }
        )

    return Response(await pool.run(compute), media_type=JSON)


def _layer(layer: LayerTuning) -> dict[str, Any]:
    filters = [
        {
            "filter": number,
            "responses": tuning.responses,
            "preferred": tuning.preferred,
            "selectivity": tuning.selectivity,
            "verdict": tuning.verdict,
        }
        for number, tuning in enumerate(layer.filters)
    ]
    return {"name": layer.name, "kind": layer.kind, "filters": filters}
