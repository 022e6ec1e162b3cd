import httpx
import pytest
from pydantic import TypeAdapter

from app.operations.models import ModelResponse, ModelsResponse
from tests.builders import DEAD_FILTER, TINY_LAYERS

pytestmark = pytest.mark.anyio


async def test_models_are_listed(client: httpx.AsyncClient):
    response = (await client.get("/api/v1/models")).json()

    assert TypeAdapter(ModelsResponse).validate_python(response).models
    assert response["models"] == [
        {
            "id": "cnn",
            "title": "Tiny network",
            "parameters": 4 * 25 + 4 + 10 * 4 * 49 + 10,
            "multiply_adds": 4 * 25 * 784 + 1960,
            "test_accuracy": 2 / 3,
            "convention": None,
        }
    ]
    assert response["rejected"] == []


async def test_a_model_describes_each_of_its_layers(client: httpx.AsyncClient):
    response = (await client.get("/api/v1/models/cnn")).json()

    assert TypeAdapter(ModelResponse).validate_python(response).layers
    assert response["input"] == {"shape": [1, 28, 28], "range": [0, 1], "convention": None}
    assert response["classes"] == list("0123456789")
    assert response["training"]["test_errors"] == 10
    assert [layer["name"] for layer in response["layers"]] == TINY_LAYERS
    conv1, relu1, pool1, linear, softmax = response["layers"]
    assert conv1 | {"display_range": None} == {
        "name": "conv1",
        "kind": "conv2d",
        "operation": "weighted_sum",
        "function": None,
        "input_shape": [1, 28, 28],
        "output_shape": [4, 28, 28],
        "kernel_size": [5, 5],
        "stride": [1, 1],
        "padding": [2, 2],
        "padding_after": [2, 2],
        "dilation": [1, 1],
        "groups": 1,
        "weights": 100,
        "biases": 4,
        "parameters": 104,
        "multiply_adds": 78400,
        "weight_uses": 784,
        "receptive_field": {"size": [5, 5], "jump": [1, 1], "start": [-2, -2]},
        "display_range": None,
        "dead_filters": [],
    }
    assert conv1["display_range"][0] == -conv1["display_range"][1]
    assert relu1["dead_filters"] == [DEAD_FILTER]
    assert relu1["display_range"][0] == 0
    assert relu1["function"] == "ReLU"
    assert (relu1["kernel_size"], relu1["stride"], relu1["padding"]) == (None, None, None)
    assert (pool1["kernel_size"], pool1["stride"], pool1["padding"]) == ([4, 4], [4, 4], [0, 0])
    assert pool1["receptive_field"] == {"size": [8, 8], "jump": [4, 4], "start": [-2, -2]}
    assert linear["kernel_size"] is None
    assert linear["receptive_field"] == {"size": [28, 28], "jump": [0, 0], "start": [0, 0]}
    assert softmax["output_shape"] == [10, 1, 1]
    assert [layer["operation"] for layer in response["layers"]] == [
        "weighted_sum",
        "rectifier",
        "maximum",
        "weighted_sum",
        "softmax",
    ]
