"""What holds for the query of every operation; the operations come from the OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from PIL import Image

from app.main import create_app
from app.settings import Settings
from tests.builders import encode, page_with_line

PATH_VALUES = {"model": "cnn", "layer": "conv1", "filter": "0", "index": "0"}
LIST_VALUES = {"layers": ["relu1", "relu2"], "models": ["cnn", "mlp-500"]}

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Operation:
    """An operation, and a request that works."""

    method: str
    path: str
    parameters: list[dict[str, Any]]
    request: dict[str, Any]

    def names(self, *, lists: bool) -> list[str]:
        """Names of the query parameters that take several values, or of those that take one."""
        return [each["name"] for each in self.parameters if each["in"] == "query" and _is_list(each["schema"]) == lists]

    async def send(self, client: httpx.AsyncClient, query: str) -> httpx.Response:
        path = self.path.format_map(PATH_VALUES)
        return await client.request(self.method, f"{path}?{query}", **self.request)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def _is_list(schema: dict[str, Any]) -> bool:
    return any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", [])))


def _request_of(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return {"json": next(iter(content["application/json"]["examples"].values()))["value"]}
    return {"files": {"file": ("line.png", encode(Image.fromarray(page_with_line())))}} if content else {}


def operations() -> Iterator[Operation]:
    for path, methods in create_app(Settings()).openapi()["paths"].items():
        for method, operation in methods.items():
            yield Operation(method, path, operation.get("parameters", []), _request_of(operation))


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_single_value_that_is_repeated_is_a_422_problem_that_names_it(client: httpx.AsyncClient):
    repeated = [(operation, name) for operation in operations() for name in operation.names(lists=False)]

    wrong = []
    for operation, name in repeated:
        response = await operation.send(client, f"{name}=1&{name}=1")
        problem = response.json()
        if (response.status_code, problem.get("type")) != (422, "/problems/invalid-input") or (
            problem["detail"] != f"query.{name}: given more than once; it takes one value."
        ):
            wrong.append(f"{operation}?{name}: {response.status_code} {response.text[:200]}")

    assert len(repeated) > 50
    assert not wrong, "\n".join(wrong)


async def test_list_is_the_same_repeated_and_separated_by_commas(client: httpx.AsyncClient):
    lists = [(operation, name) for operation in operations() for name in operation.names(lists=True)]

    wrong = []
    for operation, name in lists:
        first, second = LIST_VALUES[name]
        both, separated, last = [
            await operation.send(client, query)
            for query in (f"{name}={first}&{name}={second}", f"{name}={first},{second}", f"{name}={second}")
        ]
        if both.status_code != 200 or both.json() != separated.json() or both.json() == last.json():
            wrong.append(f"{operation}?{name}: {both.status_code} {both.text[:200]}")

    assert len(lists) >= 8
    assert not wrong, "\n".join(wrong)
