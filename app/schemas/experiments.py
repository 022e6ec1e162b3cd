"""Questions about a digit in an experiment, and the answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.inference import DigitQuery, InputAnswer, Prediction

FARTHEST = 14
"""Pixels: half the frame. Moved farther, most digits are gone."""

Pixel = Annotated[int, Field(ge=0, le=63)]
ShiftBy = Annotated[int, Field(ge=-FARTHEST, le=FARTHEST)]


class PokeQuery(DigitQuery):
    """One digit, as for feature maps, and one of its pixels."""

    row: Pixel = Field(description="Row of the pixel in the 28×28, or in whatever the models read, from 0.")
    column: Pixel = Field(description="Column of the pixel, from 0.")
    value: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="What the pixel becomes; left out: 1 if it was below 0.5, else 0."
    )


class ShiftQuery(DigitQuery):
    """One digit, as for feature maps, and how far to move it once it is framed."""

    down: ShiftBy = Field(0, description="Pixels down; negative: up.")
    right: ShiftBy = Field(0, description="Pixels to the right; negative: to the left.")


class ShiftCurveQuery(DigitQuery):
    """One digit, as for feature maps, and along which axis to move it."""

    direction: Literal["right", "down"] = "right"
    reach: Annotated[int, Field(ge=1, le=FARTHEST)] = Field(8, description="Farthest shift either way, in pixels.")
    label: Annotated[int, Field(ge=0, le=9)] | None = Field(
        None, description="The right class; left out: a sample's label, else what the default model reads."
    )


class LedgerRowAnswer(BaseModel):
    """One way to connect a layer to its input, and what it costs for one image."""

    id: Literal["perceptron", "fully-connected", "locally-connected", "convolution"]
    kind: str
    title: str
    input_shape: tuple[int, int, int] = Field(description="[C, H, W]")
    output_shape: tuple[int, int, int] = Field(description="[F, H, W]")
    outputs: int = Field(description="Neurons.")
    inputs_per_output: int = Field(description="Values that one neuron reads, padding included.")
    weights: int = Field(description="Learned numbers, biases included.")
    biases: int = Field(description="Those of them that are biases.")
    multiply_adds: int = Field(description="Products summed up, those with padding included.")
    weight_uses: int = Field(description="How often each kernel weight is multiplied.")
    gradients: int = Field(description="Numbers that backpropagation keeps for one example.")
    gradient_products: int = Field(description="Products δ·x that are computed for them.")


class LedgerAnswer(BaseModel):
    """What it costs to connect an input fully, locally, and locally with shared weights."""

    input_shape: tuple[int, int, int]
    rows: list[LedgerRowAnswer]


class ReadingAnswer(BaseModel):
    """What a model reads a digit as."""

    digit: int
    probability: float


class PixelAnswer(BaseModel):
    """The pixel that was changed."""

    row: int
    column: int
    before: float
    after: float


class LayerChangeAnswer(BaseModel):
    """What one changed pixel does to a layer."""

    name: str
    kind: str
    shape: tuple[int, int, int] = Field(description="[F, H, W]")
    neurons: int
    reachable: int = Field(description="Neurons that have the pixel in their receptive field.")
    changed: int = Field(description="Neurons that hold another number than before.")
    changed_per_filter: list[int] = Field(description="The same for each map.")
    largest: float = Field(description="Largest |Δ|.")
    change: list[list[list[float]]] = Field(description="[F][H][W], |Δ| of each neuron.")


class PokedModelAnswer(BaseModel):
    """What one changed pixel does to a model."""

    id: str
    before: ReadingAnswer | None = Field(description="null for a blank digit.")
    after: ReadingAnswer | None
    layers: list[LayerChangeAnswer]


class PokeAnswer(BaseModel):
    """What one changed pixel does."""

    input: InputAnswer
    pixel: PixelAnswer
    models: list[PokedModelAnswer]


class CellsAnswer(BaseModel):
    """A shift in whole cells of a map, or in pixels of the input."""

    down: int
    right: int


class LayerShiftAnswer(BaseModel):
    """How a layer took the shift."""

    name: str
    kind: str
    shape: tuple[int, int, int] = Field(description="[F, H, W]")
    map_shift: CellsAnswer = Field(description="How far its maps should have moved: the nearest whole cells.")
    exact: bool = Field(description="Whether the shift is a whole number of its cells.")
    inside: dict[str, int] | None = Field(
        description="The cells whose receptive field lies inside the image before and after; null: none do."
    )
    residual: float | None = Field(description="Largest |new map − old map moved along| inside.")
    cosine: float | None = Field(description="Between the layer's values before and after; null if one is all zero.")
    difference: list[list[list[float]]] = Field(description="[F][H][W], new map − old map moved along.")


class ShiftedModelAnswer(BaseModel):
    """How a model took the shift."""

    id: str
    before: ReadingAnswer | None
    after: ReadingAnswer | None
    layers: list[LayerShiftAnswer]


class ShiftAnswer(BaseModel):
    """What a shift does."""

    input: InputAnswer
    shift: CellsAnswer
    shifted: list[list[float]] = Field(description="[28][28], the moved digit.")
    ink_lost: float = Field(description="Share of the ink that left the image, 0–1.")
    models: list[ShiftedModelAnswer]


class CurveLayerAnswer(BaseModel):
    """A layer's residual and cosine at each shift."""

    name: str
    residual: list[float | None]
    cosine: list[float | None]


class CurveModelAnswer(BaseModel):
    """A model's reading at each shift."""

    id: str
    digit: list[int]
    probability: list[float] = Field(description="Of the right class.")
    layers: list[CurveLayerAnswer]


class ShiftCurveAnswer(BaseModel):
    """A digit moved step by step."""

    label: int = Field(description="The class that counts as right.")
    label_from: Literal["body", "sample", "prediction"]
    direction: Literal["right", "down"]
    shifts: list[int]
    ink_lost: list[float]
    models: list[CurveModelAnswer]


class MeanCurveAnswer(BaseModel):
    """A model's readings of many moved digits, at each shift."""

    id: str
    hidden_layer: str = Field(description="The last layer before the classes.")
    accuracy: list[float] = Field(description="Share read right.")
    probability: list[float] = Field(description="Mean probability of the right class.")
    cosine: list[float] = Field(description="Mean cosine of the hidden layer with that of the digit where it was.")


class MeanCurvesAnswer(BaseModel):
    """All models along one axis."""

    shifts: list[int]
    models: list[MeanCurveAnswer]


class MeanShiftCurveAnswer(BaseModel):
    """Test digits moved step by step; measured beforehand."""

    digits: int
    directions: dict[Literal["right", "down"], MeanCurvesAnswer]
    date: str
    numpy_version: str
    python_version: str


class TemplatesAnswer(BaseModel):
    """How strongly each of the perceptron's features answers."""

    model: str
    layer: str
    pre_activations: list[float]
    activations: list[float] = Field(description="After the ReLU.")
    order: list[int] = Field(description="Numbers of the features, the strongest first.")
    active: int = Field(description="How many of them fire.")


class LocalKernelsAnswer(BaseModel):
    """How strongly each kernel answers where it answers most."""

    model: str
    layer: str
    strongest: list[float] = Field(description="Largest value of each map after the ReLU.")
    places: list[tuple[int, int]] = Field(description="[row, column] of it.")
    active_share: list[float] = Field(description="Share of each map that fires.")


class ResponsesAnswer(BaseModel):
    """Global features beside local ones."""

    input: InputAnswer
    prediction: Prediction | None
    templates: TemplatesAnswer
    kernels: LocalKernelsAnswer


class ScrambleRunsAnswer(BaseModel):
    """Accuracies on the validation digits."""

    accuracy: list[float] = Field(description="For each seed.")
    mean: float
    deviation: float | None = Field(description="Standard deviation of a single run.")


class ScrambleModelAnswer(BaseModel):
    """A network trained on plain and on scrambled digits."""

    id: str
    plain: ScrambleRunsAnswer
    scrambled: ScrambleRunsAnswer


class ScrambleAnswer(BaseModel):
    """Networks trained on digits whose pixels were moved to other places; measured beforehand."""

    permutation: list[int] = Field(description="scrambled[i] = plain[permutation[i]], pixels counted row by row.")
    permutation_seed: int
    seeds: list[int]
    epochs: int
    training_digits: int
    validation_digits: int
    models: list[ScrambleModelAnswer]
    config: dict[str, Any] = Field(description="The recipe of every run.")
    date: str
    numpy_version: str
    python_version: str


class GradientQuery(DigitQuery):
    """One digit, as for feature maps, and the class that counts as right."""

    label: Annotated[int, Field(ge=0, le=9)] | None = Field(
        None, description="The right class; left out: a sample's label, else what the default model reads."
    )


class GradientCheckQuery(GradientQuery):
    """The same, and one weight."""

    parameter: str = Field(max_length=100, description="Name of an array: `conv1.weight`, `conv1.bias`.")
    index: list[Annotated[int, Field(ge=0, le=1_000_000)]] = Field(
        max_length=8, description="Of the weight in that array, as it is stored; conv1.weight is [F, C, kH, kW]."
    )


class StepQuery(GradientQuery):
    """The same, and how to go downhill."""

    rate: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = Field(0.01, description="Learning rate.")
    steps: Annotated[int, Field(ge=1, le=20)] = Field(1, description="Steps of gradient descent.")


class LayerGradientAnswer(BaseModel):
    """What backpropagation leaves in a layer."""

    name: str
    kind: str
    shape: tuple[int, int, int] = Field(description="[F, H, W]")
    products: int = Field(description="Products δ · x that are computed for the kernels' gradient.")
    kept: int = Field(description="Numbers that remain of them, those of the biases included.")
    largest: float = Field(description="Largest |δ|.")
    output: list[list[list[float]]] = Field(description="[F][H][W], the feature maps.")
    delta: list[list[list[float]]] = Field(description="[F][H][W], the loss's gradient by the feature maps.")
    weight: list[Any] | None = Field(description="The loss's gradient by the kernels, shaped as they are.")
    bias: list[Any] | None = Field(description="By the biases.")


class ModelGradientsAnswer(BaseModel):
    """A model's loss and gradients."""

    id: str
    loss: float = Field(description="−log of the label's probability, in nats.")
    reading: ReadingAnswer | None
    layers: list[LayerGradientAnswer]


class GradientsAnswer(BaseModel):
    """One digit's gradients."""

    input: InputAnswer
    label: int
    label_from: Literal["body", "sample", "prediction"]
    models: list[ModelGradientsAnswer]


class GradientCheckAnswer(BaseModel):
    """One weight's gradient, by backpropagation and by nudging it."""

    model: str
    label: int
    label_from: Literal["body", "sample", "prediction"]
    parameter: str
    index: list[int]
    weight: float
    gradient: float = Field(description="By backpropagation, in double precision.")
    step: float = Field(description="How far the weight was nudged, both ways.")
    below: float = Field(description="The loss with the weight less the step.")
    above: float = Field(description="The loss with the weight plus the step.")
    slope: float = Field(description="(above − below) / (2 · step)")


class StepAnswer(BaseModel):
    """A digit before and after gradient descent on it alone."""

    input: InputAnswer
    model: str
    label: int
    label_from: Literal["body", "sample", "prediction"]
    rate: float
    steps: int
    layer: str = Field(description="Whose kernels are told.")
    mapped: str = Field(description="Whose maps are told: the ReLU behind it, or itself.")
    losses: tuple[float, float] = Field(description="Before and after, in nats.")
    readings: list[ReadingAnswer | None] = Field(description="Before and after.")
    probabilities: list[list[float]] = Field(description="[2][classes]")
    kernels: list[Any] = Field(description="[2][F][C][kH][kW]")
    maps: list[list[list[list[float]]]] = Field(description="[2][F][H][W]")


class BarAnswer(BaseModel):
    """What was shown."""

    length: float
    width: float
    row: float
    column: float
    grating: bool
    dark: bool


class DrawnBarAnswer(BaseModel):
    """A bar as pixels."""

    bar: BarAnswer
    angle: float
    pixels: list[list[float]] = Field(description="[28][28], 0 paper to 1 ink.")


class FilterTuningAnswer(BaseModel):
    """How one filter takes the angle."""

    filter: int
    responses: list[float] = Field(description="At each angle, above what it answers to the ground alone.")
    preferred: float | None = Field(description="Angle of the mean answer, 0–180°; null if it never answers.")
    selectivity: float = Field(description="1 − circular variance: 0, all angles alike, to 1, one angle alone.")
    verdict: Literal["selective", "not selective", "silent"]


class LayerTuningAnswer(BaseModel):
    """How a layer's filters take the angle."""

    name: str
    kind: str
    filters: list[FilterTuningAnswer]


class TuningAnswer(BaseModel):
    """Hubel and Wiesel's experiment on a model."""

    model: str
    checkpoint: int | None = Field(description="Training step of the weights; null: the finished ones.")
    bar: BarAnswer
    measure: Literal["swept", "place"]
    angles: list[float] = Field(description="Degrees, counterclockwise; 0 lies, 90 stands.")
    selective_from: float = Field(description="Selectivity from which the verdict is `selective`.")
    layers: list[LayerTuningAnswer]


MOST_EDITS = 64

Weight = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]


class EditFields(BaseModel):
    """What becomes of one filter."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    layer: str = Field(max_length=100, description="Name of a layer with kernels.")
    filter: Annotated[int, Field(ge=0, le=100_000)] = Field(description="Number of the filter, from 0.")
    kernel: list[list[list[Weight]]] | None = Field(None, description="[C][kH][kW] in place of its own.")
    bias: Weight | None = Field(None, description="In place of its own.")
    silence: bool = Field(False, description="Make kernel and bias zero, so that its map is.")
    row: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        None, description="With `column`: change only the neuron at this place. The layer no longer shares its weights."
    )
    column: Annotated[int, Field(ge=0, le=100_000)] | None = None

    @model_validator(mode="after")
    def _require_whole_place(self) -> "EditFields":
        if (self.row is None) != (self.column is None):
            raise PydanticCustomError("whole_place", "a place is a row and a column: give both, or none")
        return self


Edits = Annotated[list[EditFields], Field(max_length=MOST_EDITS, description="One after the other.")]


class EditQuery(DigitQuery):
    """One digit, as for feature maps, and what is changed in the network that reads it."""

    edits: Edits


class EditedAccuracyQuery(BaseModel):
    """What is changed in the network."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    edits: Edits


class EditedAccuracyAnswer(BaseModel):
    """What the edits do to the reading of test digits."""

    model: str
    digits: int = Field(description="How many were read: the first of MNIST's test digits.")
    errors: int
    accuracy: float
    unedited_errors: int
    unedited_accuracy: float
