"""POST /experiments/gradients: one digit's loss, and its gradients by feature maps, kernels and biases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import TENSORS
from app.comparison import common_input
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, framed_digit, read_body
from app.documentation import SEVEN, documented, request_body
from app.errors import DigitUnlabeled, NotAcceptable, UnknownLayer
from app.formats import encode_response, send
from app.forward import TopPrediction, top_prediction
from app.framing import FramedDigit
from app.labels import LabeledDigitRequest, LabelSource, choose_label
from app.operations import API
from app.parameters import DtypeParameter, ModelsParameter, Names
from app.served_network import ServedNetwork, by_filter
from model.arrays import Float64
from model.experiments.gradients import Backpropagation, backpropagate

router = APIRouter(prefix=API, tags=["Experiments"])

EXAMPLES = {
    "sample": {"summary": "A test digit and its own label", "value": {"sample": 0}},
    "wrong": {"summary": "A seven, labeled as a two", "value": {"strokes": SEVEN, "label": 2}},
}


class GradientsParameters(DtypeParameter, ModelsParameter):
    """The models, their layers and the number format."""

    layers: Names | None = Field(
        None,
        description="Names of layers before the softmax, separated by commas; of each model those that it has. "
        "Left out: each model's first layer with weights.",
    )
    weights: bool = Field(
        True, description="Include the gradients by kernels and biases; of unshared weights they are many."
    )

    def layers_of(self, networks: Sequence[ServedNetwork]) -> dict[str, list[str]]:
        """Model → names of its layers; raises UnknownLayer for a layer that none of the models has."""
        if self.layers is None:
            return {served.name: served.weighted_layers[:1] for served in networks}
        owned = {served.name: list(served.layers)[:-1] for served in networks}
        known = list(dict.fromkeys(name for names in owned.values() for name in names))
        for name in self.layers:
            if name not in known:
                raise UnknownLayer(
                    f"None of the models has a layer {name[:40]!r} whose gradients are computed; they are for: "
                    f"{', '.join(known)}.",
                    layers=known,
                )
        return {model: [name for name in dict.fromkeys(self.layers) if name in names] for model, names in owned.items()}


@dataclass(frozen=True)
class LayerGradient:
    """The gradients that backpropagation computes in one layer."""

    name: str
    kind: str
    shape: Annotated[tuple[int, int, int], Field(description="[F, H, W]")]
    products: Annotated[int, Field(description="Products δ · x that are computed for the gradient of the kernels.")]
    gradients: Annotated[int, Field(description="Numbers that they are added up into: one for each weight and bias.")]
    largest: Annotated[float, Field(description="Largest |δ|.")]
    output: Annotated[Float64, Array("F", "H", "W", description="The feature maps.")]
    delta: Annotated[
        Float64, Array("F", "H", "W", is_main=True, description="δ, the gradient of the loss by the feature maps.")
    ]
    weight: Annotated[
        Annotated[Float64, Array("F", "C", "kH", "kW", description="The gradient of the loss by the kernels.")]
        | Annotated[Float64, Array("F", "H", "W", "C", "kH", "kW", description="The same, of unshared weights.")]
        | None,
        Field(description="null for a layer without weights, and with `weights=false`."),
    ]
    bias: (
        Annotated[Float64, Array("F", description="The gradient of the loss by the biases.")]
        | Annotated[Float64, Array("F", "H", "W", description="The same, of unshared weights.")]
        | None
    )

    @classmethod
    def of(cls, served: ServedNetwork, result: Backpropagation, name: str, *, weights: bool) -> "LayerGradient":
        """Describe the gradients of the named layer."""
        layer, delta = served.layers[name], np.ascontiguousarray(result.deltas[name])
        weight, bias = (
            by_filter(result.gradients[f"{name}.{key}"]) if weights and f"{name}.{key}" in result.gradients else None
            for key in ("weight", "bias")
        )
        return cls(
            name=name,
            kind=layer.kind,
            shape=layer.output_shape,
            products=layer.multiply_adds,
            gradients=layer.parameters,
            largest=float(np.abs(delta).max()),
            output=np.ascontiguousarray(result.outputs[name]),
            delta=delta,
            weight=weight,
            bias=bias,
        )


@dataclass(frozen=True)
class ModelGradients:
    """A model's loss and gradients."""

    id: str
    loss: Annotated[float, Field(description="−log of the label's probability, in nats.")]
    prediction: Annotated[TopPrediction | None, Field(description="null for a blank digit.")]
    layers: list[LayerGradient]


@dataclass(frozen=True)
class GradientsResponse:
    """One digit's loss and gradients in each model."""

    input: FramedDigit
    label: Annotated[int, Field(description="The class that counts as correct.")]
    label_from: LabelSource
    models: list[ModelGradients]


@router.post(
    "/experiments/gradients",
    summary="Backpropagate one digit",
    **documented(
        GradientsResponse,
        TENSORS,
        *DIGIT_ERRORS,
        DigitUnlabeled,
        NotAcceptable,
        parameters=GradientsParameters,
        body=request_body(LabeledDigitRequest, EXAMPLES),
    ),
)
async def compute_gradients(request: Request) -> Response:
    """The gradient of the loss by the feature maps and by the kernels, in double precision.

    A kernel's gradient is the sum of δ · patch over all positions. safetensors and npz hold `input` and, as
    `<model>/<layer>`, δ; `…/output`, the maps; `…/weight` and `…/bias`, the gradients by kernels and biases.
    Their metadata holds the rest as JSON under `response`.
    """
    context, parameters = context_of(request), GradientsParameters.of(request)
    networks, wanted = parameters.networks_of(context), parameters.format_of(request)
    layers = parameters.layers_of(networks)
    body = await read_body(LabeledDigitRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, common_input(networks))
        label, label_from = choose_label(body, context.samples, digit, networks)
        models = []
        for served in networks:
            result = backpropagate(served.artifact.network, served.picture_of(digit), label)
            probabilities = list(result.outputs.values())[-1].ravel()
            gradients = [
                LayerGradient.of(served, result, name, weights=parameters.weights) for name in layers[served.name]
            ]
            models.append(
                ModelGradients(served.name, result.loss, top_prediction(digit.pixels, probabilities), gradients)
            )
        return encode_response(GradientsResponse(digit, label, label_from, models), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)
