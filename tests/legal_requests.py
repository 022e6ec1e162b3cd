"""Random legal requests to every operation of the OpenAPI document, and what a response to one may contain.

Numbers come from the whole range that the document allows, its ends more often than the rest. What the document cannot
say, such as which layers a model has, is read from the service.
"""

import base64
import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import load

from model.experiments.perturbations import PERTURBATIONS
from tests.builders import encode, page_with_line
from tests.onnx_files import small_network

SAFETENSORS = "application/x-safetensors"

FORMS = ("strokes", "pixels", "sample", "image")

NOT_TRIED = ("/trainings", "/metrics")
"""Operations of trainings, or whose response is not JSON."""

Schema = dict[str, Any]


@dataclass(frozen=True)
class Legal:
    """A request that the document allows.

    Attributes:
        operation: Method and path template.
        method: GET or POST.
        path: With its parameters.
        query: Further parameters.
        body: JSON; None: there is none.
        upload: An image file to send in a form, instead.
        accept: Media type of the response.
    """

    operation: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    upload: bytes | None = None
    accept: str = "application/json"

    def arguments(self) -> dict[str, Any]:
        """For ``httpx.Client.request``."""
        sent: dict[str, Any] = {"params": self.query, "headers": {"Accept": self.accept}}
        if self.upload is not None:
            sent["files"] = {"file": self.upload}
        elif self.body is not None:
            sent["json"] = self.body
        return {"method": self.method, "url": self.path, **sent}

    def __str__(self) -> str:
        """What repeats it."""
        return f"{self.method} {self.path} {self.query} {self.accept} {json.dumps(self.body)[:3000]}"


class LegalRequests:
    """Makes random legal requests to a service."""

    def __init__(self, document: Schema, models: list[Schema], samples: int, seed: int) -> None:
        """Prepare.

        Args:
            document: ``/openapi.json``.
            models: ``/api/v1/models/{model}`` of each, with its ``steps`` of ``…/history``.
            samples: How many test digits there are.
            seed: Of the choices.
        """
        self._document = document
        self._models = {model["id"]: model for model in models}
        self._samples = samples
        self._random = random.Random(seed)
        self.operations = {
            f"{method.upper()} {path}": described
            for path, methods in document["paths"].items()
            if not any(part in path for part in NOT_TRIED)
            for method, described in methods.items()
            if "200" in described["responses"]
        }

    def one(self, operation: str) -> Legal:
        """A request to this operation, such as ``GET /api/v1/models``."""
        method, path = operation.split(" ")
        described = self.operations[operation]
        model = self._random.choice(self._models_for(path))
        layer = self._layer_for(model, path)
        names = {"model": model["id"], "layer": layer["name"]}
        query = {}
        for parameter in described.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "path":
                value = names.get(name, self._number_of(name, layer))
                path = path.replace(f"{{{name}}}", str(value))
            elif parameter["in"] == "query" and (name == "model" or self._random.random() < 0.6):
                value = self._query_value(name, parameter["schema"], model, layer)
                if value is not None:
                    query[name] = json.dumps(value) if isinstance(value, bool) else str(value)
        if ("row" in query) != ("column" in query):
            query.pop("row", query.pop("column", None))
        media_types = list(described["responses"]["200"].get("content", {"application/json": {}}))
        accept = self._random.choice(media_types)
        if accept == "image/png" or "filter" in query:
            self._ask_for_one_layer(operation, query, layer)
        content = described.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            upload = self._image() if "{model}" in operation else self._network()
            return Legal(operation, method, path, query, upload=upload, accept=accept)
        body = None
        if "application/json" in content:
            body = self._body(self._resolved(content["application/json"]["schema"]), model, layer)
        return Legal(operation, method, path, query, body, accept=accept)

    def _models_for(self, path: str) -> list[Schema]:
        """The models that the operation takes: the filters of the shipped convolutions alone were measured."""
        models = list(self._models.values())
        if "/filter" in path:
            models = [model for model in models if model["steps"] and model["layers"][0]["kind"] == "conv2d"]
        return models

    def _layer_for(self, model: Schema, path: str) -> Schema:
        """A layer that the operation takes."""
        layers = model["layers"]
        if path.endswith("/kernels") or "gradient" in path or "kernel-edits" in path:
            layers = [layer for layer in layers if layer["weights"]]
        elif "/filters" in path:
            layers = [layer for layer in layers if layer["kind"] == "conv2d"] or layers
        return self._random.choice(layers)

    def _ask_for_one_layer(self, operation: str, query: dict[str, str], layer: Schema) -> None:
        if "layers" in {parameter["name"] for parameter in self.operations[operation].get("parameters", [])}:
            query["layers"] = layer["name"]

    def _query_value(self, name: str, schema: Schema, model: Schema, layer: Schema) -> Any:
        if name == "model":
            return model["id"]
        if name == "models":
            size = model["input"]["shape"][1]  # models of different sizes are not compared
            alike = [name for name, other in self._models.items() if other["input"]["shape"][1] == size]
            return ",".join(self._some(alike))
        if name == "layers":
            return ",".join(self._some([each["name"] for each in model["layers"]]))
        if name == "layer":
            return layer["name"]
        if name == "sample":
            return None  # which digits a network misreads is not known; left out, it is the first of them
        if name == "checkpoint":
            return self._random.choice(model["steps"]) if model["steps"] else None
        if name in ("filter", "row", "column") and "maximum" not in schema:
            return self._number_of(name, layer)
        return self._value(schema)

    def _some(self, names: list[str]) -> list[str]:
        return self._random.sample(names, self._random.randint(1, len(names)))

    def _number_of(self, name: str, layer: Schema) -> int:
        axis = {"filter": 0, "row": 1, "column": 2}.get(name)
        return self._random.randrange(self._samples if axis is None else layer["output_shape"][axis])

    def _body(self, schema: Schema, model: Schema, layer: Schema) -> Any:
        if "of" in schema["properties"]:
            return self._neuron_to_show(layer)
        body: dict[str, Any] = {}
        required = set(schema.get("required", []))
        for name, described in schema["properties"].items():
            if name in FORMS or (name not in required and self._random.random() < 0.4):
                continue
            body[name] = self._field(name, described, model, layer)
        if "sample" in schema["properties"]:
            form = self._random.choice(FORMS)
            body[form] = self._digit(form)
            if form == "strokes" and body.get("framing") == "none":
                del body["framing"]
        if "crop" in body:
            body["crop"] = self._random.choice([[0, 0, 1, 1], [0.25, 0.1, 0.5, 0.6], [0.99, 0.99, 0.01, 0.01]])
        if "level" in body:
            perturbation = PERTURBATIONS[body["kind"]]
            body["level"] = self._random.uniform(perturbation.least, perturbation.most)
        if "label" in body:
            body["label"] = self._random.randrange(len(model["classes"]))
        return body

    def _neuron_to_show(self, layer: Schema) -> Schema:
        """What the page shows, for the code of it."""
        neuron = {name: self._number_of(name, layer) for name in ("filter", "row", "column")}
        form = self._random.choice(FORMS)
        return {"of": "neuron", "digit": {form: self._digit(form)}, "fields": {"layer": layer["name"], **neuron}}

    def _field(self, name: str, schema: Schema, model: Schema, layer: Schema) -> Any:
        if name == "level":
            return 0  # replaced by one of the perturbation
        if name == "layer":
            return layer["name"]
        if name in ("filter", "row", "column") and self._largest(schema) >= 100_000:
            return self._number_of(name, layer)
        if name in ("row", "column"):
            return self._random.choice([0, 27, self._random.randrange(28)])  # each model reads at least 28×28 pixels
        if name == "parameter":
            return f"{layer['name']}.bias"
        if name == "index":
            unshared = layer["kind"].startswith("locally")
            filters, height, width = layer["output_shape"]
            shape = (height, width, filters) if unshared else (filters,)
            return [self._random.randrange(size) for size in shape]
        if name == "edits":
            weighted = [each for each in model["layers"] if each["weights"]]
            chosen = [self._random.choice(weighted) for _ in range(self._random.randint(0, 6))]
            return [self._edit(layer) for layer in chosen]
        return self._value(schema)

    def _edit(self, layer: Schema) -> Schema:
        edit: dict[str, Any] = {"layer": layer["name"], "filter": self._number_of("filter", layer)}
        if self._random.random() < 0.3:
            edit["ablate"] = True
        if self._random.random() < 0.5:
            edit["bias"] = self._random.choice([-100, 100, 0, self._random.uniform(-100, 100)])
        if self._random.random() < 0.7 and not edit.get("ablate"):
            channels = layer["input_shape"][0]
            height, width = layer["kernel_size"] or layer["input_shape"][1:]
            extreme = self._random.choice([-100.0, 100.0, self._random.uniform(-100, 100)])
            edit["kernel"] = np.full((channels, height, width), extreme).tolist()
        if self._random.random() < 0.2 and layer["kind"] != "linear":
            edit["row"], edit["column"] = self._number_of("row", layer), self._number_of("column", layer)
        return edit

    def _digit(self, form: str) -> Any:
        if form == "sample":
            return self._random.randrange(self._samples)
        if form == "pixels":
            kind = self._random.choice([0.0, 1.0, None])
            return [[self._random.random() if kind is None else kind for _ in range(28)] for _ in range(28)]
        if form == "image":
            return base64.b64encode(self._image()).decode()
        low, high = self._random.choice([(0, 1), (0.2, 0.8), (-1, 2)])
        strokes = range(self._random.choice([0, 1, 1, 2, 5]))
        return [
            [[self._random.uniform(low, high) for _ in "xy"] for _ in range(self._random.choice([1, 2, 10]))]
            for _ in strokes
        ]

    def _network(self) -> bytes:
        rng = np.random.default_rng(self._random.getrandbits(32))
        return small_network(rng, int(rng.choice([1, 3])), int(rng.choice([8, 20, 28]))).model().SerializeToString()

    def _image(self) -> bytes:
        page = page_with_line()
        if self._random.random() < 0.5:
            page = np.random.default_rng(self._random.getrandbits(32)).integers(
                0, 256, self._random.choice([(28, 28), (1, 1), (3, 400), (200, 150, 3)]), dtype=np.uint8
            )
        if self._random.random() < 0.5:
            return encode(Image.fromarray(page), "JPEG", progressive=self._random.random() < 0.5)
        return encode(Image.fromarray(page), "PNG")

    def _resolved(self, schema: Schema) -> Schema:
        return resolve(schema, self._document)

    def _largest(self, schema: Schema) -> float:
        return max([option.get("maximum", 0) for option in [schema, *schema.get("anyOf", [])]])

    def _value(self, schema: Schema) -> Any:
        """A value of the whole range of a simple schema."""
        schema = self._resolved(schema)
        options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
        if options:
            return self._value(self._random.choice(options))
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "boolean":
            return self._random.random() < 0.5
        if kind == "array":
            return [self._value(schema["items"]) for _ in range(schema.get("minItems", 1))]
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if low is None or high is None:
            raise NotImplementedError(f"no legal values are known for {schema}")
        ends = [schema[end] for end in ("minimum", "maximum") if end in schema]
        if ends and self._random.random() < 0.4:
            return self._random.choice(ends)
        if kind == "integer":
            return self._random.randint(low, high)
        if low == 0 and self._random.random() < 0.5:  # small values as often as large ones
            return high * 10 ** self._random.uniform(-9, -0.001)
        return self._random.uniform(low, high) or high / 2


def resolve(schema: Schema, document: Schema) -> Schema:
    """The schema that a reference stands for."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def broken_promises(request: Legal, status: int, content: bytes, document: Schema) -> list[str]:
    """What is wrong with a response to a legal request."""
    if status >= 500:
        return [f"status {status}: {content[:300]!r}"]
    if status != 200:
        # Not every combination that the document allows has a result; the error must say why.
        return [] if 400 <= status < 500 and b'"detail"' in content else [f"status {status}: {content[:300]!r}"]
    if request.accept == SAFETENSORS:
        return [f"{name} is not finite" for name, array in load(content).items() if not np.isfinite(array).all()]
    if request.accept != "application/json":
        return []
    method, path = request.operation.split(" ")
    described = document["paths"][path][method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
    return list(_wrong(json.loads(content), described, document, "response"))


def _wrong(value: Any, schema: Schema, document: Schema, path: str) -> Iterator[str]:
    """Where a value is null, or no finite number, and its schema promises one."""
    schema = resolve(schema, document)
    options = schema.get("anyOf")
    if options is not None:
        if all(next(_wrong(value, option, document, path), None) is not None for option in options):
            yield f"{path} is {str(value)[:80]}, which is none of its types"
        return
    kind = schema.get("type")
    if kind in ("number", "integer"):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield f"{path} is {str(value)[:80]}, not a number"
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{path} is {str(value)[:80]}, not a list"
            return
        for index, item in enumerate(value):
            yield from _wrong(item, schema.get("items", {}), document, f"{path}[{index}]")
    elif kind == "object" or "properties" in schema:
        if not isinstance(value, dict):
            yield f"{path} is {str(value)[:80]}, not an object"
            return
        for name in schema.get("required", []):
            if name not in value:
                yield f"{path}.{name} is missing"
        for name, content in value.items():
            if name in schema.get("properties", {}):
                yield from _wrong(content, schema["properties"][name], document, f"{path}.{name}")
    elif kind == "string" and not isinstance(value, str):
        yield f"{path} is {str(value)[:80]}, not a text"
