"""GET and POST /experiments/robustness: what perturbations do to a digit, and to the accuracy of networks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import JSON, TENSORS
from app.codecs.tensor_json import encode_json
from app.comparison import common_input
from app.context import Context, context_of
from app.digit_input import DIGIT_ERRORS, read_body, source_maker
from app.documentation import SEVEN, documented, request_body
from app.errors import DigitUnlabeled, InvalidInput, NotAcceptable, ServerBusy, UnknownLayer, UnknownModel, sentence
from app.formats import encode_response, send
from app.forward import Prediction, predicted
from app.framing import FramedDigit, frame, scaled_digits
from app.labels import LabeledDigitRequest, choose_label
from app.operations import API
from app.parameters import DtypeParameter, ModelsParameter, Names
from app.scheduling import Length, run_by_length
from app.served_network import ServedNetwork
from model.arrays import Float32
from model.errors import ParameterError
from model.experiments.confusion import CLASSES
from model.experiments.layer_maps import INPUT
from model.experiments.perturbations import FGSM, PERTURBATIONS, accuracy_curve, perturb_one

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])

Kind = Literal["rotate", "scale", "shear", "shift", "thicken", "thin", "blur", "noise", "contrast", "occlude", "fgsm"]
"""The names of `PERTURBATIONS`."""

COMPUTED_DIGITS = 200
"""Test digits of a curve that was not measured beforehand."""

LEAST_DIGITS = 50
"""A curve of fewer digits would show nothing."""

MOST_WORK = 4_000_000_000
"""Multiply-adds of a computed curve: about two seconds."""

SHORT_WORK = 20_000_000
"""Multiply-adds of a request that counts as a short job: about 4 ms."""

EXAMPLES = {
    "rotate": {"summary": "Rotated by 30°", "value": {"sample": 0, "kind": "rotate", "level": 30}},
    "noise": {"summary": "A drawing with noise", "value": {"strokes": SEVEN, "kind": "noise", "level": 0.4, "seed": 1}},
    "fgsm": {"summary": "The fast gradient sign method", "value": {"sample": 0, "kind": "fgsm", "level": 0.1}},
}


class RobustnessParameters(DtypeParameter, ModelsParameter):
    """The models, the layers whose maps are wanted, and the number format."""

    layers: Names | None = Field(
        None,
        description="Names of layers, separated by commas; of each model those that it has. Left out: no maps.",
        examples=[["relu1"]],
    )

    def layers_of(self, networks: Sequence[ServedNetwork]) -> dict[str, list[str]]:
        """Model → names of its layers; raises UnknownLayer for a layer that none of the models has."""
        wanted = list(dict.fromkeys(self.layers or []))
        known = list(dict.fromkeys(name for served in networks for name in served.layers))
        for name in wanted:
            if name not in known:
                raise UnknownLayer(
                    f"None of the models has a layer {name[:40]!r}; their layers are: {', '.join(known)}.", layers=known
                )
        return {served.name: [name for name in wanted if name in served.layers] for served in networks}


class CurveParameters(ModelsParameter):
    """Of which networks, and of which perturbation."""

    kind: Kind = Field("rotate", description="The perturbation.")


class PerturbedDigitRequest(LabeledDigitRequest):
    """One digit, as for feature maps, and what is done to it after framing."""

    kind: Kind = Field(description="The perturbation; `fgsm` is the fast gradient sign method.")
    level: float = Field(
        allow_inf_nan=False,
        description="How strong; `GET /experiments/robustness` has the unit and the ends of each perturbation.",
    )
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = Field(
        None, description="Of the noise; left out: the index of a test digit, else 0. The curves use the index."
    )


@dataclass(frozen=True)
class PerturbedMaps:
    """The feature maps of a layer before and after."""

    name: str
    kind: str
    shape: Annotated[tuple[int, int, int], Field(description="[F, H, W]")]
    before: Annotated[Float32, Array("F", "H", "W")]
    after: Annotated[Float32, Array("F", "H", "W")]


@dataclass(frozen=True)
class LayerChange:
    """How much the activations of a layer change."""

    name: Annotated[str, Field(description="Name of the layer; `input` is the pixels.")]
    change: Annotated[
        float | None,
        Field(description="Length of the difference over the length of the activations before; null if they are zero."),
    ]


@dataclass(frozen=True)
class PerturbedPrediction:
    """What a model makes of the digit before and after."""

    id: str
    pixels: Annotated[
        Float32,
        Array("H", "W", description="The perturbed digit: the same for every model, except with `fgsm`."),
    ]
    before: Annotated[Prediction | None, Field(description="null for a blank digit.")]
    after: Annotated[Prediction | None, Field(description="null if no ink is left.")]
    changes: Annotated[list[LayerChange], Field(description="Of the pixels and of every layer before the softmax.")]
    layers: list[PerturbedMaps]


@dataclass(frozen=True)
class RobustnessResponse:
    """A perturbed digit in each model."""

    input: FramedDigit
    kind: Kind
    level: float
    seed: int
    label: Annotated[int | None, Field(description="The class whose loss `fgsm` raises; null for other perturbations.")]
    models: list[PerturbedPrediction]


@dataclass(frozen=True)
class AccuracyCurve:
    """A model's accuracy at each level."""

    id: str
    digits: Annotated[int, Field(description="So many test digits were perturbed: the first ones.")]
    measured: Annotated[bool, Field(description="Whether it was measured beforehand; else it was computed now.")]
    accuracy: Annotated[list[float], Field(description="Share classified correctly at each level.")]


@dataclass(frozen=True)
class RobustnessCurveResponse:
    """How the accuracy of models falls with the level of a perturbation."""

    kind: Kind
    unit: Annotated[str, Field(description="Of the level.")]
    least: Annotated[float, Field(description="Lowest level of a request.")]
    most: Annotated[float, Field(description="Highest level of a request.")]
    unchanged: Annotated[float, Field(description="The level that changes nothing.")]
    levels: list[float]
    models: list[AccuracyCurve]


@router.get(
    "/robustness",
    summary="Get how the accuracy falls with a perturbation",
    **documented(RobustnessCurveResponse, [JSON], UnknownModel, InvalidInput, ServerBusy, parameters=CurveParameters),
)
async def get_robustness_curve(request: Request) -> Response:
    """The share of test digits classified correctly at each level of a perturbation.

    For the shipped models 1,000 digits, measured beforehand by `python -m model.measurements robustness`; for other
    models with ten classes up to 200 digits, computed now. With `fgsm`, each model's digits are changed by its own
    gradient, toward a higher loss of the true label.
    """
    context, parameters = context_of(request), CurveParameters.of(request)
    networks = parameters.networks_of(context)
    found = PERTURBATIONS[parameters.kind]
    curves = []
    for served in networks:
        known = context.measurements.robustness_of(served.name, parameters.kind)
        if known is not None:
            curves.append(AccuracyCurve(served.name, known[0], measured=True, accuracy=known[1]))
        else:
            curves.append(await context.slow_pool.run(_computed_curve, context, served, parameters.kind))
    response = RobustnessCurveResponse(
        parameters.kind, found.unit, found.least, found.most, found.unchanged, list(found.levels), curves
    )
    return Response(encode_json(response), media_type=JSON)


@router.post(
    "/robustness",
    summary="Perturb the digit",
    **documented(
        RobustnessResponse,
        TENSORS,
        *DIGIT_ERRORS,
        DigitUnlabeled,
        NotAcceptable,
        parameters=RobustnessParameters,
        body=request_body(PerturbedDigitRequest, EXAMPLES),
    ),
)
async def perturb_digit(request: Request) -> Response:
    """The perturbed digit, and each model's prediction and maps before and after.

    The digit is framed once, and its framed pixels are perturbed; those of an image in gray. safetensors and npz hold
    `input`, and of each model `<model>/pixels`, `<model>/before/probabilities` and `<model>/<layer>/before`, and the
    same of `after`; their metadata holds the rest as JSON under `response`.
    """
    context, parameters = context_of(request), RobustnessParameters.of(request)
    networks, wanted = parameters.networks_of(context), parameters.format_of(request)
    layers, (_channels, size, _) = parameters.layers_of(networks), common_input(networks)
    body = await read_body(PerturbedDigitRequest, request, context.settings)
    make_source = source_maker(body, context.samples, context.settings)

    def compute(most_cells: int) -> bytes:
        digit = frame(make_source(most_cells), body.framing, (1, size, size))
        return encode_response(_perturb(context, networks, layers, digit, body), wanted)

    work = 2 * sum(layer.multiply_adds for served in networks for layer in served.layers.values())
    may_take_long = body.image is not None or body.kind == FGSM or work > SHORT_WORK
    length = Length.LONG if may_take_long else Length.SHORT
    encoded = await run_by_length(context.pool, context.slow_pool, length, compute)
    return send(encoded, wanted.media_type)


def _perturb(
    context: Context,
    networks: Sequence[ServedNetwork],
    layers: dict[str, list[str]],
    digit: FramedDigit,
    body: PerturbedDigitRequest,
) -> RobustnessResponse:
    """Perturb a framed digit for each network."""
    seed = next(number for number in (body.seed, body.sample, 0) if number is not None)
    label = choose_label(body, context.samples, digit, networks)[0] if body.kind == FGSM else None
    models = []
    for served in networks:
        try:
            pixels = perturb_one(served.artifact.network, body.kind, digit.pixels, body.level, seed, label)
        except ParameterError as error:
            raise InvalidInput(sentence(error)) from None
        before, outputs = _through(served, digit.pixels)
        after, changed = _through(served, pixels)
        maps = [
            PerturbedMaps(
                name, served.layers[name].kind, served.layers[name].output_shape, outputs[name], changed[name]
            )
            for name in layers[served.name]
        ]
        changes = [LayerChange(INPUT, _relative(digit.pixels, pixels))]
        changes += [LayerChange(name, _relative(outputs[name], changed[name])) for name in list(outputs)[:-1]]
        models.append(PerturbedPrediction(served.name, pixels, before, after, changes, maps))
    return RobustnessResponse(digit, body.kind, body.level, seed, label, models)


def _through(served: ServedNetwork, pixels: Float32) -> tuple[Prediction | None, dict[str, Float32]]:
    """The prediction, None without any ink, and the maps of every layer."""
    trace = served.trace(pixels)
    maps = {name: np.array(output[0], order="C") for name, output in trace.outputs.items()}
    return (predicted(trace) if pixels.any() else None), maps


def _relative(before: Float32, after: Float32) -> float | None:
    length = float(np.linalg.norm(before))
    return float(np.linalg.norm(after - before)) / length if length else None


def _computed_curve(context: Context, served: ServedNetwork, kind: str) -> AccuracyCurve:
    """The curve of a network that was not measured, of as many test digits as take about two seconds."""
    if served.classes != CLASSES:
        raise InvalidInput(
            f"Model {served.name} has {served.classes} classes; accuracy is the share of test digits whose label is "
            "predicted, and they are ten digits."
        )
    work = len(PERTURBATIONS[kind].levels) * sum(layer.multiply_adds for layer in served.layers.values())
    digits = min(COMPUTED_DIGITS, MOST_WORK // max(1, work))
    if digits < LEAST_DIGITS:
        raise InvalidInput(
            f"A curve of model {served.name} takes {work:,} multiply-adds for each digit; curves are computed for "
            f"models that take up to {MOST_WORK // LEAST_DIGITS:,}."
        )
    tensors = context.samples.tensors(list(range(min(digits, len(context.samples)))))
    images, labels = scaled_digits(tensors["images"], served.input_size), tensors["labels"].tolist()
    accuracy = accuracy_curve(served.artifact.network, kind, images, labels)
    return AccuracyCurve(served.name, len(labels), measured=False, accuracy=accuracy)
