"""GET /experiments/pixel-permutation: the accuracy of networks trained on permuted pixels, measured beforehand."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, TypeAdapter

from app.codecs.media_types import JSON
from app.context import context_of
from app.documentation import documented
from app.errors import NotMeasured
from app.formats import send_json
from app.operations import API

router = APIRouter(prefix=API, tags=["Experiments"])


@dataclass(frozen=True)
class TrainingRuns:
    """Accuracies on the validation digits."""

    accuracy: Annotated[list[float], Field(description="For each seed.")]
    mean: float
    deviation: Annotated[float | None, Field(description="Standard deviation of a single run.")]


@dataclass(frozen=True)
class TrainedModel:
    """A network trained on plain and on permuted digits."""

    id: str
    plain: TrainingRuns
    permuted: TrainingRuns


@dataclass(frozen=True)
class PixelPermutationResponse:
    """Networks trained on digits whose pixels were permuted; measured beforehand."""

    permutation: Annotated[
        list[int], Field(description="permuted[i] = plain[permutation[i]], pixels counted row by row.")
    ]
    permutation_seed: int
    seeds: list[int]
    epochs: int
    training_digits: int
    validation_digits: int
    models: list[TrainedModel]
    config: Annotated[dict[str, Any], Field(description="The settings of every run.")]
    date: str
    numpy_version: str
    python_version: str


_RECORD = TypeAdapter(PixelPermutationResponse)


@router.get(
    "/experiments/pixel-permutation",
    summary="Get the accuracy on permuted pixels",
    **documented(PixelPermutationResponse, [JSON], NotMeasured),
)
async def get_pixel_permutation(request: Request) -> Response:
    """The accuracy of each network on digits whose pixels a fixed permutation moved."""
    return send_json(_RECORD.validate_python(context_of(request).measurements.pixel_permutation))
