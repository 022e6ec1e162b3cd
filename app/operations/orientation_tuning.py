"""Hubel and Wiesel's experiment: GET /experiments/bar and /experiments/orientation-tuning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import Field

from app.codecs.array_schema import Array, Pixels
from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.context import context_of
from app.documentation import documented
from app.errors import InvalidInput, ServerBusy, UnknownCheckpoint, UnknownLayer, UnknownModel
from app.formats import send_json
from app.operations import API
from app.parameters import CheckpointParameter, ModelParameter, Names, Parameters
from app.served_network import ServedNetwork
from model.experiments.orientation_tuning import SELECTIVE_FROM, Bar, Measure, Tuning, Verdict, measure_tuning

router = APIRouter(prefix=f"{API}/experiments", tags=["Experiments"])

POOLING = ("maximum", "mean")
"""Operations of pooling layers."""


class BarShape(Parameters):
    """The bar: all but its angle."""

    length: float = Field(20, ge=1, le=40, description="Of the bar, in pixels.")
    width: float = Field(3, ge=0.5, le=14, description="Of the bar, or of half a period of the grating, in pixels.")
    row: float = Field(14, ge=0, le=28, description="Center, in pixels from the top edge.")
    column: float = Field(14, ge=0, le=28, description="Center, in pixels from the left edge.")
    grating: bool = Field(False, description="Soft bars all over the image instead of one.")
    dark: bool = Field(False, description="A bar of paper on ink.")

    def bar(self) -> Bar:
        """The bar as the experiment draws it."""
        return Bar(self.length, self.width, self.row, self.column, self.grating, self.dark)


class BarParameters(BarShape):
    """The query of a drawing of the bar."""

    angle: float = Field(0, ge=-360, le=360, description="Degrees, counterclockwise; 0 is horizontal, 90 vertical.")


class TuningParameters(ModelParameter, CheckpointParameter, BarShape):
    """The query of a measurement of tuning curves."""

    layers: Names | None = Field(
        None,
        description="ReLU or pooling layers, separated by commas; left out: the first ReLU and the pooling after it.",
        examples=[["relu1"]],
    )
    step: float = Field(5, ge=2, le=45, description="Between angles, in degrees.")
    measure: Literal["swept", "center"] = Field(
        "swept",
        description="swept: the largest activation of a neuron while the bar is swept across its receptive field. "
        "center: the activation of the neuron that looks at the bar's center.",
    )


@dataclass(frozen=True)
class BarResponse:
    """A bar as pixels."""

    bar: Bar
    angle: float
    pixels: Pixels


@dataclass(frozen=True)
class FilterTuning:
    """How the activation of one filter depends on the angle."""

    filter: int
    activations: Annotated[
        NDArray[np.float64],
        Array("angles", description="The activation at each angle minus the activation for the background alone."),
    ]
    preferred: Annotated[
        float | None, Field(description="Angle of the mean activation, 0–180°; null if there is no activation.")
    ]
    selectivity: Annotated[float, Field(description="1 − circular variance: 0, all angles alike, to 1, one angle.")]
    verdict: Verdict

    @classmethod
    def of(cls, number: int, tuning: Tuning) -> "FilterTuning":
        """Describe the tuning of the filter of this number."""
        return cls(number, tuning.activations, tuning.preferred, tuning.selectivity, tuning.verdict)


@dataclass(frozen=True)
class LayerTuning:
    """The tuning of a layer's filters."""

    name: str
    kind: str
    filters: list[FilterTuning]


@dataclass(frozen=True)
class OrientationTuningResponse:
    """Hubel and Wiesel's experiment on a model."""

    model: str
    checkpoint: Annotated[int | None, Field(description="Training step of the weights; null: the finished weights.")]
    bar: Bar
    measure: Measure
    angles: Annotated[list[float], Field(description="Degrees, counterclockwise; 0 is horizontal, 90 vertical.")]
    selective_from: Annotated[float, Field(description="Selectivity from which the verdict is `selective`.")]
    layers: list[LayerTuning]


@router.get(
    "/bar",
    summary="Draw a bar of light",
    **documented(BarResponse, [JSON], InvalidInput, parameters=BarParameters),
)
async def draw_bar(request: Request) -> Response:
    """The 28×28 pixels that the experiment shows at an angle; send them as `pixels` for their feature maps."""
    parameters = BarParameters.of(request)
    bar = parameters.bar()
    return send_json(BarResponse(bar, parameters.angle, bar.draw(parameters.angle)))


@router.get(
    "/orientation-tuning",
    summary="Measure orientation tuning",
    **documented(
        OrientationTuningResponse,
        [JSON],
        UnknownModel,
        UnknownCheckpoint,
        UnknownLayer,
        InvalidInput,
        ServerBusy,
        parameters=TuningParameters,
    ),
)
async def measure_orientation_tuning(request: Request) -> Response:
    """Rotate a bar and measure each filter: tuning curve, preferred angle, selectivity, and a verdict.

    Neurons of a fully connected layer have no position, so that both measures are the same for them.
    """
    context, parameters = context_of(request), TuningParameters.of(request)
    served = parameters.at_checkpoint(parameters.network_of(context))
    layers = tunable_layers(served, parameters.layers)

    def compute() -> bytes:
        return encode_json(tuning_response(served, layers, parameters))

    return Response(await context.slow_pool.run(compute), media_type=JSON)


def tuning_response(
    served: ServedNetwork, layers: list[str], parameters: TuningParameters
) -> OrientationTuningResponse:
    """Measure the filters of these layers."""
    bar = parameters.bar()
    angles = [float(angle) for angle in np.arange(0, 180, parameters.step)]
    tunings = measure_tuning(served.artifact.network, layers, bar, angles, parameters.measure)
    return OrientationTuningResponse(
        model=served.name,
        checkpoint=parameters.checkpoint,
        bar=bar,
        measure=parameters.measure,
        angles=angles,
        selective_from=SELECTIVE_FROM,
        layers=[
            LayerTuning(
                name,
                served.layers[name].kind,
                [FilterTuning.of(number, tuning) for number, tuning in enumerate(tunings[name])],
            )
            for name in layers
        ],
    )


def tunable_layers(served: ServedNetwork, names: list[str] | None) -> list[str]:
    """The layers of these names; without names, the first ReLU and the pooling after it, if there is one.

    Raises:
        UnknownLayer: There is no such layer.
        InvalidInput: The values of one of them can be negative, or the network has no ReLU.
    """
    rectified = rectified_layers(served)
    if not rectified:
        raise InvalidInput(f"Model {served.name} has no ReLU; tuning curves can be drawn of layers behind one.")
    if names is None:
        order = list(served.layers)
        following = order[order.index(rectified[0]) + 1]
        has_pooling = following in rectified and served.layers[following].operation in POOLING
        return [rectified[0], following] if has_pooling else [rectified[0]]
    chosen = served.choose_layers(names)
    for name in chosen:
        if name not in rectified:
            raise InvalidInput(
                f"Layer {name} is a {served.layers[name].kind}; tuning curves can be drawn of: {', '.join(rectified)}."
            )
    return chosen


@dataclass(frozen=True)
class TuningGroup:
    """Filters that the page compares with others.

    Attributes:
        id: In the address of the page.
        label: On its button and in the plot.
        noun: "filters" or, of a fully connected layer, "neurons".
        model: The model.
        checkpoint: Training step of the weights; None for the finished weights.
        rectifier: The first ReLU layer, whose activations are shown.
        kernels: The last layer with weights before it.
        is_shared: Whether the kernels are the same at every position.
        largest: The activation at the end of the color scale.
    """

    id: str
    label: str
    noun: Literal["filters", "neurons"]
    model: str
    checkpoint: int | None
    rectifier: str
    kernels: str
    is_shared: bool
    largest: float

    @classmethod
    def of(cls, group: str, label: str, served: ServedNetwork) -> "TuningGroup":
        """The filters before the first ReLU of a network that has one."""
        found = _first_filters(served)
        assert found is not None, "the network has a ReLU after weights"  # noqa: S101
        rectifier, kernels = found
        return cls(
            id=group,
            label=label,
            noun="neurons" if served.layers[kernels].kind == "linear" else "filters",
            model=served.name,
            checkpoint=served.checkpoint,
            rectifier=rectifier,
            kernels=kernels,
            is_shared=served.layers[kernels].kind != "locally_connected2d",
            largest=served.artifact.calibration[rectifier].display_range[1],
        )


def tuning_groups(served: ServedNetwork, compared: Sequence[ServedNetwork]) -> list[TuningGroup]:
    """The groups that the page compares: trained, untrained, and one of the compared models.

    The compared model is the first that differs from this one in whether its first layer is fully connected.

    Args:
        served: The page's model.
        compared: The models it may be compared with.

    Returns:
        An empty list for a network without a ReLU after weights. Without stored checkpoints there is no untrained
        group.
    """
    if _first_filters(served) is None:
        return []
    trained = TuningGroup.of("trained", "Trained", served)
    groups = [trained]
    if served.history is not None and 0 in served.history.steps:
        groups.append(TuningGroup.of("untrained", "Untrained", served.at(0)))
    for other in compared:
        if _first_filters(other) is not None:
            group = TuningGroup.of("compared", other.name, other)
            if group.noun != trained.noun:
                return [*groups, group]
    return groups


def _first_filters(served: ServedNetwork) -> tuple[str, str] | None:
    """The first ReLU layer and the last layer with weights before it; None if there is no such ReLU."""
    kernels = None
    for name, layer in served.layers.items():
        if layer.kind == "relu":
            return None if kernels is None else (name, kernels)
        if "weight" in served.artifact.network.layers[name].parameters:
            kernels = name
    return None


def rectified_layers(served: ServedNetwork) -> list[str]:
    """ReLU layers, and the pooling layers after them: their values are never negative."""
    is_rectified, found = False, []
    for name, layer in served.layers.items():
        # Pooling keeps the sign of what it reads.
        is_rectified = layer.kind == "relu" or (is_rectified and layer.operation in POOLING)
        if is_rectified:
            found.append(name)
    return found
