"""The request that starts a training run, and the response of every operation on it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # pydantic cannot read that of typing before Python 3.12

from app.view_id import expiry_text
from model.training_request import MAX_DIGITS, MAX_EPOCHS, Start, TrainingRequest

State = Literal["queued", "running", "done", "failed"]


class TrainingBody(BaseModel):
    """What to train; fields that are left out have defaults."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kernel_size: Literal[3, 5, 7, 9] = Field(5, description="Height and width of the kernels, in pixels.")
    filters: Annotated[int, Field(ge=2, le=32)] = Field(8, description="Number of kernels.")
    learning_rate: Annotated[float, Field(ge=1e-4, le=0.1, allow_inf_nan=False)] = Field(
        0.004, description="Maximum learning rate of AdamW's one cycle."
    )
    digits: Annotated[int, Field(ge=500, le=MAX_DIGITS)] = Field(5000, description="Number of training digits.")
    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] = Field(5, description="Passes over the training digits.")
    seed: Annotated[int, Field(ge=0, le=1_000_000)] = Field(1, description="Seed of the weights and the order.")
    start: Start = Field(
        "random",
        description="Weights at the beginning; equal: the same for all kernels, also in the layer behind.",
    )

    @property
    def request(self) -> TrainingRequest:
        """The same for the training process."""
        return TrainingRequest(**self.model_dump())


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
class TrainingResponse:
    """A training run."""

    id: Annotated[str, Field(description="Whoever knows it can watch the run, and look at its network.")]
    state: State
    place: Annotated[int | None, Field(description="In the queue, from 1; null if it does not wait.")]
    request: ChosenTraining
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
