"""A digit through a network: prediction and feature maps.

Knows no request; the response type here is the one of every operation that responds with feature maps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from app.codecs.array_schema import Classes, Maps, value_range
from app.codecs.media_types import JSON, PNG
from app.codecs.tensor_json import encode_json_text
from app.codecs.tensor_png import encode_maps
from app.formats import ResponseFormat, encode_response
from app.framing import FramedDigit, FramingChoice, Source, frame
from app.served_network import ServedNetwork
from model.arrays import Float32
from model.network import ForwardTrace


@dataclass(frozen=True)
class TopPrediction:
    """The most probable class and its probability."""

    digit: int
    probability: float


@dataclass(frozen=True)
class Prediction:
    """What the network predicts."""

    digit: Annotated[int, Field(description="The most probable class.")]
    probability: Annotated[float, Field(description="Of the most probable class.")]
    probabilities: Classes
    logits: Classes


@dataclass(frozen=True)
class LayerMaps:
    """The feature maps of one layer for the digit."""

    name: str
    kind: str
    shape: Annotated[tuple[int, int, int], Field(description="[F, H, W]")]
    range: Annotated[tuple[float, float], Field(description="Lowest and highest value for this digit.")]
    feature_maps: Maps


@dataclass(frozen=True)
class FeatureMapsResponse:
    """The prediction and the feature maps of a network for a digit."""

    model: str
    prediction: Annotated[Prediction | None, Field(description="null for a blank digit.")]
    input: FramedDigit
    layers: Annotated[list[LayerMaps], Field(description="In the order of the request.")]


@dataclass(frozen=True)
class Activations:
    """What a network computes of a digit, in arrays of its own.

    Attributes:
        served: The network.
        digit: What it reads.
        maps: Layer name → (F, H, W) float32, contiguous, in the order of the request.
        outputs: What it predicts, for a blank digit too.
    """

    served: ServedNetwork
    digit: FramedDigit
    maps: Mapping[str, Float32]
    outputs: Prediction

    @property
    def prediction(self) -> Prediction | None:
        """None for a blank digit."""
        return self.outputs if self.digit.pixels.any() else None

    def only(self, number: int) -> "Activations":
        """The same with one map of each layer, still as (1, H, W)."""
        return replace(self, maps={name: maps[number : number + 1] for name, maps in self.maps.items()})

    def response(self) -> FeatureMapsResponse:
        """For JSON, which describes every layer."""
        layers = [
            LayerMaps(name, self.served.layers[name].kind, maps.shape, value_range(maps), maps)
            for name, maps in self.maps.items()
        ]
        return FeatureMapsResponse(self.served.name, self.prediction, self.digit, layers)

    def tensors(self) -> dict[str, Float32]:
        """`input`, in color also `input/colors`, a tensor for each layer, `logits` and `probabilities`."""
        colors = {} if self.digit.colors is None else {"input/colors": self.digit.colors}
        outputs = {"logits": self.outputs.logits, "probabilities": self.outputs.probabilities}
        return {"input": self.digit.pixels, **colors, **self.maps, **outputs}

    def metadata(self) -> Mapping[str, str]:
        """`model`, `prediction`, `framing` and `layers` as JSON."""
        prediction = self.prediction
        top = prediction and {"digit": prediction.digit, "probability": prediction.probability}
        return {
            "model": encode_json_text(self.served.name),
            "prediction": encode_json_text(top),
            "framing": encode_json_text(self.digit.framing),
            "layers": encode_json_text(list(self.maps)),
        }


def forward(served: ServedNetwork, source: Source, framing: FramingChoice, layers: Sequence[str]) -> Activations:
    """Frame a digit and pass it through a network.

    Args:
        served: The network.
        source: The digit as the client sent it.
        framing: How to frame it.
        layers: Names of the layers whose maps are wanted.

    Raises:
        FramingImpossible: The source is not 28×28 pixels, and the client requested no framing.
    """
    digit = frame(source, framing, served.input_shape)
    trace = served.trace(served.picture_of(digit))
    # The memory order inside the network is another one, and its arrays are reused for the next digit.
    maps = {name: np.array(trace.outputs[name][0], order="C") for name in layers}
    return Activations(served, digit, maps, predicted(trace))


def predicted(trace: ForwardTrace) -> Prediction:
    """The prediction of a trace of one image, in arrays of its own."""
    probabilities = trace.probabilities[0].copy()
    top = int(probabilities.argmax())
    return Prediction(top, float(probabilities[top]), probabilities, trace.logits[0].copy())


def encode_feature_maps(activations: Activations, wanted: ResponseFormat) -> bytes:
    """Write feature maps, or one filter's; a PNG shows the only layer in its fixed color range."""
    if wanted.media_type == PNG:
        ((layer, maps),) = activations.maps.items()
        colors = activations.served.artifact.calibration[layer].display_range
        return encode_maps(maps, colors, wanted.filter, wanted.zoom, wanted.theme)
    chosen = activations if wanted.filter is None else activations.only(wanted.filter)
    return encode_response(chosen.response() if wanted.media_type == JSON else chosen, wanted)


def top_prediction(pixels: Float32, probabilities: NDArray[np.floating]) -> TopPrediction | None:
    """The most probable class; None for a blank digit."""
    if not pixels.any():
        return None
    return TopPrediction(int(probabilities.argmax()), float(probabilities.max()))
