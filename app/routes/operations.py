"""/healthz, /readyz and /metrics: for those who run the service."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.dependencies import MetricsDep
from app.errors import NotReady
from app.schemas.documentation import answers

router = APIRouter(tags=["Operations"])

# All of these are coroutines: a synchronous check would wait for a thread behind the very load it should report.


@router.get(
    "/healthz",
    summary="Is the process alive?",
    response_class=Response,
    responses=answers({"status": "ok"}, [JSON]),
)
async def check_health() -> Response:
    """Answers at once whatever the load; anything else means that the process should be restarted."""
    return Response(encode_json({"status": "ok"}), media_type=JSON)


@router.get(
    "/readyz",
    summary="Can it answer?",
    response_class=Response,
    responses=answers({"status": "ready", "models": ["cnn"]}, [JSON], NotReady),
)
async def check_readiness(request: Request) -> Response:
    """200 while the networks are loaded and the compute pool is open; 503 otherwise, and no traffic should be sent."""
    pool = getattr(request.app.state, "pool", None)
    if pool is None or not pool.is_open:
        raise NotReady("The networks are not loaded, or the server is stopping.", headers={"Retry-After": "1"})
    models = [served.name for served in request.app.state.catalog.all]
    return Response(encode_json({"status": "ready", "models": models}), media_type=JSON)


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response, include_in_schema=True)
async def get_metrics(metrics: MetricsDep) -> Response:
    """Requests, latency, inference time, queue and refusals, in Prometheus's text format."""
    return Response(metrics.expose(), media_type="text/plain; version=0.0.4; charset=utf-8")
