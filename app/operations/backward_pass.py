"""POST /experiments/backward-pass: how a neuron's δ is added up from those of the neurons that read it."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import TENSORS
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, Position, framed_digit, read_body
from app.documentation import SEVEN, documented, request_body
from app.errors import DigitUnlabeled, NotAcceptable, UnknownLayer, UnknownNeuron, sentence
from app.formats import encode_response, send
from app.framing import FramedDigit
from app.labels import LabeledDigitRequest, LabelSource, choose_label
from app.operations import API
from app.parameters import DtypeParameter, ModelParameter
from app.served_network import ServedNetwork
from model.arrays import Float64
from model.errors import NeuronError
from model.experiments.backward_pass import BackwardPass
from model.geometry import Box
from model.neuron import INPUT

router = APIRouter(prefix=API, tags=["Experiments"])

EXAMPLES = {
    "pixel": {
        "summary": "A pixel: the kernel of every filter, flipped",
        "value": {"sample": 0, "label": 2, "layer": "input", "filter": 0, "row": 14, "column": 14},
    },
    "strongest": {
        "summary": "The neuron of a layer with the largest |δ|, with a finite difference",
        "value": {"strokes": SEVEN, "label": 2, "layer": "relu2", "check": True},
    },
}


class BackwardPassParameters(DtypeParameter, ModelParameter):
    """The model and the number format."""


class BackwardPassRequest(LabeledDigitRequest):
    """One digit, the correct class, and one neuron."""

    layer: str = Field(INPUT, max_length=100, description="A layer before the softmax; `input` is the pixels.")
    filter: Position | None = Field(
        None,
        description="Number of the filter, or of the input's channel. Without filter, row and column: largest |δ|.",
    )
    row: Position | None = Field(None, description="Row in the map, from 0.")
    column: Position | None = Field(None, description="Column in the map, from 0.")
    check: bool = Field(False, description="Compute a finite difference, too.")


@dataclass(frozen=True)
class DeltaNeuron:
    """The neuron."""

    filter: int
    row: int
    column: int
    value: Annotated[float, Field(description="Its output for this digit.")]
    delta: Annotated[float, Field(description="δ, the gradient of the loss by its output.")]


@dataclass(frozen=True)
class DeltaReaders:
    """The neurons of the next layer that read the neuron, and what each contributes to its δ."""

    layer: Annotated[str, Field(description="The next layer; `loss` after the logits.")]
    operation: Annotated[
        str,
        Field(
            description="What its neurons compute: `weighted_sum`, `maximum`, `mean`, `copy`, `rectifier`, `function` "
            "or `loss`."
        ),
    ]
    first_filter: Annotated[int, Field(description="Of the filters that read the neuron.")]
    box: Annotated[Box, Field(description="Where they lie in their maps; no rows or columns if none reads the neuron.")]
    slopes: Annotated[
        Float64,
        Array(
            "F",
            "h",
            "w",
            description="How fast the output of each changes with the neuron's: for a convolution its kernel, flipped; "
            "1 or 0 for the gate of a ReLU and the winner of a pooling. Of the loss: the probability, and −1 for the "
            "correct class.",
        ),
    ]
    deltas: Annotated[Float64, Array("F", "h", "w", description="δ of each; 1 for the loss.")]
    parts: Annotated[Float64, Array("F", "h", "w", description="Slope times δ: they add up to the neuron's δ.")]


@dataclass(frozen=True)
class DeltaCheck:
    """A finite difference of the loss by the neuron's output."""

    step: Annotated[float, Field(description="How far the output was changed in each direction.")]
    loss_below: Annotated[float, Field(description="The loss with the output minus the step.")]
    loss_above: Annotated[float, Field(description="The loss with the output plus the step.")]
    finite_difference: Annotated[float, Field(description="(loss_above − loss_below) / (2 · step).")]
    kinks: Annotated[
        int,
        Field(
            description="Gates of ReLUs and winners of poolings that change within the step: with any, the finite "
            "difference is the mean of two slopes, and δ is one of them."
        ),
    ]
    resolution: Annotated[float, Field(description="Rounding: the finite difference is known no better than this.")]


@dataclass(frozen=True)
class BackwardPassResponse:
    """δ of a layer, and what that of one neuron is added up from."""

    input: FramedDigit
    model: str
    label: Annotated[int, Field(description="The class that counts as correct.")]
    label_from: LabelSource
    loss: Annotated[float, Field(description="−log of the label's probability, in nats.")]
    probabilities: Annotated[Float64, Array("classes")]
    layer: str
    deltas: Annotated[Float64, Array("F", "H", "W", description="δ of every neuron of the layer.")]
    neuron: DeltaNeuron
    readers: DeltaReaders
    check: Annotated[DeltaCheck | None, Field(description="null unless it was requested.")]


@router.post(
    "/experiments/backward-pass",
    summary="Follow δ backward",
    **documented(
        BackwardPassResponse,
        TENSORS,
        *DIGIT_ERRORS,
        DigitUnlabeled,
        UnknownLayer,
        UnknownNeuron,
        NotAcceptable,
        parameters=BackwardPassParameters,
        body=request_body(BackwardPassRequest, EXAMPLES),
    ),
)
async def follow_backward_pass(request: Request) -> Response:
    """The gradient of the loss by every output of a layer, and how one neuron's is added up, in double precision.

    Each neuron of the next layer that reads the neuron contributes its own δ times its slope. safetensors and npz hold
    `input`, `probabilities`, `deltas` and `readers/slopes`, `readers/deltas` and `readers/parts`; their metadata holds
    the rest as JSON under `response`.
    """
    context, parameters = context_of(request), BackwardPassParameters.of(request)
    served, wanted = parameters.network_of(context), parameters.format_of(request)
    body = await read_body(BackwardPassRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, served.input_shape)
        label, label_from = choose_label(body, context.samples, digit, [served])
        return encode_response(_follow(served, digit, label, label_from, body), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


def _follow(
    served: ServedNetwork, digit: FramedDigit, label: int, label_from: LabelSource, body: BackwardPassRequest
) -> BackwardPassResponse:
    """Run the backward pass; raises UnknownLayer or UnknownNeuron."""
    known = [INPUT, *list(served.layers)[:-1]]
    if body.layer not in known:
        raise UnknownLayer(
            f"δ of model {served.name} is not computed for a layer {body.layer[:40]!r}, but for: {', '.join(known)}.",
            layers=known,
        )
    back = BackwardPass(served.artifact.network, served.picture_of(digit), label)
    try:
        given = (body.filter, body.row, body.column)
        neuron = (
            back.strongest(body.layer) if given == (None, None, None) else (given[0] or 0, given[1] or 0, given[2] or 0)
        )
        parts = back.parts_of(body.layer, neuron)
        check = _check(back, body.layer, neuron) if body.check else None
    except NeuronError as error:
        raise UnknownNeuron(sentence(error)) from None
    value = float(back.outputs[body.layer][neuron])
    return BackwardPassResponse(
        input=digit,
        model=served.name,
        label=label,
        label_from=label_from,
        loss=back.loss,
        probabilities=back.probabilities,
        layer=body.layer,
        deltas=np.ascontiguousarray(back.deltas[body.layer]),
        neuron=DeltaNeuron(*neuron, value, parts.delta),
        readers=DeltaReaders(
            parts.next, parts.operation, parts.first_filter, parts.readers, parts.slopes, parts.deltas, parts.parts
        ),
        check=check,
    )


def _check(back: BackwardPass, layer: str, neuron: tuple[int, int, int]) -> DeltaCheck:
    found = back.difference_of(layer, neuron)
    return DeltaCheck(found.step, found.loss_below, found.loss_above, found.quotient, found.kinks, found.resolution)
