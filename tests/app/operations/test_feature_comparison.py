from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter

from app.operations.feature_comparison import FeatureComparisonResponse
from app.settings import Settings
from tests.onnx_files import small_network
from tests.servers import client_of

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/feature-comparison"
BLANK = [[0.0] * 28] * 28


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    small_network(np.random.default_rng(14), channels=1, input_size=32).save(folder / "wide.onnx")
    return folder


@pytest.fixture
def settings(models: Path) -> Settings:
    """A 32×32 network is the default; the compared networks read 28×28."""
    return Settings(models=models, default_model="wide")


async def maps_of(client: httpx.AsyncClient, model: str, **digit: Any) -> dict[str, Any]:
    return (await client.post(f"/api/v1/models/{model}/feature-maps", json=digit)).json()


async def test_features_and_predictions_are_those_of_the_named_models_whatever_the_default(client: httpx.AsyncClient):
    response = await client.post(URL, json={"sample": 4})

    assert response.status_code == 200, response.text
    compared = response.json()
    described = TypeAdapter(FeatureComparisonResponse)
    assert described.dump_python(described.validate_python(compared), mode="json") == compared
    perceptron, convolution = compared["perceptron"], compared["convolution"]
    assert (perceptron["model"], perceptron["layer"]) == ("mlp-500", "linear1")
    assert (convolution["model"], convolution["layer"]) == ("cnn", "conv1")
    for features in (perceptron, convolution):
        prediction = (await maps_of(client, features["model"], sample=4))["prediction"]
        assert features["prediction"] == {key: prediction[key] for key in ("digit", "probability")}
    mlp = await maps_of(client, "mlp-500", sample=4)
    linear1, relu1 = (np.ravel(layer["feature_maps"]) for layer in mlp["layers"][:2])
    assert compared["input"] == mlp["input"]
    np.testing.assert_array_equal(perceptron["pre_activations"], linear1)
    np.testing.assert_array_equal(perceptron["activations"], relu1)
    assert sorted(perceptron["order"]) == list(range(500))
    assert list(relu1[perceptron["order"]]) == sorted(relu1, reverse=True)
    assert perceptron["active"] == np.count_nonzero(relu1)
    maps = np.array((await maps_of(client, "cnn", sample=4))["layers"][1]["feature_maps"])
    np.testing.assert_array_equal(convolution["strongest"], maps.max(axis=(1, 2)))
    for number, (row, column) in enumerate(convolution["positions"]):
        assert maps[number, row, column] == convolution["strongest"][number]
    np.testing.assert_allclose(convolution["active_share"], np.mean(maps > 0, axis=(1, 2)))


async def test_blank_digit_has_no_prediction(client: httpx.AsyncClient):
    compared = (await client.post(URL, json={"pixels": BLANK})).json()

    assert compared["perceptron"]["prediction"] is compared["convolution"]["prediction"] is None


@pytest.mark.parametrize(
    ("compared", "detail"),
    [
        ("cnn", "None of the models (cnn) begins with a fully connected layer; name one that does with ?models=."),
        ("mlp-500", "None of the models (mlp-500) begins with a convolution; name one that does with ?models=."),
        (
            "mlp-500,wide",
            "All models get the same digit, but their inputs differ: mlp-500 28×28, wide 32×32. Name fewer models.",
        ),
    ],
)
async def test_models_that_cannot_be_compared_are_a_422_problem(client: httpx.AsyncClient, compared: str, detail: str):
    response = await client.post(f"{URL}?models={compared}", json={"sample": 0})

    assert response.status_code == 422
    assert response.json()["detail"] == detail


async def test_unknown_fields_are_named(client: httpx.AsyncClient):
    response = await client.post(URL, json={"sample": 0, "row": 1})

    assert response.status_code == 422
    assert "row" in response.text


async def test_server_without_the_shipped_perceptron_names_what_is_missing(artifacts: Path):
    async with client_of(Settings(artifacts=artifacts)) as client:
        response = await client.post(URL, json={"sample": 0})

    assert response.status_code == 422
    assert "None of the models (cnn) begins with a fully connected layer" in response.json()["detail"]
