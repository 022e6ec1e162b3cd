"""The OpenAPI document for the page /docs: operations with parameters, examples and a command to try.

Written here instead of a script in the browser, so the page works without internet and without inline script.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

METHODS = ("get", "post", "delete")

LONGEST = 1200
"""Characters of an example that are shown indented; the pixels of a digit are more."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    location: str
    type: str
    default: str
    description: str


@dataclass(frozen=True)
class Example:
    """A request or a response, as text."""

    title: str
    text: str


@dataclass(frozen=True)
class DocumentedResponse:
    """The response of an operation with one status."""

    status: str
    description: str
    media_types: list[str]
    examples: list[Example]


@dataclass(frozen=True)
class Operation:
    """One operation of the API.

    Attributes:
        id: Its anchor on the page.
        method: In capitals.
        path: With parameters in braces.
        tag: The group it belongs to.
        summary: What it does, in a few words.
        description: What it does, in paragraphs.
        parameters: Of the path and the query.
        fields: Of the request body.
        curl: A command that calls it.
        requests: Examples of its body.
        responses: By status.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: list[str]
    parameters: list[Parameter]
    fields: list[Parameter]
    curl: str
    requests: list[Example]
    responses: list[DocumentedResponse]


def describe_operations(document: Mapping[str, Any], base_url: str) -> list[Operation]:
    """Every operation of an OpenAPI document, in its order.

    Args:
        document: The document.
        base_url: The address that commands call, with a slash at its end.
    """
    return [
        _describe(path, method, operation, base_url.rstrip("/"), document["components"]["schemas"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def mark_code(text: str) -> Markup:
    """Text as HTML, with what stands between backticks as code.

    >>> mark_code("`x` < 1")
    Markup('<code>x</code> &lt; 1')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just here


def _describe(
    path: str, method: str, operation: Mapping[str, Any], base_url: str, schemas: Mapping[str, Any]
) -> Operation:
    parameters = operation.get("parameters", [])
    content = operation.get("requestBody", {}).get("content", {})
    media_type: str = next(iter(content), "")
    body: Mapping[str, Any] = content.get(media_type, {})
    requests = [Example(each["summary"], _as_text(each["value"])) for each in body.get("examples", {}).values()]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        tag=operation["tags"][0],
        summary=operation["summary"],
        description=[" ".join(part.split()) for part in operation["description"].split("\n\n")],
        parameters=[_parameter(each) for each in parameters],
        fields=list(_fields(body.get("schema", {}), schemas)),
        curl=_curl(base_url, path, method, parameters, media_type, body),
        requests=requests,
        responses=[_response(status, response) for status, response in operation["responses"].items()],
    )


def _parameter(parameter: Mapping[str, Any]) -> Parameter:
    schema = parameter["schema"]
    return Parameter(
        parameter["name"], parameter["in"], _type_of(schema), _default_of(schema), parameter.get("description", "")
    )


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Parameter]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for name, field in schema.get("properties", {}).items():
        yield Parameter(name, "body", _type_of(field), _default_of(field), field.get("description", ""))


def _type_of(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a few words: ``integer, 1 to 16``."""
    if "anyOf" in schema:
        return " or ".join(_type_of(option) for option in schema["anyOf"] if option.get("type") != "null")
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    limits = [str(schema[key]) for key in ("minimum", "maximum") if key in schema]
    return f"{schema.get('type', 'any')}{', ' + ' to '.join(limits) if len(limits) == 2 else ''}"


def _default_of(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    return "" if default is None else str(default)


def _response(status: str, response: Mapping[str, Any]) -> DocumentedResponse:
    content = response.get("content", {})
    examples = []
    for media_type, shown in content.items():
        if "example" in shown:
            examples.append(Example(media_type, _as_text(shown["example"])))
        examples += [Example(each["summary"], _as_text(each["value"])) for each in shown.get("examples", {}).values()]
    return DocumentedResponse(status, response["description"], list(content), examples)


def _curl(
    base_url: str, path: str, method: str, parameters: list[Mapping[str, Any]], media_type: str, body: Mapping[str, Any]
) -> str:
    for parameter in parameters:
        if parameter["in"] == "path":
            examples = parameter["schema"].get("examples") or parameter.get("examples") or ["…"]
            path = path.replace(f"{{{parameter['name']}}}", str(next(iter(examples))))
    command = f"curl {base_url}{path}"
    if media_type == "multipart/form-data":
        return f"{command} -F file=@digit.png"
    if media_type:
        example = next(iter(body["examples"].values()))["value"]
        return f"{command} -H 'Content-Type: application/json' -d '{json.dumps(example)}'"
    return f"{command} -X DELETE" if method == "delete" else command


def _as_text(value: Any) -> str:
    """Indented JSON; what would fill pages goes on one line, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text[:LONGEST] + " …" if len(text) > LONGEST else json.dumps(value, ensure_ascii=False, indent=2)
