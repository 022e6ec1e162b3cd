"""What files state about inputs and classes: metadata, and the file beside the network."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from model.errors import ModelError
from model.onnx.settings import Normalization, read_settings


@pytest.mark.parametrize(
    ("stated", "normalization"),
    [
        ({"mean": 0.1307, "std": 0.3081}, Normalization((0.1307,), (0.3081,))),
        ({"mean": [0.1307], "std": [0.3081]}, Normalization((0.1307,), (0.3081,))),
        ({"std": 0.5}, Normalization((0.0,), (0.5,))),
        ({"deviation": 0.5}, Normalization((0.0,), (0.5,))),
        ({"input_range": [-1, 1]}, Normalization((0.5,), (0.5,))),
        ({"input_range": [255, 0]}, Normalization((1.0,), (-1 / 255,))),
        ({}, None),
    ],
)
@pytest.mark.parametrize("place", ["metadata", "beside"])
def test_normalization_may_be_stated(stated: Mapping[str, Any], normalization: Normalization | None, place: str):
    metadata = {key: json.dumps(value) for key, value in stated.items()} if place == "metadata" else {}
    beside = json.dumps(stated).encode() if place == "beside" else None

    assert read_settings(metadata, beside, channels=1, classes=10).normalization == normalization


def test_one_number_stands_for_all_channels():
    settings = read_settings({"mean": "0.5", "std": "[0.1, 0.2, 0.3]"}, None, channels=3, classes=10)

    assert settings.normalization == Normalization((0.5, 0.5, 0.5), (0.1, 0.2, 0.3))


@pytest.mark.parametrize("key", ["classes", "class_names", "labels"])
@pytest.mark.parametrize("names", ['["ant", "bee", "cat"]', "ant, bee,cat", '{"0": "ant", "1": "bee", "2": "cat"}'])
def test_classes_may_have_names(key: str, names: str):
    assert read_settings({key: names}, None, channels=1, classes=3).classes == ("ant", "bee", "cat")


def test_file_beside_it_takes_precedence():
    metadata = {"mean": "0.1", "std": "0.2", "classes": "ant,bee"}

    settings = read_settings(metadata, b'{"input_range": [0, 255]}', channels=1, classes=2)

    assert settings.normalization == Normalization((0.0,), (1 / 255,))
    assert settings.classes == ("ant", "bee")


@pytest.mark.parametrize("metadata", [{"mean": "a picture"}, {"classes": "one"}, {"std": "[1, 2]"}, {"names": "{"}])
def test_metadata_that_means_something_else_is_ignored(metadata: dict[str, str]):
    settings = read_settings(metadata, None, channels=1, classes=10)

    assert (settings.normalization, settings.classes) == (None, None)


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        (b"{", "its settings are not JSON"),
        (b"[1]", "its settings are no JSON object"),
        (b'{"average": 1}', "its settings have the unknown key 'average'; known are mean, std, input_range, classes"),
        (b'{"std": 0}', "its std is 0; pixels are divided by it"),
        (b'{"mean": [1, 2]}', r"its mean is \[1, 2\]; it must be 1 finite numbers"),
        (b'{"mean": NaN}', "its mean is nan; it must be 1 finite numbers"),
        (b'{"input_range": [1, 1]}', "its input_range is 1 to 1; paper and ink must differ"),
        (b'{"input_range": 255}', "its input_range is 255; it must be 2 finite numbers"),
        (b'{"classes": ["a"]}', "its classes are .*; they must be 10 names of at most 40 characters"),
        (b'{"classes": "0123456789"}', "its classes are 0123456789; they must be 10 names"),
        (b"[" * 100_000, "its settings are not JSON"),
    ],
)
def test_settings_that_are_wrong_are_refused(beside: bytes, message: str):
    with pytest.raises(ModelError, match=message):
        read_settings({}, beside, channels=1, classes=10)
