import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings

pytestmark = pytest.mark.anyio

URL = "/api/v1/models/cnn/feature-maps"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def settings(artifacts) -> Settings:
    return Settings(artifacts=artifacts, body_bytes=2000, body_seconds=0.2)


PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


async def _endless(begin: bytes) -> AsyncIterator[bytes]:
    yield begin.ljust(500)
    while True:
        yield b" " * 500


@pytest.mark.parametrize("url", [URL, f"{URL}/upload"])
async def test_a_body_that_says_it_is_too_large_is_refused_unread(client: httpx.AsyncClient, url: str):
    response = await client.post(url, content=b" " * 2001, headers=JSON)

    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["connection"] == "close"
    assert response.json()["type"] == "/problems/body-too-large"
    assert response.json()["detail"] == "The body has 2,001 bytes or more; this server reads up to 2,000."
    assert response.json()["limit_bytes"] == 2000


@pytest.mark.parametrize(
    ("url", "content_type", "begin"),
    [(URL, "application/json", b"{"), (f"{URL}/upload", "multipart/form-data; boundary=x", PART)],
)
async def test_a_body_that_does_not_say_is_refused_when_it_grows(
    client: httpx.AsyncClient, url: str, content_type: str, begin: bytes
):
    response = await client.post(url, content=_endless(begin), headers={"Content-Type": content_type})

    assert response.status_code == 413
    assert response.json()["detail"].startswith("The body has 2,500 bytes or more")


async def test_a_body_within_the_limit_is_read(client: httpx.AsyncClient):
    response = await client.post(URL, content=b'{"sample": 0}'.ljust(2000), headers=JSON)

    assert response.status_code == 200


async def test_a_length_that_is_no_number_is_ignored_and_the_bytes_are_counted(app: FastAPI):
    status, _body = await _ask(app, [b" " * 3000], headers=[(b"content-length", b"many")])

    assert status == 413


async def test_a_body_that_stops_arriving_is_a_408(app: FastAPI):
    status, body = await _ask(app, [b'{"sam'], then_silence=True)

    assert status == 408
    assert b"5 bytes of the body arrived within 0.2 s, but it is not complete." in body


async def test_the_bodies_of_all_requests_together_are_bounded(artifacts):
    app = create_app(Settings(artifacts=artifacts, body_bytes=2**20, buffered_bytes=2**20, body_seconds=5))
    async with app.router.lifespan_context(app):
        half = b" " * (2**19 + 1)
        gate = asyncio.Event()
        first = asyncio.create_task(_ask(app, [half], gate=gate))
        await asyncio.sleep(0)

        status, body = await _ask(app, [half])

        assert status == 503
        assert b"server-busy" in body
        gate.set()
        assert (await first)[0] == 400  # blanks are no JSON, but they were read
        assert (await _ask(app, [half]))[0] == 400, "what has been answered counts no more"


async def _ask(
    app: FastAPI,
    chunks: list[bytes],
    headers: list[tuple[bytes, bytes]] | None = None,
    then_silence: bool = False,
    gate: asyncio.Event | None = None,
) -> tuple[int, bytes]:
    """POST to the application itself, where a client can do what no HTTP library would."""
    sent: list[dict[str, Any]] = []
    pending = list(chunks)

    async def receive() -> dict[str, Any]:
        if pending:
            return {"type": "http.request", "body": pending.pop(0), "more_body": True}
        if then_silence:
            await asyncio.Event().wait()
        if gate:
            await gate.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": URL,
        "raw_path": URL.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), *(headers or [])],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)
