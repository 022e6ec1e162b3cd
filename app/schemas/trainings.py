"""A visitor's own training."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from model.workshop import Wish

MOST_DIGITS = 20_000
MOST_EPOCHS = 20


class TrainingQuery(BaseModel):
    """What to train; whatever is left out is chosen for you."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kernel_size: Literal[3, 5, 7, 9] = Field(5, description="Side of the kernels, in pixels.")
    filters: Annotated[int, Field(ge=2, le=32)] = Field(8, description="How many kernels.")
    rate: Annotated[float, Field(ge=1e-4, le=0.1, allow_inf_nan=False)] = Field(
        0.004, description="Highest learning rate of AdamW's one cycle."
    )
    digits: Annotated[int, Field(ge=500, le=MOST_DIGITS)] = Field(5000, description="Digits to train on.")
    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = Field(5, description="Passes over them.")
    seed: Annotated[int, Field(ge=0, le=1_000_000)] = Field(1, description="Of weights and order.")

    @property
    def wish(self) -> Wish:
        """The same for the trainer."""
        return Wish(**self.model_dump())


class WishAnswer(BaseModel):
    """What was chosen."""

    kernel_size: int
    filters: int
    rate: float
    digits: int
    epochs: int
    seed: int


class TrainingAnswer(BaseModel):
    """The training that runs, or ran last."""

    state: Literal["none", "running", "done", "failed", "canceled"]
    wish: WishAnswer | None = None
    updates: list[dict[str, Any]] = Field(
        [],
        description="In order: `source` (mnist or synthetic), `digits`, `held_out`; then `step, steps, epoch, loss` in "
        "nats and `accuracy` on the training digits; at last `validation_accuracy` and `seconds`.",
    )
    kernels: list[Any] | None = Field(None, description="[F][k][k], the newest.")
    problem: str | None = Field(None, description="Why it failed.")
    model: str | None = Field(None, description="Id under which the network is served, once it is done.")
