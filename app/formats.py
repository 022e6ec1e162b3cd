"""Which format a response takes, and writing it: JSON, safetensors, npz or PNG, decided alike for every operation.

A response is a dataclass. JSON is written straight from it. In safetensors and npz each array that it declares with
`Array` is a tensor, and the rest is one JSON text under `response` in the metadata; a type that needs other names
has the methods `tensors` and `metadata`.
"""

import gzip
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from fastapi import Request
from fastapi.responses import Response
from numpy.typing import NDArray

from app.codecs.array_schema import Array
from app.codecs.colormaps import Theme
from app.codecs.media_types import JSON, PNG, SAFETENSORS, negotiate
from app.codecs.tensor_file import Dtype, encode_tensors
from app.codecs.tensor_json import encode_json, encode_json_text


@dataclass(frozen=True)
class ResponseFormat:
    """The format of a response.

    Attributes:
        media_type: JSON, safetensors, npz or PNG.
        dtype: Of the floating-point numbers in safetensors and npz; JSON always has full precision.
        filter: The only filter to include; None: all.
        zoom: Of a PNG: pixels along each side of a cell.
        theme: Of a PNG: the ground that zero takes the color of.
        is_gzipped: Whether the file of tensors is compressed; see `compressed_if_accepted`.
        at_once: Whether JSON is written without a pause in which other threads go on; see `encode_json`.
    """

    media_type: str
    dtype: Dtype = "float32"
    filter: int | None = None
    zoom: int = 4
    theme: Theme = "light"
    is_gzipped: bool = False
    at_once: bool = False


def choose_format(request: Request, offered: Sequence[str]) -> str:
    """The offered media type that the Accept header prefers; raises NotAcceptable."""
    return negotiate(request.headers.get("accept", "")[:1000], tuple(offered))


def encode_response(
    response: Any,
    wanted: ResponseFormat,
    picture: Callable[[], bytes] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Write a response. Takes time for large arrays, so do it in a thread.

    Args:
        response: A dataclass.
        wanted: The format.
        picture: Draws the PNG, for an operation that offers one.
        metadata: Further metadata for a file of tensors.
    """
    if wanted.media_type == JSON:
        return encode_json(response, at_once=wanted.at_once)
    if wanted.media_type == PNG:
        assert picture is not None, "an operation that offers PNG must draw it"  # noqa: S101
        return picture()
    if hasattr(response, "tensors"):
        tensors, own = response.tensors(), response.metadata()
    else:
        tensors = {}
        own = {"response": encode_json_text(_split(response, "", tensors))}
    encoded = encode_tensors(wanted.media_type, tensors, {**(metadata or {}), **own}, wanted.dtype)
    return gzip.compress(encoded, GZIP_LEVEL) if wanted.is_gzipped else encoded


GZIP_LEVEL = 6
"""Of every compressed response. Tensors that are mostly zeros are 3% smaller than at level 4. Level 9 saves 1.5%
more in 15 times the time; scripts and styles are already within a thousandth of their smallest size."""


def compressed_if_accepted(request: Request, wanted: ResponseFormat) -> ResponseFormat:
    """The same format, compressed if it is safetensors and the client takes gzip: most activations and links are zeros.

    Its response is sent by `send` with ``is_gzipped``.
    """
    accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
    return replace(wanted, is_gzipped=True) if accepts_gzip and wanted.media_type == SAFETENSORS else wanted


def send(body: bytes, media_type: str, *, is_gzipped: bool = False) -> Response:
    """The HTTP response of an operation that offers several formats."""
    headers = {"Vary": "Accept, Accept-Encoding", "Content-Encoding": "gzip"} if is_gzipped else {"Vary": "Accept"}
    return Response(body, media_type=media_type, headers=headers)


def send_json(response: Any, headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP response of an operation that offers JSON alone."""
    return Response(encode_json(response), media_type=JSON, headers=headers)


def _split(value: Any, path: str, tensors: dict[str, NDArray[Any]]) -> Any:
    """The value without its arrays, which are added to ``tensors``.

    The name of a tensor is the path to it: fields by their names, items of a list by their ``id`` or ``name`` in place
    of the list's, and a main array by the path of its object. In `models` → `layers`, the main array of layer conv1 of
    model cnn is ``cnn/conv1``, and its array `weight` is ``cnn/conv1/weight``.
    """
    if isinstance(value, list | tuple):
        return [_split(item, _item_path(path, item, place), tensors) for place, item in enumerate(value)]
    if not is_dataclass(value):
        return value
    arrays = _arrays_of(cast("Hashable", type(value)))
    rest = {}
    for field in fields(value):
        name, content = field.name, getattr(value, field.name)
        if name.startswith("_"):
            continue
        own = _join(path, name)
        if name not in arrays:
            rest[name] = _split(content, path if isinstance(content, list | tuple) else own, tensors)
        elif content is not None:
            tensors[path if arrays[name].is_main else own] = content
    return rest


def _item_path(path: str, item: Any, place: int) -> str:
    label = getattr(item, "id", getattr(item, "name", place))
    return _join(path, str(label))


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


@cache
def _arrays_of(kind: Hashable) -> dict[str, Array]:
    """The declared arrays of a dataclass, by field."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: mark for name, hint in hints.items() for mark in _marks_of(hint)}


def _marks_of(hint: Any) -> list[Array]:
    """`Array` marks of a type, also of one that may be None; those of a list's items do not count."""
    marks = [mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Array)]
    inner = get_args(hint)[:1] if get_origin(hint) is Annotated else get_args(hint) if _is_union(hint) else ()
    return marks or [mark for part in inner for mark in _marks_of(part)]


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)
