import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from model.data.idx import read_idx
from model.errors import DatasetError


def test_two_images_of_two_by_three_pixels_byte_by_byte():
    header = bytes([0, 0, 0x08, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3])

    array = read_idx(header + bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255]))

    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 255]]])


def test_extents_are_big_endian():
    array = read_idx(b"\0\0\x08\x01" + b"\0\0\x01\x02" + bytes(258))

    assert array.shape == (258,)


@given(hypothesis_numpy.arrays(np.uint8, hypothesis_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
def test_what_was_written_by_the_specification_is_read(array):
    content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()

    np.testing.assert_array_equal(read_idx(content), array)


@given(st.binary(max_size=40))
def test_any_bytes_are_an_array_or_a_dataset_error(content):
    try:
        array = read_idx(content)
    except DatasetError:
        return

    assert array.size == len(content) - 4 - 4 * array.ndim


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"^not an IDX file: it begins with b'', not with two zero bytes$"),
        (b"\x1f\x8b\x08\x00rest", r"^not an IDX file: it begins with b'\\x1f\\x8b\\x08\\x00', not with two zero"),
        (b"\0\0\x0d\x01\0\0\0\x01abcd", r"^IDX element type is 0x0d; only 0x08, unsigned byte, is read$"),
        (b"\0\0\x08\x03\0\0\0\x01", r"^IDX header states 3 axes and needs 16 bytes, but the file has 8$"),
        (b"\0\0\x08\x01\0\0\0\x03ab", r"^IDX header states shape \(3,\), 3 bytes, but 2 follow it$"),
        (b"\0\0\x08\x01\0\0\0\x03abcd", r"^IDX header states shape \(3,\), 3 bytes, but 4 follow it$"),
    ],
    ids=["empty", "gzip", "floats", "header cut", "too short", "too long"],
)
def test_file_that_is_not_what_its_header_says_is_refused_with_the_numbers(content, message):
    with pytest.raises(DatasetError, match=message):
        read_idx(content)
