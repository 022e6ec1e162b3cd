"""Run every request of the table in this process and keep what comes back."""

import asyncio
import io
import re
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
from PIL import Image

from app.main import create_app
from app.settings import Settings
from tests.recorder.models import write_models
from tests.recorder.requests import OTHER_DEFAULTS, Case, cases, cases_of_default
from tests.recorder.values import HEADERS, body_of

Record = dict[str, Any]


SAME = "(the same as with the usual default model)"


def record_api(only: str = "") -> dict[str, Record]:
    """By file name (``api/operation.model``): by case, the response's status, headers and body.

    Makes only the files whose names contain ``only``.
    """
    with TemporaryDirectory() as folder:
        return asyncio.run(_record(write_models(Path(folder)), only))


async def _record(models: Path, only: str) -> dict[str, Record]:
    settings = Settings(models=models)
    usual = await _run(settings, [(_file(case), case) for case in cases() if only in _file(case)])
    files = dict(usual)
    for default in OTHER_DEFAULTS:
        suffix = f".default-{default}"
        wanted = [(_file(case), case) for case in cases_of_default() if only in _file(case) + suffix]
        if not wanted:
            continue
        if not {name for name, _ in wanted} <= usual.keys():
            usual |= await _run(settings, [(_file(case), case) for case in cases_of_default()])
        others = await _run(settings.model_copy(update={"default_model": default}), wanted)
        for name, record in others.items():
            files[name + suffix] = {
                case: SAME if response == usual[name][case] else response for case, response in record.items()
            }
    return files


def _file(case: Case) -> str:
    return f"api/{case.operation}" + (f".{case.model}" if case.model else "")


async def _run(settings: Settings, requests: Iterable[tuple[str, Case]]) -> dict[str, Record]:
    """What an application with these settings returns, by file name and case."""
    files: dict[str, Record] = {}
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        # Errors in the application become responses of status 500, as a client sees them.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=600) as client:
            for name, case in requests:
                record = files.setdefault(name, {})
                if case.name in record:
                    raise ValueError(f"two cases are called {case.name} in {name}")
                record[case.name] = await _response_of(client, case)
    return files


async def _response_of(client: httpx.AsyncClient, case: Case) -> Record:
    options: dict[str, Any] = {"params": dict(case.query), "headers": dict(case.headers)}
    if case.form:
        options["files"] = {"file": ("digit.png", make_image(), "image/png")}
    elif case.content is not None:
        options["content"] = case.content
    elif case.body is not None:
        options["json"] = case.body
    response = await client.request(case.method, case.path, **options)
    content_type = response.headers.get("content-type", "")
    body = body_of(content_type, response.content)
    if case.operation == "metrics":
        # Values are counts and times; what stays is which metrics there are.
        body = [line for line in response.text.splitlines() if re.match("# TYPE", line)]
    elif case.operation == "openapi":
        body = _outline(response.json())
    elif content_type.startswith("text/html"):
        body = "(a page)"
    return {
        "status": response.status_code,
        "headers": {name: response.headers[name] for name in HEADERS if name in response.headers},
        "body": body,
    }


def make_image() -> bytes:
    """A PNG of 40×30 with a dark bar on light paper."""
    gray = np.full((40, 30), 230, dtype=np.uint8)
    gray[8:32, 13:18] = 20
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "PNG")
    return file.getvalue()


def _outline(document: dict[str, Any]) -> list[str]:
    """A line for each operation, parameter and response of an OpenAPI document, without examples and schemas."""
    lines = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines.append(f"{method.upper()} {path} {operation['operationId']}")
            lines += [f"  {each['in']} {each['name']}" for each in operation.get("parameters", [])]
            lines += [f"  body {kind}" for kind in operation.get("requestBody", {}).get("content", {})]
            for status, response in operation["responses"].items():
                lines.append(f"  {status} {' '.join(response.get('content', {}))}")
    return lines
