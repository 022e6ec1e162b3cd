import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.translation import (
    CURVE_EXAMPLES,
    TRANSLATION_EXAMPLES,
    MeanTranslationCurveResponse,
    TranslationCurveResponse,
    TranslationResponse,
)
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


def layers_of(response: dict[str, Any], model: str) -> dict[str, dict[str, Any]]:
    [found] = [each for each in response["models"] if each["id"] == model]
    return {layer["name"]: layer for layer in found["layers"]}


@pytest.mark.parametrize(
    ("operation", "examples", "kind"),
    [
        ("translation", TRANSLATION_EXAMPLES, TranslationResponse),
        ("translation-curve", CURVE_EXAMPLES, TranslationCurveResponse),
    ],
)
async def test_documented_requests_work_and_responses_are_as_documented(client, operation, examples, kind):
    described = TypeAdapter(kind)
    for example in examples.values():
        response = await post(client, operation, **example["value"])

        assert described.dump_python(described.validate_python(response), mode="json") == response


async def test_measured_curve_is_as_documented(client: httpx.AsyncClient):
    response = (await client.get(f"{URL}/translation-curve")).json()

    described = TypeAdapter(MeanTranslationCurveResponse)
    assert described.dump_python(described.validate_python(response), mode="json") == response
    assert set(response["directions"]) == {"right", "down"}


async def test_maps_move_along_exactly_where_they_can(client: httpx.AsyncClient):
    even = await post(client, "translation", sample=0, right=2)
    odd = await post(client, "translation", sample=0, right=3)

    assert layers_of(even, "cnn")["conv1"]["residual"] == layers_of(odd, "cnn")["conv1"]["residual"] == 0
    assert layers_of(even, "cnn")["pool1"]["residual"] == 0
    assert layers_of(odd, "cnn")["pool1"]["residual"] > 1e-3
    assert layers_of(odd, "cnn")["pool1"]["map_translation"] == {"down": 0, "right": 1}
    assert layers_of(odd, "cnn")["conv1"]["inside"] == {"top": 2, "left": 5, "height": 24, "width": 21}
    assert layers_of(odd, "mlp-500")["relu1"]["cosine"] < 0.6
    np.testing.assert_array_equal(np.array(odd["translated"])[:, 3:], np.array(odd["input"]["pixels"])[:, :-3])


async def test_tensors_in_half_precision_and_as_npz(client: httpx.AsyncClient):
    body = {"sample": 1, "down": -4}
    plain = await post(client, "translation", **body)

    half = await client.post(f"{URL}/translation?dtype=float16&models=cnn", json=body, headers=SAFETENSORS)
    packed = await client.post(f"{URL}/translation?models=cnn", json=body, headers={"Accept": "application/x-npz"})

    tensors = load(half.content)
    assert tensors["cnn/pool1"].dtype == np.float16
    assert {name.partition("/")[0] for name in tensors} == {"input", "translated", "cnn"}
    with np.load(io.BytesIO(packed.content)) as arrays:
        np.testing.assert_allclose(
            arrays["cnn/pool1"], layers_of(plain, "cnn")["pool1"]["difference"], rtol=1e-6, atol=1e-9
        )


async def test_curve_holds_the_single_translations_in_order(client: httpx.AsyncClient):
    curve = await post(client, "translation-curve", sample=0, max_offset=2, direction="down")
    single = await post(client, "translation", sample=0, down=-1)

    assert (curve["label"], curve["label_from"], curve["offsets"]) == (7, "sample", [-2, -1, 0, 1, 2])
    assert curve["ink_lost"][1] == single["ink_lost"]
    for model in curve["models"]:
        layers = layers_of(single, model["id"])
        for layer in model["layers"]:
            assert layer["residual"][1] == pytest.approx(layers[layer["name"]]["residual"])
            assert layer["cosine"][1] == pytest.approx(layers[layer["name"]]["cosine"])
        [after] = [each["after"] for each in single["models"] if each["id"] == model["id"]]
        assert model["digit"][1] == after["digit"]
        if after["digit"] == 7:
            assert model["probability"][1] == pytest.approx(after["probability"])


async def test_label_comes_from_the_body_else_the_sample_else_the_prediction(client: httpx.AsyncClient):
    given = await post(client, "translation-curve", sample=0, label=2, max_offset=1)
    predicted = await post(client, "translation-curve", strokes=SEVEN, max_offset=1)

    assert (given["label"], given["label_from"]) == (2, "body")
    assert (predicted["label"], predicted["label_from"]) == (7, "prediction")


async def test_blank_digit_has_no_curve_unless_a_label_is_given(client: httpx.AsyncClient):
    response = await client.post(f"{URL}/translation-curve", json={"pixels": BLANK})

    assert response.status_code == 422
    assert response.json()["type"] == "/problems/digit-unlabeled"
    assert "give a label" in response.json()["detail"]
    await post(client, "translation-curve", pixels=BLANK, label=3, max_offset=1)


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        ("translation", {"right": 15}, "right"),
        ("translation", {"right": 1.5}, "right"),
        ("translation-curve", {"max_offset": 0}, "max_offset"),
        ("translation-curve", {"label": -1}, "label"),
        ("translation-curve", {"direction": "left"}, "direction"),
    ],
)
async def test_fields_out_of_range_are_named(client: httpx.AsyncClient, operation: str, body: dict, field: str):
    response = await client.post(f"{URL}/{operation}", json={"sample": 0, **body})

    assert response.status_code == 422
    assert field in json.dumps(response.json()["errors"])
