"""Every operation over the whole range of its settings: never a 5xx, never null or infinite where a number is promised.

The requests are random, but the same in every run; `make fuzz` makes others.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.main import create_app
from app.settings import Settings
from tests.legal_requests import Legal, LegalRequests, broken_promises
from tests.onnx_files import small_network

pytestmark = pytest.mark.anyio

REQUESTS = 12
"""To each operation."""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the shipped networks and two others: one with 3 classes and one with 12, which reads 32×32 pixels."""
    rng = np.random.default_rng(3)
    small_network(rng, channels=1, input_size=28, classes=3).save(tmp_path / "three.onnx")
    small_network(rng, channels=3, input_size=32, classes=12).save(tmp_path / "twelve.onnx")
    app = create_app(Settings(models=tmp_path))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=300) as client:
            yield client


async def legal_requests_of(client: httpx.AsyncClient, seed: int) -> LegalRequests:
    models = []
    for listed in (await client.get("/api/v1/models")).json()["models"]:
        described = (await client.get(f"/api/v1/models/{listed['id']}")).json()
        history = await client.get(f"/api/v1/models/{listed['id']}/history")
        steps = [each["step"] for each in history.json().get("checkpoints", [])]
        models.append({**described, "steps": steps})
    samples = (await client.get("/api/v1/samples", params={"limit": 1})).json()["total"]
    document = (await client.get("/openapi.json")).json()
    return LegalRequests(document, models, samples, seed)


async def test_every_operation_keeps_its_promises_over_its_whole_range(service: httpx.AsyncClient):
    requests = await legal_requests_of(service, seed=17)
    document = (await service.get("/openapi.json")).json()
    wrong: list[str] = []
    accepted: dict[str, int] = {}
    rejected: dict[str, str] = {}

    async def send(request: Legal) -> None:
        response = await service.request(**request.arguments())
        found = broken_promises(request, response.status_code, response.content, document)
        wrong.extend(f"{request}: {each}" for each in found[:3])
        accepted[request.operation] = accepted.get(request.operation, 0) + (response.status_code == 200)
        if response.status_code != 200:
            rejected[request.operation] = f"{request}: {response.text[:300]}"

    for operation in requests.operations:
        for _ in range(REQUESTS):
            await send(requests.one(operation))

    assert wrong == []
    too_often = [f"{name}: {rejected[name]}" for name, number in accepted.items() if number < REQUESTS / 4]
    assert not too_often, "\n".join(too_often)


@pytest.mark.parametrize(
    "path", ["experiments/saliency", "experiments/gradients", "experiments/gradient-descent", "models/twelve/evidence"]
)
async def test_classes_above_nine_can_be_requested(service: httpx.AsyncClient, path: str):
    name = "models" if path.endswith("gradients") else "model"
    query = {} if path.startswith("models") else {name: "twelve"}

    eleven = await service.post(f"/api/v1/{path}", params=query, json={"sample": 0, "label": 11})
    twelve = await service.post(f"/api/v1/{path}", params=query, json={"sample": 0, "label": 12})

    assert eleven.status_code == 200
    assert twelve.json()["detail"] == "Model twelve has no class 12; its classes are 0 to 11."
