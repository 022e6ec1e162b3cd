"""What happens before any application code runs, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn

import app.http_protocol
from app.http_protocol import BoundedHttpProtocol
from app.main import create_app
from app.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    config = uvicorn.Config(
        create_app(settings), port=0, http=BoundedHttpProtocol, ws="none", lifespan="on", log_config=None
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


async def _exchange(port: int, *parts: bytes) -> bytes:
    """Everything that the server answers until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_an_ordinary_request_is_answered(port: int):
    answer = await _exchange(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_several_requests_share_a_connection(port: int):
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

    answer = await _exchange(port, request, request, request[:-2] + b"Connection: close\r\n\r\n")

    assert answer.count(b"HTTP/1.1 200 OK") == 3


async def test_head_is_answered_without_a_body(port: int):
    answer = await _exchange(port, b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"content-length: 15\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Endless: " + b"a" * 100_000,
    ],
    ids=["long", "many", "long address", "endless"],
)
async def test_large_headers_are_a_431(port: int, head: bytes):
    answer = await _exchange(port, head)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in answer
    assert b'"limit_bytes":32768' in answer


async def test_what_is_no_http_is_a_400(port: int):
    answer = await _exchange(port, b"HELLO\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"/problems/malformed-request" in answer


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"], ids=["silent", "half"])
async def test_headers_that_do_not_come_are_a_408(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, port: int, head: bytes
):
    monkeypatch.setattr(app.http_protocol, "HEADER_SECONDS", 0.05)

    answer = await _exchange(port, head)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"No complete request headers arrived within 0.05 s." in answer
