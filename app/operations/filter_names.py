"""GET /models/{model}/filter-names: what each filter of the first layer is activated by most, in words."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.context import context_of
from app.documentation import documented
from app.errors import InvalidInput, ServerBusy, UnknownCheckpoint, UnknownModel
from app.operations import API
from app.parameters import CheckpointParameter, ModelPath
from app.served_network import ServedNetwork
from model.experiments.filter_names import EDGE_FROM, FilterName, InkSide, Kind, named_layers
from model.experiments.orientation_tuning import SELECTIVE_FROM

DECIMALS = 4
"""Of the measured values: more than differs between stimuli. Pages load the names of a layer with its kernels."""

router = APIRouter(prefix=API, tags=["Experiments"])


@dataclass(frozen=True)
class NamedFilter:
    """What activates one filter most."""

    filter: int
    name: Annotated[str, Field(description="In words.", examples=["edge at 78°, ink on the left"])]
    kind: Annotated[
        Kind,
        Field(
            description="Of the strongest stimulus; `end`: the end of a stroke; `inactive`: no stimulus activates it."
        ),
    ]
    angle: Annotated[
        float | None,
        Field(
            description="Of a line or edge, 0–180°; of an end, the direction in which the stroke points, 0–360°; "
            "null if the filter is not selective or inactive. Counterclockwise; 0 is horizontal, 90 vertical."
        ),
    ]
    ink: Annotated[InkSide | None, Field(description="On which side of an edge the ink is; null for other kinds.")]
    activation: Annotated[float, Field(description="The largest activation minus the activation for blank paper.")]
    selectivity: Annotated[float, Field(description="1 − circular variance over the angles, 0–1.")]
    direction: Annotated[
        float,
        Field(
            description="(a − b) / (a + b), where a is the activation for the strongest edge and b for that edge "
            "turned by 180°: near 1 for a detector of edges, near 0 for one of lines."
        ),
    ]

    @classmethod
    def of(cls, number: int, name: FilterName) -> "NamedFilter":
        """Describe the filter of this number."""
        measured: dict[str, Any] = {
            key: round(each, DECIMALS) if isinstance(each, float) else each for key, each in vars(name).items()
        }
        return cls(filter=number, name=name.words, **measured)


@dataclass(frozen=True)
class FilterNamesResponse:
    """The names of a first layer's filters."""

    model: str
    checkpoint: Annotated[int | None, Field(description="Training step of the weights; null: the finished weights.")]
    layer: Annotated[
        str | None,
        Field(
            description="The convolution that reads the image; null if the model does not begin with one and a ReLU."
        ),
    ]
    rectifier: Annotated[str | None, Field(description="The ReLU whose activations were measured.")]
    selective_from: Annotated[float, Field(description="Selectivity from which a filter is named.")]
    edge_from: Annotated[float, Field(description="Direction index from which a filter detects edges, not lines.")]
    filters: list[NamedFilter]

    @classmethod
    def of(cls, served: ServedNetwork) -> "FilterNamesResponse":
        """Name the filters of a model; slow the first time."""
        layer, rectifier = named_layers(served.artifact.network) or (None, None)
        filters = [NamedFilter.of(number, name) for number, name in enumerate(served.filter_names)]
        return cls(served.name, served.checkpoint, layer, rectifier, SELECTIVE_FROM, EDGE_FROM, filters)


@router.get(
    "/models/{model}/filter-names",
    summary="Name a model's first filters",
    **documented(
        FilterNamesResponse,
        [JSON],
        UnknownModel,
        UnknownCheckpoint,
        InvalidInput,
        ServerBusy,
        parameters=CheckpointParameter,
    ),
)
async def get_filter_names(request: Request, model: ModelPath) -> Response:
    """What each filter of the first layer responds to, measured with lines, edges and ends of strokes at every angle.

    Each name is the kind and the angle of the stimulus with the largest activation. `filters` is empty for a model
    that does not begin with a convolution and a ReLU.
    """
    context = context_of(request)
    served = CheckpointParameter.of(request).at_checkpoint(context.models[model])

    def compute() -> bytes:
        return encode_json(FilterNamesResponse.of(served))

    return Response(await context.slow_pool.run(compute), media_type=JSON)
