import json
from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.perturb_pixel import EXAMPLES, PerturbPixelResponse
from app.settings import Settings
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/perturb-pixel"
BLANK = [[0.0] * 28] * 28
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def perturb(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post(URL, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def layers_of(response: dict[str, Any], model: str) -> dict[str, dict[str, Any]]:
    [found] = [each for each in response["models"] if each["id"] == model]
    return {layer["name"]: layer for layer in found["layers"]}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=list(EXAMPLES))
async def test_documented_requests_work_and_responses_are_as_documented(client: httpx.AsyncClient, example: dict):
    response = await perturb(client, **example["value"])

    described = TypeAdapter(PerturbPixelResponse)
    assert described.dump_python(described.validate_python(response), mode="json") == response


async def test_pixel_inside_changes_25_neurons_of_each_map_and_all_500_of_the_perceptron(client: httpx.AsyncClient):
    response = await perturb(client, sample=0, row=14, column=14)

    conv1, linear1 = layers_of(response, "cnn")["conv1"], layers_of(response, "mlp-500")["linear1"]
    assert conv1["changed_per_filter"] == [25] * 16
    assert conv1["changed"] == conv1["reachable"] == 400
    assert linear1["changed"] == linear1["reachable"] == linear1["neurons"] == 500
    change = np.array(conv1["change"])
    assert np.count_nonzero(change) == 400
    assert conv1["largest"] == change.max()
    assert list(layers_of(response, "locally-connected")) == ["local1", "relu1", "pool1", "linear", "softmax"]


async def test_paper_becomes_ink_and_ink_becomes_paper_unless_a_value_is_given(client: httpx.AsyncClient):
    pixels = [row.copy() for row in BLANK]
    pixels[3][4] = 0.75

    on_ink = await perturb(client, pixels=pixels, row=3, column=4)
    on_paper = await perturb(client, pixels=pixels, row=3, column=5)
    with_value = await perturb(client, pixels=pixels, row=3, column=5, value=0.25)

    assert on_ink["pixel"] == {"row": 3, "column": 4, "before": 0.75, "after": 0}
    assert on_paper["pixel"] == {"row": 3, "column": 5, "before": 0, "after": 1}
    assert with_value["pixel"]["after"] == 0.25
    # Without its only ink the digit is blank, and a blank digit has no prediction.
    assert on_ink["models"][0]["before"] is not None
    assert on_ink["models"][0]["after"] is None


async def test_tensors_hold_the_same_as_json(client: httpx.AsyncClient):
    body = {"strokes": SEVEN, "row": 9, "column": 17}
    plain = await perturb(client, **body)

    packed = await client.post(URL, json=body, headers=SAFETENSORS)

    tensors = load(packed.content)
    length = int.from_bytes(packed.content[:8], "little")
    rest = json.loads(json.loads(packed.content[8 : 8 + length])["__metadata__"]["response"])
    for model in plain["models"]:
        for layer in model["layers"]:
            tensor = tensors[f"{model['id']}/{layer['name']}"]
            assert tensor.dtype == np.float32
            np.testing.assert_allclose(tensor, layer.pop("change"), rtol=1e-6, atol=0)
    np.testing.assert_allclose(tensors["input"], plain["input"].pop("pixels"), rtol=1e-6)
    assert plain["input"].pop("colors") is None  # an array, if there were one
    assert rest == plain


async def test_models_can_be_chosen_and_unknown_ones_are_named(client: httpx.AsyncClient):
    pixel = {"sample": 0, "row": 0, "column": 0}
    chosen = await client.post(f"{URL}?models=mlp-500,cnn,mlp-500", json=pixel)
    unknown = await client.post(f"{URL}?models=cnn,resnet", json=pixel)
    none = await client.post(f"{URL}?models=", json=pixel)

    assert [model["id"] for model in chosen.json()["models"]] == ["mlp-500", "cnn"]
    assert unknown.status_code == 404
    assert "There is no model 'resnet'" in unknown.json()["detail"]
    assert none.status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"row": 64, "column": 0}, "row"),
        ({"row": 0}, "column"),
        ({"row": 0, "column": 0, "value": 1.5}, "value"),
    ],
)
async def test_fields_out_of_range_are_named(client: httpx.AsyncClient, body: dict, field: str):
    response = await client.post(URL, json={"sample": 0, **body})

    assert response.status_code == 422
    assert field in json.dumps(response.json()["errors"])
