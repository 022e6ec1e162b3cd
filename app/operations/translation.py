"""POST /experiments/translation and /experiments/translation-curve: do the maps move along, does the prediction stay?

And GET /experiments/translation-curve: the same for many test digits, measured beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, TypeAdapter

from app.codecs.array_schema import Array
from app.codecs.media_types import JSON, TENSORS
from app.codecs.tensor_json import encode_json
from app.comparison import common_input
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, DigitRequest, framed_digit, read_body
from app.documentation import SEVEN, documented, request_body
from app.errors import DigitUnlabeled, NotAcceptable, NotMeasured
from app.formats import encode_response, send, send_json
from app.forward import TopPrediction, top_prediction
from app.framing import FramedDigit
from app.labels import LabeledDigitRequest, LabelSource, choose_label
from app.operations import API
from app.parameters import DtypeParameter, ModelsParameter
from app.served_network import ServedNetwork
from model.arrays import Float32, Float64
from model.experiments import translation as experiment
from model.geometry import Box

router = APIRouter(prefix=API, tags=["Experiments"])

MAX_OFFSET = 14
"""Pixels: half the frame. Beyond it, most digits have left the image."""

Direction = Literal["right", "down"]
Offset = Annotated[int, Field(ge=-MAX_OFFSET, le=MAX_OFFSET)]

TRANSLATION_EXAMPLES = {
    "even": {"summary": "By a whole pooling window", "value": {"sample": 0, "right": 2}},
    "odd": {"summary": "By one window and a half", "value": {"sample": 0, "right": 3, "down": -1}},
}
CURVE_EXAMPLES = {
    "sample": {"summary": "A test digit, sideways", "value": {"sample": 0}},
    "drawing": {"summary": "A drawing, up and down", "value": {"strokes": SEVEN, "direction": "down", "label": 7}},
}


class TranslationParameters(DtypeParameter, ModelsParameter):
    """The models and the number format."""


class TranslationRequest(DigitRequest):
    """One digit, as for feature maps, and how far to translate it after framing."""

    down: Offset = Field(0, description="Pixels down; negative: up.")
    right: Offset = Field(0, description="Pixels to the right; negative: to the left.")


class TranslationCurveRequest(LabeledDigitRequest):
    """One digit, as for feature maps, the correct class, and along which axis to translate the digit."""

    direction: Direction = "right"
    max_offset: Annotated[int, Field(ge=1, le=MAX_OFFSET)] = Field(
        8, description="Largest translation either way, in pixels."
    )


@dataclass(frozen=True)
class Offsets:
    """A translation, in cells of a map or in pixels of the input."""

    down: int
    right: int


@dataclass(frozen=True)
class TranslatedLayer:
    """How the translation changes a layer."""

    name: str
    kind: str
    shape: Annotated[tuple[int, int, int], Field(description="[F, H, W]")]
    map_translation: Annotated[Offsets, Field(description="Expected translation of its maps: the nearest whole cells.")]
    exact: Annotated[bool, Field(description="Whether the digit moves by a whole number of its cells.")]
    inside: Annotated[
        Box | None,
        Field(
            description="Cells whose receptive field lies inside the image before and after; null if there are none."
        ),
    ]
    residual: Annotated[float | None, Field(description="Largest |new map − translated old map| inside.")]
    cosine: Annotated[
        float | None, Field(description="Between the layer's values before and after; null if one is all zero.")
    ]
    difference: Annotated[Float64, Array("F", "H", "W", is_main=True, description="new map − translated old map.")]

    @classmethod
    def of(cls, layer: experiment.LayerTranslation) -> "TranslatedLayer":
        """Describe one layer."""
        filters, height, width = layer.difference.shape
        return cls(
            name=layer.name,
            kind=layer.kind,
            shape=(filters, height, width),
            map_translation=Offsets(layer.down, layer.right),
            exact=layer.exact,
            inside=layer.inside,
            residual=layer.residual,
            cosine=layer.cosine,
            difference=layer.difference,
        )


@dataclass(frozen=True)
class TranslatedModel:
    """How the translation changes a model's prediction and activations."""

    id: str
    before: Annotated[TopPrediction | None, Field(description="null for a blank digit.")]
    after: TopPrediction | None
    layers: list[TranslatedLayer]


@dataclass(frozen=True)
class TranslationResponse:
    """How a translation changes the activations of each model."""

    input: FramedDigit
    translated: Annotated[Float32, Array("H", "W", description="The translated digit.")]
    translation: Offsets
    ink_lost: Annotated[float, Field(description="Share of the ink that left the image, 0–1.")]
    models: list[TranslatedModel]


@dataclass(frozen=True)
class CurveLayer:
    """A layer's residual and cosine at each offset."""

    name: str
    residual: list[float | None]
    cosine: list[float | None]


@dataclass(frozen=True)
class CurveModel:
    """A model's prediction at each offset."""

    id: str
    digit: list[int]
    probability: Annotated[list[float], Field(description="Of the correct class.")]
    layers: list[CurveLayer]


@dataclass(frozen=True)
class TranslationCurveResponse:
    """A digit translated step by step."""

    label: Annotated[int, Field(description="The class that counts as correct.")]
    label_from: LabelSource
    direction: Direction
    offsets: Annotated[list[int], Field(description="In pixels.")]
    ink_lost: list[float]
    models: list[CurveModel]


@dataclass(frozen=True)
class MeanCurveModel:
    """A model's predictions for many translated digits, at each offset."""

    id: str
    hidden_layer: Annotated[str, Field(description="The last layer before the classes.")]
    accuracy: Annotated[list[float], Field(description="Share classified correctly.")]
    probability: Annotated[list[float], Field(description="Mean probability of the correct class.")]
    cosine: Annotated[
        list[float], Field(description="Mean cosine of the hidden layer with that of the digit in its own position.")
    ]


@dataclass(frozen=True)
class MeanCurves:
    """All models along one axis."""

    offsets: list[int]
    models: list[MeanCurveModel]


@dataclass(frozen=True)
class MeanTranslationCurveResponse:
    """Test digits translated step by step; measured beforehand."""

    digits: int
    directions: dict[Direction, MeanCurves]
    date: str
    numpy_version: str
    python_version: str


_MEAN_CURVE = TypeAdapter(MeanTranslationCurveResponse)


@router.post(
    "/experiments/translation",
    summary="Translate the digit",
    **documented(
        TranslationResponse,
        TENSORS,
        *DIGIT_ERRORS,
        NotAcceptable,
        parameters=TranslationParameters,
        body=request_body(TranslationRequest, TRANSLATION_EXAMPLES),
    ),
)
async def translate_digit(request: Request) -> Response:
    """Each feature map minus the translated old map, and each model's prediction for the translated digit.

    The digit is framed once; then the framed pixels are translated by whole pixels, and paper comes in. Computed in
    double precision, every sum in the same order: where a map moves along, the difference is exactly 0. safetensors
    and npz hold `input`, `translated` and `<model>/<layer>`; their metadata holds the rest as JSON under `response`.
    """
    context, parameters = context_of(request), TranslationParameters.of(request)
    networks, wanted = parameters.networks_of(context), parameters.format_of(request)
    body = await read_body(TranslationRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, common_input(networks))
        return encode_response(_translate(networks, digit, body.down, body.right), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


@router.post(
    "/experiments/translation-curve",
    summary="Translate the digit step by step",
    **documented(
        TranslationCurveResponse,
        [JSON],
        *DIGIT_ERRORS,
        DigitUnlabeled,
        parameters=ModelsParameter,
        body=request_body(TranslationCurveRequest, CURVE_EXAMPLES),
    ),
)
async def compute_translation_curve(request: Request) -> Response:
    """Each model's probability of the correct class, and each layer's residual and cosine, at every offset."""
    context = context_of(request)
    networks = ModelsParameter.of(request).networks_of(context)
    body = await read_body(TranslationCurveRequest, request, context.settings)

    def compute() -> bytes:
        digit = framed_digit(body, context.samples, context.settings, common_input(networks))
        label, label_from = choose_label(body, context.samples, digit, networks)
        offsets = list(range(-body.max_offset, body.max_offset + 1))
        down, right = {"right": (0, 1), "down": (1, 0)}[body.direction]
        translations = [(down * by, right * by) for by in offsets]
        lost = [experiment.ink_lost(digit.pixels, experiment.translate(digit.pixels, *by)) for by in translations]
        models = [_curve(served, digit, translations, label) for served in networks]
        return encode_json(TranslationCurveResponse(label, label_from, body.direction, offsets, lost, models))

    return Response(await context.slow_pool.run(compute), media_type=JSON)


@router.get(
    "/experiments/translation-curve",
    summary="Get the translation curve of 1,000 test digits",
    **documented(MeanTranslationCurveResponse, [JSON], NotMeasured),
)
async def get_mean_translation_curve(request: Request) -> Response:
    """The mean over test digits, along both axes; measured beforehand by `python -m model.measurements`."""
    return send_json(_MEAN_CURVE.validate_python(context_of(request).measurements.translation_curve))


def _translate(networks: Sequence[ServedNetwork], digit: FramedDigit, down: int, right: int) -> TranslationResponse:
    translated = experiment.translate(digit.pixels, down, right)
    models = []
    for served in networks:
        translations = [(0, 0), (down, right)]
        network, picture = served.artifact.network, served.picture_of(digit)
        before, after = experiment.measure_translations(network, picture, translations)
        models.append(
            TranslatedModel(
                id=served.name,
                before=top_prediction(digit.pixels, before.probabilities),
                after=top_prediction(translated, after.probabilities),
                layers=[TranslatedLayer.of(layer) for layer in after.layers],
            )
        )
    lost = experiment.ink_lost(digit.pixels, translated)
    return TranslationResponse(digit, translated, Offsets(down, right), lost, models)


def _curve(served: ServedNetwork, digit: FramedDigit, translations: list[tuple[int, int]], label: int) -> CurveModel:
    results = experiment.measure_translations(served.artifact.network, served.picture_of(digit), translations)
    return CurveModel(
        id=served.name,
        digit=[int(result.probabilities.argmax()) for result in results],
        probability=[float(result.probabilities[label]) for result in results],
        layers=[
            CurveLayer(
                name=layer.name,
                residual=[result.layers[number].residual for result in results],
                cosine=[result.layers[number].cosine for result in results],
            )
            for number, layer in enumerate(results[0].layers)
        ],
    )
