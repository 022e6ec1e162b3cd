"""Maps of layers and digits placed in them over HTTP, with the committed networks."""

import io
import json

import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.layer_maps import (
    PLACING_EXAMPLES,
    LayerKnowledgeResponse,
    LayerMapResponse,
    PlacedDigitResponse,
)
from app.settings import Settings
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/layer-map"
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_responses_are_as_documented(client: httpx.AsyncClient):
    adapters = [TypeAdapter(kind) for kind in (LayerKnowledgeResponse, LayerMapResponse, PlacedDigitResponse)]
    responses = [
        await client.get("/api/v1/experiments/layer-knowledge"),
        await client.get(URL, params={"layer": "relu5"}),
        *[await client.post(URL, json=example["value"]) for example in PLACING_EXAMPLES.values()],
    ]

    for adapter, response in zip([*adapters, adapters[-1]], responses, strict=True):
        assert adapter.dump_python(adapter.validate_python(response.json()), mode="json") == response.json()


@pytest.mark.parametrize("query", [{}, {"checkpoint": 186}, {"model": "mlp-500"}])
async def test_neighbors_are_those_of_brute_force_in_32_components(client: httpx.AsyncClient, query: dict):
    layers = ["input", "relu1"]
    maps = {layer: (await client.get(URL, params={**query, "layer": layer})).json() for layer in layers}

    placed = (
        await client.post(URL, params={**query, "layers": ",".join(layers), "neighbors": 9}, json={"strokes": SEVEN})
    ).json()

    assert [layer["name"] for layer in placed["layers"]] == layers
    for layer in placed["layers"]:
        found = maps[layer["name"]]
        points = np.array(found["coordinates"])
        assert points.shape == (2000, 32)
        distances = [np.sqrt(((each - np.array(layer["coordinates"])) ** 2).sum()) for each in points]
        nearest = np.argsort(distances, kind="stable")[:9]
        assert [each["index"] for each in layer["neighbors"]] == [found["indexes"][row] for row in nearest]
        assert [each["label"] for each in layer["neighbors"]] == [found["labels"][row] for row in nearest]
        np.testing.assert_allclose([each["distance"] for each in layer["neighbors"]], np.array(distances)[nearest])


async def test_a_digit_of_the_map_is_placed_at_its_own_point_and_is_not_its_own_neighbor(client: httpx.AsyncClient):
    maps = {layer: (await client.get(URL, params={"layer": layer})).json() for layer in ("input", "relu1", "relu5")}

    placed = (await client.post(URL, json={"sample": 15})).json()

    assert [layer["name"] for layer in placed["layers"]] == ["input", "relu1", "relu2", "relu3", "relu4", "relu5"]
    for layer in placed["layers"]:
        assert 15 not in [each["index"] for each in layer["neighbors"]]
        assert len(layer["neighbors"]) == 6
        if layer["name"] in maps:
            own = np.array(maps[layer["name"]]["coordinates"])[maps[layer["name"]]["indexes"].index(15)]
            away = np.linalg.norm(own - layer["coordinates"])
            assert away < layer["neighbors"][0]["distance"] / 5


async def test_placing_predicts_as_feature_maps_do(client: httpx.AsyncClient):
    body = {"strokes": SEVEN}

    placed = (await client.post(URL, json=body)).json()
    maps = (await client.post("/api/v1/models/cnn/feature-maps?layers=softmax", json=body)).json()
    blank = (await client.post(URL, json={"strokes": []})).json()

    assert placed["prediction"] == maps["prediction"]
    assert placed["input"] == maps["input"]
    assert blank["prediction"] is None
    assert len(blank["layers"]) == 6


async def test_half_precision_takes_half_the_bytes_and_fewer_components_fewer(client: httpx.AsyncClient):
    query = {"layer": "relu5", "dtype": "float16", "components": 2}

    full = (await client.get(URL, params={"layer": "relu5"})).json()
    response = await client.get(URL, params=query, headers=SAFETENSORS)

    tensors = load(response.content)
    assert tensors["coordinates"].dtype == np.float16
    assert tensors["coordinates"].shape == (2000, 2)
    np.testing.assert_allclose(tensors["coordinates"], np.array(full["coordinates"])[:, :2], rtol=1e-3)
    length = int.from_bytes(response.content[:8], "little")
    rest = json.loads(json.loads(response.content[8 : 8 + length])["__metadata__"]["response"])
    assert rest["labels"] == full["labels"]
    assert len(rest["variance"]) == 32


async def test_png_shows_the_digits_of_the_map_in_its_order(client: httpx.AsyncClient):
    found = (await client.get(URL)).json()
    response = await client.get(URL, headers={"Accept": "image/png"})

    sheet = np.array(Image.open(io.BytesIO(response.content)))

    assert sheet.shape == (40 * 28, 50 * 28)
    number = 1234
    row, column = divmod(number, 50)
    sample = (await client.get(f"/api/v1/samples/{found['indexes'][number]}")).json()
    shown = sheet[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
    np.testing.assert_allclose(shown / 255, sample["pixels"], atol=1e-6)


async def test_other_steps_and_layers_get_maps_of_500_digits(client: httpx.AsyncClient):
    for query in ({"checkpoint": 50, "layer": "relu5"}, {"layer": "pool2"}):
        found = (await client.get(URL, params=query)).json()
        placed = (
            await client.post(URL, params={**query, "layers": query["layer"]}, json={"sample": found["indexes"][7]})
        ).json()

        assert np.shape(found["coordinates"]) == (500, 32)
        np.testing.assert_allclose(
            placed["layers"][0]["coordinates"], found["coordinates"][7], atol=0.01 * np.abs(found["coordinates"]).max()
        )


async def test_last_step_has_the_measured_map_of_the_finished_network(client: httpx.AsyncClient):
    finished = (await client.get(URL, params={"layer": "relu5"})).json()
    last = (await client.get(URL, params={"layer": "relu5", "checkpoint": 17984})).json()

    assert last["coordinates"] == finished["coordinates"]


async def test_unknown_layers_are_named(client: httpx.AsyncClient):
    for response in (
        await client.get(URL, params={"layer": "relu9"}),
        await client.post(URL, params={"layers": "relu1,relu9"}, json={"sample": 0}),
    ):
        assert (response.status_code, response.json()["type"]) == (404, "/problems/unknown-layer")
        assert "its layers are: conv1, relu1" in response.json()["detail"]


async def test_uploaded_networks_get_maps_too(other_models: httpx.AsyncClient):
    for model, layers in (("wide-32", 1), ("pool-before-relu", 1)):
        placed = await other_models.post(URL, params={"model": model}, json={"strokes": SEVEN})
        assert placed.status_code == 200, placed.text
        names = [layer["name"] for layer in placed.json()["layers"]]
        found = (await other_models.get(URL, params={"model": model, "layer": names[-1]})).json()

        assert names[0] == "input"
        assert len(names) > layers
        assert len(found["coordinates"]) == 500


async def test_a_layer_with_too_many_neurons_is_a_422_problem_with_its_number(client, app, monkeypatch):
    monkeypatch.setattr("app.layer_map_catalog.MOST_NEURONS", 12_000)

    response = await client.get(URL, params={"layer": "conv1"})

    assert (response.status_code, response.json()["type"]) == (422, "/problems/invalid-input")
    assert response.json()["detail"] == (
        "Layer conv1 of model cnn has 12,544 neurons; maps are computed of layers with up to 12,000."
    )


async def test_a_layer_that_takes_too_long_is_a_422_problem_and_fewer_digits_are_tried_first(client, monkeypatch):
    work = 16 * 28 * 28 * 25
    monkeypatch.setattr("app.layer_map_catalog.MOST_WORK", 200 * work)
    fewer = (await client.get(URL, params={"layer": "conv1"})).json()
    monkeypatch.setattr("app.layer_map_catalog.MOST_WORK", 99 * work)

    response = await client.get(URL, params={"layer": "conv1", "checkpoint": 7})

    assert len(fewer["labels"]) == 200
    assert response.status_code == 422
    assert f"takes {work:,} multiply-adds for each digit" in response.json()["detail"]


async def test_what_was_used_last_is_kept_within_bounds(app, client, monkeypatch):
    context = app.state.context
    maps, served = context.layer_maps, context.models["cnn"]
    steps = [0, 186, 17984]
    for step in steps[:2]:
        await client.post(URL, params={"checkpoint": step, "layers": "relu1"}, json={"sample": 0})
    two = sum(maps.placings(served.at(step), ["relu1"])["relu1"].nbytes for step in steps[:2])
    monkeypatch.setattr("app.layer_map_catalog.KEPT_BYTES", two)
    await client.post(URL, params={"checkpoint": 0, "layers": "relu1"}, json={"sample": 0})

    await client.post(URL, params={"checkpoint": 17984, "layers": "relu1"}, json={"sample": 0})

    assert [maps.is_ready(served.at(step), ["relu1"]) for step in steps] == [True, False, True]


async def test_too_many_layers_are_a_422_problem(client: httpx.AsyncClient):
    layers = [layer["name"] for layer in (await client.get("/api/v1/models/cnn")).json()["layers"]]

    response = await client.post(URL, params={"layers": ",".join(layers)}, json={"sample": 0})

    assert response.status_code == 422
    assert response.json()["detail"] == "14 layers were requested; a digit is placed in the maps of up to 9 at a time."


@pytest.mark.parametrize("settings", [Settings(default_model="mlp-500")])
async def test_default_model_is_that_of_the_settings(client: httpx.AsyncClient):
    placed = (await client.post(URL, json={"sample": 0})).json()

    assert placed["model"] == "mlp-500"
    assert [layer["name"] for layer in placed["layers"]] == ["input", "relu1"]
