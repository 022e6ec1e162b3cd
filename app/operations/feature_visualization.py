"""Feature visualization, measured beforehand: GET /models/{model}/layers/{layer}/filters and one filter of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import TENSORS
from app.codecs.tensor_json import encode_json_text
from app.context import context_of
from app.documentation import documented
from app.errors import (
    InvalidInput,
    NotAcceptable,
    NotMeasured,
    ServerBusy,
    UnknownFilter,
    UnknownLayer,
    UnknownModel,
)
from app.formats import encode_response, send
from app.measurements import Measurements
from app.operations import API
from app.parameters import DtypeParameter, ModelPath
from app.sample_catalog import SampleCatalog
from app.served_network import ServedNetwork
from model.arrays import Float32
from model.experiments.feature_visualization import LayerVisualization
from model.geometry import Box, ReceptiveField

router = APIRouter(prefix=API, tags=["Explanations"])

ERRORS = (UnknownModel, UnknownLayer, NotMeasured, NotAcceptable, InvalidInput, ServerBusy)

LayerPath = Annotated[str, Path(description="Name of a convolution.", examples=["conv1"])]


@dataclass(frozen=True)
class FiltersResponse:
    """Feature visualization of a layer's filters."""

    model: str
    layer: str
    receptive_field: ReceptiveField
    strongest: Annotated[
        Float32, Array("F", description="The largest pre-activation of each filter on any test digit.")
    ]
    mean_patches: Annotated[
        Float32, Array("F", "sH", "sW", description="Of each filter; see the operation for one filter.")
    ]


@dataclass(frozen=True)
class ActivatingPatch:
    """A test digit that activates a filter, and the neuron with the largest pre-activation."""

    sample: Annotated[int, Field(description="Index of the test digit.")]
    label: Annotated[int, Field(description="The label of the test digit.")]
    row: Annotated[int, Field(description="Of the neuron, in the feature map.")]
    column: Annotated[int, Field(description="Of the neuron, in the feature map.")]
    pre_activation: Annotated[float, Field(description="Of the neuron.")]
    box: Annotated[Box, Field(description="The receptive field of the neuron; it may reach into the padding.")]


@dataclass(frozen=True)
class FilterResponse:
    """Feature visualization of one filter."""

    model: str
    layer: str
    filter: int
    receptive_field: ReceptiveField
    strongest: Annotated[
        list[ActivatingPatch],
        Field(description="Strongest first, at most nine, each in another test digit; empty for a dead filter."),
    ]
    reached: Annotated[float, Field(description="The pre-activation of the middle neuron for the maximizing image.")]
    mean_patch: Annotated[
        Float32,
        Array(
            "sH",
            "sW",
            description="Mean of the patches that its strongest neuron sees in the 100 digits that activate it most; "
            "0 beyond the border.",
        ),
    ]
    maximizing_image: Annotated[
        Float32, Array("H", "W", description="Ink that activation maximization found for the middle neuron.")
    ]
    _digits: Annotated[Annotated[Float32, Array("n", "28", "28")] | None, Field(exclude=True)] = None
    """(strongest, 28, 28) float32, those test digits: in files of tensors only."""

    def tensors(self) -> dict[str, Float32]:
        """`digits`, `mean_patch` and `maximizing_image`."""
        assert self._digits is not None  # noqa: S101 - set by `filter_response`
        return {"digits": self._digits, "mean_patch": self.mean_patch, "maximizing_image": self.maximizing_image}

    def metadata(self) -> Mapping[str, str]:
        """The rest as JSON under `response`."""
        rest = {
            "model": self.model,
            "layer": self.layer,
            "filter": self.filter,
            "receptive_field": self.receptive_field,
            "strongest": self.strongest,
            "reached": self.reached,
        }
        return {"response": encode_json_text(rest)}


@router.get(
    "/models/{model}/layers/{layer}/filters",
    summary="Visualize all filters of a layer",
    **documented(FiltersResponse, TENSORS, *ERRORS, parameters=DtypeParameter),
)
async def get_filters(request: Request, model: ModelPath, layer: LayerPath) -> Response:
    """For each filter, the mean of the patches that activate it most, and its largest pre-activation.

    It was measured beforehand, for one model.
    """
    context = context_of(request)
    served, wanted = context.models[model], DtypeParameter.of(request).format_of(request)
    measured = layer_visualization(served, layer, context.measurements)

    def compute() -> bytes:
        response = FiltersResponse(served.name, layer, measured.field, measured.strongest, measured.mean_patches)
        return encode_response(response, wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


@router.get(
    "/models/{model}/layers/{layer}/filters/{filter}",
    summary="Visualize a filter",
    **documented(FilterResponse, TENSORS, *ERRORS, UnknownFilter, parameters=DtypeParameter),
)
async def get_filter(
    request: Request,
    model: ModelPath,
    layer: LayerPath,
    filter: Annotated[int, Path(description="Its number, from 0.", examples=[3])],
) -> Response:
    """The nine test digits that activate it most, the mean of such patches, and the result of activation maximization.

    It was measured beforehand, for one model. safetensors and npz hold `digits` [9, 28, 28], `mean_patch` and
    `maximizing_image`; their metadata holds the rest as JSON under `response`.
    """
    context = context_of(request)
    served, wanted = context.models[model], DtypeParameter.of(request).format_of(request)

    def compute() -> bytes:
        return encode_response(filter_response(served, layer, filter, context.measurements, context.samples), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


def layer_visualization(served: ServedNetwork, layer: str, measurements: Measurements) -> LayerVisualization:
    """The feature visualization of a layer's filters.

    Raises:
        UnknownLayer: There is no such layer.
        NotMeasured: Its filters were not visualized.
    """
    served.require_layer(layer)
    measured = measurements.visualizations(served.name)
    if layer not in measured:
        raise NotMeasured(f"Layer {layer} of model {served.name} was not measured; these were: {', '.join(measured)}.")
    return measured[layer]


def filter_response(
    served: ServedNetwork, layer: str, number: int, measurements: Measurements, samples: SampleCatalog
) -> FilterResponse:
    """The feature visualization of one filter.

    Raises:
        UnknownLayer: There is no such layer.
        UnknownFilter: There is no such filter.
        NotMeasured: The layer's filters were not visualized.
    """
    measured = layer_visualization(served, layer, measurements)
    served.require_filter(layer, number)
    patches = []
    for sample, (row, column), pre_activation in zip(
        measured.samples[number].tolist(),
        measured.positions[number].tolist(),
        measured.pre_activations[number].tolist(),
        strict=True,
    ):
        if sample >= 0:
            box = measured.field.box_at(row, column)
            patches.append(ActivatingPatch(sample, samples[sample].label, row, column, pre_activation, box))
    digits = [samples[patch.sample].ink.astype(np.float32) / np.float32(255) for patch in patches]
    none = np.zeros((0, *measured.maximizing_images.shape[1:]), np.float32)
    return FilterResponse(
        model=served.name,
        layer=layer,
        filter=number,
        receptive_field=measured.field,
        strongest=patches,
        reached=float(measured.reached[number]),
        mean_patch=measured.mean_patches[number],
        maximizing_image=measured.maximizing_images[number],
        _digits=np.stack(digits) if digits else none,
    )
