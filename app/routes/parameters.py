"""How an answer is wanted: the query parameters and the Accept header that several operations share."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from app.codecs.colormaps import Theme
from app.codecs.media_types import PNG, TENSORS, negotiate
from app.codecs.tensor_file import Dtype
from app.dependencies import CatalogDep
from app.errors import InvalidInput
from app.services.network_catalog import ServedNetwork

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


NetworksDep = Annotated[list[ServedNetwork], Depends(get_networks)]
AnswerFormatDep = Annotated[AnswerFormat, Depends(get_answer_format)]
