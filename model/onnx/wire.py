"""Protocol buffers, as far as ONNX files need them: a message as a list of numbered fields.

The official parser builds an object for every field, so that a file of 64 MB of empty operators would take gigabytes.
Here a field of bytes is a view of the file, and the number of fields is bounded.

Source:
    "Protocol Buffers encoding", protobuf.dev/programming-guides/encoding.
"""

import struct
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.errors import ModelError

Field: TypeAlias = tuple[int, int | memoryview]
"""A field's number and its value: an integer, or the bytes of a string, of a message or of a number of fixed size."""


class MalformedFileError(ModelError):
    """The bytes are not the encoding of a message."""


class WireReader:
    """Splits messages into fields and counts these."""

    def __init__(self, most_fields: int) -> None:
        self._most = most_fields
        self._fields = 0

    def fields(self, message: memoryview) -> Iterator[Field]:
        """The fields of a message in their order.

        Raises:
            MalformedFileError: It ends within a field, or has one of an unknown type.
            ModelError: There are too many fields.
        """
        position, end = 0, len(message)
        while position < end:
            self._fields += 1
            if self._fields > self._most:
                raise ModelError(f"it has more than {self._most:,} fields (numbers, names and lists)")
            key, position = _varint(message, position)
            number, wire_type = key >> 3, key & 7
            if wire_type == 0:
                value, position = _varint(message, position)
                yield number, value
                continue
            if wire_type == 2:
                length, position = _varint(message, position)
            elif wire_type in (1, 5):
                length = 8 if wire_type == 1 else 4
            else:
                raise MalformedFileError(f"byte {position} begins a field of the unknown type {wire_type}")
            if length > end - position:
                raise MalformedFileError(f"a field of {length:,} bytes begins {end - position:,} bytes before its end")
            yield number, message[position : position + length]
            position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(message) or shift > 63:
            raise MalformedFileError("a number does not end")
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (2**64 - 1), position
        shift += 7


def signed(value: int) -> int:
    """An int64 or int32, which is stored as its two's complement of 64 bits."""
    return value - 2**64 if value >= 2**63 else value


def integer(value: int | memoryview) -> int:
    """The value of a field that must be an integer."""
    if not isinstance(value, int):
        raise MalformedFileError("a number is stored as bytes")
    return signed(value)


def chunk(value: int | memoryview) -> memoryview:
    """The value of a field that must be bytes."""
    if isinstance(value, int):
        raise MalformedFileError("bytes are stored as a number")
    return value


def text(value: int | memoryview) -> str:
    """The value of a field that must be a string in UTF-8."""
    try:
        return bytes(chunk(value)).decode()
    except UnicodeDecodeError:
        raise MalformedFileError("a name is not UTF-8") from None


def single(value: int | memoryview) -> float:
    """The value of a field that must be a float of 4 bytes."""
    if len(chunk(value)) != 4:
        raise MalformedFileError("a float does not have 4 bytes")
    return float(struct.unpack("<f", chunk(value))[0])


def packed_integers(value: int | memoryview, most: int) -> NDArray[np.int64]:
    """The integers of a repeated field, packed or single.

    Raises:
        ModelError: There are more than ``most``.
    """
    if isinstance(value, int):
        return np.array([signed(value)], dtype=np.int64)
    stored = np.frombuffer(value, dtype=np.uint8)
    count = np.count_nonzero(stored < 128)
    if count > most:
        raise ModelError(f"a list of {count:,} integers is too long; at most {most:,} are accepted")
    ends = np.flatnonzero(stored < 128)
    if len(stored) and (not len(ends) or ends[-1] != len(stored) - 1):
        raise MalformedFileError("a number does not end")
    begins = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    lengths = ends - begins + 1
    if len(ends) and lengths.max() > 10:
        raise MalformedFileError("a number does not end")
    numbers = np.zeros(len(ends), dtype=np.uint64)
    for place in range(int(lengths.max()) if len(ends) else 0):
        has = lengths > place
        low = (stored[begins[has] + place] & 127).astype(np.uint64)
        numbers[has] |= low << np.uint64(7 * place)
    return numbers.view(np.int64)
