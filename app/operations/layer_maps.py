"""What each layer knows: GET /experiments/layer-knowledge, GET and POST /experiments/layer-map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from app.codecs.array_schema import Array
from app.codecs.media_types import JSON, PNG, TENSORS
from app.codecs.tensor_png import encode_digits
from app.context import Context, context_of
from app.digit_input import DIGIT_ERRORS, DigitRequest, read_body, source_maker
from app.documentation import SEVEN, documented, request_body
from app.errors import (
    InvalidInput,
    NotAcceptable,
    NotMeasured,
    ServerBusy,
    UnknownCheckpoint,
    UnknownLayer,
    UnknownModel,
)
from app.formats import ResponseFormat, choose_format, encode_response, send, send_json
from app.forward import Prediction, predicted
from app.framing import FramedDigit, FramingChoice, Source, frame
from app.layer_map_catalog import Placing
from app.operations import API
from app.parameters import CheckpointParameter, DtypeParameter, ModelParameter, Names
from app.scheduling import Length, run_by_length
from app.served_network import ServedNetwork
from model.arrays import Float32
from model.experiments.layer_maps import COMPONENTS, INPUT, MOST_LAYERS, nearest_points

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])

SHEET_COLUMNS = 50
"""Digits to a row of the PNG."""

PLACING_EXAMPLES = {
    "drawing": {"summary": "A drawing", "value": {"strokes": SEVEN}},
    "sample": {"summary": "A test digit", "value": {"sample": 1}},
}


class LayerMapParameters(DtypeParameter, CheckpointParameter, ModelParameter):
    """Which map, and how to write it."""

    layer: str = Field(INPUT, description="Name of a layer; `input` is the pixels.", examples=["relu1"])
    components: int = Field(COMPONENTS, ge=2, le=COMPONENTS, description="How many coordinates of each digit.")
    zoom: int = Field(1, ge=1, le=4, description="For a PNG: pixels along each side of a digit's pixel.")

    def format_of(self, request: Request) -> ResponseFormat:
        """JSON, safetensors, npz or PNG; raises NotAcceptable."""
        return ResponseFormat(choose_format(request, [*TENSORS, PNG]), self.dtype)


class PlacingParameters(DtypeParameter, CheckpointParameter, ModelParameter):
    """In which maps to place a digit."""

    layers: Names | None = Field(
        None,
        description="Names of layers, separated by commas; `input` is the pixels. Left out: the input and every ReLU.",
        examples=[["input", "relu1"]],
    )
    neighbors: int = Field(6, ge=1, le=50, description="How many of the nearest digits.")


@dataclass(frozen=True)
class LayerFigures:
    """How well digits can be distinguished by the activations of a layer."""

    name: str
    neurons: int
    nearest_neighbor: Annotated[
        float, Field(description="Share of the test digits whose nearest training digit has their class.")
    ]
    linear_probe: Annotated[
        float, Field(description="Share classified correctly by ridge regression on the activations.")
    ]
    penalty: Annotated[
        float,
        Field(description="Of the ridge regression, as a multiple of the mean squared length of the activations."),
    ]
    map_neighbor: Annotated[
        float, Field(description="Share of the map's digits whose nearest other digit in the map has their class.")
    ]
    variance: Annotated[list[float], Field(description="Share of the variance along each component of the map.")]


@dataclass(frozen=True)
class StepFigures:
    """The layers of a model at a training step."""

    step: int
    layers: list[LayerFigures]


@dataclass(frozen=True)
class ModelFigures:
    """A model at some steps of its training."""

    id: str
    steps: list[StepFigures]


@dataclass(frozen=True)
class LayerKnowledgeResponse:
    """How well digits can be distinguished in each layer; measured beforehand."""

    training_digits: Annotated[int, Field(description="Fitted to these training digits.")]
    test_digits: Annotated[int, Field(description="Tested on these test digits.")]
    map_digits: int
    components: int
    input: Annotated[LayerFigures, Field(description="Of the pixels, which are the same for every model and step.")]
    models: list[ModelFigures]
    date: str
    numpy_version: str
    python_version: str


@dataclass(frozen=True)
class LayerMapResponse:
    """Test digits as points in the space of a layer's activations."""

    model: str
    checkpoint: Annotated[int | None, Field(description="The training step; null: the finished weights.")]
    layer: str
    variance: Annotated[list[float], Field(description="Share of the variance along each component.")]
    indexes: Annotated[list[int], Field(description="The test digits.")]
    labels: Annotated[list[int], Field(description="Their classes.")]
    coordinates: Annotated[
        Float32, Array("digits", "components", description="Along the components, that of most variance first.")
    ]


@dataclass(frozen=True)
class Neighbor:
    """A test digit near the digit of the request."""

    index: int
    label: int
    distance: Annotated[float, Field(description="Euclidean, in all 32 components.")]


@dataclass(frozen=True)
class PlacedLayer:
    """Where the digit lies in the map of a layer."""

    name: str
    coordinates: Annotated[NDArray[np.float32], Array("components")]
    neighbors: Annotated[list[Neighbor], Field(description="Nearest first; the digit itself is left out.")]


@dataclass(frozen=True)
class PlacedDigitResponse:
    """Where a digit lies in the maps of layers."""

    model: str
    checkpoint: Annotated[int | None, Field(description="The training step; null: the finished weights.")]
    input: FramedDigit
    prediction: Annotated[Prediction | None, Field(description="null for a blank digit.")]
    layers: list[PlacedLayer]


_KNOWLEDGE = TypeAdapter(LayerKnowledgeResponse)


@router.get(
    "/layer-knowledge",
    summary="Get how well digits can be distinguished in each layer",
    **documented(LayerKnowledgeResponse, [JSON], NotMeasured),
)
async def get_layer_knowledge(request: Request) -> Response:
    """Nearest neighbor and linear probe in the input and every ReLU, at the first, middle and last step of training.

    Both are fitted to the 6,000 training digits that are shipped with the code and tested on all test digits.
    """
    return send_json(_KNOWLEDGE.validate_python(context_of(request).measurements.layer_knowledge))


@router.get(
    "/layer-map",
    summary="Get the map of a layer",
    **documented(
        LayerMapResponse,
        [*TENSORS, PNG],
        UnknownModel,
        UnknownCheckpoint,
        UnknownLayer,
        NotAcceptable,
        InvalidInput,
        ServerBusy,
        parameters=LayerMapParameters,
    ),
)
async def get_layer_map(request: Request) -> Response:
    """Test digits along the principal components of their activations in a layer.

    For the shipped models at the first, middle and last step, 2,000 digits measured beforehand; else 500 digits,
    computed when they are first requested. The components are computed without the labels. safetensors and npz hold
    `coordinates`; their metadata holds the rest as JSON under `response`. A PNG shows the digits themselves in the
    same order on one sheet, 50 to a row, without gaps.
    """
    context, parameters = context_of(request), LayerMapParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    wanted = parameters.format_of(request)
    context.layer_maps.require_layer(served, parameters.layer)

    def compute() -> bytes:
        found = context.layer_maps.map_of(served, parameters.layer)
        digits = context.samples.tensors(found.indexes.tolist())
        if wanted.media_type == PNG:
            return encode_digits(digits["images"], SHEET_COLUMNS, parameters.zoom)
        response = LayerMapResponse(
            model=served.name,
            checkpoint=served.checkpoint,
            layer=parameters.layer,
            variance=found.variance.tolist(),
            indexes=found.indexes.tolist(),
            labels=digits["labels"].tolist(),
            coordinates=found.coordinates[:, : parameters.components],
        )
        return encode_response(response, wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


@router.post(
    "/layer-map",
    summary="Place a digit in the maps of layers",
    **documented(
        PlacedDigitResponse,
        TENSORS,
        *DIGIT_ERRORS,
        NotAcceptable,
        parameters=PlacingParameters,
        body=request_body(DigitRequest, PLACING_EXAMPLES),
    ),
)
async def place_digit(request: Request) -> Response:
    """The digit's coordinates in the map of each layer, and the test digits that are nearest in all 32 components.

    safetensors and npz hold `input`, `<layer>/coordinates`, `prediction/probabilities` and `prediction/logits`; their
    metadata holds the rest as JSON under `response`. The first request for a model and step takes longer, since the
    components are computed then.
    """
    context, parameters = context_of(request), PlacingParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    layers, wanted = _layers_of(context, served, parameters.layers), parameters.format_of(request)
    body = await read_body(DigitRequest, request, context.settings)
    make_source = source_maker(body, context.samples, context.settings)
    if not context.layer_maps.is_ready(served, layers):
        for group in await context.slow_pool.run(context.layer_maps.unready, served, layers):
            await context.slow_pool.run(context.layer_maps.placings, served, group)

    def compute(most_cells: int) -> bytes:
        placings = context.layer_maps.placings(served, layers)
        place = _Placer(context, served, placings, parameters.neighbors, body.sample)
        return encode_response(place(make_source(most_cells), body.framing), wanted)

    with context.metrics.timed_inference(served.metric_label):
        length = Length.SHORT if body.image is None else Length.LONG
        encoded = await run_by_length(context.pool, context.slow_pool, length, compute)
    return send(encoded, wanted.media_type)


def _layers_of(context: Context, served: ServedNetwork, names: Sequence[str] | None) -> list[str]:
    """Layers with maps, each once; raises UnknownLayer or InvalidInput."""
    if names is None:
        return context.layer_maps.layers_of(served)
    layers = list(dict.fromkeys(names))
    if len(layers) > MOST_LAYERS + 1:
        raise InvalidInput(
            f"{len(layers)} layers were requested; a digit is placed in the maps of up to {MOST_LAYERS + 1} at a time."
        )
    for layer in layers:
        context.layer_maps.require_layer(served, layer)
    return layers


@dataclass(frozen=True)
class _Placer:
    context: Context
    served: ServedNetwork
    placings: Mapping[str, Placing]
    neighbors: int
    sample: int | None

    def __call__(self, source: Source, framing: FramingChoice) -> PlacedDigitResponse:
        digit = frame(source, framing, self.served.input_shape)
        picture = self.served.picture_of(digit)
        trace = self.served.trace(picture)
        outputs = {INPUT: self.served.artifact.network.images_of(picture[np.newaxis]), **trace.outputs}
        return PlacedDigitResponse(
            model=self.served.name,
            checkpoint=self.served.checkpoint,
            input=digit,
            prediction=predicted(trace) if digit.pixels.any() else None,
            layers=[self._placed(name, np.ravel(outputs[name][0])) for name in self.placings],
        )

    def _placed(self, name: str, activations: Float32) -> PlacedLayer:
        placing = self.placings[name]
        point = placing.directions.project(activations)
        # One more than wanted, because the digit itself may be among them.
        rows, distances = nearest_points(placing.map.coordinates, point, self.neighbors + 1)
        near = [
            Neighbor(index, self.context.samples[index].label, float(distance))
            for index, distance in zip(placing.map.indexes[rows].tolist(), distances, strict=True)
            if index != self.sample
        ]
        return PlacedLayer(name, point, near[: self.neighbors])
