"""What is stored of a response: small, readable, and exact.

Large arrays of numbers become their shape, a hash of all their values, their range and the first few; everything else
is kept as it is. Knows no request and no page.
"""

import hashlib
import io
import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEFT_OUT = ("seconds", "request_id", "uptime", "date", "time", "version_date")
"""JSON keys whose values change from run to run."""

LARGEST = 12
"""Arrays with more numbers are summarized."""

LONGEST = 40
"""Longer lists of objects are kept as columns (key → all values), longer lists of others as hash and beginning."""

FIRST = 4

HEADERS = ("allow", "content-type", "inference-header-content-length", "location", "retry-after", "vary")
"""Headers that are recorded; others change from run to run or are the server's own."""


def compact(value: Any) -> Any:
    """JSON values with large arrays of numbers summarized and changing values left out."""
    match value:
        case dict():
            return {
                key: "(left out)" if key in LEFT_OUT and isinstance(each, int | float | str) else compact(each)
                for key, each in value.items()
            }
        case list():
            return _compact_list(value)
        case _:
            return value


def _compact_list(value: list[Any]) -> Any:
    array = _as_array(value)
    if array is not None and array.size > LARGEST:
        return summarize(array)
    if len(value) <= LONGEST:
        return [compact(each) for each in value]
    if all(isinstance(each, dict) and each.keys() == value[0].keys() for each in value):
        return {"columns": {key: compact([each[key] for each in value]) for key in value[0]}, "length": len(value)}
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return {
        "length": len(value),
        "sha256": hashlib.sha256(canonical).hexdigest()[:32],
        "first": [compact(each) for each in value[:FIRST]],
    }


def summarize(array: NDArray[Any]) -> dict[str, Any]:
    """Shape, hash of the bytes in C order (little-endian int64, else float64), range, first values."""
    exact = array.astype("<i8" if array.dtype.kind in "iub" else "<f8")
    summary: dict[str, Any] = {
        "shape": list(array.shape),
        "sha256": hashlib.sha256(np.ascontiguousarray(exact).tobytes()).hexdigest()[:32],
        "first": exact.ravel()[:FIRST].tolist(),
    }
    if exact.size:
        summary |= {"min": exact.min().item(), "max": exact.max().item()}
    return summary


def body_of(content_type: str, content: bytes) -> Any:
    """A response's body, compact."""
    kind = content_type.partition(";")[0]
    if kind.endswith("json"):
        return compact(json.loads(content))
    if kind == "application/x-safetensors":
        return _safetensors(content)
    if kind == "application/x-npz":
        with np.load(io.BytesIO(content)) as arrays:
            return {name: _tensor(arrays[name]) for name in sorted(arrays.files)}
    if kind == "image/png":
        image = Image.open(io.BytesIO(content))
        return {"mode": image.mode, "size": list(image.size), "sha256": hashlib.sha256(image.tobytes()).hexdigest()}
    if kind == "text/event-stream":
        events = [dict(line.split(": ", 1) for line in event.splitlines()) for event in _events(content)]
        return [{**event, "data": compact(json.loads(event["data"]))} if "data" in event else event for event in events]
    return content.decode()


def _events(content: bytes) -> list[str]:
    return [event for event in content.decode().split("\n\n") if event and not event.startswith(":")]


def _safetensors(content: bytes) -> dict[str, Any]:
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    metadata = {name: compact(_parsed(text)) for name, text in header.pop("__metadata__", {}).items()}
    types = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "U8": "u1", "I64": "<i8", "I32": "<i4"}
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        tensors[name] = _tensor(np.frombuffer(data[start:end], types[entry["dtype"]]).reshape(entry["shape"]))
    return {"metadata": metadata, "tensors": tensors}


def _tensor(array: NDArray[Any]) -> dict[str, Any]:
    if array.dtype.kind not in "fiub":
        return {"dtype": "text", "value": compact(_parsed(str(array)))}
    return {"dtype": array.dtype.name, **summarize(array)}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _as_array(value: list[Any]) -> NDArray[Any] | None:
    """The array that nested lists of numbers are, or None if they are not one."""
    if not value or not _only_numbers(value):
        return None
    try:
        array = np.array(value)
    except ValueError:  # ragged
        return None
    return array if array.dtype.kind in "iuf" else None


def _only_numbers(value: Any) -> bool:
    if isinstance(value, list):
        return all(_only_numbers(each) for each in value)
    return isinstance(value, int | float) and not isinstance(value, bool)
