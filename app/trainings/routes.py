"""/trainings: networks that visitors train."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response, StreamingResponse

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json_text
from app.context import context_of
from app.digit_input import BODY_ERRORS, read_body
from app.documentation import FILE, documented, documented_deletion, file_responses, request_body
from app.errors import DrawingTooLarge, ForeignOrigin, ServerBusy, StateFull, TrainingOff, UnknownTraining
from app.formats import send_json
from app.operations import API
from app.origin import require_own_page
from app.parameters import owner_of
from app.trainings.messages import StartedTraining, TrainingBody, TrainingResponse
from app.trainings.service import TrainingService
from app.view_id import expiry_text
from model.onnx.writer import to_onnx
from model.training_request import TrainingRequest

router = APIRouter(prefix=f"{API}/trainings", tags=["Training"])

EVENTS = "text/event-stream"

RECONNECT_MS = 1000
"""How long a browser waits before it reconnects, in milliseconds."""

NO_STORE = {"Cache-Control": "no-store"}

EXAMPLES = {
    "small": {"summary": "Four kernels of 7×7", "value": {"kernel_size": 7, "filters": 4, "digits": 1000}},
    "symbols": {
        "summary": "Two classes of own symbols, three drawings each",
        "value": {
            "classes": [
                {
                    "name": "cross",
                    "drawings": [[[[0.2, 0.2], [x, 0.8]], [[x, 0.2], [0.2, 0.8]]] for x in (0.7, 0.8, 0.9)],
                },
                {"name": "corner", "drawings": [[[[0.2, 0.2], [0.2, 0.8], [x, 0.8]]] for x in (0.7, 0.8, 0.9)]},
            ]
        },
    },
}


EXAMPLE = {
    "id": "v1c8b4ac-lzcrp7cpzmy2buzxkybkyrwryn",
    "owner": "WyKAW57Fn8GJKlsXWPIPDDXzWC-21YGh",
    "expires": "2026-11-28T04:28:00+00:00",
}

RUN_EXAMPLE = {
    **{name: EXAMPLE[name] for name in ("id", "expires")},
    "state": "running",
    "place": None,
    "request": asdict(TrainingRequest(kernel_size=7, filters=4, digits=1000)),
    "classes": None,
    "updates": [
        {"digits": 1000, "held_out": 1000},
        {"step": 10, "steps": 75, "epoch": 1, "loss": 2.1, "accuracy": 0.3, "dead": []},
    ],
    "kernels": [[[0.1, -0.2, 0.3]]],
    "problem": None,
    "model": None,
}

RunPath = Annotated[str, Path(description="Id of a training.", examples=[EXAMPLE["id"]])]


@router.post(
    "",
    summary="Train a network of your own",
    **documented(
        StartedTraining,
        [JSON],
        TrainingOff,
        ForeignOrigin,
        StateFull,
        ServerBusy,
        DrawingTooLarge,
        *BODY_ERRORS,
        body=request_body(TrainingBody, EXAMPLES),
        example=EXAMPLE,
    ),
)
async def start_training(request: Request) -> Response:
    """One convolution k×k → ReLU → pooling → classes, in a process of its own.

    It learns MNIST training digits, or two to ten classes of your own symbols from a few drawings of each. All drawings
    together may have as many strokes and points as one drawing elsewhere.

    As many run at a time as the machine has cores; the others wait. When it is done, the network is served under the
    id of the run, until it is deleted.
    """
    settings = context_of(request).settings
    require_own_page(request, settings.admitted_origins, "start trainings here")
    body = await read_body(TrainingBody, request, settings)
    body.require_size(settings)
    run, owner = await _service_of(request).start(body.request, body.symbols)
    return send_json(StartedTraining(run, owner, expiry_text(run)), headers=NO_STORE)


@router.get(
    "/{run}",
    summary="Get the state of a training",
    **documented(TrainingResponse, [JSON], UnknownTraining, example=RUN_EXAMPLE),
)
async def get_training(request: Request, run: RunPath) -> Response:
    """Its settings, its progress, and the newest kernels."""
    return send_json(_service_of(request).describe(run), headers=NO_STORE)


@router.get(
    "/{run}/onnx",
    summary="Take a trained network home",
    response_class=Response,
    responses=file_responses("An ONNX file with every layer as an output.", UnknownTraining, ServerBusy),
)
async def download_network(request: Request, run: RunPath) -> Response:
    """The network as an ONNX file, which reads 28×28 pixels: 0 paper, 1 ink."""
    context, described = context_of(request), _service_of(request).describe(run)
    if described.model is None:
        raise UnknownTraining(f"The network of this training is not there: the training is {described.state}.")
    artifact = context.models[described.model].artifact
    content = await context.slow_pool.run(lambda: to_onnx(artifact).SerializeToString())
    name = f"{described.request.filters}-kernels-of-{described.request.kernel_size}.onnx"
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=FILE, headers=headers)


@router.delete("/{run}", summary="Cancel a training, and delete its network", **documented_deletion(UnknownTraining))
async def delete_training(request: Request, run: RunPath) -> Response:
    """Needs the token that came with it: `Authorization: Bearer <owner>`."""
    await _service_of(request).delete(run, owner_of(request))
    return Response(status_code=204)


@router.get(
    "/{run}/events",
    summary="Follow a training",
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
    run: RunPath,
    last_event_id: Annotated[
        str, Header(max_length=100, description="Id of the last event received; browsers send it by themselves.")
    ] = "",
) -> StreamingResponse:
    """First `start`, then each update of the training as `update`, with the kernels; last `end`, with the state.

    While it waits for others, `place` gives its position in the queue. A client that reconnects names the last event it
    received in `Last-Event-ID` and gets what followed, without `start`.
    """
    service = _service_of(request)
    service.describe(run)

    async def lines() -> AsyncIterator[str]:
        yield f"retry: {RECONNECT_MS}\n\n"
        async for event in service.events(run, last_event_id):
            identifier = f"id: {event.id}\n" if event.id else ""
            yield f"event: {event.name}\n{identifier}data: {encode_json_text(event.data)}\n\n"

    return StreamingResponse(lines(), media_type=EVENTS, headers=NO_STORE)


def _service_of(request: Request) -> TrainingService:
    service: TrainingService = request.app.state.trainings
    return service
