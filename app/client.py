"""The API from Python: arrays in, arrays out, with or without asyncio.

    from app.client import Client

    with Client("http://127.0.0.1:8000") as client:
        maps = client.feature_maps(sample=0, layers=["conv1", "relu1"])
        print(maps.digit, maps.probability)   # 7 0.999…
        maps["relu1"].shape                   # (16, 28, 28), float32

`AsyncClient` has the same methods, to be awaited. A refusal is a `Refused` with the server's own words. Needs httpx,
NumPy and safetensors and nothing else of Kernelscope, so this file may be copied into another project as it is.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar
from urllib.parse import quote

import httpx
import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load

Float32 = NDArray[np.float32]
Framing = Literal["auto", "mnist", "none"]
T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8000"
PEN_WIDTH = 0.065
LONGEST_PAUSE = 10.0
"""Seconds: a busy server that asks for a longer pause is not asked again."""


class Refused(Exception):  # noqa: N818 - the server refuses, and says why
    """The server did not do what was asked (RFC 9457).

    Attributes:
        status: HTTP status.
        type: Which problem, ``/problems/unknown-layer``.
        title: The same for people.
        detail: What happened, with the numbers, and what would work.
        problem: All of it, as the server sent it.
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
    """What a network makes of a digit: layer name → its feature maps, (F, H, W) float32.

    Attributes:
        model: The network.
        digit: What it reads; None for a blank pad.
        probability: Of that digit; None for a blank pad.
        probabilities: (classes,) float32.
        logits: (classes,) float32.
        input: What the network received, 0 paper to 1 ink; (28, 28) float32 for the networks that come along.
        framing: How the digit was cropped, scaled and placed.
        layers: The maps, in the order asked for.
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
    """What a layer learned.

    Attributes:
        kernels: (F, C, kH, kW) float32; of a layer that shares none, (F, H, W, C, kH, kW).
        biases: (F,) float32; of a layer that shares none, (F, H, W).
    """

    kernels: Float32
    biases: Float32


@dataclass(frozen=True)
class Samples:
    """Some of MNIST's test digits.

    Attributes:
        images: (n, 28, 28) uint8, 0 paper, 255 ink.
        labels: (n,) uint8.
        indexes: (n,) int64: what `feature_maps(sample=…)` takes.
        total: How many digits match, this page's and the others.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    indexes: NDArray[np.int64]
    total: int


@dataclass(frozen=True)
class _Call(Generic[T]):
    """A request, and how to read its answer."""

    method: Literal["GET", "POST"]
    path: str
    read: Callable[[httpx.Response], T]
    params: Mapping[str, str | int]
    body: Mapping[str, Any] | None = None
    accept: str = "application/json"

    def request_of(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        path = f"/api/v1{self.path}"
        return client.build_request(
            self.method, path, params=dict(self.params), json=self.body, headers={"Accept": self.accept}
        )


class _Calls:
    """What can be asked, as requests: both clients send the same ones."""

    def __init__(self, model: str | None) -> None:
        self._model = model

    def models(self) -> _Call[list[dict[str, Any]]]:
        return _Call("GET", "/models", lambda answer: list(answer.json()["models"]), {})

    def model(self, model: str | None) -> _Call[dict[str, Any]]:
        return _Call("GET", f"/models/{self._chosen(model)}", lambda answer: dict(answer.json()), {})

    def kernels(self, layer: str, model: str | None) -> _Call[Kernels]:
        return _Call(
            "GET",
            f"/models/{self._chosen(model)}/layers/{quote(layer, safe='')}/kernels",
            _read_kernels,
            {},
            None,
            _TENSORS,
        )

    def feature_maps(
        self, digit: dict[str, Any], layers: Sequence[str] | None, model: str | None, dtype: str
    ) -> _Call[FeatureMaps]:
        params = {"dtype": dtype, **({} if layers is None else {"layers": ",".join(layers)})}
        return _Call("POST", f"/models/{self._chosen(model)}/feature-maps", _read_maps, params, digit, _TENSORS)

    def neuron(
        self, digit: dict[str, Any], layer: str, place: tuple[int, int, int], model: str | None
    ) -> _Call[dict[str, Any]]:
        body = {**digit, "layer": layer, **dict(zip(("filter", "row", "column"), map(int, place), strict=True))}
        return _Call("POST", f"/models/{self._chosen(model)}/neuron", lambda answer: dict(answer.json()), {}, body)

    def samples(self, label: int | None, correct: bool | None, offset: int, limit: int) -> _Call[Samples]:
        wanted = {"label": label, "correct": None if correct is None else str(correct).lower()}
        params = {name: value for name, value in wanted.items() if value is not None}
        return _Call("GET", "/samples", _read_samples, {**params, "offset": offset, "limit": limit}, None, _TENSORS)

    def _chosen(self, model: str | None) -> str:
        name = model or self._model
        if name is None:
            raise ValueError("which model? Give model=… to the client or to the call; models() lists them.")
        return quote(name, safe="")


_TENSORS = "application/x-safetensors"


class Client:
    """Asks a Kernelscope service; close it, or use it in a ``with``."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        model: str | None = "cnn",
        retries: int = 2,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect when first asked.

        Args:
            base_url: Where the service is.
            model: The network that is asked unless a call names another one.
            retries: How often a busy server (503) is asked again, after the pause that it asks for.
            timeout: Seconds to wait for an answer.
            transport: Something else than the network, for tests.
        """
        self._calls = _Calls(model)
        self._retries = retries
        self._http = httpx.Client(base_url=base_url, timeout=timeout, transport=transport)

    def models(self) -> list[dict[str, Any]]:
        """The networks, a line each."""
        return self._send(self._calls.models())

    def model(self, model: str | None = None) -> dict[str, Any]:
        """A network: its layers with shapes and counts, and its training record."""
        return self._send(self._calls.model(model))

    def kernels(self, layer: str, *, model: str | None = None) -> Kernels:
        """What a layer learned."""
        return self._send(self._calls.kernels(layer, model))

    def feature_maps(
        self,
        *,
        strokes: Sequence[ArrayLike] | None = None,
        pixels: ArrayLike | None = None,
        image: bytes | Path | None = None,
        sample: int | None = None,
        pen_width: float = PEN_WIDTH,
        framing: Framing = "auto",
        layers: Sequence[str] | None = None,
        model: str | None = None,
        dtype: Literal["float32", "float16"] = "float32",
    ) -> FeatureMaps:
        """What every filter makes of a digit; give exactly one of ``strokes``, ``pixels``, ``image`` and ``sample``.

        Args:
            strokes: (n, 2) each: x and y in pad units, 0–1, y down.
            pixels: (28, 28), 0 paper to 1 ink.
            image: A PNG, JPEG, WebP, GIF or BMP, or the path of one.
            sample: Index of one of MNIST's test digits.
            pen_width: Of strokes, in pad units.
            framing: How to make the network's input of it.
            layers: Names of the layers wanted; None for all.
            model: The network.
            dtype: What travels; the arrays are float32 either way.

        Raises:
            Refused: The server would not.
        """
        digit = _digit(strokes, pixels, image, sample, pen_width, framing)
        return self._send(self._calls.feature_maps(digit, layers, model, dtype))

    def neuron(
        self,
        layer: str,
        place: tuple[int, int, int],
        *,
        strokes: Sequence[ArrayLike] | None = None,
        pixels: ArrayLike | None = None,
        image: bytes | Path | None = None,
        sample: int | None = None,
        pen_width: float = PEN_WIDTH,
        framing: Framing = "auto",
        model: str | None = None,
    ) -> dict[str, Any]:
        """One neuron written out: patch, kernel, products, sums; ``place`` is its filter, row and column.

        The digit is given as to `feature_maps`.
        """
        digit = _digit(strokes, pixels, image, sample, pen_width, framing)
        return self._send(self._calls.neuron(digit, layer, place, model))

    def samples(
        self, *, label: int | None = None, correct: bool | None = None, offset: int = 0, limit: int = 50
    ) -> Samples:
        """A page of MNIST's test digits: only those of a label, only those that are read right (or wrong)."""
        return self._send(self._calls.samples(label, correct, offset, limit))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, call: _Call[T]) -> T:
        for attempt in range(self._retries + 1):
            answer = self._http.send(call.request_of(self._http))
            pause = _pause_before_next(answer, attempt, self._retries)
            if pause is None:
                return _read(answer, call)
            time.sleep(pause)
        raise AssertionError("the last attempt has no pause")


class AsyncClient:
    """The same with coroutines; close it, or use it in an ``async with``."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        model: str | None = "cnn",
        retries: int = 2,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """As `Client`."""
        self._calls = _Calls(model)
        self._retries = retries
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, transport=transport)

    async def models(self) -> list[dict[str, Any]]:
        """As `Client.models`."""
        return await self._send(self._calls.models())

    async def model(self, model: str | None = None) -> dict[str, Any]:
        """As `Client.model`."""
        return await self._send(self._calls.model(model))

    async def kernels(self, layer: str, *, model: str | None = None) -> Kernels:
        """As `Client.kernels`."""
        return await self._send(self._calls.kernels(layer, model))

    async def feature_maps(
        self,
        *,
        strokes: Sequence[ArrayLike] | None = None,
        pixels: ArrayLike | None = None,
        image: bytes | Path | None = None,
        sample: int | None = None,
        pen_width: float = PEN_WIDTH,
        framing: Framing = "auto",
        layers: Sequence[str] | None = None,
        model: str | None = None,
        dtype: Literal["float32", "float16"] = "float32",
    ) -> FeatureMaps:
        """As `Client.feature_maps`."""
        digit = _digit(strokes, pixels, image, sample, pen_width, framing)
        return await self._send(self._calls.feature_maps(digit, layers, model, dtype))

    async def neuron(
        self,
        layer: str,
        place: tuple[int, int, int],
        *,
        strokes: Sequence[ArrayLike] | None = None,
        pixels: ArrayLike | None = None,
        image: bytes | Path | None = None,
        sample: int | None = None,
        pen_width: float = PEN_WIDTH,
        framing: Framing = "auto",
        model: str | None = None,
    ) -> dict[str, Any]:
        """As `Client.neuron`."""
        digit = _digit(strokes, pixels, image, sample, pen_width, framing)
        return await self._send(self._calls.neuron(digit, layer, place, model))

    async def samples(
        self, *, label: int | None = None, correct: bool | None = None, offset: int = 0, limit: int = 50
    ) -> Samples:
        """As `Client.samples`."""
        return await self._send(self._calls.samples(label, correct, offset, limit))

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _send(self, call: _Call[T]) -> T:
        for attempt in range(self._retries + 1):
            answer = await self._http.send(call.request_of(self._http))
            pause = _pause_before_next(answer, attempt, self._retries)
            if pause is None:
                return _read(answer, call)
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt has no pause")


def _digit(
    strokes: Sequence[ArrayLike] | None,
    pixels: ArrayLike | None,
    image: bytes | Path | None,
    sample: int | None,
    pen_width: float,
    framing: Framing,
) -> dict[str, Any]:
    """The digit as the API takes it. What is wrong with it the server says, with its own limits."""
    given: dict[str, Any] = {}
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


def _pause_before_next(answer: httpx.Response, attempt: int, retries: int) -> float | None:
    """Seconds until a busy server is to be asked again; None if it is not to be."""
    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or attempt == retries:
        return None
    try:
        pause = float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return pause if 0 <= pause <= LONGEST_PAUSE else None


def _read(answer: httpx.Response, call: _Call[T]) -> T:
    if answer.is_success:
        return call.read(answer)
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise Refused(answer.status_code, problem if isinstance(problem, dict) else {})


def _read_maps(answer: httpx.Response) -> FeatureMaps:
    tensors, metadata = _tensors_of(answer)
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


def _read_kernels(answer: httpx.Response) -> Kernels:
    tensors, _ = _tensors_of(answer)
    return Kernels(_float32(tensors["kernels"]), _float32(tensors["biases"]))


def _read_samples(answer: httpx.Response) -> Samples:
    tensors, metadata = _tensors_of(answer)
    return Samples(tensors["images"], tensors["labels"], tensors["indexes"], metadata["total"])


def _tensors_of(answer: httpx.Response) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of a safetensors answer, and its metadata, each value of which is JSON."""
    length = int.from_bytes(answer.content[:8], "little")
    metadata = json.loads(answer.content[8 : 8 + length]).get("__metadata__", {})
    return load(answer.content), {name: json.loads(text) for name, text in metadata.items()}


def _float32(array: NDArray[Any]) -> Float32:
    return array.astype(np.float32, copy=False)
