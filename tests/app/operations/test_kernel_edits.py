"""Kernel edits over HTTP, with the committed networks."""

from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.forward import FeatureMapsResponse
from app.operations.kernel_edits import ACCURACY_EXAMPLES, MAPS_EXAMPLES, EditedAccuracyResponse
from app.settings import Settings
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/kernel-edits"
MAPS = "/api/v1/models/cnn/feature-maps"


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def post_edits(
    client: httpx.AsyncClient, edits: list[dict[str, Any]], query: str = "", **digit: Any
) -> dict[str, Any]:
    response = await client.post(f"{URL}{query}", json={**(digit or {"sample": 0}), "edits": edits})
    assert response.status_code == 200, response.text
    return response.json()


def maps_of(response: dict[str, Any]) -> dict[str, np.ndarray]:
    return {layer["name"]: np.array(layer["feature_maps"]) for layer in response["layers"]}


@pytest.mark.parametrize(
    ("path", "examples", "kind"),
    [(URL, MAPS_EXAMPLES, FeatureMapsResponse), (f"{URL}/accuracy", ACCURACY_EXAMPLES, EditedAccuracyResponse)],
    ids=["maps", "accuracy"],
)
async def test_documented_examples_work_and_responses_are_as_documented(client, path, examples, kind):
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    for example in examples.values():
        response = (await client.post(path, json=example["value"])).json()

        assert adapter.dump_python(adapter.validate_python(response), mode="json") == response


async def test_without_edits_the_response_is_that_of_feature_maps(client: httpx.AsyncClient):
    plain = (await client.post(MAPS, json={"strokes": SEVEN})).json()

    assert await post_edits(client, [], strokes=SEVEN) == plain


@pytest.mark.parametrize("settings", [Settings(default_model="mlp-500")])
@pytest.mark.parametrize(("query", "model"), [("", "mlp-500"), ("?model=cnn", "cnn")])
async def test_numbers_are_those_of_the_requested_model(client: httpx.AsyncClient, query: str, model: str):
    plain = (await client.post(f"/api/v1/models/{model}/feature-maps", json={"sample": 15})).json()

    maps = await post_edits(client, [], query, sample=15)
    accuracy = (await client.post(f"{URL}/accuracy{query}", json={"edits": []})).json()

    assert maps == plain
    assert accuracy["model"] == model


async def test_kernel_times_two_doubles_the_map_above_its_bias(client: httpx.AsyncClient):
    learned = (await client.get("/api/v1/models/cnn/layers/conv1/kernels")).json()
    kernel, bias = np.array(learned["kernels"][3]), learned["biases"][3]
    plain = maps_of((await client.post(MAPS, json={"sample": 0})).json())

    edited = maps_of(await post_edits(client, [{"layer": "conv1", "filter": 3, "kernel": (2 * kernel).tolist()}]))

    np.testing.assert_allclose(edited["conv1"][3] - bias, 2 * (plain["conv1"][3] - bias), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(edited["conv1"][:3], plain["conv1"][:3])
    assert not np.array_equal(edited["linear"], plain["linear"])


async def test_edit_of_a_position_changes_one_neuron_of_the_layer(client: httpx.AsyncClient):
    plain = maps_of((await client.post(MAPS, json={"sample": 0})).json())

    edited = maps_of(await post_edits(client, [{"layer": "conv1", "filter": 3, "bias": 5, "row": 9, "column": 20}]))

    changed = np.argwhere(np.abs(edited["conv1"] - plain["conv1"]) > 1e-4)
    np.testing.assert_array_equal(changed, [[3, 9, 20]])


async def test_edited_maps_as_tensors_and_as_a_single_filter(client: httpx.AsyncClient):
    edits = [{"layer": "conv2", "filter": 7, "ablate": True}]
    plain = maps_of(await post_edits(client, edits))
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


async def test_weights_during_training_can_be_edited(client: httpx.AsyncClient):
    edit = {"layer": "conv1", "filter": 0, "ablate": True}
    plain = maps_of((await client.post(f"{MAPS}?checkpoint=0", json={"sample": 0})).json())

    edited = maps_of(await post_edits(client, [edit], "?checkpoint=0"))

    assert not edited["conv1"][0].any()
    np.testing.assert_array_equal(edited["conv1"][1:], plain["conv1"][1:])


async def test_edits_are_not_kept(client: httpx.AsyncClient):
    before = (await client.post(MAPS, json={"sample": 0})).json()

    await post_edits(client, [{"layer": "conv1", "filter": number, "ablate": True} for number in range(16)])

    assert (await client.post(MAPS, json={"sample": 0})).json() == before


async def test_accuracy_is_the_recorded_one_and_falls_with_every_filter_turned_off(client: httpx.AsyncClient):
    samples = (await client.get("/api/v1/samples", params={"limit": 200, "correct": "false"})).json()["samples"]
    wrong = sum(sample["index"] < 1000 for sample in samples)

    same = (await client.post(f"{URL}/accuracy", json={"edits": []})).json()
    all_off = [{"layer": "conv1", "filter": number, "ablate": True} for number in range(16)]
    ablated = (await client.post(f"{URL}/accuracy", json={"edits": all_off})).json()

    assert (same["digits"], same["errors"], same["unedited_errors"]) == (1000, wrong, wrong)
    assert ablated["unedited_errors"] == wrong
    assert ablated["accuracy"] < 0.2


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([{"layer": "conv1", "filter": 0, "kernel": [[[1.0]]]}], "has the shape [1, 5, 5], not [1, 1, 1]"),
        ([{"layer": "conv1", "filter": 0, "kernel": [[[1.0], [1.0, 2.0]]]}], "equally many"),
        ([{"layer": "conv1", "filter": 0, "bias": 101}], "edits.0.bias"),
        ([{"layer": "conv1", "filter": 0, "row": 3}], "give both, or neither"),
        ([{"layer": "conv1", "filter": 0, "row": 28, "column": 0}], "its maps are 28×28"),
        ([{"layer": "conv1", "filter": 0}] * 65, "at most 64"),
        ([{"layer": "conv1", "filter": 0, "name": "x"}], "edits.0.name"),
    ],
    ids=["shape", "ragged", "weight", "half a position", "position", "too many", "unknown field"],
)
@pytest.mark.parametrize("operation", ["", "/accuracy"])
async def test_edit_that_does_not_fit_is_rejected_with_the_numbers(client, edits, message, operation):
    body = {"edits": edits} if operation else {"sample": 0, "edits": edits}

    response = await client.post(f"{URL}{operation}", json=body)

    assert response.status_code == 422
    assert message in response.text


@pytest.mark.parametrize(
    ("edit", "problem", "detail"),
    [
        (
            {"layer": "conv1", "filter": 16},
            "unknown-filter",
            "Layer conv1 has no filter of that number; its 16 filters",
        ),
        ({"layer": "conv9", "filter": 0}, "unknown-layer", "Model cnn has no layer 'conv9'; its layers are: conv1, "),
        (
            {"layer": "relu1", "filter": 0},
            "layer-without-kernels",
            "Layer relu1 of model cnn is a relu and has no kern",
        ),
    ],
)
@pytest.mark.parametrize("operation", ["", "/accuracy"])
async def test_an_edit_of_what_does_not_exist_is_not_found(client, edit, problem, detail, operation):
    body = {"edits": [edit]} if operation else {"sample": 0, "edits": [edit]}

    response = await client.post(f"{URL}{operation}", json=body)

    assert (response.status_code, response.json()["type"]) == (404, f"/problems/{problem}")
    assert response.json()["detail"].startswith(detail)


async def test_accuracy_at_a_checkpoint_is_that_of_its_weights(client: httpx.AsyncClient):
    untrained = (await client.post(f"{URL}/accuracy?checkpoint=0", json={"edits": []})).json()
    unknown = await client.post(f"{URL}/accuracy?checkpoint=1", json={"edits": []})

    assert untrained["errors"] == untrained["unedited_errors"] > 700
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/unknown-checkpoint")


async def test_infinite_weights_are_rejected(client: httpx.AsyncClient):
    body = '{"sample": 0, "edits": [{"layer": "conv1", "filter": 0, "bias": %s}]}'

    for number in ("NaN", "Infinity", "1e400"):
        response = await client.post(URL, content=body % number, headers={"Content-Type": "application/json"})
        assert response.status_code in (400, 422)
