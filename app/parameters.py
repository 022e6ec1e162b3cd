"""Query parameters: one pydantic model for each operation, read in one step by one function.

As parameters and dependencies of FastAPI, one by one, they cost a request several times as much as the network does.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Annotated, Any, Self, get_args

from fastapi import Path, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams

from app.codecs.colormaps import Theme
from app.codecs.media_types import PNG, TENSORS
from app.codecs.tensor_file import Dtype
from app.comparison import compared_models
from app.context import Context
from app.errors import InvalidInput, OneLayerRequired
from app.formats import ResponseFormat, choose_format
from app.problems import invalid_input
from app.served_network import ServedNetwork
from app.settings import DEFAULT_MODEL

ModelPath = Annotated[str, Path(description="Id of a model.", examples=[DEFAULT_MODEL])]


def owner_of(request: Request) -> str:
    """The token of whoever uploaded or started something: ``Authorization: Bearer <owner>``; empty without one."""
    scheme, _, owner = request.headers.get("authorization", "").partition(" ")
    return owner.strip() if scheme.lower() == "bearer" else ""


def split_commas(value: Any) -> Any:
    """A list of the parts of a text, for a field that takes several values; anything else as it is."""
    return value.split(",") if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(split_commas)]
"""Names separated by commas, or a parameter that is repeated."""


REMEMBERED_BYTES = 200
"""A longer query is read anew."""


class Parameters(BaseModel):
    """The query parameters of an operation."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read the query of a request.

        A parameter that takes several names may be repeated; any other parameter may be given once.

        Raises:
            InvalidInput: A value is out of range or a parameter is repeated; the message names it.
        """
        query: bytes = request.scope["query_string"]
        # The page and programs send the same few queries again and again.
        read = cls._read_before if len(query) <= REMEMBERED_BYTES else cls._read
        return read(query)

    @classmethod
    @lru_cache(maxsize=512)
    def _read_before(cls, query: bytes) -> Self:
        return cls._read(query)

    @classmethod
    def _read(cls, query: bytes) -> Self:
        given: dict[str, str] = {}
        for name, value in QueryParams(query).multi_items():
            if name not in given:
                given[name] = value
            elif name in _names_of(cls):
                given[name] += f",{value}"
            elif name in cls.model_fields:
                raise InvalidInput(f"query.{name}: given more than once; it takes one value.")
        try:
            parameters = cls.model_validate(given)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False, include_context=False)
            raise invalid_input([{**each, "loc": ("query", *each["loc"])} for each in errors]) from None
        for name in _names_of(cls):
            if given.get(name, "x").strip(",") == "":
                raise InvalidInput(f"{name} is empty; name one or more {name}, or leave it out.")
        return parameters

    @classmethod
    def described(cls) -> list[dict[str, Any]]:
        """The parameters as OpenAPI lists them."""
        schema = cls.model_json_schema()
        described = []
        for name, field in schema["properties"].items():
            own = _without_null(field)
            entry = {"name": name, "in": "query", "required": name in schema.get("required", [])}
            described.append({**entry, "description": own.pop("description"), "schema": own})
            if name in _names_of(cls):
                described[-1].update(style="form", explode=False)
        return described


class ModelParameter(Parameters):
    """Of an operation on one network."""

    model: str | None = Field(None, description="Id of a model; left out: the default model.", examples=[DEFAULT_MODEL])

    def network_of(self, context: Context) -> ServedNetwork:
        """The model; raises UnknownModel."""
        return context.model(self.model)


class ModelsParameter(Parameters):
    """Of an operation that compares networks."""

    models: Names | None = Field(
        None, description="Ids of models, separated by commas; left out: the compared shipped models."
    )

    def networks_of(self, context: Context) -> list[ServedNetwork]:
        """The models, each once; raises UnknownModel."""
        return compared_models(context.models, self.models)


class CheckpointParameter(Parameters):
    """Of an operation that takes a network's weights during training."""

    checkpoint: int | None = Field(
        None, description="Training step to take the weights of; left out: the finished weights.", examples=[686]
    )

    def at_checkpoint(self, served: ServedNetwork) -> ServedNetwork:
        """The model as it was after the training step; raises UnknownCheckpoint."""
        return served if self.checkpoint is None else served.at(self.checkpoint)


class DtypeParameter(Parameters):
    """Of an operation whose response can be had as tensors."""

    dtype: Dtype = Field(
        "float32",
        description="For safetensors and npz; JSON always has full precision. float16 ends at ±65,504: larger numbers "
        "become that.",
    )

    def format_of(self, request: Request) -> ResponseFormat:
        """JSON, safetensors or npz; raises NotAcceptable."""
        return ResponseFormat(choose_format(request, TENSORS), self.dtype)


class PictureParameters(DtypeParameter):
    """Of an operation whose response can be had as a PNG, too."""

    filter: int | None = Field(None, description="Include this filter alone; of one layer.")
    zoom: int = Field(4, ge=1, le=16, description="For a PNG: pixels along each side of a cell.")
    theme: Theme = Field("light", description="For a PNG: the ground that zero takes the color of.")

    def format_of(self, request: Request) -> ResponseFormat:
        """JSON, safetensors, npz or PNG; raises NotAcceptable."""
        media_type = choose_format(request, [*TENSORS, PNG])
        return ResponseFormat(media_type, self.dtype, self.filter, self.zoom, self.theme)


class LayersParameter(Parameters):
    """Of an operation that responds with feature maps of some layers."""

    layers: Names | None = Field(
        None, description="Names of layers, separated by commas; left out: every layer.", examples=[["conv1", "relu1"]]
    )

    def layers_of(self, served: ServedNetwork) -> list[str]:
        """Names of known layers in the order of the request, each once; raises UnknownLayer."""
        return list(served.layers) if self.layers is None else served.choose_layers(self.layers)


def require_one_layer(served: ServedNetwork, layers: Sequence[str], wanted: ResponseFormat) -> None:
    """Raises OneLayerRequired or UnknownFilter unless these layers can be shown as a PNG or by one filter."""
    if wanted.media_type != PNG and wanted.filter is None:
        return
    if len(layers) != 1:
        what = "A PNG shows the maps" if wanted.media_type == PNG else "A filter belongs to the maps"
        raise OneLayerRequired(
            f"{what} of exactly one layer, but {len(layers)} were requested: add ?layers={layers[0]}.",
            layers=list(served.layers),
        )
    if wanted.filter is not None:
        served.require_filter(layers[0], wanted.filter)


@cache
def _names_of(kind: type[Parameters]) -> frozenset[str]:
    """The parameters that take several names."""
    return frozenset(
        name
        for name, field in kind.model_fields.items()
        if field.annotation == list[str] or Names in get_args(field.annotation)
    )


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A field's schema without what a query cannot say: null, a title, a default of null."""
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    merged = {**schema, **options[0]} if len(options) == 1 else dict(schema)
    left_out = {"title"} | ({"anyOf"} if len(options) == 1 else set())
    return {key: value for key, value in merged.items() if key not in left_out and (key, value) != ("default", None)}
