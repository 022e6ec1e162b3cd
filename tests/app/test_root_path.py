"""KERNELSCOPE_ROOT_PATH: the service under a path of a proxy, which may remove that path or not."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from app.main import create_app
from app.settings import Settings
from tests.app.test_pages import PAGES
from tests.servers import serving

pytestmark = pytest.mark.anyio

ROOT_PATH = "/kernelscope"


@pytest.fixture
def settings(artifacts: Path) -> Settings:
    return Settings(artifacts=artifacts, root_path=ROOT_PATH)


@pytest.mark.parametrize("path", PAGES)
async def test_every_address_in_a_page_begins_with_the_root_path(client: httpx.AsyncClient, path: str):
    page = (await client.get(f"{ROOT_PATH}{path}")).text

    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    assert addresses
    assert [address for address in addresses if not address.startswith(f"{ROOT_PATH}/")] == []
    assert f'<html lang="en" data-root="{ROOT_PATH}" data-default-model="cnn">' in page


@pytest.mark.parametrize("path", PAGES)
async def test_everything_that_a_page_loads_is_there(client: httpx.AsyncClient, path: str):
    page = (await client.get(f"{ROOT_PATH}{path}")).text

    loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]*)"', page)
    assert loaded
    for address in loaded:
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize("path", ["/", "/saliency", "/static/css/base.css", "/api/v1/models", "/openapi.json"])
async def test_a_proxy_may_keep_or_remove_the_root_path(client: httpx.AsyncClient, path: str):
    kept = await client.get(f"{ROOT_PATH}{path}")
    removed = await client.get(path)

    assert (kept.status_code, removed.status_code) == (200, 200)
    assert kept.content == removed.content


async def test_the_root_path_alone_is_the_workbench(client: httpx.AsyncClient):
    assert (await client.get(ROOT_PATH)).text == (await client.get("/")).text


async def test_another_path_that_begins_alike_is_not_the_root_path(client: httpx.AsyncClient):
    assert (await client.get(f"{ROOT_PATH}s/saliency")).status_code == 404


@pytest.mark.parametrize("prefix", [ROOT_PATH, ""])
@pytest.mark.parametrize("path", ["/api/v1/models/vgg", "/static/none.css"])
async def test_a_problem_names_addresses_under_the_root_path(client: httpx.AsyncClient, prefix: str, path: str):
    problem = (await client.get(f"{prefix}{path}")).json()

    assert problem["type"].startswith(f"{ROOT_PATH}/problems/")
    assert problem["instance"] == f"{ROOT_PATH}{path}"
    assert (await client.get(problem["type"])).status_code == 200


async def test_a_browser_at_an_address_of_the_api_gets_a_problem_as_json(client: httpx.AsyncClient):
    response = await client.get(f"{ROOT_PATH}/api/v1/models/vgg", headers={"Accept": "text/html,*/*;q=0.8"})

    assert response.headers["content-type"] == "application/problem+json"


async def test_the_next_page_of_a_list_is_under_the_root_path(client: httpx.AsyncClient):
    first = (await client.get(f"{ROOT_PATH}/api/v1/samples?limit=20")).json()

    assert first["next"] == f"{ROOT_PATH}/api/v1/samples?limit=20&offset=20"
    assert (await client.get(first["next"])).json()["offset"] == 20


async def test_the_openapi_document_names_the_root_path(client: httpx.AsyncClient):
    document = (await client.get(f"{ROOT_PATH}/openapi.json")).json()

    problems = list(_members(document, "type", "/problems/"))
    assert document["servers"] == [{"url": ROOT_PATH}]
    assert all(path.startswith(("/api/v1/", "/v2", "/healthz", "/readyz", "/metrics")) for path in document["paths"])
    assert problems
    assert [each for each in problems if not each.startswith(f"{ROOT_PATH}/problems/")] == []
    assert list(_members(document, "next", "/")) == [f"{ROOT_PATH}/api/v1/samples?offset=50"]


async def test_commands_of_the_reference_call_it_under_the_root_path(client: httpx.AsyncClient):
    page = (await client.get(f"{ROOT_PATH}/docs")).text

    commands = re.findall(r"curl (\S+)", page)
    assert commands
    assert [command for command in commands if not command.startswith(f"http://localhost{ROOT_PATH}/")] == []


async def test_metrics_know_static_files_and_routes_without_the_root_path(client: httpx.AsyncClient):
    for path in ("/static/css/base.css", "/api/v1/models/cnn"):
        await client.get(f"{ROOT_PATH}{path}")

    metrics = (await client.get("/metrics")).text
    assert 'route="/static"' in metrics
    assert 'route="/api/v1/models/{model}"' in metrics
    assert f'route="{ROOT_PATH}' not in metrics


def test_sockets_know_the_root_path(settings: Settings):
    with serving(settings) as server:
        with connect(f"ws://{server.address}{ROOT_PATH}/api/v1/live") as live:
            live.send(json.dumps({"sequence": 1, "extend": [[0.5, 0.5]]}))
            problem = json.loads(live.recv(timeout=30))["problem"]
        long = httpx.get(f"http://{server.address}{ROOT_PATH}/", headers={"X-Long": "x" * 40_000})

    assert problem["type"] == f"{ROOT_PATH}/problems/increment-without-base"
    assert problem["instance"] == f"{ROOT_PATH}/api/v1/live"
    assert long.json()["type"] == f"{ROOT_PATH}/problems/headers-too-large"


def _members(node: Any, name: str, beginning: str) -> Any:
    """Texts of the members of this name that hold an address."""
    if isinstance(node, list):
        for each in node:
            yield from _members(each, name, beginning)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == name and isinstance(value, str) and beginning in value:
                yield value
            else:
                yield from _members(value, name, beginning)


@pytest.mark.parametrize("root_path", ["/api", "/api/v1", "/static", "/saliency"])
def test_root_path_that_is_the_beginning_of_an_own_address_stops_the_start(root_path: str):
    with pytest.raises(ValueError, match=f"KERNELSCOPE_ROOT_PATH is '{root_path}'.*such as {root_path}"):
        create_app(Settings(root_path=root_path))


def test_root_path_that_only_resembles_an_own_address_is_fine():
    assert create_app(Settings(root_path="/api-of-mine"))
