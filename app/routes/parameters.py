"""How an answer is wanted: the query parameters and the Accept header that several operations share."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field, ValidationError

from app.codecs.colormaps import Theme
from app.codecs.media_types import PNG, TENSORS, negotiate
from app.codecs.tensor_file import Dtype
from app.dependencies import CatalogDep
from app.errors import InvalidInput, OneLayerRequired
from app.problems import invalid_input
from app.services.network_catalog import NetworkCatalog, ServedNetwork

ModelQuery = Annotated[str, Query(description="Id of a model.")]
DtypeQuery = Annotated[Dtype, Query(description="For safetensors and npz; JSON always has full precision.")]


@dataclass(frozen=True)
class AnswerFormat:
    """The format of an answer with feature maps or kernels.

    Attributes:
        media_type: JSON, safetensors, npz or PNG.
        dtype: Of the floating-point numbers in safetensors and npz; JSON always has full precision.
        filter: The only filter to answer; None: all.
        zoom: For a PNG: pixels along each side of a cell.
        theme: For a PNG: the ground that zero takes the color of.
    """

    media_type: str
    dtype: Dtype
    filter: int | None
    zoom: int
    theme: Theme


async def get_answer_format(
    request: Request,
    dtype: DtypeQuery = "float32",
    filter: Annotated[int | None, Query(description="Answer this filter alone; of one layer.")] = None,
    zoom: Annotated[int, Query(ge=1, le=16, description="For a PNG: pixels along each side of a cell.")] = 4,
    theme: Annotated[Theme, Query(description="For a PNG: the ground that zero takes the color of.")] = "light",
) -> AnswerFormat:
    """Raises NotAcceptable if the Accept header allows none of the formats."""
    media_type = negotiate(request.headers.get("accept"), [*TENSORS, PNG])
    return AnswerFormat(media_type, dtype, filter, zoom, theme)


async def get_networks(
    catalog: CatalogDep,
    models: Annotated[
        str | None,
        Query(description="Ids of models, separated by commas; left out: every model.", examples=["cnn,mlp-500"]),
    ] = None,
) -> list[ServedNetwork]:
    """The models asked for, each once."""
    if models is None:
        return list(catalog.networks.values())
    if not models.strip(","):
        raise InvalidInput("models is empty; name one or more models, or leave it out for all of them.")
    return [catalog[name] for name in dict.fromkeys(models.split(","))]


class MapsParameters(BaseModel):
    """The query of an operation that answers with feature maps.

    Read in one go: as parameters and dependencies of FastAPI, one by one, they cost a request several times as much as
    the network does.
    """

    layers: str | None = Field(
        None,
        description="Names of layers, separated by commas; left out: every layer.",
        examples=["conv1,relu1"],
    )
    checkpoint: int | None = Field(
        None, description="Training step to take the weights of; left out: the finished ones.", examples=[625]
    )
    dtype: Dtype = Field("float32", description="For safetensors and npz; JSON always has full precision.")
    filter: int | None = Field(None, description="Answer this filter alone; of one layer.")
    zoom: int = Field(4, ge=1, le=16, description="For a PNG: pixels along each side of a cell.")
    theme: Theme = Field("light", description="For a PNG: the ground that zero takes the color of.")

    @classmethod
    def of(cls, request: Request) -> "MapsParameters":
        """Raises InvalidInput, naming what is out of range."""
        try:
            return cls.model_validate(dict(request.query_params))
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False, include_context=False)
            raise invalid_input([{**each, "loc": ("query", *each["loc"])} for each in errors]) from None

    @classmethod
    def described(cls) -> list[dict[str, Any]]:
        """As OpenAPI lists them."""
        properties = cls.model_json_schema()["properties"]
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "schema": {key: value for key, value in schema.items() if key != "description"},
                "description": schema["description"],
            }
            for name, schema in properties.items()
        ]

    def network_of(self, catalog: NetworkCatalog, model: str) -> ServedNetwork:
        """The model, as it was after the training step; raises UnknownModel or UnknownCheckpoint."""
        served = catalog[model]
        return served if self.checkpoint is None else served.at(self.checkpoint)

    def layers_of(self, served: ServedNetwork) -> list[str]:
        """Names of known layers in the order asked for, each once; raises UnknownLayer."""
        if self.layers is None:
            return list(served.layers)
        if not self.layers.strip(","):
            raise InvalidInput("layers is empty; name one or more layers, or leave it out for all of them.")
        return served.choose_layers(self.layers.split(","))

    def require_one_layer(self, served: ServedNetwork, layers: list[str], wanted: AnswerFormat) -> None:
        """Raises OneLayerRequired or UnknownFilter if a picture or a filter of these layers makes no sense."""
        if wanted.media_type != PNG and wanted.filter is None:
            return
        if len(layers) != 1:
            what = "A PNG shows the maps" if wanted.media_type == PNG else "A filter is one"
            raise OneLayerRequired(
                f"{what} of exactly one layer, and {len(layers)} are asked for: add ?layers={layers[0]}.",
                layers=list(served.layers),
            )
        if wanted.filter is not None:
            served.require_filter(layers[0], wanted.filter)

    def format_for(self, request: Request) -> AnswerFormat:
        """Raises NotAcceptable if the Accept header allows none of the formats."""
        media_type = negotiate(request.headers.get("accept"), [*TENSORS, PNG])
        return AnswerFormat(media_type, self.dtype, self.filter, self.zoom, self.theme)


NetworksDep = Annotated[list[ServedNetwork], Depends(get_networks)]
AnswerFormatDep = Annotated[AnswerFormat, Depends(get_answer_format)]
