"""Requests and answers of the Open Inference Protocol, version 2: JSON, and tensors as bytes behind it.

Source:
    The protocol's specification and its binary tensor data extension, as KServe and Triton describe them.
"""

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


@dataclass(frozen=True)
class WantedOutput:
    """An output that is asked for, and whether as bytes."""

    name: str
    binary: bool


@dataclass(frozen=True)
class InferenceRequest:
    """What is asked.

    Attributes:
        id: The client's own; comes back.
        images: (N, C, H, W) float32.
        outputs: Wanted, in order; none: the usual ones.
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
        header_length: The header that says where the JSON ends, if there is one.
        name: Of the only input.
        shape: (C, H, W) that it must have behind its first axis.
        most: Images in one request.

    Raises:
        InvalidInput: It is not a request for this input; the message has the numbers.
    """
    end = _header_end(header_length, len(body))
    try:
        request = orjson.loads(body[:end])
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The request is no JSON: {str(error)[:100]}.") from None
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


def encode_answer(
    model: str, request: InferenceRequest, outputs: Mapping[str, NDArray[np.float32]]
) -> tuple[bytes, int | None]:
    """The body, and the length of its JSON if bytes follow it."""
    wanted = {each.name: each.binary for each in request.outputs}
    told: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for name, array in outputs.items():
        output: dict[str, Any] = {"name": name, "datatype": DATATYPE, "shape": array.shape}
        whole = np.ascontiguousarray(array, dtype="<f4")
        if wanted.get(name, request.binary):
            tail.append(whole.tobytes())
            output["parameters"] = {"binary_data_size": whole.nbytes}
        else:
            output["data"] = whole.ravel()
        told.append(output)
    answer: dict[str, Any] = {"model_name": model, "model_version": "1", "outputs": told}
    if request.id is not None:
        answer["id"] = request.id
    head = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return b"".join([head, *tail]), len(head) if tail else None


def _header_end(header_length: str | None, size: int) -> int:
    if header_length is None:
        return size
    if not (header_length.isascii() and header_length.isdigit() and int(header_length) <= size):
        raise InvalidInput(f"{HEADER_LENGTH} must be a number up to {size}, the length of the body.")
    return int(header_length)


def _read_input(given: dict[str, Any], tail: bytes, name: str, shape: Sequence[int], most: int) -> NDArray[np.float32]:
    told = given.get("shape")
    if given.get("name") != name:
        raise InvalidInput(f"The only input is called {name!r}.")
    if given.get("datatype") != DATATYPE:
        raise InvalidInput(f"Input {name!r} is of datatype {DATATYPE}.")
    extents = ", ".join(map(str, shape))
    if not (
        isinstance(told, list)
        and all(type(extent) is int for extent in told)
        and told[1:] == list(shape)
        and 1 <= told[0] <= most
    ):
        raise InvalidInput(f"Input {name!r} must have the shape [N, {extents}], with N from 1 to {most}.")
    count = int(np.prod(told))
    parameters = given.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is not None:
        if size != 4 * count or len(tail) != size:
            raise InvalidInput(
                f"Input {name!r} of {count} numbers takes {4 * count} bytes; {len(tail)} follow the JSON."
            )
        images = np.frombuffer(tail, dtype="<f4")
    else:
        try:
            numbers = np.asarray(given.get("data"), dtype=np.float64).ravel()
        except (ValueError, TypeError, OverflowError):
            raise InvalidInput(f"The data of input {name!r} must be numbers, nested evenly or not at all.") from None
        if numbers.size != count:
            raise InvalidInput(f"Input {name!r} of shape {told} takes {count} numbers; {numbers.size} were sent.")
        with np.errstate(over="ignore"):  # too large for single precision: infinite, and refused as such
            images = numbers.astype(np.float32)
    if not np.isfinite(images).all():
        raise InvalidInput(f"Input {name!r} has numbers that are not finite.")
    return np.array(images.reshape(told), dtype=np.float32)


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
