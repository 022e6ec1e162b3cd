"""What happens before any application code runs, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn

import app.server.http_protocol
from app.main import create_app
from app.server.http_protocol import BoundedHttpProtocol
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
    response = await reader.read()
    writer.close()
    await writer.wait_closed()
    return response


async def test_an_ordinary_request_is_answered(port: int):
    response = await _exchange(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert response.startswith(b"HTTP/1.1 200 OK")


async def test_several_requests_share_a_connection(port: int):
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

    response = await _exchange(port, request, request, request[:-2] + b"Connection: close\r\n\r\n")

    assert response.count(b"HTTP/1.1 200 OK") == 3


async def test_head_is_answered_without_a_body(port: int):
    response = await _exchange(port, b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert response.startswith(b"HTTP/1.1 200 OK")
    assert b"content-length: 15\r\n" in response
    assert response.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: " + b"a" * 100_000,
    ],
    ids=["long", "many", "long address", "endless"],
)
async def test_large_headers_are_a_431(port: int, head: bytes):
    response = await _exchange(port, head)

    assert response.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in response.lower()
    assert b'"limit_bytes":32768' in response


async def test_what_is_no_http_is_a_400(port: int):
    response = await _exchange(port, b"HELLO\r\n\r\n")

    assert response.startswith(b"HTTP/1.1 400 ")
    assert b"/problems/malformed-request" in response


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n"], ids=["silent", "half"])
async def test_headers_that_do_not_come_are_a_408(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, port: int, head: bytes
):
    monkeypatch.setattr(app.server.http_protocol, "HEADER_SECONDS", 0.05)

    response = await _exchange(port, head)

    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"No complete request headers arrived within 0.05 s." in response
