"""/trainings: a network that a visitor trains."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response, StreamingResponse

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json_text
from app.context import context_of
from app.digit_input import BODY_ERRORS, read_body
from app.documentation import documented, request_body
from app.errors import TrainingInProgress, TrainingNotStarted, TrainingOff
from app.formats import send_json
from app.operations import API
from app.trainings.messages import TrainingBody, TrainingResponse
from app.trainings.service import Training, TrainingService

router = APIRouter(prefix=f"{API}/trainings", tags=["Training"])

EVENTS = "text/event-stream"

RECONNECT_MS = 1000
"""How long a browser waits before it reconnects, in milliseconds."""

EXAMPLES = {
    "small": {"summary": "Four kernels of 7×7", "value": {"kernel_size": 7, "filters": 4, "digits": 1000}},
}


@router.post(
    "",
    summary="Train a network of your own",
    **documented(
        TrainingResponse,
        [JSON],
        TrainingOff,
        TrainingInProgress,
        TrainingNotStarted,
        *BODY_ERRORS,
        body=request_body(TrainingBody, EXAMPLES),
    ),
)
async def start_training(request: Request) -> Response:
    """One convolution k×k → ReLU → pooling → 10 classes, on a few thousand digits, in a separate process.

    One run at a time. When it is done, the network is served as model `trained` until another one is trained or the
    server stops.
    """
    body = await read_body(TrainingBody, request, context_of(request).settings)
    return _respond(await _service_of(request).start(body.request))


@router.get("/current", summary="Get the state of the training", **documented(TrainingResponse, [JSON]))
async def get_training(request: Request) -> Response:
    """The training that runs, or ran last."""
    return _respond(_service_of(request).current)


@router.delete("/current", summary="Cancel the training", **documented(TrainingResponse, [JSON]))
async def cancel_training(request: Request) -> Response:
    """End the run in progress. A finished network stays."""
    return _respond(await _service_of(request).cancel())


@router.get(
    "/current/events",
    summary="Follow the training",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events, each with JSON data.",
            "content": {EVENTS: {"schema": {"type": "string"}}},
        }
    },
)
async def follow_training(
    request: Request,
    last_event_id: Annotated[
        str, Header(max_length=100, description="Id of the last event received; browsers send it by themselves.")
    ] = "",
) -> StreamingResponse:
    """First `start`, then each update of the training as `update`, with the kernels; last `end`, with the state.

    A client that reconnects names the last event it received in `Last-Event-ID` and gets what followed. If another
    training was started since, the first event is `start`: the client drops what it received before.
    """
    service = _service_of(request)

    async def lines() -> AsyncIterator[str]:
        yield f"retry: {RECONNECT_MS}\n\n"
        async for event in service.events(last_event_id):
            identifier = f"id: {event.id}\n" if event.id else ""
            yield f"event: {event.name}\n{identifier}data: {encode_json_text(event.data)}\n\n"

    return StreamingResponse(lines(), media_type=EVENTS, headers={"Cache-Control": "no-store"})


def _service_of(request: Request) -> TrainingService:
    service: TrainingService = request.app.state.trainings
    return service


def _respond(training: Training | None) -> Response:
    response = TrainingResponse("none") if training is None else training.as_response()
    return send_json(response, headers={"Cache-Control": "no-store"})
