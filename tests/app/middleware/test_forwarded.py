"""X-Forwarded-Prefix: the path under which a proxy serves everything, if the proxy is trusted."""

import re
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.servers import client_of

pytestmark = pytest.mark.anyio

HUB = "/user/alice@school.example/proxy/8000"
PREFIX = {"X-Forwarded-Prefix": HUB}


@pytest.mark.parametrize("path", ["/saliency", f"{HUB}/saliency"], ids=["removed", "kept"])
async def test_every_address_of_a_page_begins_with_the_prefix(client: httpx.AsyncClient, path: str):
    page = (await client.get(path, headers=PREFIX)).text

    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    assert addresses
    assert [address for address in addresses if not address.startswith(f"{HUB}/")] == []
    assert f'data-root="{HUB}"' in page
    for address in re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]*)"', page):
        assert (await client.get(address.removeprefix(HUB), headers=PREFIX)).status_code == 200, address


async def test_problems_and_documents_have_it_too(client: httpx.AsyncClient):
    problem = (await client.get("/api/v1/models/lenet", headers=PREFIX)).json()
    page = await client.get("/nowhere", headers={**PREFIX, "Accept": "text/html"})
    document = (await client.get("/openapi.json", headers=PREFIX)).json()

    assert problem["type"] == f"{HUB}/problems/unknown-model"
    assert f'href="{HUB}/"' in page.text
    assert document["servers"] == [{"url": HUB}]
    assert "servers" not in (await client.get("/openapi.json")).json()


async def test_each_request_has_its_own(client: httpx.AsyncClient):
    assert 'data-root="/a"' in (await client.get("/", headers={"X-Forwarded-Prefix": "/a/"})).text
    assert 'data-root=""' in (await client.get("/")).text


@pytest.mark.parametrize("prefix", ["//evil.example", "kernelscope", "/a b", '/"><script>', "/api", "/static"])
async def test_what_cannot_be_a_prefix_is_ignored(client: httpx.AsyncClient, prefix: str):
    response = await client.get("/saliency", headers={"X-Forwarded-Prefix": prefix})

    assert response.status_code == 200
    assert 'data-root=""' in response.text


async def test_only_trusted_proxies_are_believed(artifacts: Path):
    async with client_of(Settings(artifacts=artifacts, trusted_proxies="10.0.0.0/8")) as client:
        assert 'data-root=""' in (await client.get("/", headers=PREFIX)).text
