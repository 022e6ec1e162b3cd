from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter

from app.operations.neuron import NeuronResponse
from tests.builders import SEVEN, TINY_LAYERS

pytestmark = pytest.mark.anyio

URL = "/api/v1/models/cnn/neuron"


async def request_neuron(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post(URL, json=body)
    assert response.status_code == 200, response.text
    described = TypeAdapter(NeuronResponse)
    assert described.dump_python(described.validate_python(response.json()), mode="json") == response.json()
    return response.json()


async def test_products_and_bias_add_up_to_the_feature_map(client: httpx.AsyncClient):
    maps = (await client.post("/api/v1/models/cnn/feature-maps", json={"sample": 3})).json()
    layers = {layer["name"]: np.array(layer["feature_maps"]) for layer in maps["layers"]}

    for row, column in [(0, 0), (13, 14), (27, 5)]:
        response = await request_neuron(client, sample=3, layer="conv1", filter=1, row=row, column=column)

        products = np.array(response["patch"]) * np.array(response["kernel"])
        np.testing.assert_allclose(response["products"], products, rtol=1e-6)
        np.testing.assert_allclose(response["channel_sums"], products.sum(axis=(1, 2)), rtol=1e-6, atol=1e-9)
        assert response["stored"] == pytest.approx(layers["conv1"][1, row, column], abs=1e-7)
        assert sum(response["channel_sums"]) + response["bias"] == pytest.approx(response["computed"])
        assert response["difference"] == pytest.approx(response["stored"] - response["computed"])
        assert abs(response["difference"]) < 1e-5
        assert response["pre_activation"] == response["stored"]
        assert response["activation"] == pytest.approx(layers["relu1"][1, row, column], abs=1e-7)


async def test_corner_reads_padding_and_says_so(client: httpx.AsyncClient):
    response = await request_neuron(client, sample=0, layer="conv1", filter=0, row=0, column=27)

    assert response["reads"] == {
        "layer": "input",
        "first_channel": 0,
        "top": -2,
        "left": 25,
        "height": 5,
        "width": 5,
        "inside": {"top": 0, "left": 25, "height": 3, "width": 3},
    }
    assert response["receptive_field"]["inside"] == {"top": 0, "left": 25, "height": 3, "width": 3}


async def test_pooling_neuron_names_its_winner(client: httpx.AsyncClient):
    response = await request_neuron(client, strokes=SEVEN, layer="pool1", filter=2, row=3, column=3)

    winner = response["winner"]
    patch = np.array(response["patch"][0])
    assert patch[winner["row"], winner["column"]] == patch.max()
    assert response["activation"] == pytest.approx(patch.max())
    assert response["reads"]["first_channel"] == 2
    assert response["kernel"] is None


async def test_softmax_neuron_shows_the_exponentials(client: httpx.AsyncClient):
    response = await request_neuron(client, sample=1, layer="softmax", filter=4, row=0, column=0)

    assert response["exponentials"][4] / sum(response["exponentials"]) == pytest.approx(response["stored"], rel=1e-5)
    assert response["receptive_field"]["inside"] == {"top": 0, "left": 0, "height": 28, "width": 28}


@pytest.mark.parametrize("layer", TINY_LAYERS)
async def test_every_layer_can_be_asked(client: httpx.AsyncClient, layer: str):
    response = await request_neuron(client, sample=0, layer=layer, filter=0, row=0, column=0)

    assert response["neuron"]["layer"] == layer
    assert response["computed"] == pytest.approx(response["stored"], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("place", "status", "slug", "words"),
    [
        ({"layer": "conv9"}, 404, "unknown-layer", "its layers are: conv1, relu1"),
        ({"filter": 4}, 404, "unknown-neuron", "Filter 4 of conv1 does not exist: it has filters 0 to 3."),
        ({"row": 28}, 404, "unknown-neuron", "it has rows 0 to 27."),
        ({"column": -1}, 422, "invalid-input", "column"),
        ({"column": 1.5}, 422, "invalid-input", "column"),
        ({"color": 1}, 422, "invalid-input", "color"),
    ],
)
async def test_neuron_that_does_not_exist_is_a_problem(
    client: httpx.AsyncClient, place: dict[str, Any], status: int, slug: str, words: str
):
    response = await client.post(URL, json={"sample": 0, "layer": "conv1", "filter": 0, "row": 0, "column": 0, **place})

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"/problems/{slug}"
    assert words in response.json()["detail"]
