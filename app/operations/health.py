"""/healthz, /readyz and /metrics: for those who run the service."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import Field

from app.codecs.media_types import JSON
from app.documentation import documented
from app.errors import NotReady
from app.formats import send_json
from app.observability.metrics import Metrics

router = APIRouter(tags=["Operations"])

# All of these are coroutines: a synchronous check would wait for a thread behind the very load it should report.


@dataclass(frozen=True)
class HealthResponse:
    """The process runs."""

    status: Literal["ok"]


@dataclass(frozen=True)
class ReadinessResponse:
    """The service can compute."""

    status: Literal["ready"]
    models: Annotated[list[str], Field(description="Ids of the served models.")]


@router.get("/healthz", summary="Is the process alive?", **documented(HealthResponse, [JSON]))
async def check_health() -> Response:
    """Responds at once whatever the load; anything else means that the process should be restarted."""
    return send_json(HealthResponse("ok"))


@router.get("/readyz", summary="Can it respond?", **documented(ReadinessResponse, [JSON], NotReady))
async def check_readiness(request: Request) -> Response:
    """200 while the networks are loaded and the compute pool is open; 503 otherwise, and no traffic should be sent."""
    context = getattr(request.app.state, "context", None)
    if context is None or not context.pool.is_open:
        raise NotReady("The networks are not loaded, or the server is stopping.")
    return send_json(ReadinessResponse("ready", [served.name for served in context.models.all]))


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse)
async def get_metrics(request: Request) -> Response:
    """Requests, latency, inference time, queue and rejections, in Prometheus's text format."""
    metrics: Metrics = request.app.state.metrics
    return Response(await metrics.expose(), media_type="text/plain; version=0.0.4; charset=utf-8")
