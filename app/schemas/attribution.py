"""What filters look for, and what of a digit speaks for a class."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.schemas.experiments import ReadingAnswer
from app.schemas.inference import BoxAnswer, DigitQuery, InputAnswer
from app.schemas.networks import ReceptiveFieldDescription


class SaliencyQuery(DigitQuery):
    """One digit, as for feature maps, and the class that is asked about."""

    label: Annotated[int, Field(ge=0, le=9)] | None = Field(
        None, description="The class asked about; left out: the one that the model reads."
    )


class OcclusionQuery(SaliencyQuery):
    """The same, and what covers the digit."""

    size: Annotated[int, Field(ge=1, le=14)] = Field(5, description="Of the square of paper, in pixels.")
    stride: Annotated[int, Field(ge=1, le=14)] = Field(1, description="Between squares, in pixels.")


class PatchAnswer(BaseModel):
    """Where a filter answers strongly."""

    sample: int = Field(description="Index of the test digit.")
    label: int
    row: int = Field(description="Of the neuron, in the feature map.")
    column: int
    value: float = Field(description="Its pre-activation.")
    box: BoxAnswer


class PortraitAnswer(BaseModel):
    """What a filter looks for."""

    model: str
    layer: str
    filter: int
    receptive_field: ReceptiveFieldDescription
    strongest: list[PatchAnswer] = Field(
        description="Strongest first, at most nine, each in another test digit; empty if it is positive in none."
    )
    mean_patch: list[list[float]] = Field(
        description="Mean of what its strongest neuron sees of the 100 digits that excite it most; 0 beyond the border."
    )
    ascent: list[list[float]] = Field(description="28×28 ink that gradient ascent found to excite the middle neuron.")
    ascent_value: float = Field(description="The middle neuron's pre-activation then.")


class PortraitsAnswer(BaseModel):
    """What the filters of a layer look for."""

    model: str
    layer: str
    receptive_field: ReceptiveFieldDescription
    strongest: list[float] = Field(description="Of each filter, its largest pre-activation among the test digits.")
    mean_patches: list[list[list[float]]] = Field(description="Of each filter; see the operation for one.")


class SaliencyAnswer(BaseModel):
    """Which pixels speak for a class."""

    input: InputAnswer
    model: str
    label: int
    reading: ReadingAnswer | None
    logit: float = Field(description="Of the class.")
    gradient: list[list[float]] = Field(description="28×28: how the logit would change with each pixel's ink.")


class OcclusionAnswer(BaseModel):
    """What covering parts of a digit does to a class."""

    input: InputAnswer
    model: str
    label: int
    reading: ReadingAnswer | None
    size: int
    stride: int
    logit: float = Field(description="Of the class, nothing covered.")
    probability: float
    logit_changes: list[list[float]] = Field(
        description="Covered less uncovered; the square's first row is `stride` · i, its first column `stride` · j."
    )
    probability_changes: list[list[float]]
