import httpx
import pytest
from pydantic import TypeAdapter

from app.operations.layer_costs import LayerCostsResponse
from app.settings import Settings

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/layer-costs"


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_costs_are_recomputed_for_each_geometry(client: httpx.AsyncClient):
    usual = (await client.get(URL)).json()
    unpadded = (await client.get(URL, params={"padding": 0, "features": 100})).json()

    described = TypeAdapter(LayerCostsResponse)
    assert described.dump_python(described.validate_python(usual), mode="json") == usual
    assert [layer["parameters"] for layer in usual["layers"]] == [392_500, 785 * 12_544, 326_144, 416]
    assert [layer["parameters"] for layer in unpadded["layers"]] == [78_500, 785 * 9_216, 239_616, 416]
    assert [layer["weight_uses"] for layer in unpadded["layers"]] == [1, 1, 1, 576]


async def test_cost_of_the_convolution_is_that_of_the_models_own_first_layer(client: httpx.AsyncClient):
    conv1 = (await client.get("/api/v1/models/cnn")).json()["layers"][0]
    local1 = (await client.get("/api/v1/models/locally-connected")).json()["layers"][0]
    linear1 = (await client.get("/api/v1/models/mlp-500")).json()["layers"][0]

    costs = {layer["id"]: layer for layer in (await client.get(URL)).json()["layers"]}

    for name, layer in (("convolution", conv1), ("locally-connected", local1), ("perceptron", linear1)):
        for figure in ("parameters", "multiply_adds", "weight_uses", "output_shape", "kind"):
            assert costs[name][figure] == layer[figure]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"kernel_size": 16}, "less than or equal to 15"),
        ({"padding": -1}, "greater than or equal to 0"),
        ({"stride": 0}, "greater than or equal to 1"),
        ({"stride": [1, 2]}, "query.stride: given more than once"),
    ],
)
async def test_geometry_out_of_range_is_a_422_problem(client: httpx.AsyncClient, parameters: dict, says: str):
    response = await client.get(URL, params=parameters)

    assert response.status_code == 422
    assert says in response.json()["detail"]
