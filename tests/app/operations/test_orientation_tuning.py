"""Bars and tuning curves over HTTP, with the committed networks."""

import json
import re

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter

from app.operations.orientation_tuning import BarResponse, OrientationTuningResponse
from app.settings import Settings

pytestmark = pytest.mark.anyio

BAR = "/api/v1/experiments/bar"
TUNING = "/api/v1/experiments/orientation-tuning"


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.mark.parametrize(("address", "kind"), [(BAR, BarResponse), (TUNING, OrientationTuningResponse)])
async def test_responses_are_as_documented(client: httpx.AsyncClient, address: str, kind: type):
    response = (await client.get(address)).json()

    adapter = TypeAdapter(kind)
    assert adapter.dump_python(adapter.validate_python(response), mode="json") == response


async def test_bar_is_drawn_with_the_requested_shape(client: httpx.AsyncClient):
    bar = {"angle": 90, "length": 10, "width": 2, "column": 5}

    light = np.array((await client.get(BAR, params=bar)).json()["pixels"])
    dark = np.array((await client.get(BAR, params={**bar, "dark": True})).json()["pixels"])

    np.testing.assert_allclose(light[9:19, 4:6], 1)
    assert light.sum() == pytest.approx(20)
    np.testing.assert_allclose(dark, 1 - light, atol=1e-6)


async def test_tuning_distinguishes_trained_filters_from_untrained_ones(client: httpx.AsyncClient):
    trained = (await client.get(TUNING)).json()
    untrained = (await client.get(TUNING, params={"checkpoint": 0})).json()

    assert [layer["name"] for layer in trained["layers"]] == ["relu1", "pool1"]
    assert trained["angles"] == list(range(0, 180, 5))
    verdicts = [[each["verdict"] for each in measured["layers"][0]["filters"]] for measured in (trained, untrained)]
    assert verdicts[0].count("selective") >= 12
    assert verdicts[1].count("selective") < 10
    assert untrained["checkpoint"] == 0


async def test_hidden_neurons_of_the_perceptron_have_tuning_curves_too(client: httpx.AsyncClient):
    response = (await client.get(TUNING, params={"model": "mlp-500", "step": 15})).json()

    [layer] = response["layers"]
    assert (layer["name"], len(layer["filters"]), len(response["angles"])) == ("relu1", 500, 12)


async def test_several_layers_may_be_named_with_commas_or_by_repeating(client: httpx.AsyncClient):
    joined = (await client.get(TUNING, params={"layers": "pool1,relu2", "step": 45})).json()
    repeated = (await client.get(TUNING, params={"layers": ["pool1", "relu2"], "step": 45})).json()

    assert [layer["name"] for layer in joined["layers"]] == ["pool1", "relu2"]
    assert joined == repeated


@pytest.mark.parametrize(
    ("parameters", "status", "says"),
    [
        ({"layers": "conv1"}, 422, "Layer conv1 is a conv2d; tuning curves can be drawn of: relu1, pool1"),
        ({"layers": "relu9"}, 404, "no layer 'relu9'"),
        ({"checkpoint": 5}, 404, "has no checkpoint at step 5; it has: 0, 2, 4, 7, 14, 26"),
        ({"model": "resnet"}, 404, "no model 'resnet'"),
        ({"step": 1}, 422, "greater than or equal to 2"),
        ({"width": 0.1}, 422, "greater than or equal to 0.5"),
        ({"measure": "loudest"}, 422, "'swept' or 'center'"),
        ({"model": ["cnn", "mlp-500"]}, 422, "query.model: given more than once"),
    ],
    ids=str,
)
async def test_requests_out_of_range_are_rejected(client: httpx.AsyncClient, parameters, status, says):
    response = await client.get(TUNING, params=parameters)

    assert response.status_code == status
    assert says in response.text


@pytest.mark.parametrize("settings", [Settings(default_model="mlp-500")])
async def test_another_default_model_is_measured_without_naming_it(client: httpx.AsyncClient):
    response = (await client.get(TUNING, params={"step": 45})).json()

    assert response["model"] == "mlp-500"
    assert len(response["layers"][0]["filters"]) == 500


async def page_data_of(client: httpx.AsyncClient, address: str) -> dict:
    page = (await client.get(address)).text
    found = re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


async def test_page_compares_the_default_model_with_untrained_filters_and_full_connections(
    client: httpx.AsyncClient,
):
    groups = (await page_data_of(client, "/orientation"))["groups"]

    assert [(each["label"], each["model"], each["checkpoint"], each["noun"]) for each in groups] == [
        ("Trained", "cnn", None, "filters"),
        ("Untrained", "cnn", 0, "filters"),
        ("mlp-500", "mlp-500", None, "neurons"),
    ]
    assert {(each["rectifier"], each["kernels"]) for each in groups[:2]} == {("relu1", "conv1")}


async def test_page_shows_the_model_of_its_address(client: httpx.AsyncClient):
    groups = (await page_data_of(client, "/orientation?model=mlp-500"))["groups"]

    assert [(each["label"], each["model"]) for each in groups][:2] == [("Trained", "mlp-500"), ("Untrained", "mlp-500")]
    assert (groups[2]["model"], groups[2]["noun"]) == ("cnn", "filters")


@pytest.mark.parametrize("query", ["", "?model=wide-32", "?model=pool-before-relu"])
async def test_page_and_measurement_work_with_networks_from_elsewhere(other_models: httpx.AsyncClient, query: str):
    name = query.removeprefix("?model=") or "wide-32"
    [trained, compared] = (await page_data_of(other_models, f"/orientation{query}"))["groups"]

    assert (trained["model"], compared["model"]) == (name, "mlp-500")
    tuning = (await other_models.get(TUNING, params={"model": trained["model"]})).json()
    assert tuning["layers"][0]["name"] == trained["rectifier"]
    bar = (await other_models.get(BAR, params={"angle": 45})).json()
    maps = f"/api/v1/models/{name}/feature-maps"
    body = {"pixels": bar["pixels"]}
    of_bar = (await other_models.post(maps, params={"layers": trained["rectifier"]}, json=body)).json()
    peaks = np.max(of_bar["layers"][0]["feature_maps"], axis=(1, 2))
    at_45 = np.array([each["activations"][9] for each in tuning["layers"][0]["filters"]])
    # The swept neurons are a part of the map, and the activation for the background is taken off.
    assert (at_45 <= peaks + 1e-5).all()
    assert at_45.max() > 0
