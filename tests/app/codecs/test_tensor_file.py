import io
import json
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load

from app.codecs.media_types import NPZ, SAFETENSORS
from app.codecs.tensor_file import METADATA, encode_tensors

MAPS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def test_safetensors_bring_back_every_array(tmp_path):
    path = tmp_path / "response.safetensors"

    path.write_bytes(encode_tensors(SAFETENSORS, {"conv1": MAPS}, {"prediction": "null"}))

    with safe_open(path, framework="numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("conv1"), MAPS)
        assert file.metadata() == {"prediction": "null"}


def test_npz_brings_back_every_array_without_pickles():
    data = encode_tensors(NPZ, {"conv1": MAPS}, {"prediction": "null"})

    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["conv1"], MAPS)
        assert json.loads(str(file[METADATA])) == {"prediction": "null"}


@pytest.mark.parametrize("media_type", [SAFETENSORS, NPZ])
def test_arrays_of_any_memory_order_are_written_in_reading_order(media_type: str):
    turned = MAPS.transpose(2, 0, 1)

    data = encode_tensors(media_type, {"turned": turned}, {})

    np.testing.assert_array_equal(_read(media_type, data)["turned"], turned)


def test_half_precision_halves_floating_point_numbers_and_nothing_else():
    labels = np.array([7, 2], dtype=np.uint8)

    tensors = load(encode_tensors(SAFETENSORS, {"conv1": MAPS, "labels": labels}, {}, "float16"))

    assert tensors["conv1"].dtype == np.float16
    assert tensors["labels"].dtype == np.uint8


def _read(media_type: str, data: bytes) -> Any:
    return load(data) if media_type == SAFETENSORS else np.load(io.BytesIO(data), allow_pickle=False)


def test_numbers_beyond_half_precision_become_its_largest():
    numbers = np.array([-1e9, -65504, 0, 70_000, 1.5], dtype=np.float32)

    halves = _read(SAFETENSORS, encode_tensors(SAFETENSORS, {"conv1": numbers}, {}, "float16"))["conv1"]

    np.testing.assert_array_equal(halves, np.array([-65504, -65504, 0, 65504, 1.5], dtype=np.float16))
