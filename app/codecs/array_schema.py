"""How an array in a response is described: its axes, its name as a tensor, and the JSON schema that follows.

A response is a dataclass with annotated arrays: ``Annotated[NDArray[np.float32], Array("F", "H", "W")]``. The JSON
schema, the OpenAPI document and the tensors of a binary response all follow from that one declaration.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, init=False)
class Array:
    """Marks a field that holds an array.

    Attributes:
        axes: A name for each axis, outermost first.
        is_main: Whether it is the main array of its object: the tensor then has the object's own name.
        integer: Whether it holds integers.
        description: What the numbers are; the axes are added.
    """

    axes: tuple[str, ...]
    is_main: bool
    integer: bool
    description: str

    def __init__(self, *axes: str, is_main: bool = False, integer: bool = False, description: str = "") -> None:
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "is_main", is_main)
        object.__setattr__(self, "integer", integer)
        object.__setattr__(self, "description", description)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: CoreSchema = core_schema.int_schema() if self.integer else core_schema.float_schema()
        for _axis in self.axes:
            schema = core_schema.list_schema(schema)
        return schema

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        axes = "".join(f"[{axis}]" for axis in self.axes)
        return {**handler(schema), "description": f"{axes} {self.description}".rstrip()}


def value_range(array: NDArray[Any]) -> tuple[float, float]:
    """Lowest and highest value; of a contiguous array, in half the time that its minimum and maximum take."""
    values = array.ravel()
    return float(values[values.argmin()]), float(values[values.argmax()])


Classes = Annotated[NDArray[np.float32], Array("classes")]
Pixels = Annotated[NDArray[np.float32], Array("H", "W", is_main=True, description="0 paper to 1 ink.")]
Maps = Annotated[NDArray[np.float32], Array("F", "H", "W", is_main=True)]
