"""Visitors' trainings over HTTP: each belongs to who started it, runs in turn, and leaves nothing."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx
import numpy as np
import onnxruntime
import pytest

from app.settings import Settings
from app.trainings import run_files, service
from app.trainings.slots import Slots
from app.view_id import is_view_id, new_view_id
from model.artifact import load_artifact
from model.data.training_subset import TRAINING_DIGITS_FILE
from tests.servers import client_of

pytestmark = pytest.mark.anyio

URL = "/api/v1/trainings"
SMALL = {"digits": 500, "epochs": 1, "filters": 4, "kernel_size": 3}
LONGEST = {"digits": 5000, "epochs": 20, "filters": 32, "kernel_size": 9}
SHIPPED = Settings().artifacts / TRAINING_DIGITS_FILE

WAITING = 'import pathlib, sys, os, time; print(\'{"digits": 1, "held_out": 1}\', flush=True); time.sleep(600)'
"""Instead of the training process: it reports once, and goes on until it is ended."""


@pytest.fixture
def settings(artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a server with slots of its own: other tests train at the same time."""
    (tmp_path / "artifacts").mkdir()
    for path in artifacts.iterdir():
        (tmp_path / "artifacts" / path.name).symlink_to(path)
    if not (tmp_path / "artifacts" / TRAINING_DIGITS_FILE).exists():
        (tmp_path / "artifacts" / TRAINING_DIGITS_FILE).symlink_to(SHIPPED)
    monkeypatch.setattr("app.lifespan.Slots", lambda: Slots(tmp_path / "slots", 2))
    return Settings(artifacts=tmp_path / "artifacts", state=tmp_path / "state")


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings that never end by themselves."""
    monkeypatch.setattr(service, "COMMAND", (sys.executable, "-c", WAITING))


async def start(client: httpx.AsyncClient, request: dict) -> dict:
    response = await client.post(URL, json=request)
    assert response.status_code == 200, response.text
    return response.json()


def bearer(started: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {started['owner']}"}


async def read_events(client: httpx.AsyncClient, run: str, last_event_id: str | None = None) -> list[dict[str, str]]:
    """Every event's fields, to the end."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    async with client.stream("GET", f"{URL}/{run}/events", headers=headers, timeout=120) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = (await response.aread()).decode()
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("event: ")]
    return [dict(line.split(": ", 1) for line in lines) for lines in blocks]


async def follow(client: httpx.AsyncClient, run: str) -> list[tuple[str, dict]]:
    """Every event's name and data, to the end."""
    return [(event["event"], json.loads(event["data"])) for event in await read_events(client, run)]


async def until(client: httpx.AsyncClient, run: str, state: str) -> dict:
    """The run, once it is in this state."""
    async with asyncio.timeout(60):
        while (now := (await client.get(f"{URL}/{run}")).json())["state"] != state:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.02)
    return now


def processes_of(folder: Path) -> list[int]:
    """Processes that write into a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


# --- One run ---------------------------------------------------------------------------------------------------------


async def test_a_network_is_trained_followed_explored_and_deleted(client: httpx.AsyncClient, settings: Settings):
    started = await start(client, SMALL)
    run = started["id"]

    events = await follow(client, run)

    assert is_view_id(run)
    assert events[0] == ("start", {})
    assert events[-1] == ("end", {"state": "done", "problem": None})
    updates = [data for name, data in events if name == "update"]
    assert updates[0] == {"digits": 500, "held_out": 1000}
    assert [update["step"] for update in updates[1:-1]] == list(range(8))
    assert updates[-1]["validation_accuracy"] > 0
    described = (await client.get(f"{URL}/{run}")).json()
    assert (described["state"], described["model"], described["place"]) == ("done", run, None)
    assert described["request"] == {**SMALL, "learning_rate": 0.004, "seed": 1, "start": "random"}
    assert described["classes"] is None
    assert len(described["kernels"]) == 4
    assert all("kernels" not in update for update in described["updates"])
    maps = (await client.post(f"/api/v1/models/{run}/feature-maps?layers=conv1", json={"sample": 0})).json()
    assert maps["layers"][0]["shape"] == [4, 28, 28]
    assert "Trained here: 4 kernels of 3×3, 500 digits" in (await client.get(f"/?model={run}")).text
    assert run not in (await client.get("/api/v1/models")).text

    file = await client.get(f"{URL}/{run}/onnx")
    assert file.headers["content-disposition"] == 'attachment; filename="4-kernels-of-3.onnx"'
    pixels = np.array(maps["input"]["pixels"], np.float32)[None, None]
    (logits,) = onnxruntime.InferenceSession(file.content).run(["linear"], {"input": pixels})
    np.testing.assert_allclose(logits.ravel(), maps["prediction"]["logits"], atol=1e-4)

    assert (await client.delete(f"{URL}/{run}")).status_code == 404
    assert (await client.delete(f"{URL}/{run}", headers={"Authorization": "Bearer wrong"})).status_code == 404
    assert (await client.delete(f"{URL}/{run}", headers=bearer(started))).status_code == 204

    for address in (f"{URL}/{run}", f"{URL}/{run}/events", f"{URL}/{run}/onnx", f"/api/v1/models/{run}"):
        assert (await client.get(address)).status_code == 404
    assert list((settings.state / "trainings").iterdir()) == []


async def test_equal_kernels_stay_equal_to_the_bit(client: httpx.AsyncClient, settings: Settings):
    run = (await start(client, {**SMALL, "filters": 7, "start": "equal"}))["id"]
    await until(client, run, "done")

    network = load_artifact(settings.state / "trainings" / run).network
    kernels, behind = network.parameters["conv1.weight"], network.parameters["linear.weight"]

    assert np.array_equal(kernels, kernels[:1].repeat(7, axis=0))
    assert np.array_equal(behind, behind[:, :1].repeat(7, axis=1))
    assert np.abs(kernels).max() > 0.01


async def test_client_that_reconnects_receives_only_what_it_has_missed(client: httpx.AsyncClient):
    run = (await start(client, SMALL))["id"]
    events = [event for event in await read_events(client, run) if event["event"] != "place"]
    ids = [event["id"] for event in events if event["event"] == "update"]
    assert len(set(ids)) == len(ids)

    missed = await read_events(client, run, last_event_id=ids[3])

    assert missed == events[events.index(next(event for event in events if event.get("id") == ids[3])) + 1 :]
    for other in ("", "x-y-z", "-1"):
        assert await read_events(client, run, last_event_id=other) == events, other


async def test_training_that_fails_says_why(client: httpx.AsyncClient, settings: Settings):
    (settings.artifacts / TRAINING_DIGITS_FILE).unlink()

    run = (await start(client, SMALL))["id"]
    events = await follow(client, run)

    assert events[-1][1]["state"] == "failed"
    assert TRAINING_DIGITS_FILE in events[-1][1]["problem"]
    assert (await client.get(f"{URL}/{run}")).json()["problem"] == events[-1][1]["problem"]
    assert "the training is failed" in (await client.get(f"{URL}/{run}/onnx")).json()["detail"]
    assert "not trained yet" in (await client.get(f"/api/v1/models/{run}")).json()["detail"]


async def test_training_whose_process_cannot_be_started_has_failed_and_blocks_no_other(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    async def no_process(*_arguments, **_options):
        raise OSError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", no_process)
        failed = await until(client, (await start(client, SMALL))["id"], "failed")

    assert (
        failed["problem"] == "The training process could not be started: [Errno 11] Resource temporarily unavailable."
    )
    assert (await follow(client, (await start(client, SMALL))["id"]))[-1][1]["state"] == "done"


async def test_reported_reason_is_the_last_line_of_standard_error_however_much_came_before(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    script = "import sys; sys.stderr.write('a warning\\n' * 100_000 + 'error: the disk is full\\n'); sys.exit(1)"
    monkeypatch.setattr(service, "COMMAND", (sys.executable, "-c", script))

    events = await follow(client, (await start(client, SMALL))["id"])

    assert events[-1] == ("end", {"state": "failed", "problem": "error: the disk is full"})


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"kernel_size": 4}, "kernel_size"),
        ({"filters": 33}, "filters"),
        ({"learning_rate": 0.2}, "learning_rate"),
        ({"digits": 5001}, "digits"),
        ({"epochs": 21}, "epochs"),
        ({"start": "zero"}, "start"),
        ({"layers": 3}, "layers"),
    ],
)
async def test_choices_are_bounded(client: httpx.AsyncClient, settings: Settings, fields: dict, place: str):
    response = await client.post(URL, json=fields)

    assert response.status_code == 422
    assert place in str(response.json()["errors"])
    assert list((settings.state / "trainings").iterdir()) == []


# --- Own symbols ------------------------------------------------------------------------------------------------------

BAR = [[[0.5, 0.2], [0.5, 0.8]]]
CORNER = [[[0.2, 0.2], [0.2, 0.8], [0.8, 0.8]]]
SYMBOLS = {
    "digits": 500,
    "epochs": 2,
    "filters": 4,
    "classes": [{"name": "bar", "drawings": [BAR] * 3}, {"name": " corner ", "drawings": [CORNER] * 4}],
}


async def test_own_symbols_are_trained_and_the_drawings_are_deleted_afterwards(
    client: httpx.AsyncClient, settings: Settings
):
    run = (await start(client, SYMBOLS))["id"]

    done = await until(client, run, "done")

    assert done["classes"] == [{"name": "bar", "drawings": 3}, {"name": "corner", "drawings": 4}]
    assert done["updates"][0] == {"digits": 500, "held_out": 2}
    assert (await client.get(f"/api/v1/models/{run}")).json()["classes"] == ["bar", "corner"]
    body = {"strokes": CORNER}
    response = (await client.post(f"/api/v1/models/{run}/feature-maps?layers=linear", json=body)).json()
    assert response["prediction"]["digit"] == 1
    assert len(response["prediction"]["probabilities"]) == 2
    folder = settings.state / "trainings" / run
    async with asyncio.timeout(10):
        while (folder / "symbols.json").exists():  # noqa: ASYNC110 - it is deleted right after
            await asyncio.sleep(0.01)
    assert "0.8" not in "".join(path.read_text() for path in folder.glob("*.json"))
    file = await client.get(f"{URL}/{run}/onnx")
    properties = onnxruntime.InferenceSession(file.content).get_modelmeta().custom_metadata_map
    assert json.loads(properties["classes"]) == ["bar", "corner"]


@pytest.mark.usefixtures("waiting")
async def test_drawings_of_a_canceled_training_are_deleted_with_it(client: httpx.AsyncClient, settings: Settings):
    started = await start(client, SYMBOLS)
    await until(client, started["id"], "running")
    folder = settings.state / "trainings" / started["id"]
    assert (folder / "symbols.json").exists()

    await client.delete(f"{URL}/{started['id']}", headers=bearer(started))

    assert not folder.exists()


def classes(count: int, drawings: int = 3, drawing: list = BAR) -> list[dict]:
    return [{"name": f"class {number}", "drawings": [drawing] * drawings} for number in range(count)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (classes(1), "at least 2 items"),
        (classes(11), "at most 10 items"),
        (classes(2, drawings=2), "at least 3 items"),
        (classes(2, drawings=21), "at most 20 items"),
        (classes(2, drawing=[]), "at least 1 item"),
        ([*classes(1), {"name": " class 0 ", "drawings": [BAR] * 3}], "two classes are called class 0"),
        ([*classes(1), {"name": " ", "drawings": [BAR] * 3}], "at least 1 character"),
        ([*classes(1), {"name": "a" * 21, "drawings": [BAR] * 3}], "at most 20 characters"),
        (
            classes(2, drawing=[[[0.2, 0.2], [0.8, 0.8]] * 40]),
            "may be 60 times as long as its larger side; these are 112 times as long",
        ),
    ],
)
async def test_symbols_are_bounded(client: httpx.AsyncClient, settings: Settings, given: list, said: str):
    response = await client.post(URL, json={"classes": given})

    assert response.status_code == 422, response.text
    assert said in str(response.json()["errors"])
    assert list((settings.state / "trainings").iterdir()) == []


async def test_all_drawings_together_are_as_large_as_one_drawing_may_be(settings: Settings):
    async with client_of(settings.model_copy(update={"points": 30})) as client:
        rejected = await client.post(URL, json={"classes": classes(2, drawings=8)})

    assert (rejected.status_code, rejected.json()["type"]) == (422, "/problems/drawing-too-large")
    assert "500 strokes and 30 points" in rejected.json()["detail"]


# --- Several runs ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("waiting")
async def test_two_run_at_a_time_and_the_others_see_their_place(client: httpx.AsyncClient):
    runs = [await start(client, SMALL) for _ in range(4)]
    for each in runs[:2]:
        await until(client, each["id"], "running")

    async def places() -> list[int | None]:
        return [(await client.get(f"{URL}/{each['id']}")).json()["place"] for each in runs]

    async with asyncio.timeout(30):
        while await places() != [None, None, 1, 2]:  # noqa: ASYNC110 - they are read once a second
            await asyncio.sleep(0.05)
    await client.delete(f"{URL}/{runs[0]['id']}", headers=bearer(runs[0]))
    await until(client, runs[2]["id"], "running")
    async with asyncio.timeout(30):
        while (await until(client, runs[3]["id"], "queued"))["place"] != 1:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    for each in runs[1:]:
        await client.delete(f"{URL}/{each['id']}", headers=bearer(each))


@pytest.mark.usefixtures("waiting")
async def test_only_so_many_wait(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "MOST_RUNS", 3)
    runs = [await start(client, SMALL) for _ in range(3)]

    refused = await client.post(URL, json=SMALL)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert refused.json()["detail"] == "3 trainings run or wait here, the most that this server accepts."
    for each in runs:
        await client.delete(f"{URL}/{each['id']}", headers=bearer(each))
    await client.delete(f"{URL}/{(await start(client, SMALL))['id']}")


@pytest.mark.usefixtures("waiting")
async def test_short_trainings_do_not_wait_for_long_ones(client: httpx.AsyncClient):
    long = [await start(client, LONGEST) for _ in range(3)]
    for each in long[:2]:
        await until(client, each["id"], "running")

    short = [await start(client, SMALL) for _ in range(3)]

    for each in short[:2]:
        await until(client, each["id"], "running")
    for each in (long[2], short[2]):
        assert (await client.get(f"{URL}/{each['id']}")).json()["state"] == "queued"
    for each in (*long, *short):
        await client.delete(f"{URL}/{each['id']}", headers=bearer(each))


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("state", ["at once", "queued", "running"])
async def test_a_deleted_training_leaves_neither_process_nor_files(
    client: httpx.AsyncClient, settings: Settings, state: str
):
    others = [await start(client, SMALL) for _ in range(2)] if state == "queued" else []
    started = await start(client, SMALL)
    folder = settings.state / "trainings" / started["id"]
    if state != "at once":
        await until(client, started["id"], state)
    following = asyncio.create_task(follow(client, started["id"]))
    await asyncio.sleep(0)

    assert (await client.delete(f"{URL}/{started['id']}", headers=bearer(started))).status_code == 204

    assert processes_of(folder) == []
    assert not folder.exists()
    end = await following
    assert end[-1] == ("end", {"state": "canceled", "problem": None})
    for each in others:
        await client.delete(f"{URL}/{each['id']}", headers=bearer(each))


@pytest.mark.usefixtures("waiting")
async def test_another_process_shows_and_cancels_the_run(client: httpx.AsyncClient, settings: Settings):
    started = await start(client, SMALL)
    await until(client, started["id"], "running")
    folder = settings.state / "trainings" / started["id"]

    async with client_of(settings) as other:
        assert (await other.get(f"{URL}/{started['id']}")).json()["state"] == "running"
        following = asyncio.create_task(follow(other, started["id"]))
        await asyncio.sleep(0)
        assert (await other.delete(f"{URL}/{started['id']}", headers=bearer(started))).status_code == 204
        assert (await following)[-1][1]["state"] == "canceled"

    async with asyncio.timeout(30):
        while processes_of(folder):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("waiting")
async def test_server_that_stops_ends_its_trainings_and_says_so(settings: Settings):
    async with client_of(settings) as client:
        started = await start(client, SMALL)
        await until(client, started["id"], "running")
        queued = [await start(client, SMALL) for _ in range(2)]
    folder = settings.state / "trainings" / started["id"]

    assert processes_of(folder) == []
    async with client_of(settings) as client:
        for each in (started, *queued):
            described = (await client.get(f"{URL}/{each['id']}")).json()
            assert (described["state"], described["problem"]) == ("failed", "The server was stopped.")


async def test_run_of_a_server_that_was_killed_has_failed_after_a_while(
    client: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    run = (await start(client, SMALL))["id"]
    await until(client, run, "done")
    files = run_files.RunFiles(settings.state / "trainings" / run)
    files.set_phase("running")
    long_ago = files.folder.stat().st_mtime - run_files.LIFE_SIGN_SECONDS - 60
    os.utime(files.folder / "alive", (long_ago, long_ago))

    described = (await client.get(f"{URL}/{run}")).json()

    assert (described["state"], described["problem"]) == ("failed", "The server that trained it has stopped.")


async def test_as_many_are_kept_as_the_settings_say(settings: Settings):
    async with client_of(settings.model_copy(update={"visitor_trainings": 1})) as client:
        await start(client, SMALL)
        full = await client.post(URL, json=SMALL)

    assert (full.status_code, full.json()["type"]) == (503, "/problems/state-full")
    assert full.json()["detail"].startswith("The room for visitors' trainings is taken: 1 of 1, 0 of 268 MB. Each is")


async def test_unknown_and_expired_ids_are_404_problems(client: httpx.AsyncClient):
    for run in (new_view_id(3600), "cnn", "current"):
        response = await client.get(f"{URL}/{run}")
        assert (response.status_code, response.json()["type"]) == (404, "/problems/unknown-training")
    old = new_view_id(-3600)
    assert "this one was deleted at" in (await client.get(f"{URL}/{old}")).json()["detail"]


# --- Where it is off -------------------------------------------------------------------------------------------------


async def test_public_server_trains_nothing(artifacts: Path):
    async with client_of(Settings(artifacts=artifacts, training=False)) as client:
        rejected = await client.post(URL, json=SMALL)
        page = await client.get("/train")

    assert rejected.status_code == 403
    assert rejected.json()["type"] == "/problems/training-off"
    assert "Training is off on this server." in page.text
    assert "train.js" not in page.text


async def test_pages_of_other_sites_start_nothing(client: httpx.AsyncClient):
    response = await client.post(URL, json=SMALL, headers={"Origin": "https://evil.example"})

    assert (response.status_code, response.json()["type"]) == (403, "/problems/foreign-origin")


async def test_unknown_network_on_the_workbench_is_a_page_that_names_those_there_are(client: httpx.AsyncClient):
    response = await client.get("/?model=lenet", headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert "There is no model" in response.text
