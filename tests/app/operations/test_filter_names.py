"""Names of filters over HTTP, with the committed networks."""

import httpx
import pytest
from pydantic import TypeAdapter

from app.operations.filter_names import FilterNamesResponse
from app.settings import Settings

pytestmark = pytest.mark.anyio

NAMES = "/api/v1/models/{}/filter-names"


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_response_is_as_documented_and_names_most_filters(client: httpx.AsyncClient):
    response = (await client.get(NAMES.format("cnn"))).json()

    adapter = TypeAdapter(FilterNamesResponse)
    assert adapter.dump_python(adapter.validate_python(response), mode="json") == response
    assert (response["layer"], response["rectifier"]) == ("conv1", "relu1")
    assert [each["filter"] for each in response["filters"]] == list(range(16))
    named = [each for each in response["filters"] if each["angle"] is not None]
    assert len(named) >= 10
    assert all(each["selectivity"] >= response["selective_from"] for each in named)
    assert all((each["ink"] is not None) == (each["kind"] == "edge") for each in response["filters"])


async def test_untrained_filters_are_named_by_their_own_weights(client: httpx.AsyncClient):
    trained = (await client.get(NAMES.format("cnn"))).json()["filters"]
    untrained = (await client.get(NAMES.format("cnn"), params={"checkpoint": 0})).json()

    assert untrained["checkpoint"] == 0
    assert [each["name"] for each in untrained["filters"]] != [each["name"] for each in trained]


@pytest.mark.parametrize("model", ["mlp-500", "locally-connected"])
async def test_models_without_shared_first_kernels_have_no_names(client: httpx.AsyncClient, model: str):
    response = (await client.get(NAMES.format(model))).json()

    assert (response["layer"], response["rectifier"], response["filters"]) == (None, None, [])
