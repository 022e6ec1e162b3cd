"""/v2: the Open Inference Protocol, for programs that already speak it.

It has documents of its own, and errors of its own form, so that it is no part of the OpenAPI document.
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import __version__
from app.codecs.inference_protocol import DATATYPE, HEADER_LENGTH, decode_request, encode_answer
from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.dependencies import Services, services_of
from app.errors import AppError, NotReady, UnknownModel
from app.services.batch_inference import INPUT, MOST_IMAGES, infer, output_shapes
from app.services.network_catalog import ServedNetwork

router = APIRouter(prefix="/v2", include_in_schema=False)

VERSION = "1"


@router.get("")
async def get_server() -> Response:
    """Name, version and extensions."""
    return _json({"name": "kernelscope", "version": __version__, "extensions": ["binary_tensor_data"]})


@router.get("/health/live")
async def is_live() -> Response:
    """It answers."""
    return _json({"live": True})


@router.get("/health/ready")
async def is_ready(request: Request) -> Response:
    """Networks are loaded and the pool takes work."""
    if not services_of(request).pool.is_open:
        return _refuse(NotReady("The server is stopping."))
    return _json({"ready": True})


@router.get("/models/{model}")
@router.get("/models/{model}/versions/{version}")
async def get_model(request: Request, model: str, version: str = VERSION) -> Response:
    """Input and outputs, with -1 for the batch."""
    try:
        served = _find(services_of(request), model, version)
    except AppError as error:
        return _refuse(error)
    shape = [-1, *served.artifact.network.input_shape]
    outputs = [{"name": name, "datatype": DATATYPE, "shape": [-1, *of]} for name, of in output_shapes(served).items()]
    inputs = [{"name": INPUT, "datatype": DATATYPE, "shape": shape}]
    return _json(
        {"name": served.name, "versions": [VERSION], "platform": "numpy", "inputs": inputs, "outputs": outputs}
    )


@router.get("/models/{model}/ready")
@router.get("/models/{model}/versions/{version}/ready")
async def is_model_ready(request: Request, model: str, version: str = VERSION) -> Response:
    """There is such a model."""
    try:
        served = _find(services_of(request), model, version)
    except AppError as error:
        return _refuse(error)
    return _json({"name": served.name, "ready": True})


@router.post("/models/{model}/infer")
@router.post("/models/{model}/versions/{version}/infer")
async def infer_batch(request: Request, model: str, version: str = VERSION) -> Response:
    """Logits, probabilities and any layer's feature maps, of up to 64 images."""
    services = services_of(request)
    body = await request.body()  # its limit is the service's own, and answered as all its limits are
    header_length = request.headers.get(HEADER_LENGTH)

    def compute() -> tuple[bytes, int | None]:
        asked = decode_request(body, header_length, INPUT, served.artifact.network.input_shape, MOST_IMAGES)
        outputs = infer(served, asked.images, [output.name for output in asked.outputs])
        return encode_answer(served.name, asked, outputs)

    try:
        served = _find(services, model, version)
        answer, json_length = await services.slow_pool.run(compute)
    except AppError as error:
        return _refuse(error)
    if json_length is None:
        return Response(answer, media_type=JSON)
    return Response(answer, media_type="application/octet-stream", headers={HEADER_LENGTH: str(json_length)})


def _find(services: Services, model: str, version: str) -> ServedNetwork:
    served = services.catalog[model]
    if version != VERSION:
        raise UnknownModel(f"Model {served.name} has one version, {VERSION}.")
    return served


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(encode_json(value), status_code=status, media_type=JSON)


def _refuse(error: AppError) -> Response:
    """In the protocol's own form; a value out of range is a 400 there."""
    answer = _json({"error": error.detail}, 400 if error.status == 422 else error.status)
    answer.headers.update(error.headers)
    return answer
