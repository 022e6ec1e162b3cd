"""Pieces of pages in frames of listed sites, and of no others."""

import re
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from app.pages import EMBEDDED
from app.settings import Settings
from tests.builders import SEVEN
from tests.servers import client_of

pytestmark = pytest.mark.anyio

SCHOOL = "https://school.example"


@pytest.fixture
def settings(artifacts: Path) -> Settings:
    return Settings(artifacts=artifacts, embed_origins=[SCHOOL, "http://localhost:8888"])


def ancestors(response: httpx.Response) -> str:
    return response.headers["content-security-policy"].partition("frame-ancestors ")[2]


async def test_listed_sites_alone_may_show_a_piece(client: httpx.AsyncClient):
    assert ancestors(await client.get("/embed?layer=conv1")) == f"{SCHOOL} http://localhost:8888"
    for path in ("/", "/saliency", "/embed?layer=conv9", "/api/v1/models"):
        assert ancestors(await client.get(path)) == "'none'"


async def test_without_a_list_a_page_says_that_embedding_is_off(artifacts: Path):
    async with client_of(Settings(artifacts=artifacts)) as client:
        response = await client.get("/embed?layer=conv1", headers={"Accept": "text/html"})
        page = (await client.get("/")).text
        style = await client.get("/static/css/base.css")

    assert response.status_code == 403
    assert "This server&#39;s setting does not allow other pages to show its pieces in a frame." in response.text
    assert ancestors(response) == "'none'"
    assert "embed-codes" not in page
    assert style.headers["cross-origin-resource-policy"] == "same-origin"


async def test_an_embed_is_the_page_without_navigation_and_with_one_piece(client: httpx.AsyncClient):
    layer = (await client.get("/embed?layer=relu1&theme=dark")).text
    one = (await client.get("/embed?layer=conv1&filter=3")).text

    assert 'data-theme="dark"' in layer
    assert "site-header" not in layer
    assert re.findall(r'<section class="layer" id="([^"]+)"', layer) == ["layer-conv1"]  # in one section with its ReLU
    assert 'data-only="3"' in one
    assert "one-filter.js" in one


@pytest.mark.parametrize("experiment", EMBEDDED)
async def test_every_experiment_can_be_embedded(client: httpx.AsyncClient, experiment: str):
    response = await client.get(f"/embed?experiment={experiment}")

    assert response.status_code == 200
    assert ancestors(response).startswith(SCHOOL)
    shown = re.findall(r'<section class="experiment" id="([^"]+)" data-experiment', response.text)
    assert shown in ([], [experiment])


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("", 422, "An embed shows layer= or experiment=; the address names neither."),
        ("layer=conv1&filter=4", 404, "Layer conv1 has no filter of that number; its 4 filters are 0 to 3."),
        ("layer=conv9", 404, "Model cnn has no layer 'conv9'"),
        ("experiment=lenet", 422, "No experiment is called 'lenet'; they are: editor, gradients, "),
        ("layer=conv1&theme=blue", 422, "theme: Input should be 'light' or 'dark'"),
    ],
)
async def test_what_an_embed_cannot_show_is_named(client: httpx.AsyncClient, query: str, status: int, detail: str):
    response = await client.get(f"/embed?{query}")

    assert response.status_code == status
    assert detail in response.json()["detail"]


async def test_a_sandboxed_frame_has_no_origin_and_uses_the_api(client: httpx.AsyncClient):
    headers = {"Origin": "null"}
    maps = await client.post("/api/v1/models/cnn/feature-maps", json={"strokes": SEVEN}, headers=headers)
    script = await client.get("/static/js/dom/find.js", headers=headers)

    for response in (maps, script):
        assert response.headers["access-control-allow-origin"] == "null"
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("origin", ["school.example", "https://school.example/moodle", "https://a b", "*", "'self'; x"])
def test_what_is_no_origin_stops_the_start(origin: str):
    with pytest.raises(ValidationError, match="embed_origins"):
        Settings(embed_origins=[origin])
