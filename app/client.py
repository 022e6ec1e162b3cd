"""The API from Python: arrays in, arrays out, with or without asyncio.

    from app.client import Client

    with Client("http://127.0.0.1:8000") as client:
        maps = client.feature_maps(sample=0, layers=["conv1", "relu1"])
        print(maps.digit, maps.probability)   # 7 0.999…
        maps["relu1"].shape                   # (16, 28, 28), float32

`python -m app.client FOLDER > predictions.csv` predicts every image of a folder; it needs tqdm for its progress bar.
`AsyncClient` has the same methods, to be awaited. An error is an `ApiError` with the server's own words. Needs httpx,
NumPy and safetensors and nothing else of Kernelscope, so this file may be copied into another project as it is.
"""

import argparse
import asyncio
import base64
import csv
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Self, TypeVar
from urllib.parse import quote

import httpx
import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load

Float32 = NDArray[np.float32]
Framing = Literal["auto", "mnist", "none"]
Crop = tuple[float, float, float, float]
P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8000"
PEN_WIDTH = 0.065
LONGEST_PAUSE = 10.0
"""Seconds: after a longer Retry-After of a busy server, the request is not repeated."""

_TENSORS = "application/x-safetensors"


class ApiError(Exception):
    """The server responded with a problem (RFC 9457).

    Attributes:
        status: HTTP status.
        type: Which problem, ``/problems/unknown-layer``.
        title: The same for people.
        detail: What happened, with the numbers, and what would work.
        problem: All members, as the server sent them.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", f"HTTP {status}"))
        self.detail = str(problem.get("detail", ""))
        self.problem = dict(problem)
        super().__init__(f"{self.title} ({status}): {self.detail}".rstrip(": "))


@dataclass(frozen=True, eq=False)
class FeatureMaps(Mapping[str, Float32]):
    """The response for a digit: layer name → its feature maps, (F, H, W) float32.

    Attributes:
        model: The network.
        digit: The predicted class; None for a blank pad.
        probability: Of that digit; None for a blank pad.
        probabilities: (classes,) float32.
        logits: (classes,) float32.
        input: The pixels that the network read, 0 paper to 1 ink; (28, 28) float32 for the shipped networks.
        framing: How the digit was cropped, scaled and centered.
        layers: The maps, in the order of the request.
    """

    model: str
    digit: int | None
    probability: float | None
    probabilities: Float32
    logits: Float32
    input: Float32
    framing: Mapping[str, Any]
    layers: Mapping[str, Float32]

    def __getitem__(self, layer: str) -> Float32:
        return self.layers[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)


@dataclass(frozen=True)
class Kernels:
    """The weights of a layer.

    Attributes:
        kernels: (F, C, kH, kW) float32; with unshared weights, (F, H, W, C, kH, kW).
        biases: (F,) float32; with unshared weights, (F, H, W).
    """

    kernels: Float32
    biases: Float32


@dataclass(frozen=True)
class Samples:
    """A page of MNIST's test digits.

    Attributes:
        images: (n, 28, 28) uint8, 0 paper, 255 ink.
        labels: (n,) uint8.
        indexes: (n,) int64, as `feature_maps(sample=…)` takes them.
        total: How many digits match on all pages.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    indexes: NDArray[np.int64]
    total: int


@dataclass(frozen=True)
class _Call(Generic[T]):
    """A request, and how to read its response; ``{model}`` in the path stands for the model.

    Attributes:
        method: HTTP method.
        path: Below ``/api/v1``.
        read: Reads the response.
        model: The model of this call; None: that of the client.
        params: The query.
        body: JSON; None: no body.
        accept: The wanted media type.
    """

    method: Literal["GET", "POST"]
    path: str
    read: Callable[[httpx.Response], T]
    model: str | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    accept: str = "application/json"

    def request_of(self, client: httpx.Client | httpx.AsyncClient, default_model: str | None) -> httpx.Request:
        name = quote(self.model or default_model or "", safe="")
        path = f"/api/v1{self.path.replace('{model}', name)}"
        headers = {"Accept": self.accept}
        return client.build_request(self.method, path, params=dict(self.params), json=self.body, headers=headers)

    def needs_default(self, default_model: str | None) -> bool:
        """Whether neither the call nor the client names the model of the path."""
        return "{model}" in self.path and not (self.model or default_model)


def _models() -> _Call[list[dict[str, Any]]]:
    """The networks, a line each."""
    return _Call("GET", "/models", lambda response: list(response.json()["models"]))


def _default_model() -> _Call[str]:
    """Id of the server's default model."""
    return _Call("GET", "/models", lambda response: str(response.json()["default"]))


def _model(model: str | None = None) -> _Call[dict[str, Any]]:
    """A network: its layers with shapes and counts, and its training record."""
    return _Call("GET", "/models/{model}", lambda response: dict(response.json()), model)


def _kernels(layer: str, *, model: str | None = None) -> _Call[Kernels]:
    """The kernels and biases of a layer."""
    path = f"/models/{{model}}/layers/{quote(layer, safe='')}/kernels"
    return _Call("GET", path, _read_kernels, model, accept=_TENSORS)


def _feature_maps(
    *,
    strokes: Sequence[ArrayLike] | None = None,
    pixels: ArrayLike | None = None,
    image: bytes | Path | None = None,
    sample: int | None = None,
    pen_width: float = PEN_WIDTH,
    framing: Framing = "auto",
    crop: Crop | None = None,
    rotate: float = 0,
    threshold: float | None = None,
    layers: Sequence[str] | None = None,
    model: str | None = None,
    dtype: Literal["float32", "float16"] = "float32",
) -> _Call[FeatureMaps]:
    """The feature maps for a digit; give exactly one of ``strokes``, ``pixels``, ``image`` and ``sample``.

    Args:
        strokes: (n, 2) each: x and y in pad units, 0–1, y down.
        pixels: (28, 28), 0 paper to 1 ink.
        image: A PNG, JPEG, WebP, GIF or BMP, or the path of one.
        sample: Index of one of MNIST's test digits.
        pen_width: Of strokes, in pad units.
        framing: How to frame the digit.
        crop: Of an image, the part with the digit: left, top, width and height in fractions of the image.
        rotate: Degrees to turn an image clockwise, after cropping.
        threshold: Of an image, the share of the full contrast from which on a pixel is ink, 0–1; None: the server
            finds the ink.
        layers: Names of the wanted layers; None for all.
        model: The network; None: that of the client.
        dtype: Of the transfer; the arrays are float32 either way.

    Raises:
        ApiError: The server responded with a problem.
    """
    digit = _digit(strokes, pixels, image, sample, pen_width, framing, crop, rotate, threshold)
    params = {"dtype": dtype, **({} if layers is None else {"layers": ",".join(layers)})}
    return _Call("POST", "/models/{model}/feature-maps", _read_maps, model, params, digit, _TENSORS)


def _neuron(
    layer: str,
    position: tuple[int, int, int],
    *,
    strokes: Sequence[ArrayLike] | None = None,
    pixels: ArrayLike | None = None,
    image: bytes | Path | None = None,
    sample: int | None = None,
    pen_width: float = PEN_WIDTH,
    framing: Framing = "auto",
    crop: Crop | None = None,
    rotate: float = 0,
    threshold: float | None = None,
    model: str | None = None,
) -> _Call[dict[str, Any]]:
    """One neuron written out: patch, kernel, products, sums; ``position`` is its filter, row and column.

    The digit is given as to `feature_maps`.
    """
    digit = _digit(strokes, pixels, image, sample, pen_width, framing, crop, rotate, threshold)
    neuron = dict(zip(("filter", "row", "column"), map(int, position), strict=True))
    body = {**digit, "layer": layer, **neuron}
    return _Call("POST", "/models/{model}/neuron", lambda response: dict(response.json()), model, body=body)


def _samples(
    *, label: int | None = None, correct: bool | None = None, offset: int = 0, limit: int = 50
) -> _Call[Samples]:
    """A page of MNIST's test digits: only those of a label, only those classified correctly (or incorrectly)."""
    wanted = {"label": label, "correct": None if correct is None else str(correct).lower()}
    chosen = {name: value for name, value in wanted.items() if value is not None}
    params: dict[str, str | int] = {**chosen, "offset": offset, "limit": limit}
    return _Call("GET", "/samples", _read_samples, params=params, accept=_TENSORS)


def _blocking(build: Callable[P, _Call[T]]) -> Callable[Concatenate["Client", P], T]:
    """The method of `Client` that sends this call."""

    @wraps(build)
    def method(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client._send(build(*args, **kwargs))

    return method


def _awaiting(build: Callable[P, _Call[T]]) -> Callable[Concatenate["AsyncClient", P], Awaitable[T]]:
    """The method of `AsyncClient` that sends this call."""

    @wraps(build)
    async def method(client: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await client._send(build(*args, **kwargs))

    return method


class Client:
    """Sends requests to a Kernelscope service; close it, or use it in a ``with``."""

    models = _blocking(_models)
    model = _blocking(_model)
    kernels = _blocking(_kernels)
    feature_maps = _blocking(_feature_maps)
    neuron = _blocking(_neuron)
    samples = _blocking(_samples)

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        model: str | None = None,
        retries: int = 2,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect at the first request.

        Args:
            base_url: Address of the service.
            model: The network of calls that name none; None: the server's default model.
            retries: How often a request is repeated that a busy server (503) rejected, after the pause it names.
            timeout: Seconds to wait for a response.
            transport: A replacement for the network, for tests.
        """
        self._default_model = model
        self._retries = retries
        self._http = httpx.Client(base_url=base_url, timeout=timeout, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, call: _Call[T]) -> T:
        if call.needs_default(self._default_model):
            self._default_model = self._send(_default_model())
        for attempt in range(self._retries + 1):
            response = self._http.send(call.request_of(self._http, self._default_model))
            pause = _pause_before_next(response, attempt, self._retries)
            if pause is None:
                return _read(response, call)
            time.sleep(pause)
        raise AssertionError("the last attempt has no pause")


class AsyncClient:
    """The same with coroutines; close it, or use it in an ``async with``."""

    models = _awaiting(_models)
    model = _awaiting(_model)
    kernels = _awaiting(_kernels)
    feature_maps = _awaiting(_feature_maps)
    neuron = _awaiting(_neuron)
    samples = _awaiting(_samples)

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        model: str | None = None,
        retries: int = 2,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """As `Client`."""
        self._default_model = model
        self._retries = retries
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, transport=transport)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _send(self, call: _Call[T]) -> T:
        if call.needs_default(self._default_model):
            self._default_model = await self._send(_default_model())
        for attempt in range(self._retries + 1):
            response = await self._http.send(call.request_of(self._http, self._default_model))
            pause = _pause_before_next(response, attempt, self._retries)
            if pause is None:
                return _read(response, call)
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt has no pause")


def _digit(
    strokes: Sequence[ArrayLike] | None,
    pixels: ArrayLike | None,
    image: bytes | Path | None,
    sample: int | None,
    pen_width: float,
    framing: Framing,
    crop: Crop | None,
    rotate: float,
    threshold: float | None,
) -> dict[str, Any]:
    """The digit as the API takes it; the server checks it."""
    adjusted = {"crop": crop and [float(each) for each in crop], "rotate": rotate or None, "threshold": threshold}
    given: dict[str, Any] = {name: value for name, value in adjusted.items() if value is not None}
    if strokes is not None:
        given |= {"strokes": [np.asarray(stroke, dtype=np.float64).tolist() for stroke in strokes]}
        given |= {"pen_width": pen_width}
    if pixels is not None:
        given |= {"pixels": np.asarray(pixels, dtype=np.float64).tolist()}
    if image is not None:
        data = image.read_bytes() if isinstance(image, Path) else image
        given |= {"image": base64.b64encode(data).decode()}
    if sample is not None:
        given |= {"sample": int(sample)}
    return {**given, "framing": framing}


def _pause_before_next(response: httpx.Response, attempt: int, retries: int) -> float | None:
    """Seconds until the request to a busy server is repeated; None if it is not."""
    if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or attempt == retries:
        return None
    try:
        pause = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return pause if 0 <= pause <= LONGEST_PAUSE else None


def _read(response: httpx.Response, call: _Call[T]) -> T:
    if response.is_success:
        return call.read(response)
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    raise ApiError(response.status_code, problem if isinstance(problem, dict) else {})


def _read_maps(response: httpx.Response) -> FeatureMaps:
    tensors, metadata = _tensors_of(response)
    prediction = metadata["prediction"] or {}
    return FeatureMaps(
        model=metadata["model"],
        digit=prediction.get("digit"),
        probability=prediction.get("probability"),
        probabilities=_float32(tensors["probabilities"]),
        logits=_float32(tensors["logits"]),
        input=_float32(tensors["input"]),
        framing=metadata["framing"],
        layers={name: _float32(tensors[name]) for name in metadata["layers"]},
    )


def _read_kernels(response: httpx.Response) -> Kernels:
    tensors, _ = _tensors_of(response)
    return Kernels(_float32(tensors["kernels"]), _float32(tensors["biases"]))


def _read_samples(response: httpx.Response) -> Samples:
    tensors, metadata = _tensors_of(response)
    return Samples(tensors["images"], tensors["labels"], tensors["indexes"], metadata["total"])


def _tensors_of(response: httpx.Response) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of a safetensors response, and its metadata, each value of which is JSON."""
    length = int.from_bytes(response.content[:8], "little")
    metadata = json.loads(response.content[8 : 8 + length]).get("__metadata__", {})
    return load(response.content), {name: json.loads(text) for name, text in metadata.items()}


def _float32(array: NDArray[Any]) -> Float32:
    return array.astype(np.float32, copy=False)


IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
"""Endings of the files that `predict_folder` reads."""


def predict_folder(
    client: Client, folder: Path, layers: Sequence[str]
) -> Iterator[tuple[str, FeatureMaps | None, str | None]]:
    """Each image in a folder and those below it, in order: its path, the response, and why there is none.

    Args:
        client: A client.
        folder: With images.
        layers: Of the feature maps.
    """
    for path in images_in(folder):
        name = path.relative_to(folder).as_posix()
        try:
            yield name, client.feature_maps(image=path, layers=layers), None
        except ApiError as error:
            yield name, None, error.detail


def images_in(folder: Path) -> list[Path]:
    """The images in a folder and those below it, in order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGES)


def main() -> int:
    """Predict a folder of images; returns the exit status, 1 if an image could not be read."""
    parser = argparse.ArgumentParser(
        prog="python -m app.client",
        description="Predict the digit on every image in a folder, and write a table as CSV to standard output.",
    )
    parser.add_argument("folder", type=Path, help=f"with images: {', '.join(IMAGES)}")
    parser.add_argument("--url", default=DEFAULT_URL, help="of the server (default: %(default)s)")
    parser.add_argument("--model", help="id of a network (default: the server's)")
    parser.add_argument("--maps", type=Path, metavar="FILE.npz", help="write feature maps: (images, F, H, W) by layer")
    parser.add_argument("--layers", help="of the maps, separated by commas (default: all)")
    options = parser.parse_args()
    if not (paths := images_in(options.folder)):
        parser.error(f"{options.folder} has no images: no file in it ends in {', '.join(IMAGES)}")
    from tqdm import tqdm

    kept: dict[str, FeatureMaps] = {}
    failures = 0
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "digit", "probability", "problem"])
    with Client(options.url, model=options.model) as client:
        try:
            every = [layer["name"] for layer in client.model()["layers"]]
        except httpx.TransportError as error:
            parser.error(f"there is no server at {options.url} ({error}); start one, or name another with --url")
        layers = (options.layers.split(",") if options.layers else every) if options.maps else every[-1:]
        predictions = predict_folder(client, options.folder, layers)
        for name, response, problem in tqdm(predictions, total=len(paths), unit="images"):
            if response is None:
                failures += 1
                table.writerow([name, "", "", problem])
                continue
            table.writerow([name, response.digit, response.probability, "" if response.digit is not None else "blank"])
            if options.maps:
                kept[name] = response
    if options.maps:
        maps = {layer: np.stack([response[layer] for response in kept.values()]) for layer in layers} if kept else {}
        # NumPy's types take any of these names for its own option `allow_pickle`.
        np.savez_compressed(options.maps, files=np.array(list(kept)), **maps)  # type: ignore[arg-type]
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
