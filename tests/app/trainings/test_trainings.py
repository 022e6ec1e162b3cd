"""A visitor's own training over HTTP: one at a time, followed, canceled, explored."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from app.trainings import service
from tests.servers import client_of

pytestmark = pytest.mark.anyio

URL = "/api/v1/trainings"
SMALL = {"digits": 500, "epochs": 1, "filters": 4, "kernel_size": 3}
LARGE = {"digits": 20_000, "epochs": 20, "filters": 32, "kernel_size": 9}

TRAINING_ON_NOISE = """
import sys

import numpy as np

from model import visitor_training
from model.data.mnist import Digits


def draw_noise(count, seed, processes):
    rng = np.random.default_rng(seed)
    return Digits(rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count, np.uint8))


visitor_training.draw_synthetic_digits = draw_noise
sys.exit(visitor_training.main())
"""
"""The training process, without the seconds in which it draws digits."""


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch):
    """Train on noise instead of drawn digits."""
    monkeypatch.setattr(service, "COMMAND", (sys.executable, "-c", TRAINING_ON_NOISE))


async def follow(client: httpx.AsyncClient, last_event_id: str | None = None) -> list[tuple[str, dict]]:
    """Every event's name and data, to the end."""
    return [(event["event"], json.loads(event["data"])) for event in await read_events(client, last_event_id)]


async def read_events(client: httpx.AsyncClient, last_event_id: str | None = None) -> list[dict[str, str]]:
    """Every event's fields, to the end."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    async with client.stream("GET", f"{URL}/current/events", headers=headers, timeout=120) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = (await response.aread()).decode()
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("event: ")]
    return [dict(line.split(": ", 1) for line in lines) for lines in blocks]


async def test_nothing_was_trained_at_first(client: httpx.AsyncClient):
    response = await client.get(f"{URL}/current")

    assert response.json() == {
        "state": "none",
        "request": None,
        "updates": [],
        "kernels": None,
        "problem": None,
        "model": None,
    }
    assert await follow(client) == [("start", {}), ("end", {"state": "none", "problem": None})]


async def test_network_is_trained_followed_and_explored(client: httpx.AsyncClient):
    started = await client.post(URL, json=SMALL)
    assert started.status_code == 200
    assert started.json()["state"] == "running"

    events = await follow(client)

    assert events[-1] == ("end", {"state": "done", "problem": None})
    assert events[0] == ("start", {})
    updates = [data for name, data in events if name == "update"]
    assert updates[0] == {"source": "synthetic", "digits": 500, "held_out": 1000}
    assert [update["step"] for update in updates[1:-1]] == list(range(8))
    assert updates[-1]["validation_accuracy"] > 0
    current = (await client.get(f"{URL}/current")).json()
    assert current["state"] == "done"
    assert current["model"] == "trained"
    assert len(current["kernels"]) == 4
    assert all("kernels" not in update for update in current["updates"])

    models = (await client.get("/api/v1/models")).json()["models"]
    assert models[-1]["id"] == "trained"
    assert models[-1]["test_accuracy"] is None
    maps = (await client.post("/api/v1/models/trained/feature-maps?layers=conv1", json={"sample": 0})).json()
    assert maps["layers"][0]["shape"] == [4, 28, 28]
    page = await client.get("/?model=trained")
    assert "Trained here: 4 kernels of 3×3, 500 digits" in page.text


@pytest.mark.usefixtures("noise")
async def test_client_that_reconnects_receives_only_what_it_has_missed(client: httpx.AsyncClient):
    await client.post(URL, json=SMALL)
    events = await read_events(client)
    ids = [event["id"] for event in events if event["event"] == "update"]
    assert len(set(ids)) == len(ids)

    missed = await read_events(client, last_event_id=ids[3])

    assert missed == events[events.index(next(event for event in events if event.get("id") == ids[3])) + 1 :]


@pytest.mark.usefixtures("noise")
async def test_client_that_followed_another_training_receives_all_events(client: httpx.AsyncClient):
    await client.post(URL, json=SMALL)
    earlier = (await read_events(client))[-2]["id"]
    await client.post(URL, json=SMALL)
    events = await read_events(client)

    assert events[0]["event"] == "start"
    for other in (earlier, "", "0", "9-1", "x-y-z", "-1"):
        assert await read_events(client, last_event_id=other) == events, other


@pytest.mark.usefixtures("noise")
async def test_there_is_one_training_at_a_time_and_it_can_be_canceled(client: httpx.AsyncClient):
    await client.post(URL, json=LARGE)
    following = asyncio.create_task(follow(client))

    second = await client.post(URL, json=SMALL)
    assert second.status_code == 409
    assert second.json()["type"] == "/problems/training-in-progress"
    assert "this server trains one at a time" in second.json()["detail"]

    canceled = await client.delete(f"{URL}/current")
    assert canceled.json()["state"] == "canceled"
    assert (await following)[-1] == ("end", {"state": "canceled", "problem": None})
    assert (await client.get("/api/v1/models/trained")).status_code == 404
    # A canceled training does not prevent the next.
    assert (await client.post(URL, json=SMALL)).status_code == 200
    assert (await follow(client))[-1][1]["state"] == "done"


async def test_cancel_while_a_run_is_being_started_ends_that_run(client: httpx.AsyncClient, monkeypatch):
    begun, gate = asyncio.Event(), asyncio.Event()
    start_process = service._start_process
    processes = []

    async def slow_start(*arguments):
        begun.set()
        await gate.wait()
        processes.append(await start_process(*arguments))
        return processes[0]

    monkeypatch.setattr(service, "_start_process", slow_start)
    starting = asyncio.create_task(client.post(URL, json=LARGE))
    await begun.wait()
    canceling = asyncio.create_task(client.delete(f"{URL}/current"))
    await asyncio.sleep(0)
    gate.set()

    assert (await starting).status_code == 200
    assert (await canceling).json()["state"] == "canceled"
    assert processes[0].returncode is not None
    with pytest.raises(ProcessLookupError):
        os.killpg(processes[0].pid, 0)


async def test_training_that_fails_says_why(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))
    await client.post(URL, json=SMALL)

    events = await follow(client)

    assert events[-1][1]["state"] == "failed"
    assert "nowhere" in events[-1][1]["problem"]
    assert (await client.get(f"{URL}/current")).json()["problem"] == events[-1][1]["problem"]


@pytest.mark.usefixtures("noise")
async def test_training_whose_process_cannot_be_started_has_failed_and_blocks_no_other(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    async def no_process(*_arguments, **_options):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", no_process)
        response = await client.post(URL, json=SMALL)

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert response.json()["detail"] == (
        "The training process could not be started: [Errno 11] Resource temporarily unavailable."
    )
    assert os.listdir(tmp_path) == []
    current = (await client.get(f"{URL}/current")).json()
    assert (current["state"], current["problem"]) == ("failed", response.json()["detail"])
    assert (await follow(client))[-1] == ("end", {"state": "failed", "problem": current["problem"]})
    assert (await client.post(URL, json=SMALL)).status_code == 200
    assert (await follow(client))[-1][1]["state"] == "done"


async def test_reported_reason_is_the_last_line_of_standard_error_however_much_came_before(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    script = "import sys; sys.stderr.write('a warning\\n' * 100_000 + 'error: the disk is full\\n'); sys.exit(1)"
    monkeypatch.setattr(service, "COMMAND", (sys.executable, "-c", script))
    await client.post(URL, json=SMALL)

    events = await asyncio.wait_for(follow(client), timeout=60)

    assert events[-1] == ("end", {"state": "failed", "problem": "error: the disk is full"})


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"kernel_size": 4}, "kernel_size"),
        ({"filters": 33}, "filters"),
        ({"learning_rate": 0.2}, "learning_rate"),
        ({"digits": 20_001}, "digits"),
        ({"epochs": 21}, "epochs"),
        ({"layers": 3}, "layers"),
    ],
)
async def test_choices_are_bounded(client: httpx.AsyncClient, fields: dict, place: str):
    response = await client.post(URL, json=fields)

    assert response.status_code == 422
    assert place in str(response.json()["errors"])
    assert (await client.get(f"{URL}/current")).json()["state"] == "none"


async def test_server_that_stops_ends_the_training_and_its_event_streams(settings: Settings):
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.post(URL, json=LARGE)
            following = asyncio.create_task(follow(client))
            await asyncio.sleep(0)
            process = app.state.trainings._process
            await app.state.trainings.close()
            assert (await following)[-1][0] == "end"
    assert process.returncode is not None


async def test_public_server_trains_nothing(artifacts: Path):
    async with client_of(Settings(artifacts=artifacts, training=False)) as client:
        rejected = await client.post(URL, json=SMALL)
        page = await client.get("/train")

    assert rejected.status_code == 403
    assert rejected.json()["type"] == "/problems/training-off"
    assert "Training is off on this server." in page.text
    assert "train.js" not in page.text


async def test_unknown_network_on_the_workbench_is_a_page_that_names_those_there_are(client: httpx.AsyncClient):
    response = await client.get("/?model=lenet", headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert "There is no model" in response.text
