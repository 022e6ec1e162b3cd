"""/trainings: a visitor's own network."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json, encode_json_text
from app.dependencies import TrainingQueryDep, WorkshopDep
from app.errors import BodyTooLarge, InvalidInput, MalformedRequest, TrainingOff, TrainingUnderWay, UnsupportedMediaType
from app.routes import API
from app.schemas.documentation import TRAINING_BODY, TRAINING_EXAMPLE, answers
from app.schemas.trainings import TrainingAnswer
from app.services.workshop import Training

router = APIRouter(prefix=f"{API}/trainings", tags=["Training"])

EVENTS = "text/event-stream"


@router.post(
    "",
    summary="Train a network of your own",
    response_model=TrainingAnswer,
    response_class=Response,
    openapi_extra=TRAINING_BODY,
    responses=answers(
        TRAINING_EXAMPLE,
        [JSON],
        TrainingOff,
        TrainingUnderWay,
        InvalidInput,
        MalformedRequest,
        BodyTooLarge,
        UnsupportedMediaType,
    ),
)
async def start_training(query: TrainingQueryDep, workshop: WorkshopDep) -> Response:
    """One convolution k×k → ReLU → pooling → 10 classes, on a few thousand digits, in a process of its own.

    One at a time. When it is done the network is served as model `trained`, until another is or the server stops.
    """
    return _answer(await workshop.start(query.wish))


@router.get(
    "/current",
    summary="See how the training goes",
    response_model=TrainingAnswer,
    response_class=Response,
    responses=answers(TRAINING_EXAMPLE, [JSON]),
)
async def get_training(workshop: WorkshopDep) -> Response:
    """The training that runs, or ran last."""
    return _answer(workshop.current)


@router.delete(
    "/current",
    summary="Cancel the training",
    response_model=TrainingAnswer,
    response_class=Response,
    responses=answers({**TRAINING_EXAMPLE, "state": "canceled"}, [JSON]),
)
async def cancel_training(workshop: WorkshopDep) -> Response:
    """End what runs; what is done stays."""
    return _answer(await workshop.cancel())


@router.get(
    "/current/events",
    summary="Follow the training",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events, each an update as JSON.", "content": {EVENTS: {}}}},
)
async def follow_training(workshop: WorkshopDep) -> StreamingResponse:
    """Every update with the kernels, from the start of the training; the last event is `end`, with the state."""

    async def events() -> AsyncIterator[str]:
        async for update in workshop.updates():
            name = "end" if "state" in update else "update"
            yield f"event: {name}\ndata: {encode_json_text(update)}\n\n"

    return StreamingResponse(events(), media_type=EVENTS, headers={"Cache-Control": "no-store"})


def _answer(training: Training | None) -> Response:
    told = {"state": "none"} if training is None else training.as_answer()
    return Response(encode_json(told), media_type=JSON, headers={"Cache-Control": "no-store"})
