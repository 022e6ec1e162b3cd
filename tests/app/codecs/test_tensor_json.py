import json

import numpy as np
import orjson
import pytest

from app.codecs.tensor_json import decode_pixels, decode_strokes, encode_json, encode_json_text
from model.geometry import Box


def test_arrays_become_nested_lists():
    assert json.loads(encode_json({"maps": np.eye(2, dtype=np.float32)})) == {"maps": [[1.0, 0.0], [0.0, 1.0]]}


def test_float32_keeps_every_digit_and_gains_none():
    value = np.float32(0.1)

    text = encode_json({"value": np.array([value])})

    assert text == b'{"value":[0.1]}'
    assert np.float32(json.loads(text)["value"][0]) == value


@pytest.mark.parametrize("at_once", [False, True])
def test_arrays_in_another_memory_order_are_written_by_their_axes(at_once: bool):
    maps = np.arange(6, dtype=np.float32).reshape(2, 3).T

    assert json.loads(encode_json({"maps": maps}, at_once=at_once)) == {"maps": [[0, 3], [1, 4], [2, 5]]}


@pytest.mark.parametrize("shape", [(40_000,), (3, 20_000), (2, 3, 9_000), (20_000, 2), (5, 1, 4_000), (4_097,), (1, 1)])
def test_arrays_that_are_written_in_pieces_have_the_same_text(shape, rng: np.random.Generator):
    numbers = rng.standard_normal(shape).astype(np.float32)

    text = orjson.dumps({"numbers": numbers}, option=orjson.OPT_SERIALIZE_NUMPY)
    assert encode_json({"numbers": numbers}) == encode_json({"numbers": numbers}, at_once=True) == text


@pytest.mark.parametrize("at_once", [False, True])
def test_numbers_of_numpy_keep_their_precision(at_once: bool):
    numbers = [np.float32(0.1), np.float64(0.1), np.int64(3), np.bool_(True)]

    assert encode_json(numbers, at_once=at_once) == b"[0.1,0.1,3,true]"


@pytest.mark.parametrize("at_once", [False, True])
def test_what_has_no_json_form_is_a_mistake_of_ours(at_once: bool):
    with pytest.raises(TypeError):
        encode_json({"maps": {1, 2}}, at_once=at_once)


def test_dataclasses_become_objects():
    assert json.loads(encode_json_text(Box(1, 2, 3, 4))) == {"top": 1, "left": 2, "height": 3, "width": 4}


def test_strokes_become_points():
    first, second = decode_strokes([[(0.5, 0.25)], [(0, 0), (1, 1)]])

    np.testing.assert_array_equal(first, [[0.5, 0.25]])
    assert second.shape == (2, 2)
    assert second.dtype == np.float64


def test_pixels_become_float32():
    pixels = decode_pixels([[0, 0.5], [1, 0]])

    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, [[0, 0.5], [1, 0]])
