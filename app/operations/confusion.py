"""What a network gets wrong: GET /experiments/confusion, …/confusion/digits and /experiments/misread-digit."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import JSON, TENSORS
from app.codecs.tensor_json import encode_json
from app.context import Context, context_of
from app.documentation import documented
from app.errors import (
    InvalidInput,
    NotAcceptable,
    ServerBusy,
    UnknownCheckpoint,
    UnknownModel,
    UnknownSample,
)
from app.formats import encode_response, send
from app.framing import as_pixels, scaled_digits
from app.operations import API
from app.parameters import CheckpointParameter, DtypeParameter, ModelParameter
from app.served_network import ServedNetwork
from model.arrays import Float32, Float64
from model.experiments.confusion import (
    CalibrationBin,
    calibration_curve,
    confusion_matrix,
    expected_calibration_error,
)
from model.experiments.misread_digit import correct_digits, explain_margin, most_similar, reads_linear

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])

Kind = Literal["of-label", "of-predicted"]

ERRORS = (UnknownModel, UnknownCheckpoint, NotAcceptable, InvalidInput, ServerBusy)


class ConfusionParameters(CheckpointParameter, ModelParameter):
    """Which network."""


class ConfusedDigitsParameters(DtypeParameter, ConfusionParameters):
    """Which digits to list."""

    label: int | None = Field(None, ge=0, le=9, description="Only digits of this class.")
    predicted: int | None = Field(None, ge=0, le=9, description="Only digits predicted as this class.")
    correct: bool | None = Field(None, description="Only digits that are classified correctly, or only the others.")
    offset: int = Field(0, ge=0, le=10_000, description="How many to leave out at the beginning.")
    limit: int = Field(60, ge=1, le=200, description="How many to list at most.")


class MisreadDigitParameters(DtypeParameter, ConfusionParameters):
    """Which digit to explain."""

    sample: int | None = Field(
        None, ge=0, le=10**9, description="Index of a test digit; left out: the first that is classified incorrectly."
    )


@dataclass(frozen=True)
class ConfusionResponse:
    """The predictions of a network for the test digits."""

    model: str
    checkpoint: Annotated[int | None, Field(description="The training step; null: the finished weights.")]
    digits: Annotated[int, Field(description="How many test digits, from the first.")]
    errors: Annotated[int, Field(description="How many of them are classified incorrectly.")]
    class_counts: Annotated[list[int], Field(description="How many digits each class has.")]
    matrix: Annotated[
        list[list[int]], Field(description="[label][predicted]: digits of a class predicted as each class.")
    ]
    calibration: Annotated[
        list[CalibrationBin], Field(description="By the probability of the predicted class, in tenths.")
    ]
    expected_calibration_error: Annotated[
        float, Field(description="Mean of |accuracy − mean probability| over the digits.")
    ]


@dataclass(frozen=True)
class ConfusedDigit:
    """A test digit and its prediction."""

    index: int
    label: int
    predicted: int
    probability: Annotated[float, Field(description="Of the predicted class.")]


@dataclass(frozen=True)
class ConfusedDigitsResponse:
    """Test digits of one cell of the confusion matrix, or of a row, a column or all of them."""

    total: Annotated[int, Field(description="How many digits match.")]
    offset: int
    digits: list[ConfusedDigit]
    pixels: Annotated[Float32, Array("digits", "28", "28", description="0 paper to 1 ink.")]


@dataclass(frozen=True)
class MarginEvidence:
    """What decided between the predicted class and the label, by the maps that the logits are computed from."""

    layer: Annotated[str, Field(description="The layer of these maps.")]
    contributions: Annotated[
        Float64, Array("F", description="Of each map to the margin; with `bias` they add up to it.")
    ]
    bias: float
    margin: Annotated[float, Field(description="Logit of the misread digit's predicted class minus that of its label.")]


@dataclass(frozen=True)
class ExplainedDigit(ConfusedDigit):
    """A digit, and what decided between the two classes."""

    pixels: Annotated[Float32, Array("28", "28", description="0 paper to 1 ink.")]
    evidence: Annotated[
        MarginEvidence | None, Field(description="null if the logits are not computed by a fully connected layer.")
    ]


@dataclass(frozen=True)
class SimilarDigit(ExplainedDigit):
    """A digit that is classified correctly."""

    id: Annotated[
        Kind,
        Field(description="Of the misread digit's own class, or the predicted one."),
    ]
    distance: Annotated[float, Field(description="Between the pixels of both digits, Euclidean.")]


@dataclass(frozen=True)
class MisreadDigitResponse:
    """A misread digit beside the most similar ones that are classified correctly."""

    model: str
    checkpoint: Annotated[int | None, Field(description="The training step; null: the finished weights.")]
    digit: ExplainedDigit
    similar: Annotated[list[SimilarDigit], Field(description="Up to two; none of a class never classified correctly.")]


@router.get(
    "/confusion",
    summary="Get the confusion matrix and the calibration curve",
    **documented(ConfusionResponse, [JSON], *ERRORS, parameters=ConfusionParameters),
)
async def get_confusion(request: Request) -> Response:
    """Which classes a network confuses, and how often predictions of each probability are correct.

    For all test digits, if the predictions were stored: of the shipped models at the first, middle and last step. For
    other models and steps they are computed for the first 1,000 test digits.
    """
    context, parameters = context_of(request), ConfusionParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    return send(await context.slow_pool.run(lambda: encode_json(_confusion_of(context, served))), JSON)


@router.get(
    "/confusion/digits",
    summary="List the digits of a cell of the confusion matrix",
    **documented(ConfusedDigitsResponse, TENSORS, *ERRORS, parameters=ConfusedDigitsParameters),
)
async def list_confused_digits(request: Request) -> Response:
    """Digits of a class that are predicted as a class, in MNIST's order.

    safetensors and npz hold `pixels`; their metadata holds the rest as JSON under `response`.
    """
    context, parameters = context_of(request), ConfusedDigitsParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    wanted = parameters.format_of(request)

    def compute() -> bytes:
        known = _Known.of(context, served)
        chosen = np.ones(len(known.labels), dtype=bool)
        if parameters.label is not None:
            chosen &= known.labels == parameters.label
        if parameters.predicted is not None:
            chosen &= known.predicted == parameters.predicted
        if parameters.correct is not None:
            chosen &= (known.labels == known.predicted) == parameters.correct
        rows = np.flatnonzero(chosen)
        page = rows[parameters.offset : parameters.offset + parameters.limit].tolist()
        response = ConfusedDigitsResponse(
            total=len(rows),
            offset=parameters.offset,
            digits=[ConfusedDigit(*known.summary(index)) for index in page],
            pixels=as_pixels(known.images[page]),
        )
        return encode_response(response, wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


@router.get(
    "/misread-digit",
    summary="Compare a misread digit with similar ones",
    **documented(MisreadDigitResponse, TENSORS, *ERRORS, UnknownSample, parameters=MisreadDigitParameters),
)
async def explain_misread_digit(request: Request) -> Response:
    """A misread digit, the most similar digits that are classified correctly, and what decided in each of them.

    One of them has the digit's own class, one the class that is predicted for it. The margin between the logits of
    these two classes is divided among the maps that the last layer reads. safetensors and npz hold the arrays of each
    digit, `digit/…`, `of-label/…` and `of-predicted/…`; their metadata holds the rest as JSON under `response`.
    """
    context, parameters = context_of(request), MisreadDigitParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    wanted = parameters.format_of(request)

    def compute() -> bytes:
        return encode_response(_explain(context, served, parameters.sample), wanted)

    return send(await context.slow_pool.run(compute), wanted.media_type)


@dataclass(frozen=True, eq=False)
class _Known:
    """Test digits with labels and predictions.

    Attributes:
        images: (N, 28, 28) uint8.
        labels: (N,) uint8.
        predicted: (N,) uint8.
        probabilities: (N,) float32, of the predicted class.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    predicted: NDArray[np.uint8]
    probabilities: Float32

    @classmethod
    def of(cls, context: Context, served: ServedNetwork) -> "_Known":
        found = context.predictions.of(served)
        count = len(found.digits)
        return cls(context.samples.images[:count], context.samples.labels[:count], found.digits, found.probabilities)

    def summary(self, index: int) -> tuple[int, int, int, float]:
        """The fields of a `ConfusedDigit`."""
        return index, int(self.labels[index]), int(self.predicted[index]), float(self.probabilities[index])


def _confusion_of(context: Context, served: ServedNetwork) -> ConfusionResponse:
    known = _Known.of(context, served)
    matrix = confusion_matrix(known.labels, known.predicted)
    curve = calibration_curve(known.probabilities, known.labels == known.predicted)
    return ConfusionResponse(
        model=served.name,
        checkpoint=served.checkpoint,
        digits=len(known.labels),
        errors=int((known.labels != known.predicted).sum()),
        class_counts=np.bincount(known.labels, minlength=len(matrix)).tolist(),
        matrix=matrix.tolist(),
        calibration=curve,
        expected_calibration_error=expected_calibration_error(curve),
    )


def _explain(context: Context, served: ServedNetwork, sample: int | None) -> MisreadDigitResponse:
    known = _Known.of(context, served)
    misread = np.flatnonzero(known.labels != known.predicted)
    if sample is None:
        if not misread.size:
            raise InvalidInput(f"Model {served.name} classifies all of the {len(known.labels):,} digits correctly.")
        sample = int(misread[0])
    if not 0 <= sample < len(known.labels):
        raise UnknownSample(
            f"There are predictions of model {served.name} for the test digits 0 to {len(known.labels) - 1}.",
            samples=len(known.labels),
        )
    _index, label, predicted, _probability = known.summary(sample)
    if label == predicted:
        raise InvalidInput(
            f"Test digit {sample} is a {label} and is predicted as one, so nothing was misread; "
            f"the first misread digits of model {served.name} are: "
            f"{', '.join(map(str, misread[:10].tolist())) or 'none'}."
        )
    similar = []
    classes: tuple[tuple[Kind, int], ...] = (("of-label", label), ("of-predicted", predicted))
    for kind, of_class in classes:
        found = most_similar(known.images, sample, correct_digits(known.labels, known.predicted, of_class))
        if found is not None:
            explained = _explained(served, known, found[0], predicted, label)
            similar.append(SimilarDigit(**vars(explained), id=kind, distance=found[1]))
    return MisreadDigitResponse(
        model=served.name,
        checkpoint=served.checkpoint,
        digit=_explained(served, known, sample, predicted, label),
        similar=similar,
    )


def _explained(served: ServedNetwork, known: _Known, index: int, winner: int, loser: int) -> ExplainedDigit:
    network, evidence = served.artifact.network, None
    if reads_linear(network):
        images = network.images_of(scaled_digits(known.images[index : index + 1], served.input_size))
        evidence = MarginEvidence(**vars(explain_margin(network, network.trace(images).outputs, winner, loser)))
    return ExplainedDigit(*known.summary(index), pixels=as_pixels(known.images[index]), evidence=evidence)
