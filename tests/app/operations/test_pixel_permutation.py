import httpx
import pytest
from pydantic import TypeAdapter

from app.operations.pixel_permutation import PixelPermutationResponse
from app.settings import Settings

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments"


class TestMeasured:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings()

    async def test_response_is_as_documented(self, client: httpx.AsyncClient):
        response = (await client.get(f"{URL}/pixel-permutation")).json()

        described = TypeAdapter(PixelPermutationResponse)
        assert described.dump_python(described.validate_python(response), mode="json") == response
        assert sorted(response["permutation"]) == list(range(784))


@pytest.mark.parametrize("measurement", ["pixel-permutation", "translation-curve"])
async def test_missing_measurement_is_a_404_problem_with_the_command_that_makes_it(
    client: httpx.AsyncClient, measurement: str
):
    response = await client.get(f"{URL}/{measurement}")

    assert response.status_code == 404
    assert f"`python -m model.measurements {measurement}` measures it" in response.json()["detail"]
