import httpx
import pytest

pytestmark = pytest.mark.anyio


async def test_every_answer_has_its_own_id(client: httpx.AsyncClient):
    first, second = [(await client.get("/healthz")).headers["x-request-id"] for _ in range(2)]

    assert len(first) == 16
    assert first != second


async def test_an_id_that_comes_with_the_request_is_kept(client: httpx.AsyncClient):
    response = await client.get("/nowhere", headers={"X-Request-ID": "proxy-7.a_B"})

    assert response.headers["x-request-id"] == "proxy-7.a_B"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, '{"a": 1}', "é"])
async def test_an_id_that_could_do_harm_is_replaced(client: httpx.AsyncClient, sent: str):
    response = await client.get("/healthz", headers={"X-Request-ID": sent.encode()})

    assert len(response.headers["x-request-id"]) == 16
