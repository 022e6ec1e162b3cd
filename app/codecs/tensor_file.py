"""Named arrays as a file: safetensors, or NumPy's own .npz without pickles.

A file of safetensors is the length of its header in 8 bytes, the header in JSON, and the numbers of one array after the
other. It is written here, since most of what the library does for a response is the same for every digit.
"""

import io
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.codecs.half_precision import to_half_precision
from app.codecs.media_types import SAFETENSORS
from app.codecs.tensor_json import encode_json_text

Dtype = Literal["float32", "float16"]

METADATA = "__metadata__"
"""Where both formats keep strings."""

TYPE_NAMES = {"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "i4": "I32", "u1": "U8", "b1": "BOOL"}
"""What safetensors call the types of numbers; NumPy names them by kind and bytes."""

ALIGNMENT = 8
"""The numbers begin at a multiple of this many bytes, so that they can be read where they are."""


def encode_tensors(
    media_type: str, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str], dtype: Dtype = "float32"
) -> bytes:
    """Encode named arrays.

    Args:
        media_type: safetensors or npz.
        tensors: Name → array.
        metadata: Strings; in an .npz they are one JSON object in a zero-dimensional array of text.
        dtype: What floating-point numbers are rounded to, those beyond its range to its largest; integers stay what
            they are.
    """
    rounded = _rounded(tensors, dtype)
    if media_type == SAFETENSORS:
        return _safetensors(rounded, metadata)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **rounded, **{METADATA: np.array(encode_json_text(dict(metadata)))})
    return buffer.getvalue()


def _safetensors(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    # Larger types first: each array then begins at a multiple of its own type's size.
    ordered = sorted(tensors.items(), key=lambda item: -item[1].itemsize)
    entries = _header_entries(tuple((name, array.dtype.str[1:], array.shape) for name, array in ordered))
    strings = f'"{METADATA}":{encode_json_text(dict(metadata))}' if metadata else ""
    header = f"{{{','.join(filter(None, (strings, entries)))}}}".encode()
    padding = -len(header) % ALIGNMENT
    arrays = [np.ascontiguousarray(array) for _name, array in ordered]
    beginning = [(len(header) + padding).to_bytes(8, "little"), header, b" " * padding]
    return b"".join([*beginning, *(array.data for array in arrays)])


@lru_cache(maxsize=256)
def _header_entries(arrays: tuple[tuple[str, str, tuple[int, ...]], ...]) -> str:
    """What the header says of arrays, the same for every digit: their types, shapes and places."""
    entries, end = [], 0
    for name, kind, shape in arrays:
        begin, end = end, end + int(kind[1:]) * int(np.prod(shape, dtype=int))
        entry = {"dtype": TYPE_NAMES[kind], "shape": shape, "data_offsets": [begin, end]}
        entries.append(f"{json.dumps(name)}:{json.dumps(entry)}")
    return ",".join(entries)


def _rounded(tensors: Mapping[str, NDArray[Any]], dtype: Dtype) -> dict[str, NDArray[Any]]:
    """The same arrays, those of another floating-point type in this one."""
    rounded = dict(tensors)
    names = [name for name, array in tensors.items() if array.dtype.kind == "f" and array.dtype != dtype]
    if dtype == "float16" and all(tensors[name].dtype == np.float32 for name in names):
        rounded.update(zip(names, _all_in_half_precision([tensors[name] for name in names]), strict=True))
        return rounded
    for name in names:
        array = tensors[name]
        if np.finfo(array.dtype).max > np.finfo(dtype).max:
            # An edited network has activations beyond 65,504; as an infinity, one of them would spoil a color range.
            largest = array.dtype.type(np.finfo(dtype).max)
            array = np.clip(array, -largest, largest)
        rounded[name] = array.astype(dtype)
    return rounded


def _all_in_half_precision(arrays: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float16]]:
    """float32 arrays in one step: its many operations take little longer for all layers than for one."""
    if not arrays:
        return []
    halves = to_half_precision(np.concatenate([array.ravel() for array in arrays]))
    ends = accumulate(array.size for array in arrays)
    return [halves[end - array.size : end].reshape(array.shape) for end, array in zip(ends, arrays, strict=True)]
