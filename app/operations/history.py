"""GET /models/{model}/history: checkpoints and learning curve of a model's training."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from app.codecs.media_types import JSON
from app.context import context_of
from app.documentation import documented
from app.errors import UnknownModel
from app.formats import send_json
from app.operations import API
from app.parameters import ModelPath
from app.served_network import ServedNetwork

router = APIRouter(prefix=API, tags=["Models"])


@dataclass(frozen=True)
class Checkpoint:
    """Weights that were stored during training."""

    step: Annotated[int, Field(description="Training steps taken.")]
    test_accuracy: Annotated[float, Field(description="Share of the 10,000 test digits classified correctly.")]


@dataclass(frozen=True)
class Epoch:
    """One pass over the training digits."""

    epoch: int
    step: Annotated[int, Field(description="Training steps taken at its end.")]
    loss: Annotated[float, Field(description="Mean over the pass, in nats; label smoothing included.")]
    accuracy: Annotated[float, Field(description="Share of the augmented training digits classified correctly.")]


@dataclass(frozen=True)
class HistoryResponse:
    """The training of a model; both lists are empty if it was not stored."""

    model: str
    checkpoints: list[Checkpoint]
    epochs: list[Epoch]

    @classmethod
    def of(cls, served: ServedNetwork) -> "HistoryResponse":
        """Describe a model's training."""
        history = served.history
        if history is None:
            return cls(model=served.name, checkpoints=[], epochs=[])
        # Every epoch has as many steps; the last checkpoint is the last step of all.
        per_epoch = history.steps[-1] // max(1, len(history.curve))
        return cls(
            model=served.name,
            checkpoints=[Checkpoint(step, history.accuracies[step]) for step in history.steps],
            epochs=[
                Epoch(
                    epoch=int(record["epoch"]),
                    step=int(record["epoch"]) * per_epoch,
                    loss=record["loss"],
                    accuracy=record["accuracy"],
                )
                for record in history.curve
            ],
        )


@router.get(
    "/models/{model}/history",
    summary="Get a model's training history",
    **documented(HistoryResponse, [JSON], UnknownModel),
)
async def get_history(request: Request, model: ModelPath) -> Response:
    """The steps whose weights were stored, each with its accuracy on the test digits, and the learning curve.

    Kernels, feature maps and neurons can be requested for each of these steps with `?checkpoint=`. The weights are
    exponential moving averages over training steps, like those that are served; they were stored in eight bits each,
    except for the last, which are the served ones in half precision.
    """
    return send_json(HistoryResponse.of(context_of(request).models[model]))
