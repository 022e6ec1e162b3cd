"""Gradients, their check by finite differences, and gradient descent over HTTP, with the committed networks."""

import json
from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations import gradient_check, gradient_descent, gradients
from app.settings import Settings
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments"
BLANK = [[0.0] * 28] * 28
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def post(client: httpx.AsyncClient, operation: str, **body: Any) -> dict[str, Any]:
    response = await client.post(f"{URL}/{operation}", json=body)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("operation", "examples", "kind"),
    [
        ("gradients?models=cnn", gradients.EXAMPLES, gradients.GradientsResponse),
        ("gradient-check", gradient_check.EXAMPLES, gradient_check.GradientCheckResponse),
        ("gradient-descent", gradient_descent.EXAMPLES, gradient_descent.GradientDescentResponse),
    ],
)
async def test_documented_examples_work_and_responses_are_as_documented(client, operation, examples, kind):
    adapter = TypeAdapter(kind)
    for example in examples.values():
        response = await post(client, operation, **example["value"])

        assert adapter.dump_python(adapter.validate_python(response), mode="json") == response


async def test_gradients_are_sums_of_delta_times_patch(client: httpx.AsyncClient):
    response = await post(client, "gradients?models=cnn", sample=0, label=2)

    [model] = response["models"]
    [layer] = model["layers"]
    assert (layer["name"], layer["products"], layer["gradients"]) == ("conv1", 313_600, 416)
    delta, padded = np.array(layer["delta"]), np.pad(np.array(response["input"]["pixels"], np.float32).astype(float), 2)
    summed = np.array(
        [[(delta[:, :, :] * padded[i : i + 28, j : j + 28]).sum(axis=(1, 2)) for j in range(5)] for i in range(5)]
    ).transpose(2, 0, 1)
    weight = np.array(layer["weight"])[:, 0]
    np.testing.assert_allclose(summed, weight, rtol=1e-6, atol=1e-9 * np.abs(weight).max())
    np.testing.assert_allclose(delta.sum(axis=(1, 2)), layer["bias"], rtol=1e-6, atol=1e-12)
    assert layer["largest"] == np.abs(delta).max()


async def test_unshared_weights_have_a_gradient_for_every_position(client: httpx.AsyncClient):
    body = {"sample": 0, "label": 2}

    packed = await client.post(f"{URL}/gradients?models=locally-connected,mlp-500", json=body, headers=SAFETENSORS)

    tensors = load(packed.content)
    assert tensors["locally-connected/local1/weight"].shape == (16, 28, 28, 1, 5, 5)
    assert tensors["locally-connected/local1"].shape == (16, 28, 28)
    assert tensors["mlp-500/linear1/weight"].shape == (500, 1, 28, 28)
    assert tensors["mlp-500/linear1/output"].shape == (500, 1, 1)


async def test_gradients_by_weights_can_be_left_out(client: httpx.AsyncClient):
    response = await post(client, "gradients?models=mlp-500&weights=false", sample=0)

    [layer] = response["models"][0]["layers"]
    assert layer["weight"] is None
    assert layer["bias"] is None
    assert np.shape(layer["delta"]) == (500, 1, 1)


async def test_layers_are_those_that_each_model_has(client: httpx.AsyncClient):
    response = await post(client, "gradients?models=cnn,mlp-500&layers=linear1,pool1&weights=false", sample=0)

    names = {model["id"]: [layer["name"] for layer in model["layers"]] for model in response["models"]}
    assert names == {"cnn": ["pool1"], "mlp-500": ["linear1"]}


async def test_finite_difference_is_close_to_the_gradient(client: httpx.AsyncClient):
    weights = [("cnn", "conv1.weight", [3, 0, 2, 2]), ("cnn", "linear.bias", [2]),
               ("locally-connected", "local1.weight", [14, 14, 0, 0, 2, 2])]  # fmt: skip
    for model, parameter, index in weights:
        response = await post(
            client, f"gradient-check?model={model}", sample=0, label=2, parameter=parameter, index=index
        )

        assert response["finite_difference"] == pytest.approx(response["gradient"], rel=1e-3, abs=1e-9)
        assert response["finite_difference"] == pytest.approx(
            (response["loss_above"] - response["loss_below"]) / (2 * response["step"])
        )


async def test_descent_lowers_the_loss_and_leaves_the_served_network_unchanged(client: httpx.AsyncClient):
    first = await post(client, "gradient-descent", sample=0, label=2, learning_rate=0.05, steps=3)
    again = await post(client, "gradient-descent", sample=0, label=2, learning_rate=0.05, steps=3)

    assert first["losses"][1] < first["losses"][0]
    assert again == first
    assert (first["layer"], first["maps_layer"], first["label_from"]) == ("conv1", "relu1", "body")
    assert (first["steps_taken"], first["diverged"]) == (3, False)
    learned = (await client.get("/api/v1/models/cnn/layers/conv1/kernels")).json()["kernels"]
    assert first["kernels"][0] == learned
    assert first["kernels"][1] != learned


def nulls(value: Any, path: str = "") -> list[str]:
    """Where a JSON value has null."""
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in nulls(item, f"{path}/{key}")]
    if isinstance(value, list):
        return [each for item in value for each in nulls(item, path)]
    return [path] if value is None else []


@pytest.mark.parametrize(
    ("sample", "label", "learning_rate", "steps"),
    [(2717, 5, 0.56, 3), *((1000 + number, number, 10 ** (number / 5 - 1), number + 1) for number in range(6))],
)
async def test_loss_is_a_number_at_every_learning_rate(client, sample: int, label: int, learning_rate: float, steps):
    body = {"sample": sample, "label": label, "learning_rate": learning_rate, "steps": steps}

    response = await post(client, "gradient-descent", **body)

    assert nulls({**response, "input": None}) == ["/input"]
    assert response["steps_taken"] == steps


@pytest.mark.parametrize(
    ("operation", "body", "status", "says"),
    [
        ("gradient-check", {"parameter": "conv9.weight", "index": [0]}, 404, "There is no 'conv9.weight'"),
        ("gradient-check", {"parameter": "conv1.weight", "index": [0, 0, 5, 0]}, 404, "its shape is [16, 1, 5, 5]"),
        ("gradient-check", {"parameter": "conv1.weight", "index": [-1]}, 422, "index.0"),
        ("gradient-descent?layer=relu1", {}, 404, "has no kernels"),
        ("gradient-descent", {"learning_rate": 0}, 422, "learning_rate"),
        ("gradient-descent", {"steps": 21}, 422, "steps"),
        ("gradients", {"label": 10}, 422, "has no class 10; its classes are 0 to 9"),
        (
            "gradients?models=cnn&layers=conv9",
            {},
            404,
            "None of the models has a layer 'conv9' whose gradients are computed",
        ),
        ("gradients?models=cnn&layers=softmax", {}, 404, "they are for: conv1, relu1, "),
    ],
)
async def test_what_does_not_exist_or_is_out_of_range_is_rejected(client, operation, body, status, says):
    response = await client.post(f"{URL}/{operation}", json={"sample": 0, **body})

    assert response.status_code == status
    assert says in response.text


@pytest.mark.parametrize("operation", ["gradients", "gradient-descent"])
async def test_blank_digit_needs_a_label(client, operation):
    rejected = await client.post(f"{URL}/{operation}", json={"pixels": BLANK})

    assert rejected.status_code == 422
    assert "give a label" in rejected.json()["detail"]
    await post(client, operation, pixels=BLANK, label=3)


@pytest.mark.parametrize("settings", [Settings(default_model="mlp-500")])
async def test_check_and_descent_are_those_of_the_default_model(client: httpx.AsyncClient):
    checked = await post(client, "gradient-check", sample=0, parameter="linear1.bias", index=[3])
    descended = await post(client, "gradient-descent", sample=0)

    assert (checked["model"], descended["model"]) == ("mlp-500", "mlp-500")
    assert np.shape(descended["kernels"]) == (2, 500, 1, 28, 28)


async def test_unlabeled_drawing_takes_the_prediction_of_the_first_model(other_models: httpx.AsyncClient):
    maps = await other_models.post("/api/v1/models/pool-before-relu/feature-maps", json={"strokes": SEVEN})

    response = await post(other_models, "gradients?models=pool-before-relu,cnn", strokes=SEVEN)

    assert (response["label"], response["label_from"]) == (maps.json()["prediction"]["digit"], "prediction")


@pytest.mark.parametrize(("query", "size", "layer"), [("", 32, "relu1"), ("?model=pool-before-relu", 28, "conv1")])
async def test_other_inputs_and_orders_of_layers_work(other_models, query: str, size: int, layer: str):
    response = await post(other_models, f"gradient-descent{query}", sample=0, label=3)

    assert np.shape(response["input"]["pixels"]) == (size, size)
    assert response["maps_layer"] == layer
    assert response["losses"][1] < response["losses"][0]


async def test_metadata_of_tensors_holds_the_rest_of_the_response(client: httpx.AsyncClient):
    body = {"sample": 0, "label": 2}

    packed = await client.post(f"{URL}/gradient-descent", json=body, headers=SAFETENSORS)

    header = json.loads(packed.content[8 : 8 + int.from_bytes(packed.content[:8], "little")])
    response = json.loads(header["__metadata__"]["response"])
    assert set(load(packed.content)) == {"input", "kernels", "maps", "probabilities"}
    assert (response["model"], response["steps_taken"], response["learning_rate"]) == ("cnn", 1, 0.01)
