"""Scripts of other sites use the API if they are listed, and only then."""

from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.builders import SEVEN
from tests.servers import client_of

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/models/cnn/feature-maps?layers=conv1"
SCHOOL, EVIL = {"Origin": "https://school.example"}, {"Origin": "https://evil.example"}


@pytest.fixture
def settings(artifacts: Path) -> Settings:
    return Settings(artifacts=artifacts, origins=["https://school.example"])


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_listed_site_may_send_json_and_tokens(client: httpx.AsyncClient, method: str):
    wanted = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type",
    }

    agreed = await client.options(MAPS, headers={**SCHOOL, **wanted})
    rejected = await client.options(MAPS, headers={**EVIL, **wanted})

    assert agreed.status_code == 200
    assert agreed.headers["Access-Control-Allow-Origin"] == "https://school.example"
    assert method in agreed.headers["Access-Control-Allow-Methods"]
    assert "authorization" in agreed.headers["Access-Control-Allow-Headers"]
    assert rejected.status_code == 400
    assert "Access-Control-Allow-Origin" not in rejected.headers


async def test_a_listed_site_reads_responses_and_errors(client: httpx.AsyncClient):
    for body, status in (({"strokes": SEVEN}, 200), ({}, 422)):
        listed = await client.post(MAPS, json=body, headers=SCHOOL)
        other = await client.post(MAPS, json=body, headers=EVIL)

        assert listed.status_code == other.status_code == status
        assert listed.headers["Access-Control-Allow-Origin"] == "https://school.example"
        assert "Origin" in listed.headers["Vary"]
        assert "Access-Control-Allow-Origin" not in other.headers


async def test_a_listed_site_may_upload_networks_and_start_trainings(client: httpx.AsyncClient):
    for path in ("/api/v1/models", "/api/v1/trainings"):
        assert (await client.post(path, headers=SCHOOL)).status_code == 415  # it is the body that is wrong
        assert (await client.post(path, headers=EVIL)).status_code == 403


async def test_without_a_list_no_other_site_reads_anything(artifacts: Path):
    async with client_of(Settings(artifacts=artifacts)) as client:
        response = await client.post(MAPS, json={"strokes": SEVEN}, headers=SCHOOL)

    assert "Access-Control-Allow-Origin" not in response.headers


async def test_the_page_of_a_proxy_that_replaces_the_host_is_no_other_site(client: httpx.AsyncClient):
    behind = {"Origin": "https://kernelscope.example", "Host": "127.0.0.1:8000"}

    own = await client.post("/api/v1/models", headers={**behind, "Sec-Fetch-Site": "same-origin"})
    other = await client.post("/api/v1/models", headers={**behind, "Sec-Fetch-Site": "cross-site"})

    assert (own.status_code, other.status_code) == (415, 403)
