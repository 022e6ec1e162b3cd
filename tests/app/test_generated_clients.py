"""Clients that stock tools generate from the OpenAPI document are complete, and their types fit the responses."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import ROOT, Settings
from tests.builders import SEVEN

NODE = Path(sys.executable).parent / "node"
TSC = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
OPENAPI_TYPESCRIPT = ROOT / "node_modules" / "openapi-typescript" / "bin" / "cli.js"

READ_PREDICTION = """\
import type { operations } from "./api";

type Data = operations["compute_feature_maps"]["responses"][200]["content"]["application/json"];

export function describe(data: Data): string {
  const first: number = data.layers[0].feature_maps[0][0][0];
  return data.prediction === null ? "blank" : `${data.prediction.digit} ${data.prediction.logits[0]} ${first}`;
}
"""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


@pytest.fixture(scope="module")
def document_file(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def python_client(document_file: Path) -> Iterator[Path]:
    """The package that openapi-python-client generates; it fails on the first warning."""
    folder = document_file.parent
    (folder / "config.yaml").write_text("post_hooks: []\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document_file)]
    options = ["--meta", "none", "--config", str(folder / "config.yaml"), "--fail-on-warning"]
    package = folder / "generated_client"
    done = subprocess.run([*command, *options, "--output-path", str(package)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


def imported(package: Path) -> ModuleType:
    """A package from its folder."""
    spec = importlib.util.spec_from_file_location(package.name, package / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[package.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_python_client_has_every_operation(document: dict[str, Any], python_client: Path):
    operations = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}

    assert {path.stem for path in python_client.glob("api/*/*.py")} - {"__init__"} == operations


@pytest.mark.anyio
async def test_the_python_client_reads_a_response(app: FastAPI, python_client: Path):
    imported(python_client)
    models = importlib.import_module(f"{python_client.name}.models")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = (await client.post("/api/v1/models/cnn/feature-maps", json={"strokes": SEVEN})).json()

    read = models.FeatureMapsResponse.from_dict(response)

    assert read.prediction.digit == response["prediction"]["digit"]
    assert read.layers[0].feature_maps == response["layers"][0]["feature_maps"]
    assert read.input_.framing.source_size == [112, 112]


@pytest.fixture(scope="module")
def typescript_folder(document_file: Path) -> Path:
    """A folder with the types that openapi-typescript generates."""
    folder = document_file.parent
    command = [NODE, OPENAPI_TYPESCRIPT, document_file, "-o", folder / "api.ts"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


READINGS = {
    "as it is": ("", "", None),
    "unknown member": ("data.prediction.digit", "data.prediction.digits", "Property 'digits' does not exist"),
    "forgotten null": ('data.prediction === null ? "blank" : ', "", "'data.prediction' is possibly 'null'"),
    "wrong type": ("const first: number", "const first: string", "Type 'number' is not assignable to type 'string'"),
}
"""What is replaced in the snippet, by what, and the error that follows."""


@pytest.fixture(scope="module")
def type_errors(typescript_folder: Path) -> dict[str, str]:
    """The errors in each snippet, from one run of the compiler."""
    snippets = {}
    for number, (name, (old, new, _)) in enumerate(READINGS.items()):
        snippets[name] = typescript_folder / f"snippet-{number}.ts"
        snippets[name].write_text(READ_PREDICTION.replace(old, new) if old else READ_PREDICTION)
    command = [NODE, TSC, "--strict", "--noEmit", *snippets.values()]
    done = subprocess.run(command, cwd=typescript_folder, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert (done.returncode == 0) == (not lines)
    assert all(line.startswith((" ", "snippet-")) for line in lines), done.stdout
    return {name: "\n".join(line for line in lines if line.startswith(path.name)) for name, path in snippets.items()}


@pytest.mark.parametrize(("name", "error"), [(name, error) for name, (_, _, error) in READINGS.items()])
def test_typescript_checks_how_a_response_is_read(type_errors: dict[str, str], name: str, error: str | None):
    assert (type_errors[name] == "") == (error is None), type_errors[name]
    assert (error or "") in type_errors[name]
