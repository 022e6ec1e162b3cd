"""Saliency and occlusion over HTTP, with the committed networks."""

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.attribution import (
    OCCLUSION_EXAMPLES,
    SALIENCY_EXAMPLES,
    OcclusionResponse,
    SaliencyResponse,
)
from app.settings import Settings

pytestmark = pytest.mark.anyio

API = "/api/v1"
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.mark.parametrize(
    ("operation", "examples", "kind"),
    [("saliency", SALIENCY_EXAMPLES, SaliencyResponse), ("occlusion", OCCLUSION_EXAMPLES, OcclusionResponse)],
)
async def test_documented_examples_work_and_responses_are_as_documented(client, operation, examples, kind):
    adapter = TypeAdapter(kind)
    for example in examples.values():
        response = (await client.post(f"{API}/experiments/{operation}", json=example["value"])).json()

        assert adapter.dump_python(adapter.validate_python(response), mode="json") == response


@pytest.mark.parametrize("settings", [Settings(default_model="mlp-500")])
@pytest.mark.parametrize("operation", ["saliency", "occlusion"])
async def test_numbers_are_those_of_the_default_model(client: httpx.AsyncClient, operation: str):
    maps = (await client.post(f"{API}/models/mlp-500/feature-maps?layers=linear2", json={"sample": 15})).json()

    response = (await client.post(f"{API}/experiments/{operation}", json={"sample": 15})).json()

    assert response["model"] == "mlp-500"
    assert response["prediction"]["probability"] == pytest.approx(maps["prediction"]["probability"])
    assert response["logit"] == pytest.approx(maps["prediction"]["logits"][response["label"]], rel=1e-5)


@pytest.mark.parametrize("operation", ["saliency", "occlusion"])
async def test_class_is_the_predicted_one_unless_it_is_given(client: httpx.AsyncClient, operation: str):
    url = f"{API}/experiments/{operation}"

    own = (await client.post(url, json={"sample": 0})).json()
    other = (await client.post(url, json={"sample": 0, "label": 1})).json()

    assert (own["label"], other["label"]) == (7, 1)
    assert own["prediction"]["digit"] == other["prediction"]["digit"] == 7
    assert own["logit"] > other["logit"]


@pytest.mark.parametrize("operation", ["saliency", "occlusion"])
async def test_blank_digit_needs_a_class(client: httpx.AsyncClient, operation: str):
    url = f"{API}/experiments/{operation}"

    unlabeled = await client.post(url, json={"strokes": []})
    labeled = await client.post(url, json={"strokes": [], "label": 4})

    assert unlabeled.status_code == 422
    assert "there is no prediction: give a label" in unlabeled.json()["detail"]
    assert labeled.json()["prediction"] is None


async def test_saliency_points_uphill(client: httpx.AsyncClient):
    response = (await client.post(f"{API}/experiments/saliency", json={"sample": 0, "label": 2})).json()
    pixels, gradient = np.array(response["input"]["pixels"]), np.array(response["gradient"])

    moved = np.clip(pixels + 0.02 * gradient / np.abs(gradient).max(), 0, 1).tolist()
    body = {"pixels": moved, "framing": "none", "label": 2}
    assert (await client.post(f"{API}/experiments/saliency", json=body)).json()["logit"] > response["logit"]


async def test_occlusion_has_a_number_for_each_square(client: httpx.AsyncClient):
    body = {"sample": 0, "size": 7, "stride": 3}
    response = await client.post(f"{API}/experiments/occlusion", json=body, headers=SAFETENSORS)

    tensors = load(response.content)
    assert tensors["logit_changes"].shape == tensors["probability_changes"].shape == (8, 8)
    assert tensors["probability_changes"].min() < 0


@pytest.mark.parametrize(
    ("fields", "field"), [({"size": 15}, "size"), ({"stride": 0}, "stride"), ({"label": -1}, "label")]
)
async def test_bounds_are_named(client: httpx.AsyncClient, fields: dict, field: str):
    response = await client.post(f"{API}/experiments/occlusion", json={"sample": 0, **fields})

    assert response.status_code == 422
    assert field in str(response.json()["errors"])


@pytest.mark.parametrize(("query", "size"), [("", 32), ("?model=wide-32", 32), ("?model=pool-before-relu", 28)])
async def test_page_and_maps_have_the_size_of_the_input(other_models: httpx.AsyncClient, query: str, size: int):
    page = (await other_models.get(f"/saliency{query}")).text
    body = {"sample": 0, "label": 3}
    saliency = (await other_models.post(f"{API}/experiments/saliency{query}", json=body)).json()
    occlusion = (await other_models.post(f"{API}/experiments/occlusion{query}", json={**body, "stride": 9})).json()

    assert f'id="saliency-map" width="{size}" height="{size}"' in page
    assert np.shape(saliency["gradient"]) == (size, size)
    assert occlusion["logit"] == pytest.approx(saliency["logit"], abs=1e-4)
