"""The request that starts a training run, and the response of every operation on it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, cast

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic cannot read that of typing before Python 3.12

from app.digit_input import Stroke
from app.drawing import require_size
from app.settings import Settings
from app.view_id import expiry_text
from model.training_request import MAX_DIGITS, MAX_EPOCHS, Start, TrainingRequest

State = Literal["queued", "running", "done", "failed"]

CLASSES = (2, 10)
"""Fewest and most classes of a visitor's own symbols."""

DRAWINGS = (3, 20)
"""Fewest and most drawings of each class."""

MAX_CLASS_NAME = 20
"""Characters."""

MAX_LENGTH = 60
"""Length of all strokes of a drawing, divided by its larger side; a filled square needs about as much."""

SYMBOL_DEFAULTS = {"digits": 1000, "epochs": 8}
"""With one's own symbols: few images, each of them changed a little in every pass."""


def _require_drawable(drawing: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    points = np.array([point for stroke in drawing for point in stroke])
    length = sum(float(np.hypot(*np.diff(stroke, axis=0).T).sum()) for stroke in map(np.array, drawing))
    size = float(np.ptp(points, axis=0).max())
    if length > MAX_LENGTH * size:
        raise PydanticCustomError(
            "drawing_too_long",
            "the strokes of a drawing may be {most} times as long as its larger side; these are {times} times as long",
            {"most": MAX_LENGTH, "times": round(length / size)},
        )
    return drawing


Drawing = Annotated[list[Stroke], Field(min_length=1, fail_fast=True), AfterValidator(_require_drawable)]


class SymbolClass(BaseModel):
    """One class of a visitor's own symbols."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=1, max_length=MAX_CLASS_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")] = Field(
        description="What the class is called.", examples=["star"]
    )
    drawings: Annotated[list[Drawing], Field(min_length=DRAWINGS[0], max_length=DRAWINGS[1], fail_fast=True)] = Field(
        description="Each a list of strokes; a stroke is a list of [x, y] in pad units: 0–1 inside the pad, y down. "
        "One fifth of them, and at least one, is not trained on: the accuracy is measured on these."
    )


class TrainingBody(BaseModel):
    """What to train; fields that are left out have defaults."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    classes: Annotated[list[SymbolClass], Field(min_length=CLASSES[0], max_length=CLASSES[1])] | None = Field(
        None,
        description="Own symbols, instead of MNIST's digits. The drawings are stored only until the training ends.",
    )
    pen_width: float = Field(
        0.065, ge=0.02, le=0.14, description="Diameter of the pen that drew the symbols, in pad units."
    )

    kernel_size: Literal[3, 5, 7, 9] = Field(5, description="Height and width of the kernels, in pixels.")
    filters: Annotated[int, Field(ge=2, le=32)] = Field(8, description="Number of kernels.")
    learning_rate: Annotated[float, Field(ge=1e-4, le=0.1, allow_inf_nan=False)] = Field(
        0.004, description="Maximum learning rate of AdamW's one cycle."
    )
    digits: Annotated[int, Field(ge=500, le=MAX_DIGITS)] = Field(
        5000,
        description="Number of training digits; with classes, of images drawn from the drawings in many variations, "
        f"then {SYMBOL_DEFAULTS['digits']} by default.",
    )
    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] = Field(
        5,
        description=f"Passes over the training digits; with classes {SYMBOL_DEFAULTS['epochs']} by default.",
    )
    seed: Annotated[int, Field(ge=0, le=1_000_000)] = Field(1, description="Seed of the weights and the order.")
    start: Start = Field(
        "random",
        description="Weights at the beginning; equal: the same for all kernels, also in the layer behind.",
    )

    @property
    def request(self) -> TrainingRequest:
        """The same for the training process, without the drawings."""
        defaults = SYMBOL_DEFAULTS if self.classes else {}
        chosen = self.model_dump(exclude={"classes", "pen_width"})
        return TrainingRequest(
            **{**chosen, **{key: each for key, each in defaults.items() if key not in self.model_fields_set}}
        )

    @property
    def symbols(self) -> Mapping[str, Any] | None:
        """The drawings as `model.data.symbols` describes them; None without any."""
        return self.model_dump(include={"classes", "pen_width"}) if self.classes else None

    @model_validator(mode="after")
    def _require_different_names(self) -> "TrainingBody":
        names = [each.name for each in self.classes or ()]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise PydanticCustomError("same_name", "two classes are called {name}", {"name": twice})
        return self

    def require_size(self, settings: Settings) -> None:
        """Raises DrawingTooLarge if all drawings together have more strokes or points than one drawing may have."""
        strokes = [stroke for each in self.classes or () for drawing in each.drawings for stroke in drawing]
        require_size(len(strokes), sum(map(len, strokes)), settings.strokes, settings.points)


class TrainingUpdate(TypedDict, total=False):
    """One report of the training process.

    The first holds ``digits`` and ``held_out``; each of the following ``step, steps, epoch, loss, accuracy, kernels``
    and ``dead``; the last ``validation_accuracy``, ``seconds``, and ``kernels`` and ``dead`` of the finished network.
    """

    digits: Annotated[int, Field(description="Number of training digits.")]
    held_out: Annotated[int, Field(description="Number of validation digits.")]
    step: int
    steps: Annotated[int, Field(description="Steps of the whole run.")]
    epoch: int
    loss: Annotated[float, Field(description="Of the training digits, in nats.")]
    accuracy: Annotated[float, Field(description="On the training digits, 0–1.")]
    kernels: Annotated[list[list[list[float]]], Field(description="[F][k][k], in events alone.")]
    dead: Annotated[
        list[int],
        Field(
            description="Dead filters: their map is zero after the ReLU on every held-out digit that was measured, 100 "
            "while the training runs, all of them in the last report."
        ),
    ]
    validation_accuracy: float
    seconds: Annotated[float, Field(description="Duration of the training.")]


@dataclass(frozen=True)
class ChosenTraining:
    """What the visitor chose."""

    kernel_size: int
    filters: int
    learning_rate: float
    digits: int
    epochs: int
    seed: int
    start: Start

    @classmethod
    def of(cls, request: TrainingRequest) -> "ChosenTraining":
        """The choices of a request."""
        return cls(**asdict(request))


@dataclass(frozen=True)
class DrawnClass:
    """A class of a visitor's own symbols."""

    name: str
    drawings: Annotated[int, Field(description="How many drawings were given.")]


@dataclass(frozen=True)
class TrainingResponse:
    """A training run."""

    id: Annotated[str, Field(description="Whoever knows it can watch the run, and look at its network.")]
    state: State
    place: Annotated[int | None, Field(description="In the queue, from 1; null if it does not wait.")]
    request: ChosenTraining
    classes: Annotated[tuple[DrawnClass, ...] | None, Field(description="The visitor's own symbols, if it has any.")]
    updates: Annotated[tuple[TrainingUpdate, ...], Field(description="In order, without kernels.")]
    kernels: Annotated[list[list[list[float]]] | None, Field(description="[F][k][k], the newest.")]
    problem: Annotated[str | None, Field(description="Why it failed.")]
    model: Annotated[str | None, Field(description="Id under which the network is served, once it is done.")]
    expires: Annotated[str, Field(description="When it is deleted, in UTC (RFC 3339).")]

    @classmethod
    def of(
        cls,
        run: str,
        request: TrainingRequest,
        classes: Mapping[str, int] | None,
        state: State,
        problem: str | None,
        updates: Sequence[Mapping[str, Any]],
        place: int | None,
    ) -> "TrainingResponse":
        """Describe a run; of all kernels only the newest, or the response would grow with the run."""
        kernels = next((update["kernels"] for update in reversed(updates) if "kernels" in update), None)
        rest = [{key: value for key, value in update.items() if key != "kernels"} for update in updates]
        return cls(
            id=run,
            state=state,
            place=place,
            request=ChosenTraining.of(request),
            classes=None if classes is None else tuple(DrawnClass(*each) for each in classes.items()),
            updates=tuple(cast("TrainingUpdate", update) for update in rest),
            kernels=kernels,
            problem=problem,
            model=run if state == "done" else None,
            expires=expiry_text(run),
        )


@dataclass(frozen=True)
class StartedTraining:
    """A run that was started."""

    id: Annotated[str, Field(description="Whoever knows it can watch the run, and look at its network.")]
    owner: Annotated[str, Field(description="The token that deletes it: Authorization: Bearer <owner>; shown once.")]
    expires: Annotated[str, Field(description="When it is deleted, in UTC (RFC 3339).")]
