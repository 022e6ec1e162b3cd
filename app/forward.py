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
from app.codecs.media_types import PNG
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

    @classmethod
    def of(cls, name: str, kind: str, maps: Float32) -> "LayerMaps":
        """Describe (F, H, W) maps, which must be contiguous."""
        return cls(name, kind, maps.shape, value_range(maps), maps)


@dataclass(frozen=True)
class FeatureMapsResponse:
    """The prediction and the feature maps of a network for a digit."""

    model: str
    prediction: Annotated[Prediction | None, Field(description="null for a blank digit.")]
    input: FramedDigit
    layers: Annotated[list[LayerMaps], Field(description="In the order of the request.")]
    _outputs: Annotated[Prediction | None, Field(exclude=True)] = None
    """What the network computed, for a blank digit too: files of tensors always hold it."""

    def only(self, number: int) -> "FeatureMapsResponse":
        """The same with one map of each layer, still as (1, H, W)."""
        layers = [
            LayerMaps.of(layer.name, layer.kind, layer.feature_maps[number : number + 1]) for layer in self.layers
        ]
        return replace(self, layers=layers)

    def tensors(self) -> dict[str, Float32]:
        """`input`, in color also `input/colors`, a tensor for each layer, `logits` and `probabilities`."""
        assert self._outputs is not None  # noqa: S101 - set by `forward`
        tensors = {"input": self.input.pixels}
        if self.input.colors is not None:
            tensors["input/colors"] = self.input.colors
        for layer in self.layers:
            tensors[layer.name] = layer.feature_maps
        tensors["logits"] = self._outputs.logits
        tensors["probabilities"] = self._outputs.probabilities
        return tensors

    def metadata(self) -> Mapping[str, str]:
        """`model`, `prediction`, `framing` and `layers` as JSON."""
        top = self.prediction and {"digit": self.prediction.digit, "probability": self.prediction.probability}
        return {
            "model": encode_json_text(self.model),
            "prediction": encode_json_text(top),
            "framing": encode_json_text(self.input.framing),
            "layers": encode_json_text([layer.name for layer in self.layers]),
        }


def forward(
    served: ServedNetwork, source: Source, framing: FramingChoice, layers: Sequence[str]
) -> FeatureMapsResponse:
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
    outputs = predicted(trace)
    return FeatureMapsResponse(
        model=served.name,
        prediction=outputs if digit.pixels.any() else None,
        input=digit,
        # The memory order inside the network is another one, and its arrays are reused for the next digit.
        layers=[
            LayerMaps.of(name, served.layers[name].kind, np.array(trace.outputs[name][0], order="C")) for name in layers
        ],
        _outputs=outputs,
    )


def predicted(trace: ForwardTrace) -> Prediction:
    """The prediction of a trace of one image, in arrays of its own."""
    probabilities = trace.probabilities[0].copy()
    return Prediction(int(probabilities.argmax()), float(probabilities.max()), probabilities, trace.logits[0].copy())


def encode_feature_maps(response: FeatureMapsResponse, served: ServedNetwork, wanted: ResponseFormat) -> bytes:
    """Write feature maps, or one filter's; a PNG shows the only layer in its fixed color range."""
    if wanted.media_type == PNG:
        (layer,) = response.layers
        colors = served.artifact.calibration[layer.name].display_range
        return encode_maps(layer.feature_maps, colors, wanted.filter, wanted.zoom, wanted.theme)
    return encode_response(response if wanted.filter is None else response.only(wanted.filter), wanted)


def top_prediction(pixels: Float32, probabilities: NDArray[np.floating]) -> TopPrediction | None:
    """The most probable class; None for a blank digit."""
    if not pixels.any():
        return None
    return TopPrediction(int(probabilities.argmax()), float(probabilities.max()))
