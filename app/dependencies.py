"""What routes need, by type.

All are coroutines: FastAPI sends plain functions to a thread, and eight of those cost a request as much as the network.
"""

from typing import Annotated, TypeVar

from fastapi import Depends, Path, Query, Request
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError

from app.errors import DrawingTooLarge, InvalidInput, MalformedRequest, UnsupportedMediaType
from app.observability.metrics import Metrics
from app.problems import invalid_input
from app.schemas.explanations import NeuronQuery
from app.schemas.inference import DigitQuery
from app.services.compute_pool import ComputePool
from app.services.network_catalog import NetworkCatalog, ServedNetwork
from app.services.sample_catalog import SampleCatalog
from app.settings import Settings


async def get_settings(request: Request) -> Settings:
    """The settings."""
    settings: Settings = request.app.state.settings
    return settings


async def get_catalog(request: Request) -> NetworkCatalog:
    """The networks."""
    catalog: NetworkCatalog = request.app.state.catalog
    return catalog


async def get_samples(request: Request) -> SampleCatalog:
    """The test digits."""
    samples: SampleCatalog = request.app.state.samples
    return samples


async def get_pool(request: Request) -> ComputePool:
    """The threads that compute."""
    pool: ComputePool = request.app.state.pool
    return pool


async def get_metrics(request: Request) -> Metrics:
    """The metrics."""
    metrics: Metrics = request.app.state.metrics
    return metrics


async def get_templates(request: Request) -> Jinja2Templates:
    """The page templates."""
    templates: Jinja2Templates = request.app.state.templates
    return templates


SettingsDep = Annotated[Settings, Depends(get_settings)]
CatalogDep = Annotated[NetworkCatalog, Depends(get_catalog)]
SamplesDep = Annotated[SampleCatalog, Depends(get_samples)]
PoolDep = Annotated[ComputePool, Depends(get_pool)]
MetricsDep = Annotated[Metrics, Depends(get_metrics)]
TemplatesDep = Annotated[Jinja2Templates, Depends(get_templates)]


async def get_model(
    catalog: CatalogDep, model: Annotated[str, Path(description="Id of a model.", examples=["cnn"])]
) -> ServedNetwork:
    """The model of the path."""
    return catalog[model]


ModelDep = Annotated[ServedNetwork, Depends(get_model)]


async def get_layers(
    served: ModelDep,
    layers: Annotated[
        str | None,
        Query(description="Names of layers, separated by commas; left out: every layer.", examples=["conv1,relu1"]),
    ] = None,
) -> list[str]:
    """Names of known layers in the order asked for, each once."""
    if layers is None:
        return list(served.layers)
    names = list(dict.fromkeys(layers.split(",")))
    if names == [""]:
        raise InvalidInput("layers is empty; name one or more layers, or leave it out for all of them.")
    for name in names:
        served.require_layer(name)
    return names


LayersDep = Annotated[list[str], Depends(get_layers)]


DigitQueryT = TypeVar("DigitQueryT", bound=DigitQuery)


async def get_digit_query(request: Request, settings: SettingsDep) -> DigitQuery:
    """The digit of a JSON body."""
    return await _read_query(DigitQuery, request, settings)


async def get_neuron_query(request: Request, settings: SettingsDep) -> NeuronQuery:
    """The digit and the neuron of a JSON body."""
    return await _read_query(NeuronQuery, request, settings)


async def _read_query(kind: type[DigitQueryT], request: Request, settings: Settings) -> DigitQueryT:
    """A JSON body, checked from the cheap to the costly."""
    require_content_type(request, "application/json")
    body = await request.body()
    # Counting separators costs a hundredth of parsing: a flood ends here, before any number is made of it.
    most = 2 * settings.points + settings.strokes + 1000
    if body.count(b",") > most:
        raise DrawingTooLarge(
            f"The body lists more than {most:,} values; a drawing may have {settings.points:,} points.",
            limit_points=settings.points,
        )
    try:
        query = kind.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            reason = errors[0]["msg"].removeprefix("Invalid JSON: ")
            raise MalformedRequest(f"The body is not JSON: {reason}.") from None
        raise invalid_input(errors) from None
    if query.strokes is not None:
        _check_drawing(query.strokes, settings)
    return query


DigitQueryDep = Annotated[DigitQuery, Depends(get_digit_query)]
NeuronQueryDep = Annotated[NeuronQuery, Depends(get_neuron_query)]


def require_content_type(request: Request, expected: str) -> None:
    """Raises UnsupportedMediaType unless the body is declared to be of this kind."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != expected:
        raise UnsupportedMediaType(
            f"The body is declared as {declared[:60] or 'nothing'}; this operation reads {expected}.", expected=expected
        )


def _check_drawing(strokes: list[list[tuple[float, float]]], settings: Settings) -> None:
    points = sum(map(len, strokes))
    if len(strokes) > settings.strokes or points > settings.points:
        raise DrawingTooLarge(
            f"The drawing has {len(strokes):,} strokes with {points:,} points in all; "
            f"this server draws up to {settings.strokes:,} strokes and {settings.points:,} points.",
            limit_strokes=settings.strokes,
            limit_points=settings.points,
        )
