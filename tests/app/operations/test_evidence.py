"""Evidence over HTTP, with the committed networks."""

import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.evidence import EVIDENCE_EXAMPLES, EvidenceResponse
from app.settings import Settings
from tests.recorder.models import write_models
from tests.servers import client_of

pytestmark = pytest.mark.anyio

URL = "/api/v1/models/cnn/evidence"


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_documented_examples_work_and_responses_are_as_documented(client: httpx.AsyncClient):
    adapter = TypeAdapter(EvidenceResponse)
    for example in EVIDENCE_EXAMPLES.values():
        response = (await client.post(URL, json=example["value"])).json()

        assert adapter.dump_python(adapter.validate_python(response), mode="json") == response


async def test_contributions_add_up_to_the_difference_from_a_blank_page(client: httpx.AsyncClient):
    maps = (await client.post("/api/v1/models/cnn/feature-maps?layers=linear", json={"sample": 0})).json()
    blank = (await client.post("/api/v1/models/cnn/feature-maps?layers=linear", json={"strokes": []})).json()

    evidence = (await client.post(URL, json={"sample": 0})).json()

    assert evidence["label"] == evidence["prediction"]["digit"] == 7
    assert evidence["logit"] == pytest.approx(maps["prediction"]["logits"][7], abs=1e-4)
    assert evidence["blank_logit"] == pytest.approx(blank["layers"][0]["feature_maps"][7][0][0], abs=1e-4)
    assert evidence["difference"] == pytest.approx(evidence["logit"] - evidence["blank_logit"])
    assert np.sum(evidence["pixels"]) == pytest.approx(evidence["difference"], abs=1e-4)
    for layer in evidence["layers"]:
        assert np.sum(layer["contributions"]) + layer["left_over"] == pytest.approx(evidence["difference"], abs=2e-5)
    assert np.shape(evidence["layers"][3]["links"]) == (32, 16)


async def test_tensors_hold_the_same_numbers(client: httpx.AsyncClient):
    described = (await client.post(URL, json={"sample": 0})).json()

    response = await client.post(URL, json={"sample": 0}, headers={"Accept": "application/x-safetensors"})

    tensors = load(response.content)
    assert {"input", "pixels", "conv1", "conv1/links", "relu1", "linear/links"} <= set(tensors)
    assert "relu1/links" not in tensors
    for layer in described["layers"]:
        np.testing.assert_allclose(tensors[layer["name"]], layer["contributions"], rtol=1e-5, atol=1e-7)
    metadata = json.loads(response.content[8 : 8 + int.from_bytes(response.content[:8], "little")])["__metadata__"]
    assert json.loads(metadata["response"])["label"] == 7


async def test_links_below_the_least_are_returned_as_zero_and_compressed(client: httpx.AsyncClient):
    every = (await client.post(URL, json={"sample": 0})).json()["layers"]
    fewer = (await client.post(URL, json={"sample": 0, "least_link": 0.005})).json()["layers"]

    for layer, kept in zip(every, fewer, strict=True):
        assert kept["contributions"] == layer["contributions"]
        if layer["links"] is None:
            continue
        links = np.array(layer["links"])
        np.testing.assert_array_equal(kept["links"], np.where(np.abs(links) < 0.005, 0, links))

    headers = {"Accept": "application/x-safetensors", "Accept-Encoding": "gzip"}
    compressed = await client.post(f"{URL}?dtype=float16", json={"sample": 0, "least_link": 0.005}, headers=headers)
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "conv5/links" in load(compressed.content)


async def test_blank_digit_needs_a_class(client: httpx.AsyncClient):
    unlabeled = await client.post(URL, json={"strokes": []})
    labeled = await client.post(URL, json={"strokes": [], "label": 4})

    assert unlabeled.status_code == 422
    assert "there is no prediction: give a label" in unlabeled.json()["detail"]
    assert labeled.json()["difference"] == pytest.approx(0, abs=1e-5)  # single precision


async def test_steps_are_bounded(client: httpx.AsyncClient):
    response = await client.post(URL, json={"sample": 0, "steps": 65})

    assert response.status_code == 422
    assert "steps" in response.json()["detail"]


@pytest.mark.parametrize("model", ["wide-32", "pool-before-relu"])
async def test_networks_of_other_sizes_and_orders_are_explained(tmp_path: Path, model: str):
    async with client_of(Settings(models=write_models(tmp_path))) as client:
        url = f"/api/v1/models/{model}"
        layers = (await client.get(url)).json()["layers"]
        evidence = (await client.post(f"{url}/evidence", json={"sample": 0, "label": 3})).json()

    assert [layer["name"] for layer in evidence["layers"]] == [layer["name"] for layer in layers][:-1]
    for layer in evidence["layers"]:
        assert np.sum(layer["contributions"]) == pytest.approx(evidence["difference"], abs=1e-4)
