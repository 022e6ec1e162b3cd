"""The service with the networks that are committed with it."""

import httpx
import numpy as np
import pytest

from app.settings import Settings
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/models/cnn/feature-maps"


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_the_first_test_digit_is_read_as_a_seven_through_all_layers(client: httpx.AsyncClient):
    described = (await client.get("/api/v1/models/cnn")).json()["layers"]

    answer = (await client.post(MAPS, json={"sample": 0})).json()

    assert answer["prediction"]["digit"] == 7
    assert len(answer["layers"]) >= 10
    assert [layer["shape"] for layer in answer["layers"]] == [layer["output_shape"] for layer in described]
    for layer in answer["layers"]:
        assert list(np.shape(layer["feature_maps"])) == layer["shape"]


async def test_a_drawn_seven_is_read_as_a_seven(client: httpx.AsyncClient):
    answer = (await client.post(MAPS, json={"strokes": SEVEN})).json()

    assert answer["prediction"]["digit"] == 7


async def test_the_recorded_accuracy_is_that_of_the_recorded_predictions(client: httpx.AsyncClient):
    training = (await client.get("/api/v1/models/cnn")).json()["training"]

    wrong = (await client.get("/api/v1/samples", params={"correct": "false", "limit": 1})).json()
    everything = (await client.get("/api/v1/samples", params={"limit": 1})).json()

    assert everything["total"] == 10_000
    assert wrong["total"] == training["test_errors"]
    assert training["test_accuracy"] == pytest.approx(1 - training["test_errors"] / 10_000)


async def test_recorded_predictions_are_what_the_network_says_now(client: httpx.AsyncClient):
    samples = (await client.get("/api/v1/samples", params={"limit": 20})).json()["samples"]

    for sample in samples:
        answer = (await client.post(f"{MAPS}?layers=softmax", json={"sample": sample["index"]})).json()
        recorded = sample["predictions"]["cnn"]
        assert answer["prediction"]["digit"] == recorded["digit"]
        assert answer["prediction"]["probability"] == pytest.approx(recorded["probability"], abs=1e-3)
