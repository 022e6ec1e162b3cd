import httpx
import pytest

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/models", "/static/css/base.css", "/nowhere"])
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, path: str):
    head = await client.head(path, headers={"Accept-Encoding": "identity"})
    get = await client.get(path, headers={"Accept-Encoding": "identity"})

    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))
    assert head.headers["content-type"] == get.headers["content-type"]


async def test_head_is_counted_under_its_route(client: httpx.AsyncClient):
    await client.head("/api/v1/models/cnn")

    metrics = (await client.get("/metrics")).text

    assert 'method="HEAD",route="/api/v1/models/{model}",status="200"' in metrics


async def test_head_does_not_work_where_get_does_not(client: httpx.AsyncClient):
    response = await client.head("/api/v1/models/cnn/feature-maps")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
