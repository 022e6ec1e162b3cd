import httpx
import pytest
from fastapi import FastAPI

pytestmark = pytest.mark.anyio


async def test_the_process_says_that_it_is_alive(client: httpx.AsyncClient):
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_it_is_ready_while_networks_are_loaded(client: httpx.AsyncClient):
    assert (await client.get("/readyz")).json() == {"status": "ready", "models": ["cnn"]}


async def test_it_is_not_ready_when_it_stops(client: httpx.AsyncClient, app: FastAPI):
    app.state.context.pool.close(10)

    response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["type"] == "/problems/not-ready"
    assert (await client.get("/healthz")).status_code == 200


async def test_metrics_count_answers_by_route_and_refusals_by_problem(client: httpx.AsyncClient):
    await client.get("/api/v1/models/cnn")
    await client.get("/api/v1/models/lenet")
    await client.post("/api/v1/models/cnn/feature-maps", json={"sample": 0})

    metrics = (await client.get("/metrics")).text

    route = "/api/v1/models/{model}"
    assert f'kernelscope_requests_total{{method="GET",route="{route}",status="200"}} 1.0' in metrics
    assert f'kernelscope_requests_total{{method="GET",route="{route}",status="404"}} 1.0' in metrics
    assert 'kernelscope_rejections_total{problem="unknown-model"} 1.0' in metrics
    assert 'kernelscope_inference_seconds_count{model="cnn"} 1.0' in metrics
    assert "kernelscope_pending_jobs 0.0" in metrics
    assert "lenet" not in metrics
