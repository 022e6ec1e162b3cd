"""What a user would write instead: FastAPI with ONNX Runtime or PyTorch, pixels in and every layer's output out.

``python -m bench.pixel_servers`` serves one of them at ``PORT``. ``BENCH_SERVER`` is ``plain``, or ``guarded`` with the
middleware and the HTTP protocol of Kernelscope, or ``kernelscope`` for the service itself.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import torch
import uvicorn
from fastapi import FastAPI, Response
from numpy.typing import NDArray
from pydantic import BaseModel

from app.main import add_middleware, create_app
from app.middleware.response_pieces import UnreadResponses
from app.observability.metrics import Metrics
from app.serve import uvicorn_options
from app.settings import Settings
from bench.contenders import network
from bench.rivals import onnx_session, torch_modules, torch_trace
from bench.service import OPERATIONS


class Digit(BaseModel):
    """28 rows of 28 numbers, 0 paper to 1 ink."""

    pixels: list[list[float]]

    @property
    def images(self) -> NDArray[np.float32]:
        """(1, 1, 28, 28)."""
        return np.array(self.pixels, dtype=np.float32)[np.newaxis, np.newaxis]


def create_rival(*, is_guarded: bool) -> FastAPI:
    """The endpoints, each a plain function that FastAPI calls in a thread."""
    rival = FastAPI()
    if is_guarded:
        add_middleware(rival, Settings(log_level="error"), Metrics(), UnreadResponses())
    cnn = network()
    session = onnx_session(cnn, 1, 1)
    names = list(cnn.layers)
    torch.set_num_threads(1)
    modules = torch_modules(cnn, channels_last=False)

    def run(digit: Digit) -> list[NDArray[np.float32]]:
        outputs: list[NDArray[np.float32]] = session.run(None, {"images": digit.images})
        return outputs

    @rival.post(OPERATIONS["JSON"])
    def respond_with_json(digit: Digit) -> Response:
        content = dict(zip(names, run(digit), strict=True))
        return Response(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")

    @rival.post(OPERATIONS["bytes"])
    def respond_with_bytes(digit: Digit) -> Response:
        body = b"".join(output.tobytes() for output in run(digit))
        return Response(body, media_type="application/octet-stream")

    @rival.post(OPERATIONS["lists"])
    def respond_with_lists(digit: Digit) -> dict[str, Any]:
        return {name: output.tolist() for name, output in zip(names, run(digit), strict=True)}

    @rival.post(OPERATIONS["PyTorch JSON"])
    def respond_with_torch(digit: Digit) -> Response:
        with torch.inference_mode():
            outputs = torch_trace(modules, torch.from_numpy(digit.images))
        content = {name: output.numpy() for name, output in zip(names, outputs, strict=True)}
        return Response(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")

    @rival.get("/readyz")
    def check_readiness() -> dict[str, str]:
        return {"status": "ready"}

    return rival


SERVERS: dict[str, Callable[[], FastAPI]] = {
    "kernelscope": lambda: create_app(Settings(log_level="error")),
    "plain": lambda: create_rival(is_guarded=False),
    "guarded": lambda: create_rival(is_guarded=True),
}


def create() -> FastAPI:
    """The application of a worker."""
    return SERVERS[os.environ["BENCH_SERVER"]]()


if __name__ == "__main__":
    port = int(os.environ["PORT"])
    is_plain = os.environ["BENCH_SERVER"] == "plain"
    plain = {"port": port, "log_config": None, "access_log": False}
    options = plain if is_plain else uvicorn_options(Settings(port=port))
    uvicorn.run(
        "bench.pixel_servers:create",
        factory=True,
        workers=int(os.environ["BENCH_WORKERS"]),
        **options,
    )
