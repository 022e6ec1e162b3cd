"""What routes need, by type; what is asked of an `HTTPConnection` serves WebSockets as well.

All are coroutines: FastAPI sends plain functions to a thread, and eight of those cost a request as much as the network.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from fastapi.requests import HTTPConnection
from fastapi.templating import Jinja2Templates

from app.errors import UnsupportedMediaType
from app.observability.metrics import Metrics
from app.schemas.attribution import OcclusionQuery, SaliencyQuery
from app.schemas.experiments import (
    GradientCheckQuery,
    GradientQuery,
    PokeQuery,
    ShiftCurveQuery,
    ShiftQuery,
    StepQuery,
)
from app.schemas.explanations import NeuronQuery
from app.schemas.inference import DigitQuery
from app.schemas.reading import BodyT, read_body
from app.schemas.trainings import TrainingQuery
from app.services.compute_pool import ComputePool
from app.services.experiments import ExperimentRecords
from app.services.network_catalog import NetworkCatalog, ServedNetwork
from app.services.sample_catalog import SampleCatalog
from app.services.workshop import Workshop
from app.settings import Settings


@dataclass(frozen=True)
class Services:
    """What routes work with, together.

    A busy route takes all of it at once from `services_of`: as a dependency each, they cost more than the network does.
    """

    settings: Settings
    catalog: NetworkCatalog
    samples: SampleCatalog
    pool: ComputePool
    slow_pool: ComputePool
    metrics: Metrics


def services_of(connection: HTTPConnection) -> Services:
    """What the application was started with."""
    services: Services = connection.app.state.services
    return services


async def get_settings(connection: HTTPConnection) -> Settings:
    """The settings."""
    settings: Settings = connection.app.state.settings
    return settings


async def get_catalog(connection: HTTPConnection) -> NetworkCatalog:
    """The networks."""
    catalog: NetworkCatalog = connection.app.state.catalog
    return catalog


async def get_samples(connection: HTTPConnection) -> SampleCatalog:
    """The test digits."""
    samples: SampleCatalog = connection.app.state.samples
    return samples


async def get_records(connection: HTTPConnection) -> ExperimentRecords:
    """What was measured beforehand."""
    records: ExperimentRecords = connection.app.state.records
    return records


async def get_pool(connection: HTTPConnection) -> ComputePool:
    """The threads that compute what takes a millisecond or two."""
    pool: ComputePool = connection.app.state.pool
    return pool


async def get_slow_pool(connection: HTTPConnection) -> ComputePool:
    """The thread that computes what may take long."""
    pool: ComputePool = connection.app.state.slow_pool
    return pool


async def get_metrics(connection: HTTPConnection) -> Metrics:
    """The metrics."""
    metrics: Metrics = connection.app.state.metrics
    return metrics


async def get_workshop(connection: HTTPConnection) -> Workshop:
    """Where visitors' own networks are trained."""
    workshop: Workshop = connection.app.state.workshop
    return workshop


async def get_templates(request: Request) -> Jinja2Templates:
    """The page templates."""
    templates: Jinja2Templates = request.app.state.templates
    return templates


SettingsDep = Annotated[Settings, Depends(get_settings)]
CatalogDep = Annotated[NetworkCatalog, Depends(get_catalog)]
SamplesDep = Annotated[SampleCatalog, Depends(get_samples)]
RecordsDep = Annotated[ExperimentRecords, Depends(get_records)]
PoolDep = Annotated[ComputePool, Depends(get_pool)]
SlowPoolDep = Annotated[ComputePool, Depends(get_slow_pool)]
WorkshopDep = Annotated[Workshop, Depends(get_workshop)]
MetricsDep = Annotated[Metrics, Depends(get_metrics)]
TemplatesDep = Annotated[Jinja2Templates, Depends(get_templates)]


async def get_model(
    catalog: CatalogDep, model: Annotated[str, Path(description="Id of a model.", examples=["cnn"])]
) -> ServedNetwork:
    """The model of the path."""
    return catalog[model]


ModelDep = Annotated[ServedNetwork, Depends(get_model)]


async def get_model_at(
    served: ModelDep,
    checkpoint: Annotated[
        int | None,
        Query(description="Training step to take the weights of; left out: the finished ones.", examples=[625]),
    ] = None,
) -> ServedNetwork:
    """The model of the path, as it was after a training step."""
    return served if checkpoint is None else served.at(checkpoint)


CheckpointDep = Annotated[ServedNetwork, Depends(get_model_at)]


async def read_query(kind: type[BodyT], request: Request, settings: Settings) -> BodyT:
    """A JSON body."""
    require_content_type(request, "application/json")
    return read_body(kind, await request.body(), settings)


def _body(kind: type[BodyT]) -> Callable[[Request, Settings], Awaitable[BodyT]]:
    """A dependency that reads the request's JSON as this kind."""

    async def read(request: Request, settings: SettingsDep) -> BodyT:
        return await read_query(kind, request, settings)

    return read


DigitQueryDep = Annotated[DigitQuery, Depends(_body(DigitQuery))]
NeuronQueryDep = Annotated[NeuronQuery, Depends(_body(NeuronQuery))]
PokeQueryDep = Annotated[PokeQuery, Depends(_body(PokeQuery))]
ShiftQueryDep = Annotated[ShiftQuery, Depends(_body(ShiftQuery))]
ShiftCurveQueryDep = Annotated[ShiftCurveQuery, Depends(_body(ShiftCurveQuery))]
GradientQueryDep = Annotated[GradientQuery, Depends(_body(GradientQuery))]
GradientCheckQueryDep = Annotated[GradientCheckQuery, Depends(_body(GradientCheckQuery))]
SaliencyQueryDep = Annotated[SaliencyQuery, Depends(_body(SaliencyQuery))]
OcclusionQueryDep = Annotated[OcclusionQuery, Depends(_body(OcclusionQuery))]
TrainingQueryDep = Annotated[TrainingQuery, Depends(_body(TrainingQuery))]
StepQueryDep = Annotated[StepQuery, Depends(_body(StepQuery))]


def require_content_type(request: Request, expected: str) -> None:
    """Raises UnsupportedMediaType unless the body is declared to be of this kind."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != expected:
        raise UnsupportedMediaType(
            f"The body is declared as {declared[:60] or 'nothing'}; this operation reads {expected}.", expected=expected
        )
