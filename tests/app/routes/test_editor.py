"""Edited kernels, asked for over HTTP, on the networks that are committed."""

import io
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import load

from app.schemas.documentation import EDIT_BODY, EDITED_ACCURACY_BODY
from app.schemas.experiments import EditedAccuracyAnswer
from app.schemas.inference import FeatureMapsAnswer
from app.settings import Settings
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/edit"
MAPS = "/api/v1/models/cnn/feature-maps"


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def ask(client: httpx.AsyncClient, edits: list[dict[str, Any]], query: str = "", **digit: Any) -> dict[str, Any]:
    answer = await client.post(f"{URL}{query}", json={**(digit or {"sample": 0}), "edits": edits})
    assert answer.status_code == 200, answer.text
    return answer.json()


def maps_of(answer: dict[str, Any]) -> dict[str, np.ndarray]:
    return {layer["name"]: np.array(layer["feature_maps"]) for layer in answer["layers"]}


async def test_documented_examples_work_and_answers_are_as_described(client: httpx.AsyncClient):
    for path, body, schema in (
        (URL, EDIT_BODY, FeatureMapsAnswer),
        (f"{URL}/accuracy", EDITED_ACCURACY_BODY, EditedAccuracyAnswer),
    ):
        for example in body["requestBody"]["content"]["application/json"]["examples"].values():
            answer = (await client.post(path, json=example["value"])).json()

            assert schema.model_validate(answer).model_dump(mode="json") == answer


async def test_without_edits_the_answer_is_that_of_feature_maps(client: httpx.AsyncClient):
    plain = (await client.post(MAPS, json={"strokes": SEVEN})).json()

    assert await ask(client, [], strokes=SEVEN) == plain


async def test_kernel_times_two_doubles_the_map_above_its_bias(client: httpx.AsyncClient):
    learned = (await client.get("/api/v1/models/cnn/layers/conv1/kernels")).json()
    kernel, bias = np.array(learned["kernels"][3]), learned["biases"][3]
    plain = maps_of((await client.post(MAPS, json={"sample": 0})).json())

    edited = maps_of(await ask(client, [{"layer": "conv1", "filter": 3, "kernel": (2 * kernel).tolist()}]))

    np.testing.assert_allclose(edited["conv1"][3] - bias, 2 * (plain["conv1"][3] - bias), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(edited["conv1"][:3], plain["conv1"][:3])
    assert not np.array_equal(edited["linear"], plain["linear"])


async def test_untied_edit_changes_one_neuron_of_the_layer(client: httpx.AsyncClient):
    plain = maps_of((await client.post(MAPS, json={"sample": 0})).json())

    edited = maps_of(await ask(client, [{"layer": "conv1", "filter": 3, "bias": 5, "row": 9, "column": 20}]))

    changed = np.argwhere(np.abs(edited["conv1"] - plain["conv1"]) > 1e-4)
    np.testing.assert_array_equal(changed, [[3, 9, 20]])


async def test_edited_maps_as_tensors_and_as_a_single_filter(client: httpx.AsyncClient):
    edits = [{"layer": "conv2", "filter": 7, "silence": True}]
    plain = maps_of(await ask(client, edits))
    body = {"sample": 0, "edits": edits}

    packed = await client.post(f"{URL}?layers=relu2", json=body, headers={"Accept": "application/x-safetensors"})
    picture = await client.post(f"{URL}?layers=relu2&filter=7", json=body, headers={"Accept": "image/png"})
    several = await client.post(f"{URL}?filter=7", json=body)

    tensors = load(packed.content)
    assert set(tensors) == {"input", "relu2", "logits", "probabilities"}
    np.testing.assert_allclose(tensors["relu2"], plain["relu2"], rtol=1e-6)
    assert not tensors["relu2"][7].any()
    assert picture.content.startswith(b"\x89PNG")
    assert several.status_code == 422
    assert io.BytesIO(packed.content).read(8)


async def test_nothing_of_an_edit_stays(client: httpx.AsyncClient):
    before = (await client.post(MAPS, json={"sample": 0})).json()

    await ask(client, [{"layer": "conv1", "filter": number, "silence": True} for number in range(16)])

    assert (await client.post(MAPS, json={"sample": 0})).json() == before


async def test_accuracy_without_edits_is_the_recorded_one_and_falls_with_every_filter_silent(client: httpx.AsyncClient):
    samples = (await client.get("/api/v1/samples", params={"limit": 200, "correct": "false"})).json()["samples"]
    wrong = sum(sample["index"] < 1000 for sample in samples)

    same = (await client.post(f"{URL}/accuracy", json={"edits": []})).json()
    silent = [{"layer": "conv1", "filter": number, "silence": True} for number in range(16)]
    blind = (await client.post(f"{URL}/accuracy", json={"edits": silent})).json()

    assert (same["digits"], same["errors"], same["unedited_errors"]) == (1000, wrong, wrong)
    assert blind["unedited_errors"] == wrong
    assert blind["accuracy"] < 0.2


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ([{"layer": "conv1", "filter": 16}], "Conv1 has no filter 16; its 16 filters"),
        ([{"layer": "relu1", "filter": 0}], "There are no kernels in 'relu1'"),
        ([{"layer": "conv1", "filter": 0, "kernel": [[[1.0]]]}], "has the shape [1, 5, 5], not [1, 1, 1]"),
        ([{"layer": "conv1", "filter": 0, "kernel": [[[1.0], [1.0, 2.0]]]}], "equally many"),
        ([{"layer": "conv1", "filter": 0, "bias": 101}], "edits.0.bias"),
        ([{"layer": "conv1", "filter": 0, "row": 3}], "give both, or none"),
        ([{"layer": "conv1", "filter": 0, "row": 28, "column": 0}], "its maps are 28×28"),
        ([{"layer": "conv1", "filter": 0}] * 65, "at most 64"),
        ([{"layer": "conv1", "filter": 0, "name": "x"}], "edits.0.name"),
    ],
    ids=["filter", "layer", "shape", "ragged", "weight", "half a place", "place", "too many", "unknown field"],
)
@pytest.mark.parametrize("operation", ["", "/accuracy"])
async def test_what_does_not_fit_is_refused(client: httpx.AsyncClient, edits, says, operation):
    body = {"edits": edits} if operation else {"sample": 0, "edits": edits}

    answer = await client.post(f"{URL}{operation}", json=body)

    assert answer.status_code == 422
    assert says in answer.text


async def test_infinite_weights_are_refused(client: httpx.AsyncClient):
    body = '{"sample": 0, "edits": [{"layer": "conv1", "filter": 0, "bias": %s}]}'

    for number in ("NaN", "Infinity", "1e400"):
        answer = await client.post(URL, content=body % number, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
