import json
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.codecs.array_schema import Array, Maps, Pixels, value_range
from app.codecs.media_types import JSON, SAFETENSORS
from app.formats import ResponseFormat, encode_response


@dataclass(frozen=True)
class Layer:
    """A layer of a model."""

    name: str
    range: tuple[float, float]
    change: Maps
    weight: Annotated[NDArray[np.float32], Array("rows")] | None


@dataclass(frozen=True)
class Model:
    """A model of a response."""

    id: str
    layers: list[Layer]


@dataclass(frozen=True)
class Digit:
    """A digit of a response."""

    pixels: Pixels
    row: int


@dataclass(frozen=True)
class Response:
    """A response with arrays at every depth."""

    input: Digit
    shifted: Annotated[NDArray[np.float32], Array("H", "W")]
    losses: list[float]
    models: list[Model]
    _hidden: int = 7


def response() -> Response:
    maps = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    conv1 = Layer("conv1", value_range(maps), maps, np.ones(2, np.float32))
    relu1 = Layer("relu1", value_range(maps), -maps, None)
    square = np.eye(2, dtype=np.float32)
    return Response(Digit(square, 3), square, [0.5, 0.25], [Model("m", [conv1, relu1])])


def test_json_is_the_response_field_by_field():
    written = json.loads(encode_response(response(), ResponseFormat(JSON)))

    assert list(written) == ["input", "shifted", "losses", "models"]
    assert written["input"] == {"pixels": [[1, 0], [0, 1]], "row": 3}
    layer = written["models"][0]["layers"][0]
    assert layer == {"name": "conv1", "range": [0, 7], "change": [[[0, 1], [2, 3]], [[4, 5], [6, 7]]], "weight": [1, 1]}


def test_json_is_as_its_schema_says():
    adapter = TypeAdapter(Response)
    written = json.loads(encode_response(response(), ResponseFormat(JSON)))

    assert adapter.validate_python(written).models[0].layers[0].name == "conv1"
    properties = adapter.json_schema(mode="serialization")["$defs"]["Layer"]["properties"]
    assert properties["change"]["description"] == "[F][H][W]"
    assert properties["change"]["items"]["items"]["items"] == {"type": "number"}


def test_every_declared_array_is_a_tensor_named_by_its_path():
    body = encode_response(response(), ResponseFormat(SAFETENSORS), metadata={"sequence": "3"})

    tensors = load(body)
    assert set(tensors) == {"input", "shifted", "m/conv1", "m/conv1/weight", "m/relu1"}
    np.testing.assert_array_equal(tensors["m/relu1"], -np.arange(8).reshape(2, 2, 2))
    header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])["__metadata__"]
    assert header["sequence"] == "3"
    assert json.loads(header["response"]) == {
        "input": {"row": 3},
        "losses": [0.5, 0.25],
        "models": [{"id": "m", "layers": [{"name": "conv1", "range": [0, 7]}, {"name": "relu1", "range": [0, 7]}]}],
    }
