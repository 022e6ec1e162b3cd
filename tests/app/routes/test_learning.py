"""Bars, tuning curves and gradients, asked for over HTTP, with the networks that are committed."""

from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import load

from app.schemas import experiments as schemas
from app.schemas.documentation import GRADIENT_CHECK_BODY, GRADIENTS_BODY, STEP_BODY
from app.settings import Settings

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments"
BLANK = [[0.0] * 28] * 28


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def ask(client: httpx.AsyncClient, operation: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{URL}/{operation}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("operation", "body", "schema"),
    [
        ("gradients", GRADIENTS_BODY, schemas.GradientsAnswer),
        ("gradient-check", GRADIENT_CHECK_BODY, schemas.GradientCheckAnswer),
        ("step", STEP_BODY, schemas.StepAnswer),
    ],
)
async def test_documented_examples_work_and_answers_are_as_described(client, operation, body, schema):
    for example in body["requestBody"]["content"]["application/json"]["examples"].values():
        answer = await client.post(f"{URL}/{operation}", params={"models": "cnn"}, json=example["value"])

        assert schema.model_validate(answer.json()).model_dump(mode="json") == answer.json()


@pytest.mark.parametrize(("operation", "schema"), [("bar", schemas.DrawnBarAnswer), ("tuning", schemas.TuningAnswer)])
async def test_bar_and_tuning_are_as_described(client, operation, schema):
    answer = (await client.get(f"{URL}/{operation}")).json()

    assert schema.model_validate(answer).model_dump(mode="json") == answer


async def test_bar_is_drawn_as_asked_for(client: httpx.AsyncClient):
    bar = {"angle": 90, "length": 10, "width": 2, "column": 5}

    light = np.array((await client.get(f"{URL}/bar", params=bar)).json()["pixels"])
    dark = np.array((await client.get(f"{URL}/bar", params={**bar, "dark": True})).json()["pixels"])

    np.testing.assert_allclose(light[9:19, 4:6], 1)
    assert light.sum() == pytest.approx(20)
    np.testing.assert_allclose(dark, 1 - light, atol=1e-6)


async def test_tuning_tells_trained_filters_from_untrained_ones_and_names_the_dead(client: httpx.AsyncClient):
    trained = (await client.get(f"{URL}/tuning")).json()
    untrained = (await client.get(f"{URL}/tuning", params={"checkpoint": 0})).json()

    assert [layer["name"] for layer in trained["layers"]] == ["relu1", "pool1"]
    assert trained["angles"] == list(range(0, 180, 5))
    verdicts = [[each["verdict"] for each in answer["layers"][0]["filters"]] for answer in (trained, untrained)]
    assert verdicts[0].count("selective") == 15
    assert verdicts[0][14] == "silent"
    assert verdicts[1].count("selective") < 10
    assert untrained["checkpoint"] == 0


async def test_hidden_neurons_of_the_perceptron_have_tuning_curves_too(client: httpx.AsyncClient):
    answer = (await client.get(f"{URL}/tuning", params={"model": "mlp-500", "step": 15})).json()

    [layer] = answer["layers"]
    assert (layer["name"], len(layer["filters"]), len(answer["angles"])) == ("relu1", 500, 12)


@pytest.mark.parametrize(
    ("parameters", "status", "says"),
    [
        ({"layers": "conv1"}, 422, "Layer conv1 is a conv2d; tuning curves can be drawn of: relu1, pool1"),
        ({"layers": "relu9"}, 404, "no layer 'relu9'"),
        ({"checkpoint": 5}, 404, "has no checkpoint at step 5; it has: 0, 1, 2, 3, 4, 6"),
        ({"model": "resnet"}, 404, "no model 'resnet'"),
        ({"step": 1}, 422, "greater than or equal to 2"),
        ({"width": 0.1}, 422, "greater than or equal to 0.5"),
        ({"measure": "loudest"}, 422, "'swept' or 'place'"),
    ],
    ids=str,
)
async def test_tuning_refuses_what_there_is_not(client, parameters, status, says):
    answer = await client.get(f"{URL}/tuning", params=parameters)

    assert answer.status_code == status
    assert says in answer.text


async def test_gradients_add_up_from_deltas_and_patches(client: httpx.AsyncClient):
    answer = await ask(client, "gradients?models=cnn", sample=0, label=2)

    [model] = answer["models"]
    [layer] = model["layers"]
    assert (layer["name"], layer["products"], layer["kept"]) == ("conv1", 313_600, 416)
    delta, padded = np.array(layer["delta"]), np.pad(np.array(answer["input"]["pixels"], np.float32).astype(float), 2)
    assembled = np.array(
        [[(delta[:, :, :] * padded[i : i + 28, j : j + 28]).sum(axis=(1, 2)) for j in range(5)] for i in range(5)]
    ).transpose(2, 0, 1)
    weight = np.array(layer["weight"])[:, 0]
    np.testing.assert_allclose(assembled, weight, rtol=1e-6, atol=1e-9 * np.abs(weight).max())
    np.testing.assert_allclose(delta.sum(axis=(1, 2)), layer["bias"], rtol=1e-6, atol=1e-12)
    assert layer["largest"] == np.abs(delta).max()


async def test_unshared_and_global_weights_keep_every_product(client: httpx.AsyncClient):
    body = {"sample": 0, "label": 2}
    headers = {"Accept": "application/x-safetensors"}

    packed = await client.post(f"{URL}/gradients?models=locally-connected,mlp-500", json=body, headers=headers)

    tensors = load(packed.content)
    assert tensors["locally-connected/local1/weight"].shape == (16, 28, 28, 1, 5, 5)
    assert tensors["locally-connected/local1"].shape == (16, 28, 28)
    assert tensors["mlp-500/linear1/weight"].shape == (500, 1, 28, 28)
    assert tensors["mlp-500/linear1/output"].shape == (500, 1, 1)


async def test_nudged_weight_has_the_slope_that_backpropagation_says(client: httpx.AsyncClient):
    weights = [("cnn", "conv1.weight", [3, 0, 2, 2]), ("cnn", "linear.bias", [2]),
               ("locally-connected", "local1.weight", [14, 14, 0, 0, 2, 2])]  # fmt: skip
    for model, parameter, index in weights:
        answer = await ask(client, f"gradient-check?model={model}", sample=0, label=2, parameter=parameter, index=index)

        assert answer["slope"] == pytest.approx(answer["gradient"], rel=1e-3, abs=1e-9)
        assert answer["slope"] == pytest.approx((answer["above"] - answer["below"]) / (2 * answer["step"]))


async def test_step_lowers_the_loss_and_the_server_keeps_nothing_of_it(client: httpx.AsyncClient):
    first = await ask(client, "step", sample=0, label=2, rate=0.05, steps=3)
    again = await ask(client, "step", sample=0, label=2, rate=0.05, steps=3)

    assert first["losses"][1] < first["losses"][0]
    assert again == first
    assert (first["layer"], first["mapped"], first["label_from"]) == ("conv1", "relu1", "body")
    learned = (await client.get("/api/v1/models/cnn/layers/conv1/kernels")).json()["kernels"]
    assert first["kernels"][0] == learned
    assert first["kernels"][1] != learned


@pytest.mark.parametrize(
    ("operation", "body", "status", "says"),
    [
        ("gradient-check", {"parameter": "conv9.weight", "index": [0]}, 404, "There is no 'conv9.weight'"),
        ("gradient-check", {"parameter": "conv1.weight", "index": [0, 0, 5, 0]}, 404, "its shape is [16, 1, 5, 5]"),
        ("gradient-check", {"parameter": "conv1.weight", "index": [-1]}, 422, "index.0"),
        ("step?layer=relu1", {}, 404, "has no kernels"),
        ("step", {"rate": 0}, 422, "rate"),
        ("step", {"steps": 21}, 422, "steps"),
        ("gradients", {"label": 10}, 422, "label"),
    ],
)
async def test_what_there_is_not_is_refused(client, operation, body, status, says):
    answer = await client.post(f"{URL}/{operation}", json={"sample": 0, **body})

    assert answer.status_code == status
    assert says in answer.text


@pytest.mark.parametrize("operation", ["gradients", "step"])
async def test_blank_digit_needs_a_label(client, operation):
    refused = await client.post(f"{URL}/{operation}", json={"pixels": BLANK})

    assert refused.status_code == 422
    assert "give a label, 0 to 9" in refused.json()["detail"]
    await ask(client, operation, pixels=BLANK, label=3)
