"""Numbers as JSON: answers straight from arrays, and arrays from what a client sent."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.errors import InvalidInput


def encode_json(content: Mapping[str, Any]) -> bytes:
    """JSON of an answer that may hold C-contiguous arrays and dataclasses; no Python list is ever made of an array."""
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def encode_json_text(content: Any) -> str:
    """Small JSON for the metadata of a binary answer."""
    return orjson.dumps(content).decode()


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
