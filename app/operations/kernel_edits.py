"""A network with edited kernels: POST /experiments/kernel-edits and /experiments/kernel-edits/accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.codecs.media_types import JSON, PNG, TENSORS
from app.codecs.tensor_json import decode_kernel
from app.context import context_of
from app.digit_input import BODY_ERRORS, DIGIT_ERRORS, DigitRequest, Position, read_body, source_of
from app.documentation import documented, request_body
from app.errors import (
    InvalidInput,
    LayerWithoutKernels,
    NotAcceptable,
    OneLayerRequired,
    RequestTooSlow,
    ServerBusy,
    UnknownCheckpoint,
    UnknownFilter,
    UnknownLayer,
    UnknownModel,
    sentence,
)
from app.formats import send, send_json
from app.forward import FeatureMapsResponse, encode_feature_maps, forward
from app.framing import scaled_digits
from app.operations import API
from app.parameters import CheckpointParameter, LayersParameter, ModelParameter, PictureParameters, require_one_layer
from app.sample_catalog import SampleCatalog
from app.served_network import ServedNetwork
from model.errors import ParameterError
from model.experiments import kernel_edits as experiment
from model.layers import Conv2d
from model.network import Network

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])

MAX_EDITS = 64

MEASURED_DIGITS = 1000
"""Test digits that the accuracy is measured on."""

BATCH_SIZE = 250

Weight = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]

_EDITS = [
    {"layer": "conv1", "filter": 0, "ablate": True},
    {"layer": "conv1", "filter": 3, "bias": 5, "row": 9, "column": 20},
]
MAPS_EXAMPLES = {
    "edits": {"summary": "A filter turned off, and the bias of one neuron", "value": {"sample": 0, "edits": _EDITS}}
}
ACCURACY_EXAMPLES = {"edits": {"summary": "A filter turned off", "value": {"edits": _EDITS[:1]}}}


class KernelEditsParameters(ModelParameter, PictureParameters, CheckpointParameter, LayersParameter):
    """The model, and the query of feature maps."""


class EditedAccuracyParameters(ModelParameter, CheckpointParameter):
    """The model, and the training step of its weights."""


class KernelEdit(BaseModel):
    """A change to one filter."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    layer: str = Field(max_length=100, description="Name of a layer with kernels.")
    filter: Position = Field(description="Number of the filter, from 0.")
    kernel: list[list[list[Weight]]] | None = Field(
        None, description="[C][kH][kW], the new kernel; left out: it stays as it is."
    )
    bias: Weight | None = Field(None, description="The new bias; left out: it stays as it is.")
    ablate: bool = Field(False, description="Set kernel and bias to zero, so that the filter's map is zero.")
    row: Position | None = Field(
        None,
        description="With `column`: change only the neuron at this position of the map. The layer's weights are then "
        "unshared.",
    )
    column: Position | None = Field(None, description="Column of the neuron, with `row`.")

    @model_validator(mode="after")
    def _require_whole_position(self) -> "KernelEdit":
        if (self.row is None) != (self.column is None):
            raise PydanticCustomError("whole_position", "a position is a row and a column: give both, or neither")
        return self

    def decode(self) -> experiment.KernelEdit:
        """The edit with the kernel as an array; raises InvalidInput if its rows are not equally long."""
        return experiment.KernelEdit(
            layer=self.layer,
            filter=self.filter,
            kernel=None if self.kernel is None else decode_kernel(self.kernel),
            bias=self.bias,
            ablate=self.ablate,
            position=None if self.row is None or self.column is None else (self.row, self.column),
        )


Edits = Annotated[list[KernelEdit], Field(max_length=MAX_EDITS, description="Applied one after the other.")]


class EditedMapsRequest(DigitRequest):
    """One digit, as for feature maps, and the changes to the network."""

    edits: Edits


class EditedAccuracyRequest(BaseModel):
    """The changes to the network."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    edits: Edits


@dataclass(frozen=True)
class EditedAccuracyResponse:
    """How edits change the accuracy on test digits."""

    model: str
    digits: Annotated[int, Field(description="How many were classified: the first of MNIST's test digits.")]
    errors: Annotated[int, Field(description="Of the edited network.")]
    accuracy: Annotated[float, Field(description="Of the edited network.")]
    unedited_errors: int
    unedited_accuracy: float


@router.post(
    "/kernel-edits",
    summary="Compute feature maps with edited kernels",
    **documented(
        FeatureMapsResponse,
        [*TENSORS, PNG],
        *DIGIT_ERRORS,
        UnknownFilter,
        LayerWithoutKernels,
        NotAcceptable,
        OneLayerRequired,
        parameters=KernelEditsParameters,
        body=request_body(EditedMapsRequest, MAPS_EXAMPLES),
    ),
)
async def compute_edited_feature_maps(request: Request) -> Response:
    """The prediction and the feature maps for a digit, computed with some kernels changed.

    Formats and members are those of the feature maps of a model; the server keeps nothing of the edits. An edit with
    `row` and `column` changes one neuron: the weights of its layer are then unshared.
    """
    context, parameters = context_of(request), KernelEditsParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    layers, wanted = parameters.layers_of(served), parameters.format_of(request)
    require_one_layer(served, layers, wanted)
    body = await read_body(EditedMapsRequest, request, context.settings)

    def compute() -> bytes:
        edited = served.with_network(edited_network(served, body.edits))
        source = source_of(body, context.samples, context.settings)
        return encode_feature_maps(forward(edited, source, body.framing, layers), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


@router.post(
    "/kernel-edits/accuracy",
    summary="Measure the accuracy with edited kernels",
    **documented(
        EditedAccuracyResponse,
        [JSON],
        *BODY_ERRORS,
        RequestTooSlow,
        UnknownModel,
        UnknownCheckpoint,
        UnknownLayer,
        UnknownFilter,
        LayerWithoutKernels,
        ServerBusy,
        parameters=EditedAccuracyParameters,
        body=request_body(EditedAccuracyRequest, ACCURACY_EXAMPLES),
    ),
)
async def measure_edited_accuracy(request: Request) -> Response:
    """The errors on the first 1,000 test digits with the edits and without."""
    context = context_of(request)
    parameters = EditedAccuracyParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    body = await read_body(EditedAccuracyRequest, request, context.settings)
    return send_json(await context.slow_pool.run(lambda: measure_accuracy(served, body.edits, context.samples)))


def has_convolutions(served: ServedNetwork) -> bool:
    """Whether any layer has kernels that a whole map shares."""
    return any(layer.kind == Conv2d.kind for layer in served.layers.values())


def edited_network(served: ServedNetwork, edits: Sequence[KernelEdit]) -> Network:
    """The network after the edits.

    Raises:
        UnknownLayer: An edit names no layer.
        LayerWithoutKernels: It names one that has no weights.
        UnknownFilter: It names no filter of the layer.
        InvalidInput: It does not fit the layer otherwise.
    """
    for edit in edits:
        served.require_kernels(edit.layer)
        served.require_filter(edit.layer, edit.filter)
    try:
        return experiment.edit_kernels(served.artifact.network, [edit.decode() for edit in edits])
    except ParameterError as error:
        raise InvalidInput(sentence(error)) from None


def measure_accuracy(
    served: ServedNetwork, edits: Sequence[KernelEdit], samples: SampleCatalog
) -> EditedAccuracyResponse:
    """Classify test digits with the edited network and with the network itself."""
    count = min(MEASURED_DIGITS, len(samples))
    tensors = samples.tensors(list(range(count)))
    images = served.artifact.network.images_of(scaled_digits(tensors["images"], served.input_size))

    def errors_of(network: Network) -> int:
        batches = [network.forward(images[begin : begin + BATCH_SIZE])[0] for begin in range(0, count, BATCH_SIZE)]
        return int(np.count_nonzero(np.concatenate(batches).argmax(axis=1) != tensors["labels"]))

    errors, unedited_errors = errors_of(edited_network(served, edits)), errors_of(served.artifact.network)
    return EditedAccuracyResponse(
        model=served.name,
        digits=count,
        errors=errors,
        accuracy=1 - errors / count,
        unedited_errors=unedited_errors,
        unedited_accuracy=1 - unedited_errors / count,
    )
