"""GET /experiments/layer-costs: what a layer costs if it is fully connected, local, or local with shared weights."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.media_types import JSON
from app.documentation import documented
from app.errors import InvalidInput
from app.formats import send_json
from app.operations import API
from app.parameters import Parameters
from model.digits.framing import FRAME_SIZE
from model.errors import ShapeError
from model.experiments.layer_costs import LayerCost, layer_costs

router = APIRouter(prefix=API, tags=["Experiments"])

INPUT_SHAPE = (1, FRAME_SIZE, FRAME_SIZE)


class LayerCostsParameters(Parameters):
    """The geometry of the layers."""

    kernel_size: int = Field(5, ge=1, le=15, description="Height and width of the kernel, in pixels.")
    stride: int = Field(1, ge=1, le=4, description="Step between patches, in pixels.")
    padding: int = Field(2, ge=0, le=7, description="Zeros around the digit, in pixels.")
    filters: int = Field(16, ge=1, le=64, description="Feature maps of the local layers.")
    features: int = Field(500, ge=1, le=2000, description="Neurons of the perceptron's layer.")


@dataclass(frozen=True)
class LayerCostsResponse:
    """The costs of four layers that read the same input."""

    input_shape: Annotated[tuple[int, int, int], Field(description="[C, H, W]")]
    layers: Annotated[list[LayerCost], Field(description="From all connections to few with shared weights.")]


@router.get(
    "/experiments/layer-costs",
    summary="Count what a layer costs",
    **documented(LayerCostsResponse, [JSON], InvalidInput, parameters=LayerCostsParameters),
)
async def get_layer_costs(request: Request) -> Response:
    """Outputs, parameters, multiply-adds, uses of each weight and gradients: fully connected, local, and shared.

    Each row is read from a layer of that geometry, of the same kind as in the models.
    """
    parameters = LayerCostsParameters.of(request)
    try:
        layers = layer_costs(INPUT_SHAPE, **parameters.model_dump())
    except ShapeError as error:
        raise InvalidInput(f"There is no such layer: {error}. Choose a smaller kernel or more padding.") from None
    return send_json(LayerCostsResponse(INPUT_SHAPE, layers))
