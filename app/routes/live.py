"""WebSocket /live: moves messages between a client, its session and the compute pool, and decides nothing."""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket
from starlette.websockets import WebSocketDisconnect

from app.dependencies import CatalogDep, MetricsDep, PoolDep, SamplesDep, SettingsDep, SlowPoolDep
from app.errors import ForeignOrigin
from app.observability.metrics import Metrics
from app.origin import is_admitted
from app.problems import refuse
from app.routes import API
from app.routes.live_message import answer_question, encode_problem, read_message
from app.services.compute_pool import ComputePool
from app.services.drawing import MAX_CELLS, short_else_long
from app.services.live_session import Drawing, Limits, LiveSession, Question, Seats, SessionOver

router = APIRouter(prefix=API)

IDLE = 1000
"""Closing code of a session that was not used for long: nothing is wrong, and the client may come back."""

logger = logging.getLogger("app.live")


async def get_seats(websocket: WebSocket) -> Seats:
    """The places for live sessions."""
    seats: Seats = websocket.app.state.seats
    return seats


async def require_admitted(websocket: WebSocket, settings: SettingsDep) -> None:
    """Raises ForeignOrigin for the page of another site."""
    host = websocket.headers.get("host", "")
    if not is_admitted(websocket.headers.get("origin"), host, settings.live_origins):
        raise ForeignOrigin(f"Pages of another site than {host[:100]} may not open live sessions here.")


@router.websocket("/live", dependencies=[Depends(require_admitted)])
async def hold_live_session(
    websocket: WebSocket,
    seats: Annotated[Seats, Depends(get_seats)],
    catalog: CatalogDep,
    samples: SamplesDep,
    settings: SettingsDep,
    pool: PoolDep,
    slow_pool: SlowPoolDep,
    metrics: MetricsDep,
) -> None:
    """Newest drawing wins; docs/api.md describes the messages."""
    limits = Limits(settings.strokes, settings.points, settings.live_messages)
    session = LiveSession(catalog, settings.default_model, limits, partial(read_message, samples, settings))
    with seats.taken_one():
        await websocket.accept()
        begin = monotonic()
        wake = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(_answer(websocket, session, wake, pool, slow_pool, metrics))
            over = await _receive(websocket, session, wake, settings.live_idle_seconds)
            answering.cancel()
        if over:
            with suppress(WebSocketDisconnect):
                await websocket.close(over.code, over.reason)
    logger.info("live session", extra={"seconds": round(monotonic() - begin, 1), "ended": over and over.reason})


async def _receive(
    websocket: WebSocket, session: LiveSession, wake: asyncio.Event, idle_seconds: float
) -> SessionOver | None:
    """Every message, as it comes; returns why the session is over, or None if the client has gone."""
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                frame = await websocket.receive()
            if frame["type"] == "websocket.disconnect":
                return None
            text = frame.get("text")
            refusal = session.receive(frame.get("bytes", b"") if text is None else text, monotonic())
            if refusal is None:
                wake.set()
            else:
                await _refuse(websocket, refusal.sequence, refusal.error)
    except TimeoutError:
        return SessionOver(IDLE, f"No message came for {idle_seconds:g} s.")
    except SessionOver as over:
        return over
    except WebSocketDisconnect:
        return None


async def _answer(
    websocket: WebSocket,
    session: LiveSession,
    wake: asyncio.Event,
    pool: ComputePool,
    slow_pool: ComputePool,
    metrics: Metrics,
) -> None:
    """The newest question, one at a time; the next one when the answer before is on its way."""
    while await wake.wait():
        wake.clear()
        while question := session.next_question():
            metrics.live_dropped.inc(question.overtaken)
            try:
                await _answer_one(websocket, question, pool, slow_pool, metrics)
            except WebSocketDisconnect:
                return  # the receiving side hears of it as well
            session.settle()


async def _answer_one(
    websocket: WebSocket, question: Question, pool: ComputePool, slow_pool: ComputePool, metrics: Metrics
) -> None:
    try:
        with metrics.timed_inference(question.served.name):
            compute = partial(answer_question, question)
            # Each session has a seat, so none of them is turned away because all of them draw.
            if isinstance(question.make_source, Drawing):
                body = await short_else_long(pool.run_seated, slow_pool.run_seated, compute)
            else:
                body = await slow_pool.run_seated(compute, MAX_CELLS)
    except Exception as exception:  # whatever goes wrong with one drawing, the next one can be answered
        await _refuse(websocket, question.sequence, exception)
    else:
        await websocket.send_bytes(body)
        metrics.live_answers.inc()


async def _refuse(websocket: WebSocket, sequence: int | None, exception: Exception) -> None:
    error = refuse(websocket, exception)
    await websocket.send_text(encode_problem(sequence, error, websocket.url.path))
