"""Numbers as JSON: responses straight from arrays, and arrays from what a client sent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.errors import InvalidInput

PIECE = 4_096
"""Numbers of an array that are written at once, in a tenth of a millisecond, in which no other thread can go on."""


def encode_json(content: Any, *, at_once: bool = False) -> bytes:
    """JSON of a response that may hold arrays and dataclasses; no Python list is ever made of an array.

    Fields of a dataclass whose names begin with an underscore are left out.

    Args:
        content: The response.
        at_once: Whether no other thread has to go on meanwhile, as for a response of few numbers. In pieces it takes a
            third longer.

    Raises:
        TypeError: Something in it has no JSON form.
    """
    if at_once:
        return orjson.dumps(content, default=_contiguous, option=orjson.OPT_SERIALIZE_NUMPY)
    return orjson.dumps(content, default=_in_pieces)


def _contiguous(value: Any) -> Any:
    if isinstance(value, np.ndarray) and not value.flags.c_contiguous:
        return np.ascontiguousarray(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _in_pieces(value: Any) -> Any:
    """Of an array or a number of NumPy's."""
    if isinstance(value, np.ndarray):
        return orjson.Fragment(_array_json(np.ascontiguousarray(value)))
    if isinstance(value, np.generic):
        return orjson.Fragment(_numpy_json(value))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _array_json(array: NDArray[Any]) -> bytes:
    """The same text as at once, but other threads go on after each piece: a drawing must not wait for megabytes."""
    if array.size <= PIECE:
        return _numpy_json(array)
    rows = PIECE * len(array) // array.size
    if rows == 0:
        return b"[" + b",".join(map(_array_json, array)) + b"]"
    pieces = (_numpy_json(array[first : first + rows])[1:-1] for first in range(0, len(array), rows))
    return b"[" + b",".join(pieces) + b"]"


def _numpy_json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def plain_json(content: Any) -> Any:
    """The same as dicts, lists, numbers and strings, for a page template."""
    return orjson.loads(encode_json(content))


def encode_json_text(content: Any) -> str:
    """Small JSON for the metadata of a binary response."""
    return encode_json(content).decode()


def decode_strokes(strokes: Sequence[Sequence[Sequence[float]]]) -> list[NDArray[np.float64]]:
    """(n, 2) float64 each."""
    return [decode_points(stroke) for stroke in strokes]


def decode_points(points: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """(n, 2) float64."""
    return np.array(points, dtype=np.float64)


def decode_pixels(pixels: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """(28, 28) float32."""
    return np.array(pixels, dtype=np.float32)


def decode_kernel(kernel: Sequence[Sequence[Sequence[float]]]) -> NDArray[np.float32]:
    """(C, kH, kW) float32.

    Raises:
        InvalidInput: Its rows are not equally long.
    """
    try:
        return np.array(kernel, dtype=np.float32)
    except ValueError:
        raise InvalidInput(
            "A kernel's channels must have equally many rows, and its rows equally many weights."
        ) from None
