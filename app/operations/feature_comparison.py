"""POST /experiments/feature-comparison: the global features of a perceptron beside the local ones of a convolution."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import Field

from app.codecs.array_schema import Array
from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.comparison import common_input
from app.context import context_of
from app.digit_input import DIGIT_ERRORS, DigitRequest, framed_digit, read_body
from app.documentation import DIGIT_EXAMPLES, documented, request_body
from app.errors import InvalidInput
from app.forward import TopPrediction, top_prediction
from app.framing import FramedDigit
from app.operations import API
from app.parameters import ModelsParameter
from app.served_network import ServedNetwork
from model.arrays import Float32

router = APIRouter(prefix=API, tags=["Experiments"])


class FeatureComparisonParameters(ModelsParameter):
    """The models, of which the first with fully connected and the first with convolutional features are compared."""


@dataclass(frozen=True)
class GlobalFeatures:
    """The activation of each feature of the whole digit."""

    model: str
    layer: str
    prediction: Annotated[TopPrediction | None, Field(description="Of this model; null for a blank digit.")]
    pre_activations: Annotated[Float32, Array("features")]
    activations: Annotated[Float32, Array("features", description="After the ReLU.")]
    order: Annotated[
        NDArray[np.int64],
        Array("features", integer=True, description="Numbers of the features, the largest activation first."),
    ]
    active: Annotated[int, Field(description="How many activations are positive.")]


@dataclass(frozen=True)
class LocalFeatures:
    """The largest activation of each kernel, and where it is."""

    model: str
    layer: str
    prediction: Annotated[TopPrediction | None, Field(description="Of this model; null for a blank digit.")]
    strongest: Annotated[Float32, Array("filters", description="Largest value of each map after the ReLU.")]
    positions: Annotated[NDArray[np.int64], Array("filters", "2", integer=True, description="Row and column of it.")]
    active_share: Annotated[NDArray[np.float64], Array("filters", description="Share of each map that is positive.")]


@dataclass(frozen=True)
class FeatureComparisonResponse:
    """Global features beside local features."""

    input: FramedDigit
    perceptron: GlobalFeatures
    convolution: LocalFeatures


@router.post(
    "/experiments/feature-comparison",
    summary="Compare global and local features",
    **documented(
        FeatureComparisonResponse,
        [JSON],
        *DIGIT_ERRORS,
        parameters=FeatureComparisonParameters,
        body=request_body(DigitRequest, DIGIT_EXAMPLES),
    ),
)
async def compare_features(request: Request) -> Response:
    """The activation of each of the perceptron's features for a digit, and of each local kernel.

    The features themselves are the kernels of the two layers that the response names.
    """
    context = context_of(request)
    networks = FeatureComparisonParameters.of(request).networks_of(context)
    perceptron = _first_with(networks, "linear", "a fully connected layer")
    convolution = _first_with(networks, "conv2d", "a convolution")
    body = await read_body(DigitRequest, request, context.settings)

    def compute() -> bytes:
        shape = common_input([perceptron, convolution])
        digit = framed_digit(body, context.samples, context.settings, shape)
        response = FeatureComparisonResponse(
            digit, _global_features(perceptron, digit), _local_features(convolution, digit)
        )
        return encode_json(response)

    return Response(await context.slow_pool.run(compute), media_type=JSON)


@dataclass(frozen=True)
class _Activations:
    """The first layer of a network, and the ReLU behind it, for a digit."""

    layer: str
    prediction: TopPrediction | None
    before: Float32
    after: Float32

    @classmethod
    def of(cls, served: ServedNetwork, digit: FramedDigit) -> "_Activations":
        """Compute (F, H, W) before and after the ReLU; if there is none, both are the same."""
        trace = served.trace(served.picture_of(digit))
        first, second, *_ = served.layers
        rectified = second if served.layers[second].kind == "relu" else first
        # The arrays inside the network are reused for the next digit.
        before, after = (np.array(trace.outputs[name][0], order="C") for name in (first, rectified))
        return cls(first, top_prediction(digit.pixels, trace.probabilities[0]), before, after)


def _first_with(networks: Sequence[ServedNetwork], kind: str, what: str) -> ServedNetwork:
    """The first model whose first layer is of this kind.

    Raises:
        InvalidInput: None of the models has such a first layer.
    """
    for served in networks:
        if next(iter(served.layers.values())).kind == kind:
            return served
    names = ", ".join(served.name for served in networks) or "none"
    raise InvalidInput(f"None of the models ({names}) begins with {what}; name one that does with ?models=.")


def _global_features(served: ServedNetwork, digit: FramedDigit) -> GlobalFeatures:
    found = _Activations.of(served, digit)
    sums, activations = found.before.ravel(), found.after.ravel()
    return GlobalFeatures(
        model=served.name,
        layer=found.layer,
        prediction=found.prediction,
        pre_activations=sums,
        activations=activations,
        # Of equal activations, the one with the larger sum before the ReLU comes first.
        order=np.lexsort((-sums, -activations)),
        active=int((activations > 0).sum()),
    )


def _local_features(served: ServedNetwork, digit: FramedDigit) -> LocalFeatures:
    found = _Activations.of(served, digit)
    flat: NDArray[np.float32] = found.after.reshape(len(found.after), -1)
    return LocalFeatures(
        model=served.name,
        layer=found.layer,
        prediction=found.prediction,
        strongest=flat.max(axis=1),
        positions=np.stack(np.unravel_index(flat.argmax(axis=1), found.after.shape[1:]), axis=1),
        active_share=np.mean(flat > 0, axis=1),
    )
