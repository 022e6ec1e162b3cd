import logging

import httpx
import pytest
from fastapi import FastAPI

pytestmark = pytest.mark.anyio


async def test_a_mistake_of_ours_is_a_500_problem_that_tells_nothing_but_its_id(
    app: FastAPI, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    @app.get("/broken")
    async def break_down() -> None:
        raise RuntimeError("a password, perhaps")

    with caplog.at_level(logging.ERROR):
        response = await client.get("/broken")

    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]
    assert response.json()["type"] == "/problems/internal-error"
    assert "password" not in response.text
    assert any(record.exc_info and record.exc_info[0] is RuntimeError for record in caplog.records)
