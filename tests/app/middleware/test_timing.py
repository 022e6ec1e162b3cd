import logging
import re

import httpx
import pytest

pytestmark = pytest.mark.anyio


async def test_answers_say_how_long_they_took(client: httpx.AsyncClient):
    response = await client.get("/healthz")

    assert re.fullmatch(r"app;dur=\d+\.\d\d", response.headers["server-timing"])


async def test_static_files_are_sent_without_the_header(client: httpx.AsyncClient):
    response = await client.get("/static/css/base.css")

    assert response.status_code == 200
    assert "server-timing" not in response.headers


async def test_a_request_is_logged_without_its_query(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, logger="app.requests"):
        await client.get("/?drawing=secret")

    (record,) = [record for record in caplog.records if record.name == "app.requests"]
    assert (vars(record)["method"], vars(record)["path"], vars(record)["status"]) == ("GET", "/", 200)
    assert "secret" not in str(vars(record))


async def test_clients_cannot_invent_labels(client: httpx.AsyncClient):
    await client.request("BREW", "/coffee")
    await client.get("/static/coffee.css")

    metrics = (await client.get("/metrics")).text

    assert "BREW" not in metrics
    assert "coffee" not in metrics
    assert 'kernelscope_requests_total{method="other",route="unknown",status="404"} 1.0' in metrics
