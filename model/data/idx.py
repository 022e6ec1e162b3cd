"""The IDX file format of the MNIST files, read into NumPy arrays.

All integers are big-endian. A file is

    offset  size  content
    0       2     zero
    2       1     element type; only 0x08, unsigned byte, is read here
    3       1     number of axes, d
    4       4·d   extent of each axis, uint32
    4+4·d         the elements, last axis fastest, and nothing after them

Source: LeCun, Cortes & Burges, "The MNIST database of handwritten digits".
"""

import math

import numpy as np
from numpy.typing import NDArray

from model.errors import DatasetError

UNSIGNED_BYTE = 0x08


def read_idx(content: bytes) -> NDArray[np.uint8]:
    """Read the array of unsigned bytes that an IDX file holds.

    Args:
        content: The whole file, uncompressed.

    Returns:
        uint8 of the shape that the header states; read-only, it shares the bytes.

    Raises:
        DatasetError: Another element type, or more or fewer bytes than the header states.
    """
    if len(content) < 4 or content[:2] != b"\0\0":
        raise DatasetError(f"not an IDX file: it begins with {content[:4]!r}, not with two zero bytes")
    element_type, axes = content[2], content[3]
    if element_type != UNSIGNED_BYTE:
        raise DatasetError(f"IDX element type is 0x{element_type:02x}; only 0x08, unsigned byte, is read")
    header = 4 + 4 * axes
    if len(content) < header:
        raise DatasetError(f"IDX header states {axes} axes and needs {header} bytes, but the file has {len(content)}")
    shape = tuple(int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))
    stated = math.prod(shape)
    if len(content) - header != stated:
        raise DatasetError(f"IDX header states shape {shape}, {stated} bytes, but {len(content) - header} follow it")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
