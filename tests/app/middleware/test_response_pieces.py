"""Large bodies go out in pieces, and count in full until the client has read them."""

import asyncio

import pytest
from starlette.types import Message

from app.middleware.response_pieces import PIECE_BYTES, ResponsePiecesMiddleware, UnreadResponses

pytestmark = pytest.mark.anyio

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


class Client:
    """Reads one piece each time it is allowed to."""

    def __init__(self) -> None:
        self.received: list[Message] = []
        self.allowed = asyncio.Semaphore(0)

    async def send(self, message: Message) -> None:
        await self.allowed.acquire()
        self.received.append(message)


def responding(*bodies: Message):
    async def app(scope, receive, send):
        await send(START)
        for body in bodies:
            await send({"type": "http.response.body", **body})

    return app


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def nothing() -> Message:
    raise AssertionError("the body of the request is not read")


async def test_a_large_body_counts_in_full_until_its_last_piece_is_read():
    body = bytes(range(256)) * (PIECE_BYTES // 256) * 2 + b"end"
    client, unread = Client(), UnreadResponses()
    middleware = ResponsePiecesMiddleware(responding({"body": body}), unread)
    response = asyncio.create_task(middleware({"type": "http"}, nothing, client.send))

    counts = []
    for _ in range(4):  # the start and three pieces
        await settle()
        counts.append(unread.bytes)
        client.allowed.release()
    await response

    assert counts == [0, len(body), len(body), len(body)]
    assert unread.bytes == 0
    assert [len(message["body"]) for message in client.received[1:]] == [PIECE_BYTES, PIECE_BYTES, 3]
    assert [message["more_body"] for message in client.received[1:]] == [True, True, False]
    assert b"".join(message["body"] for message in client.received[1:]) == body


async def test_a_body_of_one_piece_goes_through_as_it_is():
    client, unread = Client(), UnreadResponses()
    whole: Message = {"body": bytes(PIECE_BYTES), "more_body": True}
    for _ in range(3):
        client.allowed.release()

    await ResponsePiecesMiddleware(responding(whole, {"body": b""}), unread)({"type": "http"}, nothing, client.send)

    assert client.received == [
        START,
        {"type": "http.response.body", **whole},
        {"type": "http.response.body", "body": b""},
    ]


async def test_a_body_that_goes_on_is_not_ended_by_its_pieces():
    client = Client()
    for _ in range(4):
        client.allowed.release()
    app = responding({"body": bytes(PIECE_BYTES + 1), "more_body": True}, {"body": b"", "more_body": False})

    await ResponsePiecesMiddleware(app, UnreadResponses())({"type": "http"}, nothing, client.send)

    assert [message["more_body"] for message in client.received[1:]] == [True, True, False]


async def test_a_client_that_leaves_counts_no_more():
    client, unread = Client(), UnreadResponses()
    client.allowed.release()
    app = responding({"body": bytes(3 * PIECE_BYTES)})
    response = asyncio.create_task(ResponsePiecesMiddleware(app, unread)({"type": "http"}, nothing, client.send))
    await settle()
    assert unread.bytes == 3 * PIECE_BYTES

    response.cancel()
    await asyncio.gather(response, return_exceptions=True)

    assert unread.bytes == 0
