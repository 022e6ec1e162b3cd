"""GET /models: the served models and their layers."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.media_types import JSON
from app.context import context_of
from app.documentation import documented
from app.errors import UnknownModel
from app.formats import send_json
from app.operations import API
from app.parameters import ModelPath
from app.served_network import CLASSES, INPUT_CONVENTION, ServedNetwork
from model.description import LayerDescription as DescribedLayer
from model.geometry import Pair, ReceptiveField
from model.layers import LAYER_KINDS

router = APIRouter(prefix=API, tags=["Models"])

UPLOADED = (INPUT_CONVENTION, CLASSES)
"""Keys of a record that have fields of their own."""

Shape3 = tuple[int, int, int]


@dataclass(frozen=True)
class LayerDescription:
    """The shape, the cost and the color range of one layer."""

    name: str
    kind: Annotated[str, Field(description=f"One of {', '.join(LAYER_KINDS)}.")]
    operation: Annotated[
        str,
        Field(
            description="What its neurons compute: weighted_sum, maximum, mean, copy, rectifier, function or softmax."
        ),
    ]
    function: Annotated[str | None, Field(description="Of a rectifier or function, its name, such as ReLU or ELU(1).")]
    input_shape: Annotated[Shape3, Field(description="[C, H, W] of its input.")]
    output_shape: Annotated[Shape3, Field(description="[F, H, W] of its feature maps.")]
    kernel_size: Annotated[
        Pair | None, Field(description="[height, width] of its kernel or pooling window; null if it has none.")
    ]
    stride: Annotated[Pair | None, Field(description="[height, width], in cells of the maps that it reads.")]
    padding: Annotated[
        Pair | None,
        Field(description="Values around the maps that it reads: rows above and columns to the left, mostly zeros."),
    ]
    padding_after: Annotated[Pair | None, Field(description="The same below and to the right.")]
    dilation: Annotated[
        Pair,
        Field(
            description="[height, width] between neighboring weights of a kernel. Kernels are given with zeros in the "
            "holes that a dilation leaves; these count neither as weights nor as products."
        ),
    ]
    groups: Annotated[
        int, Field(description="Groups of maps of equal size: a filter reads the maps of its own group alone.")
    ]
    weights: Annotated[int, Field(description="Trained weights, without biases.")]
    biases: Annotated[int, Field(description="Trained biases.")]
    parameters: Annotated[int, Field(description="Weights and biases.")]
    multiply_adds: Annotated[int, Field(description="Products added up for one digit.")]
    weight_uses: Annotated[int, Field(description="How often each kernel weight is used for one digit.")]
    receptive_field: Annotated[ReceptiveField, Field(description="The input pixels that a neuron sees.")]
    display_range: Annotated[
        tuple[float, float], Field(description="Values of the first and last color, fixed from the test digits.")
    ]
    dead_filters: Annotated[list[int], Field(description="Filters of a ReLU that are zero on the whole test set.")]

    @classmethod
    def of(cls, served: ServedNetwork, layer: DescribedLayer) -> "LayerDescription":
        """Describe one layer of a network."""
        # A function of each value has a window of one value, which is not a kernel.
        window = layer.window if layer.function is None else None
        _channels, height, width = served.artifact.network.input_shape
        return cls(
            name=layer.name,
            kind=layer.kind,
            operation=layer.operation,
            function=layer.function,
            input_shape=layer.input_shape,
            output_shape=layer.output_shape,
            kernel_size=window.size if window else None,
            stride=window.stride if window else None,
            padding=window.padding if window else None,
            padding_after=(window.padding_after or window.padding) if window else None,
            dilation=layer.dilation,
            groups=layer.groups,
            weights=layer.weights,
            biases=layer.biases,
            parameters=layer.parameters,
            multiply_adds=layer.multiply_adds,
            weight_uses=layer.weight_uses,
            receptive_field=layer.receptive_field or ReceptiveField((height, width), (0, 0), (0, 0)),
            display_range=served.artifact.calibration[layer.name].display_range,
            dead_filters=served.dead_filters(layer.name),
        )


@dataclass(frozen=True)
class InputConvention:
    """What an uploaded model was trained on; its first layer, `normalize`, makes this of pixels from 0 to 1."""

    mean: Annotated[tuple[float, ...], Field(description="Of each channel; subtracted from pixels from 0 to 1.")]
    deviation: Annotated[tuple[float, ...], Field(description="Of each channel; pixels are divided by it afterwards.")]
    is_stated: Annotated[bool, Field(description="Whether its file states this; otherwise it was measured or assumed.")]
    digits: Annotated[int, Field(description="Test digits that were classified; 0 without ten classes.")]
    accuracy: Annotated[float | None, Field(description="Share of them that it classifies correctly.")]
    accuracy_without: Annotated[float | None, Field(description="The same with pixels from 0 to 1 as they are.")]
    sentence: Annotated[str, Field(description="All this in a sentence.")]

    @classmethod
    def of(cls, served: ServedNetwork) -> "InputConvention | None":
        """Describe the convention of an uploaded model."""
        found = served.input_convention
        if found is None:
            return None
        return cls(
            mean=found.normalization.mean,
            deviation=found.normalization.deviation,
            is_stated=found.is_stated,
            digits=found.digits,
            accuracy=found.accuracy,
            accuracy_without=found.accuracy_without,
            sentence=found.sentence,
        )


@dataclass(frozen=True)
class InputDescription:
    """What a network reads."""

    shape: Annotated[Shape3, Field(description="[C, H, W]")]
    range: Annotated[tuple[float, float], Field(description="Paper and ink.")]
    convention: Annotated[InputConvention | None, Field(description="Of an uploaded model.")]


@dataclass(frozen=True)
class ModelSummary:
    """A model in one line."""

    id: str
    title: str
    parameters: Annotated[int, Field(description="Weights and biases.")]
    multiply_adds: Annotated[int, Field(description="Products added up for one digit.")]
    test_accuracy: Annotated[
        float | None, Field(description="Share of the 10,000 test digits that it classifies correctly.")
    ]
    convention: Annotated[InputConvention | None, Field(description="Of an uploaded model: what it expects as input.")]

    @classmethod
    def of(cls, served: ServedNetwork) -> "ModelSummary":
        """Summarize a model."""
        return cls(
            id=served.name,
            title=served.artifact.title,
            parameters=sum(layer.parameters for layer in served.layers.values()),
            multiply_adds=sum(layer.multiply_adds for layer in served.layers.values()),
            test_accuracy=served.artifact.record.get("test_accuracy"),
            convention=InputConvention.of(served),
        )


@dataclass(frozen=True)
class RejectedFile:
    """A file of the operator's folder that is not served."""

    file: str
    reason: Annotated[str, Field(description="Why, after the name of the file.")]


@dataclass(frozen=True)
class ModelsResponse:
    """Every served model."""

    default: Annotated[str, Field(description="Id of the model that is used if a request names none.")]
    models: list[ModelSummary]
    rejected: Annotated[list[RejectedFile], Field(description="Files of the operator's folder that are not served.")]


@dataclass(frozen=True)
class ModelResponse:
    """A model and each of its layers."""

    id: str
    title: str
    input: InputDescription
    classes: list[str]
    parameters: Annotated[int, Field(description="Weights and biases of all layers.")]
    multiply_adds: Annotated[int, Field(description="Products added up for one digit, over all layers.")]
    training: Annotated[dict[str, Any], Field(description="How the weights were trained, and the test accuracy.")]
    layers: list[LayerDescription]

    @classmethod
    def of(cls, served: ServedNetwork) -> "ModelResponse":
        """Describe a model."""
        summary = ModelSummary.of(served)
        return cls(
            id=summary.id,
            title=summary.title,
            input=InputDescription(served.artifact.network.input_shape, (0.0, 1.0), summary.convention),
            classes=served.class_names,
            parameters=summary.parameters,
            multiply_adds=summary.multiply_adds,
            training={key: value for key, value in served.artifact.record.items() if key not in UPLOADED},
            layers=[LayerDescription.of(served, layer) for layer in served.layers.values()],
        )


@router.get("/models", summary="List the models", **documented(ModelsResponse, [JSON]))
async def list_models(request: Request) -> Response:
    """Every model that is served, a line each."""
    context = context_of(request)
    summaries = [ModelSummary.of(served) for served in context.models.all]
    rejected = [RejectedFile(file, reason) for file, reason in context.models.rejected.items()]
    return send_json(ModelsResponse(context.settings.default_model, summaries, rejected))


@router.get("/models/{model}", summary="Describe a model", **documented(ModelResponse, [JSON], UnknownModel))
async def describe_model(request: Request, model: ModelPath) -> Response:
    """Its input, classes, training record, and each layer's shape, cost, receptive field and color range."""
    return send_json(ModelResponse.of(context_of(request).models[model]))
