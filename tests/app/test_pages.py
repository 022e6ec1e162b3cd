import html
import json
import re

import httpx
import pytest

from app.codecs.colormaps import COLORMAPS
from app.errors import AppError, all_problems

PAGES = [
    "/",
    "/local-and-global",
    "/orientation",
    "/gradients",
    "/editor",
    "/saliency",
    "/layers",
    "/errors",
    "/robustness",
    "/filters",
    "/tour",
    "/train",
    "/teach",
    "/teach/kernels",
    "/symbols",
    "/docs",
    "/problems/not-found",
]

pytestmark = pytest.mark.anyio


async def test_the_workbench_carries_its_data_in_the_page(client: httpx.AsyncClient):
    response = await client.get("/")

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    island = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', response.text, re.DOTALL)
    assert island
    data = json.loads(island.group(1))
    assert data["model"] == (await client.get("/api/v1/models/cnn")).json()
    assert data["gallery_model"] == "cnn"
    assert data["colormaps"] == COLORMAPS
    assert data["limits"] == {"image_bytes": 24 * 2**20, "message_bytes": 2**16, "network_bytes": 34 * 2**20}


@pytest.mark.parametrize(
    "path", ["/", "/local-and-global", "/orientation", "/gradients", "/editor", "/docs", "/problems/not-found"]
)
async def test_pages_ask_no_other_host_and_run_no_inline_script(client: httpx.AsyncClient, path: str):
    page = (await client.get(path)).text

    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]*)"', page)
    assert loaded
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded)
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []
    assert re.findall(r"\s(?:style|on\w+)=", page) == []


@pytest.mark.parametrize(
    "path", ["/", "/local-and-global", "/orientation", "/gradients", "/editor", "/docs", "/problems/not-found"]
)
async def test_everything_that_a_page_loads_is_there(client: httpx.AsyncClient, path: str):
    page = (await client.get(path)).text

    for address in re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]*)"', page):
        response = await client.get(address)
        assert response.status_code == 200, address
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_the_first_load_is_light(client: httpx.AsyncClient):
    async def transferred(address: str) -> int:
        response = await client.get(address, headers={"Accept-Encoding": "gzip"})
        return int(response.headers["content-length"])

    page = (await client.get("/")).text
    pending = {"/", *re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]*)"', page)}
    total, seen = 0, set()
    while pending:
        address = pending.pop()
        seen.add(address)
        total += await transferred(address)
        if address.endswith(".js"):  # modules load modules
            source = (await client.get(address)).text
            found = re.findall(r'^\s*(?:import|export)\b[^;]*?from\s+"([^"]+)"', source, re.MULTILINE)
            pending |= {str(httpx.URL(f"http://host{address}").join(name).path) for name in found} - seen

    assert total < 125_000, "with the first responses of the API it must stay below 180 kB"


@pytest.mark.parametrize("problem", list(all_problems()), ids=lambda problem: problem.slug)
async def test_every_problem_has_a_page(client: httpx.AsyncClient, problem: type[AppError]):
    response = await client.get(f"/problems/{problem.slug}")

    assert response.status_code == 200
    assert f"<h1>{problem.title}</h1>" in response.text
    assert str(problem.status) in response.text


async def test_an_unknown_problem_is_a_404_that_names_the_known_ones(client: httpx.AsyncClient):
    response = await client.get("/problems/everything")

    assert response.status_code == 404
    assert "image-too-large" in response.json()["detail"]


async def test_people_who_look_for_a_page_that_is_not_there_get_a_page(client: httpx.AsyncClient):
    response = await client.get("/labs/<script>", headers={"Accept": "text/html,*/*;q=0.8"})

    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "There is nothing at" in response.text
    assert "<script>" not in response.text.partition("<main")[2]


async def test_a_browser_at_an_address_of_the_api_gets_a_problem_as_json(client: httpx.AsyncClient):
    response = await client.get("/api/v1/models/lenet", headers={"Accept": "text/html,*/*;q=0.8"})

    assert response.headers["content-type"] == "application/problem+json"


async def test_the_reference_shows_every_operation(client: httpx.AsyncClient):
    page = (await client.get("/docs")).text
    document = (await client.get("/openapi.json")).json()

    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
            assert html.escape(operation["summary"]) in page.replace("&#39;", "&#x27;")
        assert path in page
    assert page.count("curl http://localhost/") == sum(map(len, document["paths"].values()))


async def test_browsers_that_ask_for_an_icon_get_no_error(client: httpx.AsyncClient):
    assert (await client.get("/favicon.ico")).status_code == 204
