"""Clients that take gzip get it, and caches learn that there are two forms, whichever comes first."""

import gzip

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.middleware.compression import MINIMUM_BYTES, CompressionMiddleware

pytestmark = pytest.mark.anyio

TEXT = b"kernel " * MINIMUM_BYTES


def client_of(response: Response) -> httpx.AsyncClient:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await response(scope, receive, send)

    compressing = CompressionMiddleware(app, level=6, excluded=("image/x-raw",))
    return httpx.AsyncClient(transport=httpx.ASGITransport(compressing), base_url="http://host")


async def test_long_response_is_compressed_for_those_who_take_it():
    async with client_of(Response(TEXT, media_type="text/plain")).stream("GET", "/") as response:
        raw = b"".join([part async for part in response.aiter_raw()])

    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == TEXT


@pytest.mark.parametrize(
    ("vary", "expected"),
    [
        ({}, "Accept-Encoding"),
        ({"Vary": "Accept"}, "Accept, Accept-Encoding"),
        ({"Vary": "Accept-Encoding"}, "Accept-Encoding"),
        ({"Vary": "Accept, Accept-Encoding"}, "Accept, Accept-Encoding"),
    ],
)
async def test_others_get_it_as_it_is_and_caches_know_that_it_varies(vary: dict[str, str], expected: str):
    client = client_of(Response(TEXT, media_type="text/plain", headers=vary))

    response = await client.get("/", headers={"Accept-Encoding": "identity"})

    assert "content-encoding" not in response.headers
    assert response.content == TEXT
    assert response.headers.get_list("vary") == [expected]


@pytest.mark.parametrize("response", [Response(TEXT, media_type="image/x-raw"), Response(b"short")])
async def test_what_would_hardly_shrink_is_not_compressed(response: Response):
    assert "content-encoding" not in (await client_of(response).get("/")).headers
