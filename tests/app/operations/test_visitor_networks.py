"""A network that a visitor uploads: explored by whoever knows its id, deleted by its owner, seen by nobody else."""

import logging
import os
import sys
from pathlib import Path

import httpx
import numpy as np
import onnxruntime
import pytest

from app import network_imports
from app.settings import Settings
from app.view_id import LETTERS, is_view_id
from tests.builders import SEVEN
from tests.onnx_files import small_network
from tests.servers import client_of

pytestmark = pytest.mark.anyio

URL = "/api/v1/models"


@pytest.fixture
def settings(artifacts: Path, tmp_path: Path) -> Settings:
    return Settings(artifacts=artifacts, state=tmp_path / "state")


@pytest.fixture
def content(rng: np.random.Generator, tmp_path: Path) -> bytes:
    """An ONNX file."""
    return small_network(rng, input_size=28).save(tmp_path / "made.onnx").read_bytes()


async def upload(client: httpx.AsyncClient, content: bytes, name: str = "mine.onnx", **more) -> httpx.Response:
    return await client.post(URL, files={"file": (name, content)}, timeout=60, **more)


def kept(settings: Settings) -> list[str]:
    return [path.name for path in (settings.state / "networks").iterdir()]


async def test_a_network_is_brought_explored_and_deleted(
    client: httpx.AsyncClient, settings: Settings, content: bytes, tmp_path: Path
):
    uploaded = (await upload(client, content)).json()
    model = f"{URL}/{uploaded['model']}"

    described = (await client.get(model)).json()
    maps = (await client.post(f"{model}/feature-maps", json={"strokes": SEVEN})).json()

    assert is_view_id(uploaded["model"])
    assert described["title"] == uploaded["title"] == "Your own network, from mine.onnx"
    session = onnxruntime.InferenceSession(content)
    reference = session.run(None, {"picture": np.array(maps["input"]["pixels"], np.float32)[None, None]})
    np.testing.assert_allclose(maps["prediction"]["probabilities"], reference[-1].ravel(), atol=1e-5)
    assert kept(settings) == [uploaded["model"]]

    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {uploaded['owner']}"}):
        refused = await client.delete(model, headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/unknown-model")
    assert (await client.get(model)).status_code == 200
    assert (await client.delete(model, headers={"Authorization": f"Bearer {uploaded['owner']}"})).status_code == 204

    assert (await client.get(model)).status_code == 404
    assert kept(settings) == []


async def test_it_is_neither_listed_nor_logged_nor_counted_by_its_id(
    client: httpx.AsyncClient, content: bytes, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG, "app"):
        uploaded = (await upload(client, content)).json()
        await client.post(f"{URL}/{uploaded['model']}/feature-maps", json={"strokes": SEVEN})
        await client.get(f"{URL}/{uploaded['model']}/nothing")
    metrics = (await client.get("/metrics")).text
    logged = "".join(
        f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name.startswith("app")
    )

    assert "'path': '/api/v1/models/v…/feature-maps'" in logged
    for text in (logged, metrics, (await client.get(URL)).text, (await client.get("/readyz")).text):
        assert uploaded["model"][9:] not in text
        assert uploaded["owner"] not in text
    assert 'kernelscope_inference_seconds_count{model="visitor"} 1.0' in metrics
    assert "kernelscope_visitor_networks 1.0" in metrics


async def test_its_settings_come_in_a_file_of_their_own(client: httpx.AsyncClient, content: bytes):
    settings = b'{"mean": 0.1307, "std": 0.3081, "classes": ["a","b","c","d","e","f","g","h","i","j"]}'
    for name in ("model.json", "mine.json"):
        form = [("file", ("mine.onnx", content)), ("data", (name, settings))]
        uploaded = (await client.post(URL, files=form, timeout=60)).json()
        described = (await client.get(f"{URL}/{uploaded['model']}")).json()
        assert described["classes"] == list("abcdefghij")
        assert described["layers"][0]["kind"] == "affine"

    refused = await client.post(
        URL, files=[("file", ("mine.onnx", content)), ("data", ("model.json", b'{"std": 0}'))], timeout=60
    )
    assert refused.status_code == 422
    assert "std" in refused.json()["detail"]


async def test_every_process_that_shares_the_folder_serves_it(
    client: httpx.AsyncClient, settings: Settings, content: bytes
):
    uploaded = (await upload(client, content)).json()
    model = f"{URL}/{uploaded['model']}"

    async with client_of(settings) as other:
        assert (await other.get(model)).json()["title"] == uploaded["title"]
        await other.delete(model, headers={"Authorization": f"Bearer {uploaded['owner']}"})

    assert (await client.get(model)).status_code == 404


async def test_an_old_address_says_that_its_network_was_deleted(client: httpx.AsyncClient):
    old = f"v{29_000_000:07x}-{LETTERS[:26]}"  # in minutes since 1970: 2025-02-19 21:20

    response = await client.get(f"{URL}/{old}")
    page = await client.get("/", params={"model": old}, headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert "kept for 24 hours; this one was deleted at 2025-02-19 21:20 UTC" in response.json()["detail"]
    assert "this one was deleted at 2025-02-19 21:20 UTC" in page.text


async def test_a_file_that_is_no_network_is_refused_and_leaves_nothing(client: httpx.AsyncClient, settings: Settings):
    response = await upload(client, b"nothing of the kind")

    assert response.status_code == 422
    assert response.json()["type"] == "/problems/network-unreadable"
    assert response.json()["detail"].startswith("mine.onnx is not an ONNX model: ")
    assert kept(settings) == []


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"files": [("image", ("a.onnx", b"x"))]}, "The form has a field 'image'; it may have file and data."),
        ({"files": [("data", ("a.data", b"x"))]}, "The form has 0 parts named file; send one ONNX file in it."),
        (
            {"files": [("file", ("a.onnx", b"x")), ("data", ("b", b"x")), ("data", ("b", b"x"))]},
            "Two data files of the form have the same name.",
        ),
        ({"files": [("file", ("../a.onnx", b"x"))]}, "The form has a file '../a.onnx'; a file needs a name"),
        ({"files": [("file", (".hidden", b"x"))]}, "The form has a file '.hidden'; a file needs a name"),
    ],
)
async def test_what_is_wrong_with_a_form_is_said(client: httpx.AsyncClient, form: dict, message: str):
    response = await client.post(URL, **form)

    assert response.status_code == 422
    assert response.json()["detail"].startswith(message)


async def test_a_json_body_is_no_form(client: httpx.AsyncClient):
    assert (await client.post(URL, json={})).status_code == 415


async def test_pages_of_other_sites_bring_nothing(client: httpx.AsyncClient, content: bytes):
    refused = await upload(client, content, headers={"Origin": "https://evil.example"})
    accepted = await upload(client, content, headers={"Origin": "http://localhost"})

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/foreign-origin")
    assert accepted.status_code == 200


async def test_as_many_as_the_settings_say(artifacts: Path, content: bytes):
    async with client_of(Settings(artifacts=artifacts, visitor_networks=1)) as client:
        assert (await upload(client, content)).status_code == 200
        full = await upload(client, content)
    async with client_of(Settings(artifacts=artifacts, visitor_networks=0)) as client:
        off = await upload(client, content)

    assert (full.status_code, full.json()["type"]) == (503, "/problems/state-full")
    assert int(full.headers["Retry-After"]) > 80_000
    assert (off.status_code, off.json()["type"]) == (403, "/problems/networks-off")


async def test_a_file_that_takes_too_long_is_given_up_with_its_process(
    client: httpx.AsyncClient, settings: Settings, content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    pid_file = tmp_path / "pid"
    script = f"import os, pathlib, time; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(600)"
    monkeypatch.setattr(network_imports, "COMMAND", (sys.executable, "-c", script))
    monkeypatch.setattr(network_imports, "IMPORT_SECONDS", 2)

    response = await upload(client, content)

    assert response.status_code == 422
    assert response.json()["detail"] == "mine.onnx could not be read within 2 s."
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
    assert kept(settings) == []


async def test_a_process_that_dies_is_no_error_of_the_server(
    client: httpx.AsyncClient, content: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(network_imports, "COMMAND", (sys.executable, "-c", "import os; os.abort()"))

    response = await upload(client, content)

    assert response.status_code == 422
    assert response.json()["detail"] == "mine.onnx could not be read: the process ended with status -6."
