"""WebSocket /live: moves messages between a client, its session and the compute pool, and decides nothing."""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from time import monotonic

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect
from websockets.frames import CloseCode

from app.context import Context, context_of
from app.errors import UpgradeRequired
from app.live.message import encode_problem, read_message, respond
from app.live.seats import Seat, Seats
from app.live.session import Computation, Limits, LiveSession, SessionOver
from app.operations import API
from app.origin import require_own_page
from app.problems import count_error, root_path_of
from app.scheduling import run_by_length

router = APIRouter(prefix=API)

logger = logging.getLogger("app.live")


@router.websocket("/live")
async def hold_live_session(websocket: WebSocket) -> None:
    """Newest drawing wins; docs/api.md describes the messages."""
    context = context_of(websocket)
    settings = context.settings
    require_own_page(websocket, settings.admitted_origins, "open live sessions here")
    limits = Limits(settings.strokes, settings.points, settings.live_messages)
    read = partial(read_message, context.samples, settings)
    session = LiveSession(context.models, settings.default_model, limits, read)
    seats: Seats = websocket.app.state.seats
    begin = monotonic()
    receiving = asyncio.timeout(None)

    def release() -> None:
        with suppress(RuntimeError):  # the session is ending by itself
            receiving.reschedule(0)

    with seats.taken_one(_address_of(websocket), begin, release) as seat:
        await websocket.accept()
        wake = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            responding = tasks.create_task(_respond(websocket, session, wake, context))
            try:
                async with receiving:
                    over = await _receive(websocket, session, wake, settings.live_idle_seconds, seat)
            except TimeoutError:
                over = SessionOver(CloseCode.TRY_AGAIN_LATER, "Another client needed the seat of this idle session.")
            responding.cancel()
        if over:
            with suppress(WebSocketDisconnect):
                await websocket.close(over.code, over.reason)
    logger.info("live session", extra={"seconds": round(monotonic() - begin, 1), "ended": over and over.reason})


@router.get("/live", include_in_schema=False)
async def require_upgrade() -> None:
    """For requests that are no handshake: a browser's address bar, or a proxy that does not pass on the handshake."""
    raise UpgradeRequired(
        "Live sessions are a WebSocket, and this request has no header Upgrade: websocket, or a proxy removed it.",
        {"Upgrade": "websocket"},
    )


def _address_of(websocket: WebSocket) -> str:
    """The client's address; behind a proxy, the one that the proxy names."""
    return websocket.client.host if websocket.client else ""


async def _receive(
    websocket: WebSocket, session: LiveSession, wake: asyncio.Event, idle_seconds: float, seat: Seat
) -> SessionOver | None:
    """Apply every message as it arrives; returns why the session is over, or None if the client left."""
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                frame = await websocket.receive()
            if frame["type"] == "websocket.disconnect":
                return None
            text = frame.get("text")
            seat.use(monotonic())
            rejection = session.receive(frame.get("bytes", b"") if text is None else text, seat.used_at)
            if rejection is None:
                wake.set()
            else:
                await _reject(websocket, rejection.sequence, rejection.error)
    except TimeoutError:
        return SessionOver(CloseCode.NORMAL_CLOSURE, f"No message came for {idle_seconds:g} s.")
    except SessionOver as over:
        return over
    except WebSocketDisconnect:
        return None


async def _respond(websocket: WebSocket, session: LiveSession, wake: asyncio.Event, context: Context) -> None:
    """The newest computation, one at a time; the next one when the response before it has been sent."""
    while await wake.wait():
        wake.clear()
        while computation := session.next_computation():
            context.metrics.live_dropped.inc(computation.overtaken)
            try:
                await _respond_once(websocket, computation, context)
            except WebSocketDisconnect:
                return  # the receiving side gets this, too
            session.settle()


async def _respond_once(websocket: WebSocket, computation: Computation, context: Context) -> None:
    try:
        with context.metrics.timed_inference(computation.served.metric_label):
            # Each session has a seat, so no session is rejected because all of them draw.
            compute = partial(respond, computation)
            body = await run_by_length(context.pool, context.slow_pool, computation.length, compute, has_seat=True)
    except Exception as exception:  # whatever goes wrong with one drawing, the next one can be computed
        await _reject(websocket, computation.sequence, exception)
    else:
        await websocket.send_bytes(body)
        context.metrics.live_responses.inc()


async def _reject(websocket: WebSocket, sequence: int | None, exception: Exception) -> None:
    error = count_error(websocket, exception)
    await websocket.send_text(encode_problem(sequence, error, websocket.url.path, root_path_of(websocket)))
