"""/v2: the Open Inference Protocol, for programs that already speak it.

It has its own documents and its own form of errors, so it is not part of the OpenAPI document.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import __version__
from app.codecs.inference_protocol import DATATYPE, HEADER_LENGTH, decode_request, encode_outputs
from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.context import Context, context_of
from app.errors import AppError, NotReady, UnknownLayer, UnknownModel
from app.served_network import ServedNetwork
from model.arrays import Float32

router = APIRouter(prefix="/v2", include_in_schema=False)

VERSION = "1"

INPUT = "input"

MAX_IMAGES = 64
"""In one request: all feature maps of a convolution for so many images are 3 MB."""

DEFAULT_OUTPUTS = ("logits", "probabilities")
"""Outputs of a request that names none, (N, classes)."""


@router.get("")
async def get_server() -> Response:
    """Name, version and extensions."""
    return _json({"name": "kernelscope", "version": __version__, "extensions": ["binary_tensor_data"]})


@router.get("/health/live")
async def is_live() -> Response:
    """The process responds."""
    return _json({"live": True})


@router.get("/health/ready")
async def is_ready(request: Request) -> Response:
    """Networks are loaded and the pool takes work."""
    if not context_of(request).pool.is_open:
        return _error(NotReady("The server is stopping."))
    return _json({"ready": True})


@router.get("/models/{model}")
@router.get("/models/{model}/versions/{version}")
async def get_model(request: Request, model: str, version: str = VERSION) -> Response:
    """Input and outputs, with -1 for the batch."""
    try:
        served = _find(context_of(request), model, version)
    except AppError as error:
        return _error(error)
    shape = [-1, *served.artifact.network.input_shape]
    outputs = [{"name": name, "datatype": DATATYPE, "shape": [-1, *of]} for name, of in output_shapes(served).items()]
    inputs = [{"name": INPUT, "datatype": DATATYPE, "shape": shape}]
    return _json(
        {"name": served.name, "versions": [VERSION], "platform": "numpy", "inputs": inputs, "outputs": outputs}
    )


@router.get("/models/{model}/ready")
@router.get("/models/{model}/versions/{version}/ready")
async def is_model_ready(request: Request, model: str, version: str = VERSION) -> Response:
    """Whether the model is served."""
    try:
        served = _find(context_of(request), model, version)
    except AppError as error:
        return _error(error)
    return _json({"name": served.name, "ready": True})


@router.post("/models/{model}/infer")
@router.post("/models/{model}/versions/{version}/infer")
async def infer_batch(request: Request, model: str, version: str = VERSION) -> Response:
    """Logits, probabilities and any layer's feature maps, of up to 64 images."""
    context = context_of(request)
    body = await request.body()  # errors of its limits have the service's own form, as everywhere
    header_length = request.headers.get(HEADER_LENGTH)

    def compute() -> tuple[bytes, int | None]:
        wanted = decode_request(body, header_length, INPUT, served.artifact.network.input_shape, MAX_IMAGES)
        outputs = infer(served, wanted.images, [output.name for output in wanted.outputs])
        return encode_outputs(served.name, wanted, outputs)

    try:
        served = _find(context, model, version)
        content, json_length = await context.slow_pool.run(compute)
    except AppError as error:
        return _error(error)
    if json_length is None:
        return Response(content, media_type=JSON)
    return Response(content, media_type="application/octet-stream", headers={HEADER_LENGTH: str(json_length)})


def output_shapes(served: ServedNetwork) -> dict[str, list[int]]:
    """Name → shape behind the batch axis."""
    layers = {name: list(layer.output_shape) for name, layer in served.layers.items()}
    return {**{name: [served.classes] for name in DEFAULT_OUTPUTS}, **layers}


def infer(served: ServedNetwork, images: Float32, names: Sequence[str]) -> dict[str, Float32]:
    """Outputs by name, each (N, …) float32.

    Raises:
        UnknownLayer: There is no such output.
    """
    known = output_shapes(served)
    wanted = list(names) or list(DEFAULT_OUTPUTS)
    for name in wanted:
        if name not in known:
            raise UnknownLayer(f"Model {served.name} has no output {name[:40]!r}; its outputs are: {', '.join(known)}.")
    trace = served.artifact.network.trace(images)
    heads = {"logits": trace.logits, "probabilities": trace.probabilities}
    return {name: heads[name] if name in heads else trace.outputs[name] for name in wanted}


def _find(context: Context, model: str, version: str) -> ServedNetwork:
    served = context.models[model]
    if version != VERSION:
        raise UnknownModel(f"Model {served.name} has one version, {VERSION}.")
    return served


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(encode_json(value), status_code=status, media_type=JSON)


def _error(error: AppError) -> Response:
    """In the protocol's own form, where a value out of range is a 400."""
    response = _json({"error": error.detail}, 400 if error.status == 422 else error.status)
    response.headers.update(error.headers)
    return response
