"""Helpers that describe operations for OpenAPI: responses, request bodies, errors and the finished document.

Knows no request and no response class: an operation hands its own. The example of a response is taken from
``openapi_examples.json``, which `app.openapi_examples` writes by running the request.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app.codecs.media_types import JSON, NPZ, PNG
from app.errors import AppError
from app.parameters import Parameters
from app.problems import PROBLEM_JSON
from app.settings import ROOT

EXAMPLES_FILE = ROOT / "app" / "openapi_examples.json"

DESCRIPTION = """\
A convolutional network written in NumPy, and the feature maps that its filters compute for a digit.

Responses are JSON unless the Accept header names another format. Arrays can be requested as safetensors
(`application/x-safetensors`) or NumPy's own format (`application/x-npz`), maps and kernels as images (`image/png`).
Strings in the metadata of both are JSON. Errors are `application/problem+json` (RFC 9457): the `type` is the address
of a page that explains the error and what helps. `GET /openapi.json` describes all this for programs, except
`WS /api/v1/live`, which responds to a drawing while it grows: docs/api.md of the source describes its messages.
"""

TAGS = [
    {"name": "Models", "description": "The networks, their layers and kernels."},
    {"name": "Feature maps", "description": "A digit through a network."},
    {"name": "Explanations", "description": "How a network computes its prediction."},
    {"name": "Experiments", "description": "Global against local features, tested on a digit."},
    {"name": "Training", "description": "A small network of your own, trained while you watch."},
    {"name": "Samples", "description": "The 10,000 MNIST test digits, with the prediction of each model."},
    {"name": "Operations", "description": "For those who run the service."},
]

SEVEN = [[[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]]
"""The strokes of a seven, as examples draw it."""

# The smallest image that shows something: eight rows with a vertical line, as PNG.
LINE_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEklEQVR42mP4DwUMIMxADgMMAElhM83f11h2AAAAAElFTkSuQmCC"

DIGIT_EXAMPLES = {
    "strokes": {"summary": "A drawing", "value": {"strokes": SEVEN, "pen_width": 0.065}},
    "sample": {"summary": "A test digit", "value": {"sample": 0}},
    "image": {"summary": "An image file in base64", "value": {"image": LINE_PNG}},
    "pixels": {
        "summary": "28×28 pixels",
        "value": {"pixels": [[float(12 <= x < 15 and 4 <= y < 24) for x in range(28)] for y in range(28)]},
    },
}

UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "string",
                        "contentMediaType": "application/octet-stream",
                        "minLength": 1,
                        "description": "A PNG, JPEG, WebP, GIF or BMP file.",
                    },
                    "framing": {"type": "string", "enum": ["auto", "mnist", "none"], "default": "auto"},
                    "crop": {
                        "type": "string",
                        "pattern": r"^[0-9.]+,[0-9.]+,[0-9.]+,[0-9.]+$",
                        "description": "left,top,width,height of the part with the digit, in fractions of the image.",
                    },
                    "rotate": {"type": "number", "minimum": -360, "maximum": 360, "default": 0},
                    "threshold": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                },
            }
        }
    },
}

ADDRESSES = ("type", "instance", "next")
"""Members of responses that are addresses of this service."""

EXAMPLE_BY_HAND = "x-example-by-hand"
"""Member of an operation whose every response is another one, so that no request is run for its example."""

FILE = "application/octet-stream"
"""Media type of a file to save."""

_FILE_SCHEMA = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}

_SCHEMAS = "#/components/schemas/"


class Problem(BaseModel):
    """application/problem+json (RFC 9457); further members hold numbers that a program can read."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Address of a page about this kind of problem.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What happened, the numbers, what would work.")
    instance: str = Field(description="The path of the request.")


class Documented(TypedDict, total=False):
    """The arguments of a route that `documented` fills in."""

    response_model: Any
    response_class: type[Response]
    status_code: int
    responses: dict[int | str, dict[str, Any]]
    openapi_extra: dict[str, Any]


def documented(
    response: Any,
    formats: Sequence[str],
    *errors: type[AppError],
    parameters: type[Parameters] | None = None,
    body: dict[str, Any] | None = None,
    example: Any = None,
) -> Documented:
    """Describe an operation: ``@router.get(path, summary=…, **documented(…))``.

    Args:
        response: The type of the response, a dataclass; None if it cannot be had as JSON.
        formats: The media types it can be had as.
        errors: Those that the operation may respond with.
        parameters: Its query parameters.
        body: Its request body: `request_body` of its type, or a form such as `UPLOAD_BODY`.
        example: Of its response in JSON, if every request gets another one; else one is made by `app.openapi_examples`.
    """
    extra: dict[str, Any] = {}
    if parameters is not None:
        extra["parameters"] = parameters.described()
    if body is not None:
        extra["requestBody"] = body
    content = {each: {} if each == JSON else _binary(each) for each in formats}
    if example is not None:
        content[JSON]["example"] = example
        extra[EXAMPLE_BY_HAND] = True
    responses: dict[int | str, dict[str, Any]] = {200: {"description": "The response.", "content": content}}
    for error in errors:
        _add_error(responses, error)
    response_class = JSONResponse if JSON in formats else Response
    return Documented(response_model=response, response_class=response_class, responses=responses, openapi_extra=extra)


def documented_deletion(*errors: type[AppError]) -> Documented:
    """Describe an operation that deletes something and responds with nothing: ``@router.delete(path, **…)``."""
    responses: dict[int | str, dict[str, Any]] = {204: {"description": "It is deleted."}}
    for error in errors:
        _add_error(responses, error)
    return Documented(response_class=Response, status_code=204, responses=responses)


def file_responses(description: str, *errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The responses of an operation that responds with a file to save."""
    responses: dict[int | str, dict[str, Any]] = {200: {"description": description, "content": {FILE: _FILE_SCHEMA}}}
    for error in errors:
        _add_error(responses, error)
    return responses


def request_body(kind: type[BaseModel], examples: Mapping[str, Any]) -> dict[str, Any]:
    """A request body of this type as OpenAPI describes it, with examples by name."""
    schema = kind.model_json_schema(ref_template=_SCHEMAS + "{model}")
    return {"required": True, "content": {JSON: {"schema": schema, "examples": dict(examples)}}}


def complete_document(document: dict[str, Any], root_path: str) -> dict[str, Any]:
    """Turn FastAPI's OpenAPI document into one that generators of clients can use.

    Request types and problems become shared schemas, every array has ``items``, every response has its example, and
    FastAPI's own validation errors, which this service never sends, are taken out. Addresses in examples begin with
    the root path, as those of responses do.
    """
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    examples = load_examples()
    for methods in document["paths"].values():
        for operation in methods.values():
            responses = operation["responses"]
            if "HTTPValidationError" in str(responses.get("422", "")):
                del responses["422"]
            _share_body(operation, schemas)
            content = responses.get("200", {}).get("content", {}).get(JSON)
            if content is not None and operation["operationId"] in examples:
                content["example"] = examples[operation["operationId"]]
            for response in responses.values():
                response["content"] = _add_root_path(response.get("content", {}), root_path)
    _give_items(document)
    return document


def load_examples() -> dict[str, Any]:
    """Operation id → example of its response."""
    examples: dict[str, Any] = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
    return examples


def _add_error(responses: dict[int | str, dict[str, Any]], error: type[AppError]) -> None:
    entry = responses.setdefault(
        error.status,
        {
            "description": error.title,
            "content": {PROBLEM_JSON: {"schema": {"$ref": _SCHEMAS + "Problem"}, "examples": {}}},
        },
    )
    if error.title not in entry["description"]:
        entry["description"] += f"; {error.title.lower()}"
    entry["content"][PROBLEM_JSON]["examples"][error.slug] = {
        "summary": error.title,
        "value": {
            "type": f"/problems/{error.slug}",
            "title": error.title,
            "status": error.status,
            "detail": error.summary,
            "instance": "/api/v1/models",
        },
    }


def _binary(media_type: str) -> dict[str, Any]:
    kinds = {NPZ: "NumPy arrays by name, without pickles.", PNG: "An image, one color per value."}
    description = kinds.get(media_type, "Tensors by name.")
    return {"schema": {"type": "string", "contentMediaType": "application/octet-stream", "description": description}}


def _share_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Replace the schema of a JSON body by a reference, and put it and what it refers to among the shared ones."""
    content = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if content is None or "$ref" in content["schema"]:
        return
    schema = dict(content["schema"])
    for name, definition in {**schema.pop("$defs", {}), schema["title"]: schema}.items():
        if schemas.setdefault(name, definition) != definition:
            raise ValueError(f"two schemas have the name {name}")
    content["schema"] = {"$ref": _SCHEMAS + schema["title"]}


def _add_root_path(node: Any, root_path: str) -> Any:
    """A copy in which the members that are addresses begin with the root path."""
    if isinstance(node, list):
        return [_add_root_path(each, root_path) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: f"{root_path}{value}"
        if name in ADDRESSES and isinstance(value, str) and value.startswith("/")
        else _add_root_path(value, root_path)
        for name, value in node.items()
    }


def _give_items(node: Any) -> None:
    """Describe tuples as arrays of one type of items, which generators of clients understand; JSON is the same."""
    if isinstance(node, list):
        for each in node:
            _give_items(each)
    elif isinstance(node, dict):
        kinds = node.get("prefixItems")
        if isinstance(kinds, list):
            del node["prefixItems"]
            node["items"] = kinds[0] if all(kind == kinds[0] for kind in kinds) else {"anyOf": kinds}
        for each in node.values():
            _give_items(each)
