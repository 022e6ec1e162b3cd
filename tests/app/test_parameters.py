from typing import Any

import pytest
from fastapi import Request

from app.errors import InvalidInput
from app.parameters import LayersParameter, ModelsParameter, PictureParameters


class Query(PictureParameters, LayersParameter, ModelsParameter):
    """One parameter of each kind."""


def read(query: str) -> Query:
    return Query.of(Request({"type": "http", "query_string": query.encode(), "headers": []}))


@pytest.mark.parametrize("query", ["layers=conv1,relu1", "layers=conv1&layers=relu1"])
def test_names_may_be_separated_by_commas_or_repeated(query: str):
    assert read(query).layers == ["conv1", "relu1"]


@pytest.mark.parametrize("query", ["zoom=2&zoom=2", "zoom=2&zoom=3", "layers=conv1&dtype=float16&zoom=1&zoom=1"])
def test_a_single_value_that_is_repeated_is_an_error_that_names_it(query: str):
    with pytest.raises(InvalidInput, match=r"query\.zoom: given more than once; it takes one value"):
        read(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("zoom=17", "query.zoom: Input should be less than or equal to 16"),
        ("theme=pink", "query.theme: Input should be 'light' or 'dark'"),
        ("layers=", "layers is empty"),
        ("models=,&models=", "models is empty"),
    ],
)
def test_a_value_out_of_range_is_an_error_that_names_it(query: str, words: str):
    with pytest.raises(InvalidInput, match=words):
        read(query)


def test_parameters_are_described_with_type_default_and_limits():
    described: dict[str, dict[str, Any]] = {each["name"]: each for each in Query.described()}

    assert described["zoom"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 16, "default": 4}
    assert described["layers"]["schema"]["type"] == "array"
    assert (described["layers"]["style"], described["layers"]["explode"]) == ("form", False)
    assert not any(each["required"] for each in described.values())
