"""Every way to fail answers in the one shape."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.documentation import Problem
from app.errors import AppError, all_problems
from app.scheduling import INSTANT_POINTS

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/models/cnn/feature-maps"

FAILURES: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/nowhere", {}, 404),
    ("GET", "/api/v1", {}, 404),
    ("GET", "/api/v1/models/", {}, 404),
    ("GET", "/api/v2/models", {}, 404),
    ("GET", "/static/nothing.css", {}, 404),
    ("GET", "/static/../app/main.py", {}, 404),
    ("GET", "/static/%2e%2e/app/main.py", {}, 404),
    ("GET", "/problems/nothing", {}, 404),
    ("GET", "/api/v1/models/lenet", {}, 404),
    ("GET", "/api/v1/models/cnn/layers/conv9/kernels", {}, 404),
    ("GET", "/api/v1/models/cnn/layers/relu1/kernels", {}, 404),
    ("GET", "/api/v1/samples/99999", {}, 404),
    ("GET", "/api/v1/samples/x", {}, 422),
    ("GET", "/api/v1/samples?limit=x", {}, 422),
    ("GET", "/api/v1/samples", {"headers": {"Accept": "text/csv"}}, 406),
    ("DELETE", "/api/v1/models", {}, 405),
    ("GET", MAPS, {}, 405),
    ("POST", "/", {}, 405),
    ("POST", "/static/css/base.css", {}, 405),
    ("POST", MAPS, {"json": {}}, 422),
    ("POST", MAPS, {"json": {"sample": 99999}}, 404),
    ("POST", MAPS, {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    ("POST", MAPS, {"content": b"{}"}, 415),
    ("POST", MAPS, {"content": b" " * (35 * 2**20)}, 413),
    ("POST", "/api/v1/models/lenet/feature-maps", {"json": {"sample": 0}}, 404),
    ("POST", f"{MAPS}/upload", {"json": {}}, 415),
    ("POST", f"{MAPS}/upload", {"files": {"file": ("a", b"text")}}, 415),
    ("POST", f"{MAPS}/upload", {"headers": {"Content-Type": "multipart/form-data"}}, 400),
]


@pytest.mark.parametrize(
    ("method", "path", "request_parts", "status"), FAILURES, ids=[f"{m} {p} {s}" for m, p, _, s in FAILURES]
)
async def test_every_failure_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, request_parts: dict[str, Any], status: int
):
    response = await client.request(method, path, **request_parts)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(response.json())
    assert problem.status == status
    assert problem.instance == httpx.URL(f"http://host{path}").path
    assert problem.detail.endswith((".", "relu1", "conv1"))
    assert (await client.get(problem.type)).status_code == 200, "the type opens a page"


async def test_a_method_that_does_not_work_is_answered_with_those_that_do(client: httpx.AsyncClient):
    response = await client.delete(MAPS)

    assert response.headers["allow"] == "POST"
    assert response.json()["detail"] == "DELETE does not work here; POST does."


async def test_a_busy_server_says_when_to_return(client: httpx.AsyncClient, app: FastAPI):
    app.state.context.pool.queued = 10_000
    in_a_thread = [[0.5, 0.5]] * (INSTANT_POINTS + 1)

    response = await client.post(MAPS, json={"strokes": [in_a_thread]})

    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["type"] == "/problems/server-busy"
    assert (await client.get("/healthz")).status_code == 200


def test_every_problem_can_be_told_apart_and_mended():
    problems = list(all_problems())

    assert len({problem.slug for problem in problems}) == len(problems)
    for problem in problems:
        assert issubclass(problem, AppError)
        assert problem.slug == problem.slug.lower()
        assert 400 <= problem.status < 600
        assert problem.summary
        assert problem.advice


async def test_all_methods_of_an_address_are_named(client: httpx.AsyncClient):
    """Two operations at one address are two routes."""
    response = await client.put("/api/v1/experiments/translation-curve")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert response.json()["detail"] == "PUT does not work here; GET and POST do."
