"""The OpenAPI document promises only what the application keeps."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from pydantic import TypeAdapter

from app.documentation import DIGIT_EXAMPLES
from app.forward import FeatureMapsResponse
from app.main import create_app
from app.operations.history import HistoryResponse
from app.operations.kernels import KernelsResponse
from app.operations.models import ModelResponse, ModelsResponse
from app.operations.samples import SampleResponse, SamplesResponse
from app.settings import Settings
from tests.builders import encode, page_with_line

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/models/cnn/feature-maps"

WITHOUT_JSON = (
    "GET /metrics",
    "GET /api/v1/models/{model}/weights",
    "GET /api/v1/trainings/{run}/events",
    "GET /api/v1/trainings/{run}/onnx",
    "DELETE /api/v1/trainings/{run}",
    "DELETE /api/v1/models/{model}",
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_of_the_api_is_described(document: dict[str, Any]):
    assert [name for name, _operation in _operations(document)] == [
        "POST /api/v1/models/{model}/feature-maps",
        "POST /api/v1/models/{model}/feature-maps/upload",
        "GET /api/v1/models",
        "POST /api/v1/models",
        "GET /api/v1/models/{model}",
        "DELETE /api/v1/models/{model}",
        "GET /api/v1/models/{model}/history",
        "GET /api/v1/models/{model}/layers/{layer}/kernels",
        "GET /api/v1/models/{model}/weights",
        "POST /api/v1/models/{model}/code",
        "POST /api/v1/models/{model}/neuron",
        "GET /api/v1/experiments/layer-costs",
        "POST /api/v1/experiments/perturb-pixel",
        "POST /api/v1/experiments/translation",
        "POST /api/v1/experiments/translation-curve",
        "GET /api/v1/experiments/translation-curve",
        "POST /api/v1/experiments/feature-comparison",
        "GET /api/v1/experiments/pixel-permutation",
        "GET /api/v1/experiments/bar",
        "GET /api/v1/experiments/orientation-tuning",
        "GET /api/v1/models/{model}/filter-names",
        "POST /api/v1/experiments/gradients",
        "POST /api/v1/experiments/gradient-check",
        "POST /api/v1/experiments/backward-pass",
        "POST /api/v1/experiments/gradient-descent",
        "POST /api/v1/experiments/kernel-edits",
        "POST /api/v1/experiments/kernel-edits/accuracy",
        "GET /api/v1/models/{model}/layers/{layer}/filters",
        "GET /api/v1/models/{model}/layers/{layer}/filters/{filter}",
        "POST /api/v1/experiments/saliency",
        "POST /api/v1/experiments/occlusion",
        "POST /api/v1/models/{model}/evidence",
        "GET /api/v1/experiments/layer-knowledge",
        "GET /api/v1/experiments/layer-map",
        "POST /api/v1/experiments/layer-map",
        "GET /api/v1/experiments/confusion",
        "GET /api/v1/experiments/confusion/digits",
        "GET /api/v1/experiments/misread-digit",
        "GET /api/v1/experiments/robustness",
        "POST /api/v1/experiments/robustness",
        "POST /api/v1/trainings",
        "GET /api/v1/trainings/{run}",
        "DELETE /api/v1/trainings/{run}",
        "GET /api/v1/trainings/{run}/onnx",
        "GET /api/v1/trainings/{run}/events",
        "GET /api/v1/samples",
        "GET /api/v1/samples/{index}",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    ]


def test_every_operation_says_what_it_does_and_shows_an_answer(document: dict[str, Any]):
    for name, operation in _operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        for parameter in operation.get("parameters", []):
            assert parameter["description"], f"{name}: {parameter['name']}"
        if name not in WITHOUT_JSON:
            assert operation["responses"]["200"]["content"]["application/json"]["example"], name


def test_every_refusal_is_a_problem_with_an_example(document: dict[str, Any]):
    for name, operation in _operations(document):
        for status, response in operation["responses"].items():
            if not status.startswith("2"):
                examples = response["content"]["application/problem+json"]["examples"]
                assert examples, f"{name} {status}"
                assert all(example["value"]["status"] == int(status) for example in examples.values())


def test_every_error_refers_to_the_one_schema_of_problems(document: dict[str, Any]):
    for name, operation in _operations(document):
        for status, response in operation["responses"].items():
            if not status.startswith("2"):
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, f"{name} {status}"


def test_every_json_response_has_a_schema_with_members(document: dict[str, Any]):
    without = []
    for name, operation in _operations(document):
        responses = operation["responses"]
        schema = responses.get("200", responses.get("204"))["content"].get("application/json", {}).get("schema")
        if name in WITHOUT_JSON:
            assert schema is None, name
            continue
        reference = (schema or {}).get("$ref", "").removeprefix("#/components/schemas/")
        if not document["components"]["schemas"].get(reference, {}).get("properties"):
            without.append(name)

    assert without == []


def _schemas(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document that has a type, with where it stands."""
    if isinstance(node, list):
        for place, each in enumerate(node):
            yield from _schemas(each, f"{path}/{place}")
    elif isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield path, node
        for key, each in node.items():
            if key not in ("example", "examples"):
                yield from _schemas(each, f"{path}/{key}")


def test_every_array_has_a_type_of_items(document: dict[str, Any]):
    arrays = [(path, schema) for path, schema in _schemas(document) if schema["type"] == "array"]

    assert len(arrays) > 50
    assert [path for path, schema in arrays if "items" not in schema or "prefixItems" in schema] == []


def test_names_of_schemas_are_short(document: dict[str, Any]):
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_nothing_of_the_frameworks_own_errors_is_promised(document: dict[str, Any]):
    assert "HTTPValidationError" not in json.dumps(document)


def test_answers_with_arrays_can_be_had_in_every_format(document: dict[str, Any]):
    for name in ("feature-maps", "kernels", "samples", "index"):
        for operation_name, operation in _operations(document):
            if name in operation_name:
                assert set(operation["responses"]["200"]["content"]) == {
                    "application/json",
                    "application/x-safetensors",
                    "application/x-npz",
                    "image/png",
                }


@pytest.mark.parametrize("example", DIGIT_EXAMPLES.values(), ids=list(DIGIT_EXAMPLES))
async def test_the_examples_of_digits_work(client: httpx.AsyncClient, example: dict[str, Any]):
    response = await client.post(MAPS, json=example["value"])

    assert response.status_code == 200, response.text
    assert response.json()["prediction"] is not None


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/api/v1/models", ModelsResponse),
        ("/api/v1/models/cnn", ModelResponse),
        ("/api/v1/models/cnn/history", HistoryResponse),
        ("/api/v1/models/cnn/layers/conv1/kernels", KernelsResponse),
        ("/api/v1/samples", SamplesResponse),
        ("/api/v1/samples/0", SampleResponse),
    ],
)
async def test_real_answers_are_as_described(client: httpx.AsyncClient, path: str, schema: Any):
    response = (await client.get(path)).json()

    described: TypeAdapter[Any] = TypeAdapter(schema)
    assert described.dump_python(described.validate_python(response), mode="json") == response


async def test_a_real_inference_is_as_described(client: httpx.AsyncClient):
    response = (
        await client.post(f"{MAPS}/upload", files={"file": ("a.png", encode(Image.fromarray(page_with_line())))})
    ).json()

    described = TypeAdapter(FeatureMapsResponse)
    assert described.dump_python(described.validate_python(response), mode="json") == response


async def test_described_examples_have_the_shape_of_real_answers(client: httpx.AsyncClient, app: FastAPI):
    content = app.openapi()["paths"]["/api/v1/models/{model}"]["get"]["responses"]["200"]["content"]

    example = content["application/json"]["example"]

    real = (await client.get("/api/v1/models/cnn")).json()
    assert example.keys() == real.keys()
    assert example["layers"][0].keys() == real["layers"][0].keys()


async def test_every_reference_of_the_document_leads_somewhere(client: httpx.AsyncClient):
    document = (await client.get("/openapi.json")).json()

    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))
    assert found
    for reference in found:
        target = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


async def test_a_digit_is_one_of_four_in_the_document_too(client: httpx.AsyncClient):
    document = (await client.get("/openapi.json")).json()

    body = document["paths"]["/api/v1/models/{model}/feature-maps"]["post"]["requestBody"]
    name = body["content"]["application/json"]["schema"]["$ref"].removeprefix("#/components/schemas/")
    kinds = [each["required"] for each in document["components"]["schemas"][name]["oneOf"]]
    assert kinds == [["strokes"], ["pixels"], ["image"], ["sample"]]
