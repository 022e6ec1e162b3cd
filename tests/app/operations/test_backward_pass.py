"""The backward pass over HTTP, with the committed networks."""

from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter

from app.operations.backward_pass import EXAMPLES, BackwardPassResponse
from app.settings import Settings

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/backward-pass"
LABELED = {"sample": 15, "label": 3}


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_responses_are_as_documented(client: httpx.AsyncClient):
    adapter = TypeAdapter(BackwardPassResponse)

    for example in EXAMPLES.values():
        response = await client.post(URL, json=example["value"])
        assert response.status_code == 200
        assert adapter.dump_python(adapter.validate_python(response.json()), mode="json") == response.json()


async def test_each_part_is_a_slope_times_the_delta_of_the_reader(client: httpx.AsyncClient):
    body = {**LABELED, "layer": "relu1", "filter": 5, "row": 13, "column": 15}
    pool = {**LABELED, "layer": "pool1", "filter": 5, "row": 6, "column": 7}

    found, pooled = [(await client.post(URL, json=each)).json() for each in (body, pool)]

    assert found["readers"]["layer"] == "pool1"
    assert found["readers"]["box"] == {"top": 6, "left": 7, "height": 1, "width": 1}
    assert found["readers"]["deltas"] == [[[pooled["neuron"]["delta"]]]]
    assert found["deltas"][5][13][15] == found["neuron"]["delta"]
    assert np.shape(pooled["readers"]["parts"]) == (32, 3, 3)
    np.testing.assert_allclose(np.sum(pooled["readers"]["parts"]), pooled["neuron"]["delta"], rtol=1e-9)


async def test_slopes_of_a_pixel_are_the_kernels_flipped(client: httpx.AsyncClient):
    found = (await client.post(URL, json={**LABELED, "layer": "input", "row": 10, "column": 12})).json()
    kernels = np.array((await client.get("/api/v1/models/cnn/layers/conv1/kernels")).json()["kernels"])

    assert found["readers"]["box"] == {"top": 8, "left": 10, "height": 5, "width": 5}
    np.testing.assert_allclose(found["readers"]["slopes"], kernels[:, 0, ::-1, ::-1], atol=1e-7)


async def test_without_a_position_it_is_the_neuron_of_largest_delta(client: httpx.AsyncClient):
    found = (await client.post(URL, json={**LABELED, "layer": "relu4", "check": True})).json()

    assert abs(found["neuron"]["delta"]) == np.abs(found["deltas"]).max()
    assert found["check"]["finite_difference"] == pytest.approx(found["neuron"]["delta"], rel=1e-4)
    assert found["check"]["kinks"] == 0


async def test_gradients_of_the_same_layer_are_the_same(client: httpx.AsyncClient):
    found = (await client.post(URL, json={**LABELED, "layer": "conv3"})).json()
    other = await client.post("/api/v1/experiments/gradients?models=cnn&layers=conv3", json=LABELED)

    assert found["deltas"] == other.json()["models"][0]["layers"][0]["delta"]
    assert found["loss"] == other.json()["models"][0]["loss"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (
            {"layer": "softmax"},
            404,
            "δ of model cnn is not computed for a layer 'softmax', but for: input, conv1, relu1",
        ),
        ({"layer": "conv1", "filter": 16}, 404, "Filter 16 of conv1 does not exist: it has filters 0 to 15."),
        ({"layer": "conv1", "row": -1}, 422, "row: Input should be greater than or equal to 0."),
    ],
)
async def test_unknown_neurons_are_named(client: httpx.AsyncClient, body: dict[str, Any], status: int, detail: str):
    response = await client.post(URL, json={**LABELED, **body})

    assert response.status_code == status
    assert response.json()["detail"].startswith(detail)
