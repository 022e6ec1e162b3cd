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
from app.served_network import ServedNetwork
from model.description import LayerDescription as DescribedLayer
from model.geometry import Pair, ReceptiveField
from model.layers import LAYER_KINDS

router = APIRouter(prefix=API, tags=["Models"])

Shape3 = tuple[int, int, int]


@dataclass(frozen=True)
class LayerDescription:
    """The shape, the cost and the color range of one layer."""

    name: str
    kind: Annotated[str, Field(description=f"One of {', '.join(LAYER_KINDS)}.")]
    operation: Annotated[
        str, Field(description="What its neurons compute: weighted_sum, maximum, mean, rectifier or softmax.")
    ]
    input_shape: Annotated[Shape3, Field(description="[C, H, W] of its input.")]
    output_shape: Annotated[Shape3, Field(description="[F, H, W] of its feature maps.")]
    kernel_size: Annotated[
        Pair | None, Field(description="[height, width] of its kernel or pooling window; null if it has none.")
    ]
    stride: Annotated[Pair | None, Field(description="[height, width], in cells of the maps that it reads.")]
    padding: Annotated[Pair | None, Field(description="Zeros above and below, and left and right: [height, width].")]
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
        # A ReLU has a window of one value, which is not a kernel.
        window = layer.window if layer.kind != "relu" else None
        _channels, height, width = served.artifact.network.input_shape
        return cls(
            name=layer.name,
            kind=layer.kind,
            operation=layer.operation,
            input_shape=layer.input_shape,
            output_shape=layer.output_shape,
            kernel_size=window.size if window else None,
            stride=window.stride if window else None,
            padding=window.padding if window else None,
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
class InputDescription:
    """What a network reads."""

    shape: Annotated[Shape3, Field(description="[C, H, W]")]
    range: Annotated[tuple[float, float], Field(description="Paper and ink.")]


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

    @classmethod
    def of(cls, served: ServedNetwork) -> "ModelSummary":
        """Summarize a model."""
        return cls(
            id=served.name,
            title=served.artifact.title,
            parameters=sum(layer.parameters for layer in served.layers.values()),
            multiply_adds=sum(layer.multiply_adds for layer in served.layers.values()),
            test_accuracy=served.artifact.record.get("test_accuracy"),
        )


@dataclass(frozen=True)
class ModelsResponse:
    """Every served model."""

    default: Annotated[str, Field(description="Id of the model that is used if a request names none.")]
    models: list[ModelSummary]


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
            input=InputDescription(shape=served.artifact.network.input_shape, range=(0.0, 1.0)),
            classes=[str(digit) for digit in range(served.classes)],
            parameters=summary.parameters,
            multiply_adds=summary.multiply_adds,
            training=dict(served.artifact.record),
            layers=[LayerDescription.of(served, layer) for layer in served.layers.values()],
        )


@router.get("/models", summary="List the models", **documented(ModelsResponse, [JSON]))
async def list_models(request: Request) -> Response:
    """Every model that is served, a line each."""
    context = context_of(request)
    summaries = [ModelSummary.of(served) for served in context.models.all]
    return send_json(ModelsResponse(context.settings.default_model, summaries))


@router.get("/models/{model}", summary="Describe a model", **documented(ModelResponse, [JSON], UnknownModel))
async def describe_model(request: Request, model: ModelPath) -> Response:
    """Its input, classes, training record, and each layer's shape, cost, receptive field and color range."""
    return send_json(ModelResponse.of(context_of(request).models[model]))
