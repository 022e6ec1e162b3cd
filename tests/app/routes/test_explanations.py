from typing import Any

import httpx
import numpy as np
import pytest

from app.schemas.explanations import NeuronAnswer
from tests.builders import SEVEN, TINY_LAYERS

pytestmark = pytest.mark.anyio

URL = "/api/v1/models/cnn/neuron"


async def ask(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(URL, json=body)
    assert answer.status_code == 200, answer.text
    NeuronAnswer.model_validate(answer.json())
    return answer.json()


async def test_products_and_bias_add_up_to_the_feature_map(client: httpx.AsyncClient):
    maps = (await client.post("/api/v1/models/cnn/feature-maps", json={"sample": 3})).json()
    layers = {layer["name"]: np.array(layer["feature_maps"]) for layer in maps["layers"]}

    for row, column in [(0, 0), (13, 14), (27, 5)]:
        answer = await ask(client, sample=3, layer="conv1", filter=1, row=row, column=column)

        products = np.array(answer["patch"]) * np.array(answer["kernel"])
        np.testing.assert_allclose(answer["products"], products, rtol=1e-6)
        np.testing.assert_allclose(answer["channel_sums"], products.sum(axis=(1, 2)), rtol=1e-6, atol=1e-9)
        assert answer["stored"] == pytest.approx(layers["conv1"][1, row, column], abs=1e-7)
        assert sum(answer["channel_sums"]) + answer["bias"] == pytest.approx(answer["computed"])
        assert answer["difference"] == pytest.approx(answer["stored"] - answer["computed"])
        assert abs(answer["difference"]) < 1e-5
        assert answer["pre_activation"] == answer["stored"]
        assert answer["activation"] == pytest.approx(layers["relu1"][1, row, column], abs=1e-7)


async def test_corner_reads_padding_and_says_so(client: httpx.AsyncClient):
    answer = await ask(client, sample=0, layer="conv1", filter=0, row=0, column=27)

    assert answer["reads"] == {
        "layer": "input",
        "first_channel": 0,
        "top": -2,
        "left": 25,
        "height": 5,
        "width": 5,
        "inside": {"top": 0, "left": 25, "height": 3, "width": 3},
    }
    assert answer["receptive_field"]["inside"] == {"top": 0, "left": 25, "height": 3, "width": 3}


async def test_pooling_neuron_names_its_winner(client: httpx.AsyncClient):
    answer = await ask(client, strokes=SEVEN, layer="pool1", filter=2, row=3, column=3)

    winner = answer["winner"]
    patch = np.array(answer["patch"][0])
    assert patch[winner["row"], winner["column"]] == patch.max()
    assert answer["activation"] == pytest.approx(patch.max())
    assert answer["reads"]["first_channel"] == 2
    assert answer["kernel"] is None


async def test_softmax_neuron_shows_the_exponentials(client: httpx.AsyncClient):
    answer = await ask(client, sample=1, layer="softmax", filter=4, row=0, column=0)

    assert answer["exponentials"][4] / sum(answer["exponentials"]) == pytest.approx(answer["stored"], rel=1e-5)
    assert answer["receptive_field"]["inside"] == {"top": 0, "left": 0, "height": 28, "width": 28}


@pytest.mark.parametrize("layer", TINY_LAYERS)
async def test_every_layer_can_be_asked(client: httpx.AsyncClient, layer: str):
    answer = await ask(client, sample=0, layer=layer, filter=0, row=0, column=0)

    assert answer["neuron"]["layer"] == layer
    assert answer["computed"] == pytest.approx(answer["stored"], rel=1e-4, abs=1e-6)


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
    answer = await client.post(URL, json={"sample": 0, "layer": "conv1", "filter": 0, "row": 0, "column": 0, **place})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{slug}"
    assert words in answer.json()["detail"]
