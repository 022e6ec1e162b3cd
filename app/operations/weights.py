"""GET /models/{model}/weights: every weight of a network in one file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.codecs.media_types import NPZ, SAFETENSORS
from app.codecs.tensor_json import encode_json_text
from app.context import context_of
from app.documentation import FILE, documented
from app.errors import InvalidInput, NotAcceptable, ServerBusy, UnknownCheckpoint, UnknownModel
from app.formats import ResponseFormat, choose_format, encode_response, send
from app.operations import API
from app.parameters import CheckpointParameter, DtypeParameter, ModelPath
from model.arrays import Float32

router = APIRouter(prefix=API, tags=["Models"])


FORMATS = (FILE, NPZ, SAFETENSORS)


class WeightsParameters(DtypeParameter, CheckpointParameter):
    """The query."""

    def format_of(self, request: Request) -> ResponseFormat:
        """Safetensors, or npz, which a client that prefers neither gets as a file; raises NotAcceptable."""
        return ResponseFormat(choose_format(request, FORMATS), self.dtype)


@dataclass(frozen=True)
class WeightsResponse:
    """Every array by its name."""

    model: str
    parameters: Mapping[str, Float32]

    def tensors(self) -> Mapping[str, Float32]:
        """By name: `conv1.weight`, `conv1.bias`."""
        return self.parameters

    def metadata(self) -> Mapping[str, str]:
        """`model` as JSON."""
        return {"model": encode_json_text(self.model)}


@router.get(
    "/models/{model}/weights",
    summary="Download all weights",
    **documented(
        None,
        FORMATS,
        UnknownModel,
        UnknownCheckpoint,
        NotAcceptable,
        InvalidInput,
        ServerBusy,
        parameters=WeightsParameters,
    ),
)
async def download_weights(request: Request, model: ModelPath) -> Response:
    """Kernels and biases of every layer: `conv1.weight` is [F, C, kH, kW], `conv1.bias` is [F].

    Unshared weights are stored by position, [H, W, F, C, kH, kW] and [H, W, F]. A convolution is a cross-correlation,
    as in every deep-learning library: the kernel is not flipped.
    """
    context, parameters = context_of(request), WeightsParameters.of(request)
    served, wanted = parameters.at_checkpoint(context.models[model]), parameters.format_of(request)
    response = WeightsResponse(served.name, served.artifact.network.parameters)
    written = wanted if wanted.media_type != FILE else replace(wanted, media_type=NPZ)
    return send(await context.slow_pool.run(encode_response, response, written), wanted.media_type)
