"""The service with the networks that are committed with it."""

import shutil
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.main import create_app
from app.settings import Settings
from model.errors import ArtifactError
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/models/cnn/feature-maps"


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_the_first_test_digit_is_read_as_a_seven_through_all_layers(client: httpx.AsyncClient):
    described = (await client.get("/api/v1/models/cnn")).json()["layers"]

    response = (await client.post(MAPS, json={"sample": 0})).json()

    assert response["prediction"]["digit"] == 7
    assert len(response["layers"]) >= 10
    assert [layer["shape"] for layer in response["layers"]] == [layer["output_shape"] for layer in described]
    for layer in response["layers"]:
        assert list(np.shape(layer["feature_maps"])) == layer["shape"]


async def test_a_drawn_seven_is_read_as_a_seven(client: httpx.AsyncClient):
    response = (await client.post(MAPS, json={"strokes": SEVEN})).json()

    assert response["prediction"]["digit"] == 7


async def test_the_recorded_accuracy_is_that_of_the_recorded_predictions(client: httpx.AsyncClient):
    training = (await client.get("/api/v1/models/cnn")).json()["training"]

    wrong = (await client.get("/api/v1/samples", params={"correct": "false", "limit": 1})).json()
    everything = (await client.get("/api/v1/samples", params={"limit": 1})).json()

    assert everything["total"] == 10_000
    assert wrong["total"] == training["test_errors"]
    assert training["test_accuracy"] == pytest.approx(1 - training["test_errors"] / 10_000)


async def test_recorded_predictions_are_what_the_network_says_now(client: httpx.AsyncClient):
    samples = (await client.get("/api/v1/samples", params={"limit": 20})).json()["samples"]

    for sample in samples:
        response = (await client.post(f"{MAPS}?layers=softmax", json={"sample": sample["index"]})).json()
        recorded = sample["predictions"]["cnn"]
        assert response["prediction"]["digit"] == recorded["digit"]
        assert response["prediction"]["probability"] == pytest.approx(recorded["probability"], abs=1e-3)


async def test_kernels_of_one_place_of_the_locally_connected_layer(client: httpx.AsyncClient):
    url = "/api/v1/models/locally-connected/layers/local1/kernels"

    response = (await client.get(url, params={"row": 5, "column": 6})).json()
    png = {"Accept": "image/png"}
    picture = await client.get(url, params={"row": 5, "column": 6}, headers=png)
    of_all = await client.get(url, headers=png)
    half = await client.get(url, params={"row": 5})

    assert response["shape"] == [16, 1, 5, 5]
    assert np.shape(response["biases"]) == (16,)
    assert picture.content.startswith(b"\x89PNG")
    assert of_all.status_code == half.status_code == 422
    assert "add ?row=14&column=14" in of_all.json()["detail"]
    assert "give both, or none" in half.json()["detail"]


async def test_neuron_of_the_locally_connected_layer_is_explained_with_its_own_kernel(client: httpx.AsyncClient):
    url = "/api/v1/models/locally-connected"
    body = {"sample": 0, "layer": "local1", "filter": 3, "row": 8, "column": 27}

    response = (await client.post(f"{url}/neuron", json=body)).json()

    own = (await client.get(f"{url}/layers/local1/kernels", params={"row": 8, "column": 27})).json()
    assert response["kernel"] == own["kernels"][3]
    assert response["bias"] == pytest.approx(own["biases"][3])
    assert abs(response["difference"]) < 1e-5
    assert response["reads"]["inside"]["width"] == 3


@pytest.mark.parametrize("model", ["cnn", "mlp-500", "locally-connected"])
async def test_every_model_reads_the_first_test_digit_and_lists_what_it_misreads(client: httpx.AsyncClient, model: str):
    described = (await client.get(f"/api/v1/models/{model}")).json()

    response = (await client.post(f"/api/v1/models/{model}/feature-maps", json={"sample": 0})).json()
    wrong = (await client.get("/api/v1/samples", params={"correct": "false", "model": model, "limit": 1})).json()

    assert response["prediction"]["digit"] == 7
    assert [layer["shape"] for layer in response["layers"]] == [layer["output_shape"] for layer in described["layers"]]
    assert wrong["total"] == described["training"]["test_errors"]


async def test_a_changed_artifact_stops_the_start(tmp_path: Path):
    folder = tmp_path / "artifacts"
    shutil.copytree(Settings().artifacts, folder)
    with (folder / "cnn" / "weights.safetensors").open("ab") as file:
        file.write(b"x")
    app = create_app(Settings(artifacts=folder))

    with pytest.raises(ArtifactError, match=r"weights\.safetensors was changed or cut short"):
        async with app.router.lifespan_context(app):
            pass
