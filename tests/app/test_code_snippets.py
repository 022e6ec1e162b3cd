"""The code that the page shows is run as it stands, and prints the numbers that the API has."""

import base64
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import numpy as np
import pytest
from PIL import Image

from app.code_snippets import CALLS, MOST_LINES
from app.operations.code import Of
from app.settings import Settings
from tests.builders import SEVEN, encode, page_with_line
from tests.recorder.models import write_models
from tests.servers import serving

MODELS = ["cnn", "mlp-500", "locally-connected"]
LABELED = {"label": 3}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server with the committed networks and two that were uploaded; in a folder with their weights."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "models").mkdir()
    settings = Settings(models=write_models(folder / "models"))
    with serving(settings) as server, contextlib.chdir(folder), httpx.Client(timeout=60) as client:
        client.base_url = httpx.URL(f"http://{server.address}/api/v1")
        for model in [*MODELS, "wide-32", "pool-before-relu"]:
            content = client.get(f"/models/{model}/weights", headers={"Accept": "application/x-npz"}).content
            Path(f"{model}.npz").write_bytes(content)
        yield client


def printed(code: str) -> Any:
    """What a snippet prints, as numbers."""
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "snippet", "exec"), {})  # noqa: S102 - our own text
    return np.array(np.fromstring(output.getvalue().replace("[", " ").replace("]", " ").replace(",", " "), sep=" "))


def codes(api: httpx.Client, model: str, body: dict[str, Any]) -> dict[str, Any]:
    response = api.post(f"/models/{model}/code", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def both(api: httpx.Client, model: str, body: dict[str, Any]) -> tuple[Any, Any]:
    found = codes(api, model, body)
    assert found["numpy"], found["why_no_numpy"]
    assert "cross-correlation" in found["numpy"]
    return printed(found["api"]), printed(found["numpy"])


@pytest.mark.parametrize("model", MODELS)
def test_fifty_random_neurons(api: httpx.Client, model: str, rng: np.random.Generator):
    layers = api.get(f"/models/{model}").json()["layers"]

    for number in range(50):
        layer = layers[number % len(layers)]
        filter_number, row, column = (int(rng.integers(extent)) for extent in layer["output_shape"])
        fields = {"layer": layer["name"], "filter": filter_number, "row": row, "column": column}
        digit = {"sample": int(rng.integers(100))} if number % 2 else {"strokes": SEVEN}
        stored, computed = both(api, model, {"of": "neuron", "digit": digit, "fields": fields})
        np.testing.assert_allclose(computed, stored, rtol=2e-4, atol=2e-5, err_msg=str(fields))


EXPERIMENTS: list[tuple[str, dict[str, Any], float]] = [
    ("prediction", {}, 1e-5),
    ("feature-maps", {"fields": {"layer": "relu3", "filter": 7}}, 1e-4),
    ("saliency", {"at": [12, 14]}, 1e-5),
    ("saliency", {"fields": {"label": 8}, "at": [9, 10]}, 1e-5),
    ("occlusion", {"fields": {"size": 7, "stride": 3}, "at": [3, 4]}, 1e-4),
    ("evidence", {}, 1e-4),
    ("evidence", {"fields": {"label": 3, "steps": 4}}, 1e-4),
    ("backward-pass", {"fields": {**LABELED, "layer": "relu2", "filter": 3, "row": 5, "column": 4}}, 1e-5),
    ("backward-pass", {"fields": {**LABELED, "layer": "input", "filter": 0, "row": 12, "column": 14}}, 1e-5),
    ("gradient-check", {"fields": {**LABELED, "parameter": "conv1.weight", "index": [3, 0, 2, 2]}}, 1e-5),
    ("gradient-check", {"fields": {**LABELED, "parameter": "conv4.bias", "index": [5]}}, 1e-5),
    ("perturb-pixel", {"fields": {"row": 12, "column": 14}}, 0),
    ("translation", {"fields": {"down": 2, "right": -3}}, 1e-5),
    ("robustness", {"fields": {"kind": "noise", "level": 0.4}}, 1e-5),
    ("robustness", {"fields": {"kind": "fgsm", "level": 0.2}}, 1e-4),
    ("kernel-edits", {"fields": {"edits": [{"layer": "conv1", "filter": 3, "ablate": True}]}}, 1e-5),
    ("kernel-edits", {"fields": {"edits": [{"layer": "conv2", "filter": 3, "bias": 0.5}]}}, 1e-5),
]


@pytest.mark.parametrize(
    ("of", "rest", "tolerance"), EXPERIMENTS, ids=[f"{of} {rest}"[:60] for of, rest, _ in EXPERIMENTS]
)
def test_experiments_by_numpy_and_by_the_api(api: httpx.Client, of: str, rest: dict[str, Any], tolerance: float):
    stored, computed = both(api, "cnn", {"of": of, "digit": {"sample": 15}, **rest})

    np.testing.assert_allclose(computed, stored, rtol=1e-3, atol=tolerance)
    assert stored.size


OF_THE_API_ALONE: dict[str, dict[str, Any]] = {
    "gradient-descent": {"digit": {"sample": 15}, "fields": {"label": 3, "learning_rate": 0.01, "steps": 2}},
    "kernel-edits/accuracy": {"fields": {"edits": [{"layer": "conv1", "filter": 3, "ablate": True}]}},
    "layer-map": {"digit": {"sample": 15}, "query": {"layers": "relu1"}},
    "feature-comparison": {"digit": {"sample": 15}},
    "translation-curve": {"digit": {"sample": 15}, "fields": {"direction": "right", "max_offset": 2}},
    "layer-costs": {"query": {"kernel_size": 3, "filters": 8}},
    "pixel-permutation": {},
    "layer-knowledge": {},
    "confusion": {"query": {"checkpoint": 0}},
    "misread-digit": {},
    "robustness-curve": {"query": {"kind": "noise"}},
    "orientation-tuning": {"query": {"layers": "relu1"}},
    "filter": {"fields": {"layer": "conv3", "filter": 5}},
}


@pytest.mark.parametrize("of", OF_THE_API_ALONE)
def test_what_many_digits_or_steps_need_has_code_for_the_api_and_says_why(api: httpx.Client, of: str):
    found = codes(api, "cnn", {"of": of, **OF_THE_API_ALONE[of]})

    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(found["api"], "snippet", "exec"), {})  # noqa: S102 - our own text
    assert len(output.getvalue()) > 3
    assert found["numpy"] is None
    assert found["why_no_numpy"].endswith(".")


def test_everything_that_the_page_shows_is_tested_here():
    assert set(get_args(Of)) == set(CALLS)
    assert set(CALLS) == {"neuron", *OF_THE_API_ALONE, *(of for of, _, _ in EXPERIMENTS)}


@pytest.mark.parametrize("model", ["wide-32", "pool-before-relu"])
def test_uploaded_networks_have_code(api: httpx.Client, model: str):
    stored, computed = both(api, model, {"of": "prediction", "digit": {"strokes": SEVEN}})

    np.testing.assert_allclose(computed, stored, atol=1e-5)


def test_digits_of_every_form_are_filled_in(api: httpx.Client):
    pixels = [[0.0] * 28 for _ in range(28)]
    pixels[14] = [0.5] * 28

    scribble = [[[0.2 + 0.0005 * step, 0.3 + 0.2 * (step % 7) / 7] for step in range(1000)]]
    image = base64.b64encode(encode(Image.fromarray(page_with_line()))).decode()
    forms = [
        {"pixels": pixels, "framing": "none"},
        {"strokes": SEVEN, "pen_width": 0.1},
        {"strokes": scribble},
        {"image": image},
    ]
    for digit in forms:
        stored, computed = both(api, "mlp-500", {"of": "prediction", "digit": digit})
        np.testing.assert_allclose(computed, stored, atol=1e-5)
    assert len(codes(api, "cnn", {"of": "prediction", "digit": {"strokes": scribble}})["api"]) < 20_000


@pytest.mark.parametrize(
    ("model", "body", "status", "detail"),
    [
        ("cnn", {"of": "neuron"}, 422, "neuron is about a digit: give one under digit."),
        (
            "cnn",
            {"of": "neuron", "digit": {"sample": 0}},
            422,
            "fields.layer is missing, which the code of neuron needs.",
        ),
        (
            "cnn",
            {"of": "neuron", "digit": {"sample": 0}, "fields": {"layer": "conv9"}},
            404,
            "Model cnn has no layer 'conv9'",
        ),
        (
            "cnn",
            {
                "of": "gradient-check",
                "digit": {"sample": 0},
                "fields": {"label": 3, "parameter": 'x"]; print("', "index": [0]},
            },
            422,
            "The fields are not those of the operation /experiments/gradient-check, which the code of gradient-check",
        ),
        ("cnn", {"of": "filter"}, 422, "fields.layer is missing, which the code of filter needs."),
        (
            "cnn",
            {"of": "filter", "fields": {"layer": "conv1", "filter": 16}},
            404,
            "Layer conv1 has no filter of that number; its 16 filters are 0 to 15.",
        ),
        (
            "cnn",
            {
                "of": "gradient-check",
                "digit": {"sample": 0},
                "fields": {"label": 3, "parameter": "conv1.weight", "index": [99, 0, 0, 0]},
            },
            422,
            "The fields are not those of the operation /experiments/gradient-check, which the code of gradient-check "
            "needs: there is nothing at [99, 0, 0, 0] in conv1.weight; its shape is [16, 1, 5, 5].",
        ),
        (
            "cnn",
            {"of": "kernel-edits", "digit": {"sample": 0}, "fields": {"edits": 5}},
            422,
            "The fields are not those of the operation /experiments/kernel-edits, which the code of kernel-edits "
            "needs: edits is no list of edits.",
        ),
        (
            "cnn",
            {"of": "robustness", "digit": {"sample": 0}, "fields": {"kind": "blur", "level": 9}},
            422,
            "Blur takes levels from 0 to 4, not 9.",
        ),
    ],
)
def test_what_is_missing_is_said(api: httpx.Client, model: str, body: dict[str, Any], status: int, detail: str):
    response = api.post(f"/models/{model}/code", json=body)

    assert response.status_code == status
    assert response.json()["detail"].startswith(detail)


def test_longer_code_is_not_written(api: httpx.Client):
    fields = {"edits": [{"layer": "conv1", "filter": number, "ablate": True} for number in range(9)]}

    found = codes(api, "cnn", {"of": "kernel-edits", "digit": {"sample": 0}, "fields": fields})

    assert found["numpy"] is None
    assert found["why_no_numpy"] == "For this network it takes 21 lines, and this page shows up to 15."
