"""Requests and responses of the Open Inference Protocol, version 2: JSON, and tensors as bytes behind it.

Source:
    The protocol's specification and its binary tensor data extension, as KServe and Triton describe them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.errors import InvalidInput

HEADER_LENGTH = "Inference-Header-Content-Length"
"""How many bytes of a body are JSON; the rest are tensors."""

DATATYPE = "FP32"

NUMBER_BYTES = 32
"""Of a number in JSON, with what separates it from the next; a number in double precision has up to 24 characters."""

REST_BYTES = 2**16
"""Of the JSON around the numbers."""


@dataclass(frozen=True)
class WantedOutput:
    """An output of the request, and whether it is wanted as bytes."""

    name: str
    binary: bool


@dataclass(frozen=True)
class InferenceRequest:
    """A request.

    Attributes:
        id: Chosen by the client; the response repeats it.
        images: (N, C, H, W) float32.
        outputs: The wanted outputs, in order; empty: the default ones.
        binary: Whether outputs come as bytes unless they say otherwise.
    """

    id: str | None
    images: NDArray[np.float32]
    outputs: list[WantedOutput]
    binary: bool


def decode_request(
    body: bytes, header_length: str | None, name: str, shape: Sequence[int], most: int
) -> InferenceRequest:
    """Read a request.

    Args:
        body: JSON, and bytes of tensors behind it.
        header_length: The header with the length of the JSON, if there is one.
        name: Of the only input.
        shape: (C, H, W) that it must have behind its first axis.
        most: Images in one request.

    Raises:
        InvalidInput: It is not a request for this input; the message has the numbers.
    """
    end = _header_end(header_length, len(body))
    # A byte of JSON can take a hundred bytes of memory once it is read.
    if end > (limit := most * math.prod(shape) * NUMBER_BYTES + REST_BYTES):
        raise InvalidInput(
            f"The request has {end:,} bytes of JSON. {most} images in this model's shape take no more than {limit:,}."
        )
    try:
        request = orjson.loads(body[:end])
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The request is not JSON: {str(error)[:100]}.") from None
    if not isinstance(request, dict):
        raise InvalidInput("The request must be a JSON object.")
    inputs = request.get("inputs")
    if not (isinstance(inputs, list) and len(inputs) == 1 and isinstance(inputs[0], dict)):
        raise InvalidInput(f"The request must have one input, {name!r}.")
    return InferenceRequest(
        id=request["id"] if isinstance(request.get("id"), str) else None,
        images=_read_input(inputs[0], body[end:], name, shape, most),
        outputs=_read_outputs(request.get("outputs")),
        binary=_flag(request, "binary_data_output", default=False),
    )


def encode_outputs(
    model: str, request: InferenceRequest, outputs: Mapping[str, NDArray[np.float32]]
) -> tuple[bytes, int | None]:
    """The body, and the length of its JSON if bytes follow it."""
    wanted = {each.name: each.binary for each in request.outputs}
    described: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for name, array in outputs.items():
        output: dict[str, Any] = {"name": name, "datatype": DATATYPE, "shape": array.shape}
        whole = np.ascontiguousarray(array, dtype="<f4")
        if wanted.get(name, request.binary):
            tail.append(whole.tobytes())
            output["parameters"] = {"binary_data_size": whole.nbytes}
        else:
            output["data"] = whole.ravel()
        described.append(output)
    response: dict[str, Any] = {"model_name": model, "model_version": "1", "outputs": described}
    if request.id is not None:
        response["id"] = request.id
    head = orjson.dumps(response, option=orjson.OPT_SERIALIZE_NUMPY)
    return b"".join([head, *tail]), len(head) if tail else None


def _header_end(header_length: str | None, size: int) -> int:
    if header_length is None:
        return size
    # Python raises an error for thousands of digits, so the number of digits is bounded first.
    digits = header_length.isascii() and header_length.isdigit() and len(header_length) <= len(str(size))
    if not digits or int(header_length) > size:
        raise InvalidInput(f"{HEADER_LENGTH} must be a number up to {size}, the length of the body.")
    return int(header_length)


def _read_input(given: dict[str, Any], tail: bytes, name: str, shape: Sequence[int], most: int) -> NDArray[np.float32]:
    given_shape = given.get("shape")
    if given.get("name") != name:
        raise InvalidInput(f"The only input is called {name!r}.")
    if given.get("datatype") != DATATYPE:
        raise InvalidInput(f"Input {name!r} is of datatype {DATATYPE}.")
    extents = ", ".join(map(str, shape))
    if not (
        isinstance(given_shape, list)
        and all(type(extent) is int for extent in given_shape)
        and given_shape[1:] == list(shape)
        and 1 <= given_shape[0] <= most
    ):
        raise InvalidInput(f"Input {name!r} must have the shape [N, {extents}], with N from 1 to {most}.")
    count = int(np.prod(given_shape))
    parameters = given.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is not None:
        if size != 4 * count or len(tail) != size:
            raise InvalidInput(
                f"Input {name!r} of {count} numbers takes {4 * count} bytes; {len(tail)} follow the JSON."
            )
        images = np.frombuffer(tail, dtype="<f4")
    else:
        numbers = _numbers(given.get("data"), name)
        if numbers.size != count:
            raise InvalidInput(
                f"Input {name!r} of shape {given_shape} takes {count} numbers; {numbers.size} were sent."
            )
        with np.errstate(over="ignore"):  # too large for single precision: infinite, and rejected as such
            images = numbers.astype(np.float32)
    if not np.isfinite(images).all():
        raise InvalidInput(f"Input {name!r} has numbers that are not finite.")
    return np.array(images.reshape(given_shape), dtype=np.float32)


def _numbers(data: Any, name: str) -> NDArray[np.float64]:
    """The numbers of nested lists, in order; NumPy would also read them from strings and from booleans."""
    try:
        numbers = np.asarray(data)
    except ValueError:  # lists of different lengths
        numbers = np.empty(0, dtype=object)
    if numbers.dtype.kind not in "iuf":
        raise InvalidInput(f"The data of input {name!r} must be numbers, nested evenly or not at all.")
    return numbers.astype(np.float64).ravel()


def _read_outputs(given: Any) -> list[WantedOutput]:
    if given is None:
        return []
    if not (
        isinstance(given, list) and all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in given)
    ):
        raise InvalidInput("The outputs must be a list of objects, each with a name.")
    return [WantedOutput(each["name"], _flag(each, "binary_data", default=False)) for each in given]


def _flag(owner: dict[str, Any], name: str, *, default: bool) -> bool:
    parameters = owner.get("parameters")
    return bool(parameters.get(name, default)) if isinstance(parameters, dict) else default
