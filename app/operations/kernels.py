"""GET /models/{model}/layers/{layer}/kernels: the weights and biases of a layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array, value_range
from app.codecs.media_types import PNG, TENSORS
from app.codecs.tensor_json import encode_json_text
from app.codecs.tensor_png import encode_kernels
from app.context import context_of
from app.documentation import documented
from app.errors import (
    InvalidInput,
    LayerWithoutKernels,
    NotAcceptable,
    PictureTooLarge,
    ServerBusy,
    UnknownCheckpoint,
    UnknownFilter,
    UnknownLayer,
    UnknownModel,
    UnknownNeuron,
)
from app.formats import ResponseFormat, encode_response, send
from app.operations import API
from app.parameters import CheckpointParameter, ModelPath, PictureParameters
from app.served_network import Kernels
from model.arrays import Float32

router = APIRouter(prefix=API, tags=["Models"])

SharedKernels = Annotated[Float32, Array("F", "C", "kH", "kW")]
UnsharedKernels = Annotated[
    Float32, Array("F", "H", "W", "C", "kH", "kW", description="Of a layer with unshared weights.")
]
SharedBiases = Annotated[Float32, Array("F")]
UnsharedBiases = Annotated[Float32, Array("F", "H", "W", description="Of a layer with unshared weights.")]

ERRORS = (
    UnknownModel,
    UnknownCheckpoint,
    UnknownLayer,
    LayerWithoutKernels,
    UnknownFilter,
    UnknownNeuron,
    NotAcceptable,
    PictureTooLarge,
    InvalidInput,
    ServerBusy,
)


class KernelsParameters(PictureParameters, CheckpointParameter):
    """The query."""

    row: int | None = Field(None, description="Row of a neuron in the feature maps; with `column`.")
    column: int | None = Field(None, description="Column of a neuron in the feature maps; with `row`.")

    def position(self) -> tuple[int, int] | None:
        """Row and column; raises InvalidInput if only one of them was given."""
        if (self.row is None) != (self.column is None):
            raise InvalidInput("A position is a row and a column: give both, or none.")
        return None if self.row is None or self.column is None else (self.row, self.column)


@dataclass(frozen=True)
class KernelsResponse:
    """The weights and biases of one layer."""

    model: str
    layer: str
    shape: Annotated[
        list[int],
        Field(
            description="[F, C, kH, kW]; a linear layer's kernel is as large as its input. "
            "[F, H, W, C, kH, kW] where each position has its own kernels."
        ),
    ]
    range: Annotated[tuple[float, float], Field(description="Lowest and highest weight of the layer.")]
    kernels: SharedKernels | UnsharedKernels
    biases: SharedBiases | UnsharedBiases

    def tensors(self) -> dict[str, Float32]:
        """`kernels` and `biases`."""
        return {"kernels": self.kernels, "biases": self.biases}

    def metadata(self) -> Mapping[str, str]:
        """`model` and `layer` as JSON."""
        return {"model": encode_json_text(self.model), "layer": encode_json_text(self.layer)}


@router.get(
    "/models/{model}/layers/{layer}/kernels",
    summary="Get a layer's kernels",
    **documented(KernelsResponse, [*TENSORS, PNG], *ERRORS, parameters=KernelsParameters),
)
async def get_kernels(
    request: Request,
    model: ModelPath,
    layer: Annotated[str, Path(description="Name of a layer with weights.", examples=["conv1"])],
) -> Response:
    """The weights and the bias of every filter.

    A layer with unshared weights has a kernel for each filter and position: [F, H, W, C, kH, kW]. With `row` and
    `column`, the response holds the kernels of that position alone, [F, C, kH, kW]; in a convolution they are the same
    everywhere.

    As a PNG: a row for each filter with a kernel for each input channel (a layer that reads one channel has eight
    filters to a row), in diverging colors, all in one range: the layer's largest weight. With `filter`, the response
    holds that filter's kernel and bias alone; `range` is still the layer's.
    """
    context = context_of(request)
    parameters = KernelsParameters.of(request)
    served = parameters.at_checkpoint(context.models[model])
    wanted = parameters.format_of(request)
    kernels = served.kernels(layer, parameters.position())
    _require_picture(layer, kernels, wanted)
    chosen = slice(None)
    if wanted.filter is not None:
        served.require_filter(layer, wanted.filter)
        chosen = slice(wanted.filter, wanted.filter + 1)

    def compute() -> bytes:
        if wanted.media_type == PNG:
            return encode_kernels(kernels.kernels, wanted.filter, wanted.zoom, wanted.theme)
        weights, biases = kernels.kernels[chosen], kernels.biases[chosen]
        shape, extent = list(weights.shape), value_range(kernels.kernels)
        return encode_response(KernelsResponse(served.name, layer, shape, extent, weights, biases), wanted)

    # The kernels of a large layer have millions of weights, and a picture of them millions of pixels: no drawing waits.
    return send(await context.slow_pool.run(compute), wanted.media_type)


def _require_picture(layer: str, kernels: Kernels, wanted: ResponseFormat) -> None:
    """Raises InvalidInput if a PNG is wanted of kernels that differ between positions."""
    if wanted.media_type == PNG and kernels.kernels.ndim > 4:
        _filters, rows, columns, *_kernel = kernels.kernels.shape
        raise InvalidInput(
            f"Layer {layer} has separate kernels for each of {rows}×{columns} positions; a PNG shows those of one: "
            f"add ?row={rows // 2}&column={columns // 2}."
        )
