"""python -m app.openapi_examples: run the request example of every operation and store the responses, cut short.

The document at /openapi.json shows them. A test runs the requests again and compares.
"""

import asyncio
import base64
import json
from typing import Any

import httpx
from fastapi import FastAPI

from app.codecs.media_types import JSON
from app.documentation import EXAMPLE_BY_HAND, EXAMPLES_FILE, LINE_PNG
from app.main import create_app
from app.settings import Settings

FEW_NUMBERS = 3
"""Numbers that are kept of a long list."""

LONGEST_TUPLE = 4
"""Lists of numbers up to this length are kept: shapes, ranges and indexes."""

DIGITS = 4
"""Significant digits that are kept of a number, so that another machine's rounding changes nothing."""


def shorten(value: Any) -> Any:
    """The value with long lists cut short and numbers rounded.

    >>> shorten({"shape": [1, 2, 3, 4], "maps": [[0.123456, 1.0, 2.0, 3.0, 4.0], [5.0]]})
    {'shape': [1, 2, 3, 4], 'maps': [[0.1235, 1.0, 2.0]]}
    """
    if isinstance(value, dict):
        return {name: shorten(item) for name, item in value.items()}
    if isinstance(value, list):
        if value and isinstance(value[0], dict | list):
            return [shorten(value[0])]
        numbers = bool(value) and not isinstance(value[0], str)
        return [shorten(item) for item in (value[:FEW_NUMBERS] if numbers and len(value) > LONGEST_TUPLE else value)]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


async def run_examples(app: FastAPI) -> dict[str, Any]:
    """Operation id → its response to its request example, cut short; of the operations that respond with JSON."""
    document = app.openapi()
    examples = {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                is_by_hand = EXAMPLE_BY_HAND in operation
                if is_by_hand or JSON not in operation["responses"].get("200", {}).get("content", {}):
                    continue
                response = await client.request(
                    method, _address(path, operation), headers={"Accept": JSON}, **_body(operation)
                )
                if response.status_code != 200:
                    raise ValueError(f"{operation['operationId']}: the example fails: {response.text[:300]}")
                examples[operation["operationId"]] = shorten(response.json())
    return examples


def _address(path: str, operation: dict[str, Any]) -> str:
    """The path with the examples of its parameters; and the query, if it has required parameters."""
    query = {}
    for parameter in operation.get("parameters", []):
        values = parameter["schema"].get("examples", [])
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(values[0]))
        elif parameter["required"]:
            query[parameter["name"]] = values[0]
    return str(httpx.URL(path, params=query)) if query else path


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    """The arguments of httpx that send the first example of the body."""
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        return {"json": next(iter(content[JSON]["examples"].values()))["value"]}
    return {"files": {"file": ("line.png", base64.b64decode(LINE_PNG))}} if content else {}


async def _write() -> None:
    app = create_app(Settings())
    async with app.router.lifespan_context(app):
        examples = await run_examples(app)
    EXAMPLES_FILE.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
