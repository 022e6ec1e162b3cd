from typing import Any

import pytest

from app.api_reference import Operation, Parameter, describe_operations, mark_code
from app.main import create_app
from app.settings import Settings


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    described = describe_operations(create_app(Settings()).openapi(), "http://localhost:8000/")
    return {operation.id: operation for operation in described}


def test_parameters_are_told_in_a_few_words(operations: dict[str, Operation]):
    parameters = {each.name: each for each in operations["get_kernels"].parameters}

    assert parameters["layer"] == Parameter("layer", "path", "string", "", "Name of a layer with weights.")
    assert (parameters["zoom"].type, parameters["zoom"].default) == ("integer, 1 to 16", "4")
    assert parameters["theme"].type == "light | dark"


def test_fields_of_a_body_are_told_like_parameters(operations: dict[str, Operation]):
    fields = {each.name: each for each in operations["compute_feature_maps"].fields}

    assert set(fields) == {
        "strokes",
        "pen_width",
        "pixels",
        "image",
        "sample",
        "framing",
        "crop",
        "rotate",
        "threshold",
    }
    assert fields["framing"].default == "auto"


@pytest.mark.parametrize(
    ("operation", "command"),
    [
        ("get_kernels", "curl http://localhost:8000/api/v1/models/cnn/layers/conv1/kernels"),
        ("get_sample", "curl http://localhost:8000/api/v1/samples/0"),
        (
            "compute_feature_maps_of_upload",
            "curl http://localhost:8000/api/v1/models/cnn/feature-maps/upload -F file=@digit.png",
        ),
    ],
)
def test_every_operation_comes_with_a_command(operations: dict[str, Operation], operation: str, command: str):
    assert operations[operation].curl == command


def test_the_command_for_a_drawing_carries_one(operations: dict[str, Operation]):
    command = operations["compute_feature_maps"].curl

    assert "-H 'Content-Type: application/json'" in command
    assert """-d '{"strokes": [[[0.3, 0.25]""" in command


def test_long_examples_are_cut_short(operations: dict[str, Operation]):
    requests: dict[str, Any] = {each.title: each.text for each in operations["compute_feature_maps"].requests}

    assert requests["28×28 pixels"].endswith(" …")
    assert all(len(text) < 2000 for text in requests.values())


def test_marked_code_is_escaped():
    assert mark_code("`<b>` & more") == "<code>&lt;b&gt;</code> &amp; more"
