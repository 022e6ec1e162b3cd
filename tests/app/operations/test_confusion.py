"""Confusion matrix, calibration and misread digits over HTTP, with the committed networks."""

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.confusion import ConfusedDigitsResponse, ConfusionResponse, MisreadDigitResponse
from app.settings import Settings

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments"
SAFETENSORS = {"Accept": "application/x-safetensors"}
MODELS = ["cnn", "mlp-500", "locally-connected"]


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("confusion", ConfusionResponse),
        ("confusion/digits", ConfusedDigitsResponse),
        ("misread-digit", MisreadDigitResponse),
    ],
)
async def test_responses_are_as_documented(client: httpx.AsyncClient, path: str, kind: type):
    adapter = TypeAdapter(kind)

    response = (await client.get(f"{URL}/{path}")).json()

    assert adapter.dump_python(adapter.validate_python(response), mode="json") == response


@pytest.mark.parametrize("model", MODELS)
async def test_rows_add_up_to_the_classes_and_the_rest_of_the_diagonal_to_the_recorded_errors(client, model):
    history = (await client.get(f"/api/v1/models/{model}/history")).json()["checkpoints"]
    training = (await client.get(f"/api/v1/models/{model}")).json()["training"]
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    middle = history[len(history) // 2]

    for step, errors in (
        ({}, training["test_errors"]),
        ({"checkpoint": 0}, round(10_000 * (1 - history[0]["test_accuracy"]))),
        ({"checkpoint": middle["step"]}, round(10_000 * (1 - middle["test_accuracy"]))),
    ):
        response = (await client.get(f"{URL}/confusion", params={"model": model, **step})).json()

        matrix = np.array(response["matrix"])
        assert matrix.sum(axis=1).tolist() == response["class_counts"] == counts
        assert matrix.sum() - np.trace(matrix) == response["errors"] == errors
        assert sum(each["digits"] for each in response["calibration"]) == response["digits"] == 10_000
        assert sum(each["correct"] for each in response["calibration"]) == 10_000 - errors


async def test_cell_lists_its_digits_with_their_predictions(client: httpx.AsyncClient):
    matrix = (await client.get(f"{URL}/confusion", params={"model": "mlp-500", "checkpoint": 134})).json()["matrix"]
    query = {"model": "mlp-500", "checkpoint": 134, "label": 4, "predicted": 9, "limit": 5}

    first = (await client.get(f"{URL}/confusion/digits", params=query)).json()
    following = (await client.get(f"{URL}/confusion/digits", params={**query, "offset": 5})).json()

    assert first["total"] == following["total"] == matrix[4][9] > 10
    assert {(each["label"], each["predicted"]) for each in first["digits"] + following["digits"]} == {(4, 9)}
    indexes = [each["index"] for each in first["digits"] + following["digits"]]
    assert indexes == sorted(set(indexes))
    maps = "/api/v1/models/mlp-500/feature-maps?layers=softmax&checkpoint=134"
    for each, pixels in zip(first["digits"], first["pixels"], strict=True):
        now = (await client.post(maps, json={"sample": each["index"]})).json()
        assert now["prediction"]["digit"] == 9
        assert now["prediction"]["probability"] == pytest.approx(each["probability"], abs=2e-3)
        assert now["input"]["pixels"] == pytest.approx(np.array(pixels))


async def test_errors_alone_can_be_listed(client: httpx.AsyncClient):
    wrong = (await client.get(f"{URL}/confusion/digits", params={"correct": "false", "limit": 200})).json()

    assert wrong["total"] == len(wrong["digits"]) == 40
    assert all(each["label"] != each["predicted"] for each in wrong["digits"])


async def test_misread_digit_is_compared_with_the_most_similar_correct_ones(client: httpx.AsyncClient):
    samples = [(await client.get(f"/api/v1/samples?label={label}&correct=true&limit=200")).json() for label in (8, 2)]

    response = (await client.get(f"{URL}/misread-digit", params={"sample": 582})).json()

    digit = response["digit"]
    assert (digit["index"], digit["label"], digit["predicted"]) == (582, 8, 2)
    assert [(each["id"], each["label"], each["predicted"]) for each in response["similar"]] == [
        ("of-label", 8, 8),
        ("of-predicted", 2, 2),
    ]
    for similar, some in zip(response["similar"], samples, strict=True):
        distance = np.linalg.norm(np.array(digit["pixels"]) - similar["pixels"])
        assert similar["distance"] == pytest.approx(distance, rel=1e-6)
        for sample in some["samples"][:40]:
            other = (await client.get(f"/api/v1/samples/{sample['index']}")).json()
            assert np.linalg.norm(np.array(digit["pixels"]) - other["pixels"]) >= distance - 1e-6


@pytest.mark.parametrize("query", [{}, {"model": "mlp-500"}, {"checkpoint": 186}, {"model": "locally-connected"}])
async def test_evidence_adds_up_to_the_margin_of_the_logits(client: httpx.AsyncClient, query: dict):
    response = (await client.get(f"{URL}/misread-digit", params=query)).json()

    misread = response["digit"]
    model, checkpoint = response["model"], query.get("checkpoint")
    for each in (misread, *response["similar"]):
        evidence = each["evidence"]
        assert sum(evidence["contributions"]) + evidence["bias"] == pytest.approx(evidence["margin"], abs=1e-4)
        now = (
            await client.post(
                f"/api/v1/models/{model}/feature-maps",
                params={"layers": "softmax", **({"checkpoint": checkpoint} if checkpoint else {})},
                json={"sample": each["index"]},
            )
        ).json()
        logits = now["prediction"]["logits"]
        margin = logits[misread["predicted"]] - logits[misread["label"]]
        assert evidence["margin"] == pytest.approx(margin, abs=1e-3)
    assert misread["evidence"]["margin"] > 0, "it was misread"
    assert response["similar"][0]["evidence"]["margin"] < 0, "it was not"


async def test_tensors_have_the_names_that_are_documented(client: httpx.AsyncClient):
    tensors = load((await client.get(f"{URL}/misread-digit", headers=SAFETENSORS)).content)

    assert set(tensors) == {
        f"{digit}/{array}"
        for digit in ("digit", "of-label", "of-predicted")
        for array in ("pixels", "evidence/contributions")
    }
    assert tensors["digit/evidence/contributions"].shape == (64,)


async def test_a_digit_that_was_not_misread_is_a_422_problem_that_names_some(client: httpx.AsyncClient):
    response = await client.get(f"{URL}/misread-digit", params={"sample": 0})

    assert response.status_code == 422
    assert "Test digit 0 is a 7 and is predicted as one" in response.json()["detail"]
    assert "582" in response.json()["detail"]


async def test_a_digit_without_prediction_is_a_404_problem(client: httpx.AsyncClient):
    response = await client.get(f"{URL}/misread-digit", params={"sample": 10_000})

    assert (response.status_code, response.json()["type"]) == (404, "/problems/unknown-sample")
    assert response.json()["samples"] == 10_000


async def test_other_steps_are_computed_for_a_thousand_digits(client: httpx.AsyncClient):
    first = (await client.get(f"{URL}/confusion", params={"checkpoint": 50})).json()
    again = (await client.get(f"{URL}/confusion", params={"checkpoint": 50})).json()

    assert first == again
    assert first["digits"] == np.sum(first["matrix"]) == 1_000
    assert 0.3 < 1 - first["errors"] / 1_000 < 0.7


async def test_uploaded_networks_are_measured_on_a_thousand_digits(other_models: httpx.AsyncClient):
    response = (await other_models.get(f"{URL}/confusion", params={"model": "wide-32"})).json()
    explained = await other_models.get(f"{URL}/misread-digit", params={"model": "wide-32"})

    assert response["digits"] == 1_000
    assert response["errors"] == 1_000 - np.trace(response["matrix"])
    assert explained.status_code == 200
    evidence = explained.json()["digit"]["evidence"]
    assert sum(evidence["contributions"]) + evidence["bias"] == pytest.approx(evidence["margin"], abs=1e-3)
