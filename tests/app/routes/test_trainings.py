"""A visitor's own training over HTTP: one at a time, followed, canceled, explored."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings

pytestmark = pytest.mark.anyio

URL = "/api/v1/trainings"
SMALL = {"digits": 500, "epochs": 1, "filters": 4, "kernel_size": 3}
LARGE = {"digits": 20_000, "epochs": 20, "filters": 32, "kernel_size": 9}


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


async def follow(client: httpx.AsyncClient) -> list[tuple[str, dict]]:
    """Every event, to the end."""
    events = []
    async with client.stream("GET", f"{URL}/current/events", timeout=120) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                events.append((name, json.loads(line.removeprefix("data: "))))
    return events


async def test_nothing_was_trained_at_first(client: httpx.AsyncClient):
    answer = await client.get(f"{URL}/current")

    assert answer.json() == {"state": "none"}
    assert await follow(client) == []


async def test_network_is_trained_followed_and_explored(client: httpx.AsyncClient):
    started = await client.post(URL, json=SMALL)
    assert started.status_code == 200
    assert started.json()["state"] == "running"

    events = await follow(client)

    assert events[-1] == ("end", {"state": "done", "problem": None})
    updates = [data for name, data in events if name == "update"]
    assert updates[0] == {"source": "synthetic", "digits": 500, "held_out": 1000}
    assert [update["step"] for update in updates[1:-1]] == list(range(8))
    assert updates[-1]["validation_accuracy"] > 0
    told = (await client.get(f"{URL}/current")).json()
    assert told["state"] == "done"
    assert told["model"] == "trained"
    assert len(told["kernels"]) == 4
    assert all("kernels" not in update for update in told["updates"])

    models = (await client.get("/api/v1/models")).json()["models"]
    assert models[-1]["id"] == "trained"
    assert models[-1]["test_accuracy"] is None
    maps = (await client.post("/api/v1/models/trained/feature-maps?layers=conv1", json={"sample": 0})).json()
    assert maps["layers"][0]["shape"] == [4, 28, 28]
    page = await client.get("/?model=trained")
    assert "Trained here: 4 kernels of 3×3, 500 digits" in page.text


async def test_there_is_one_training_at_a_time_and_it_can_be_canceled(client: httpx.AsyncClient):
    await client.post(URL, json=LARGE)
    following = asyncio.create_task(follow(client))

    second = await client.post(URL, json=SMALL)
    assert second.status_code == 409
    assert second.json()["type"] == "/problems/training-under-way"
    assert "this server trains one at a time" in second.json()["detail"]

    canceled = await client.delete(f"{URL}/current")
    assert canceled.json()["state"] == "canceled"
    assert (await following)[-1] == ("end", {"state": "canceled", "problem": None})
    assert (await client.get("/api/v1/models/trained")).status_code == 404
    # What was canceled stands in nobody's way.
    assert (await client.post(URL, json=SMALL)).status_code == 200
    assert (await follow(client))[-1][1]["state"] == "done"


async def test_training_that_fails_says_why(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))
    await client.post(URL, json=SMALL)

    events = await follow(client)

    assert events[-1][1]["state"] == "failed"
    assert "nowhere" in events[-1][1]["problem"]
    assert (await client.get(f"{URL}/current")).json()["problem"] == events[-1][1]["problem"]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"kernel_size": 4}, "kernel_size"),
        ({"filters": 33}, "filters"),
        ({"rate": 0.2}, "rate"),
        ({"digits": 20_001}, "digits"),
        ({"epochs": 21}, "epochs"),
        ({"layers": 3}, "layers"),
    ],
)
async def test_what_is_wished_is_bounded(client: httpx.AsyncClient, fields: dict, place: str):
    answer = await client.post(URL, json=fields)

    assert answer.status_code == 422
    assert place in str(answer.json()["errors"])
    assert (await client.get(f"{URL}/current")).json() == {"state": "none"}


async def test_server_that_stops_ends_the_training_and_lets_go_of_who_follows(settings: Settings):
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            await client.post(URL, json=LARGE)
            following = asyncio.create_task(follow(client))
            await asyncio.sleep(0)
            process = app.state.workshop._process
            await app.state.workshop.close()
            assert (await following)[-1][0] == "end"
    assert process.returncode is not None


async def test_public_server_trains_nothing(artifacts: Path):
    app = create_app(Settings(artifacts=artifacts, training=False))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            refused = await client.post(URL, json=SMALL)
            page = await client.get("/train")

    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/training-off"
    assert "Training is off on this server." in page.text
    assert "train.js" not in page.text


async def test_unknown_network_on_the_workbench_is_a_page_that_names_those_there_are(client: httpx.AsyncClient):
    answer = await client.get("/?model=lenet", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "There is no model" in answer.text
