import logging
import re

import httpx
import pytest

pytestmark = pytest.mark.anyio


async def test_answers_say_how_long_they_took(client: httpx.AsyncClient):
    answer = await client.get("/healthz")

    assert re.fullmatch(r"app;dur=\d+\.\d\d", answer.headers["server-timing"])


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
