import asyncio
import base64
import io
import json
import re
import threading
from collections.abc import Awaitable
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from pydantic import TypeAdapter
from safetensors import safe_open
from safetensors.numpy import load

from app.codecs.colormaps import color_table
from app.forward import FeatureMapsResponse
from model.network import Network
from model.plan import InferencePlan
from tests.builders import ONE, SEVEN, TINY_LAYERS, encode, page_with_line

pytestmark = pytest.mark.anyio

URL = "/api/v1/models/cnn/feature-maps"
PAGE = base64.b64encode(encode(Image.fromarray(page_with_line()))).decode()
BLANK_PIXELS = [[0] * 28] * 28


async def request_maps(client: httpx.AsyncClient, body: dict[str, Any], query: str = "") -> dict[str, Any]:
    response = await client.post(URL + query, json=body)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("body", "applied", "source_size", "polarity"),
    [
        ({"strokes": SEVEN}, "mnist", [112, 112], None),
        ({"strokes": SEVEN, "pen_width": 0.1, "framing": "none"}, "none", [112, 112], None),
        ({"pixels": BLANK_PIXELS}, "none", [28, 28], None),
        ({"sample": 0}, "none", [28, 28], None),
        ({"sample": 0, "framing": "mnist"}, "mnist", [28, 28], None),
        ({"image": PAGE}, "mnist", [100, 100], "dark-on-light"),
    ],
)
async def test_every_kind_of_digit_is_answered(
    client: httpx.AsyncClient, body: dict[str, Any], applied: str, source_size: list[int], polarity: str | None
):
    response = await request_maps(client, body)

    assert TypeAdapter(FeatureMapsResponse).validate_python(response).model == response["model"]
    framing = response["input"]["framing"]
    assert framing["requested"] == body.get("framing", "auto")
    assert framing["applied"] == applied
    assert framing["source_size"] == source_size
    assert framing["polarity"] == polarity
    assert np.array(response["input"]["pixels"]).shape == (28, 28)


async def test_shapes_match_the_models_description(client: httpx.AsyncClient):
    described = (await client.get("/api/v1/models/cnn")).json()["layers"]

    layers = (await request_maps(client, {"sample": 0}))["layers"]

    assert [(each["name"], each["kind"], each["output_shape"]) for each in described] == [
        (each["name"], each["kind"], each["shape"]) for each in layers
    ]
    for layer in layers:
        assert list(np.array(layer["feature_maps"]).shape) == layer["shape"]


async def test_maps_are_exactly_what_the_network_computes(
    client: httpx.AsyncClient, tiny_network: Network, rng: np.random.Generator
):
    pixels = rng.uniform(0, 1, (28, 28)).astype(np.float32)

    response = await request_maps(client, {"pixels": pixels.tolist(), "framing": "none"})

    trace = InferencePlan(tiny_network).trace(pixels[np.newaxis, np.newaxis])
    for layer in response["layers"]:
        maps = np.array(layer["feature_maps"], dtype=np.float32)
        np.testing.assert_array_equal(maps, trace.outputs[layer["name"]][0])
        assert np.float32(layer["range"]).tolist() == [maps.min(), maps.max()]
    assert response["prediction"]["digit"] == trace.probabilities[0].argmax()
    np.testing.assert_array_equal(np.float32(response["prediction"]["logits"]), trace.logits[0])


@pytest.mark.parametrize("body", [{"strokes": []}, {"pixels": BLANK_PIXELS}])
async def test_a_blank_digit_has_maps_but_no_prediction(client: httpx.AsyncClient, body: dict[str, Any]):
    response = await request_maps(client, body)

    assert response["prediction"] is None
    assert [layer["name"] for layer in response["layers"]] == TINY_LAYERS


async def test_a_blank_image_has_maps_but_no_prediction(client: httpx.AsyncClient):
    white = base64.b64encode(encode(Image.new("L", (50, 50), 255))).decode()

    response = await request_maps(client, {"image": white})

    assert response["prediction"] is None
    assert response["input"]["framing"]["polarity"] is None


async def test_the_same_line_drawn_or_photographed_is_the_same_digit(client: httpx.AsyncClient):
    drawn = await request_maps(client, {"strokes": ONE, "pen_width": 0.1})
    seen = await request_maps(client, {"image": PAGE})

    difference = np.abs(np.array(drawn["input"]["pixels"]) - np.array(seen["input"]["pixels"]))
    assert difference.mean() < 0.02


async def test_only_the_layers_asked_for_are_given_each_once_and_in_that_order(client: httpx.AsyncClient):
    response = await request_maps(client, {"sample": 0}, "?layers=linear,conv1,linear")

    assert [layer["name"] for layer in response["layers"]] == ["linear", "conv1"]


async def test_every_format_holds_the_same_numbers(client: httpx.AsyncClient, tmp_path):
    expected = await request_maps(client, {"strokes": SEVEN})

    safetensors = await client.post(URL, json={"strokes": SEVEN}, headers={"Accept": "application/x-safetensors"})
    npz = await client.post(URL, json={"strokes": SEVEN}, headers={"Accept": "application/x-npz"})

    tensors = load(safetensors.content)
    arrays = np.load(io.BytesIO(npz.content), allow_pickle=False)
    assert set(tensors) == {*TINY_LAYERS, "input", "logits", "probabilities"}
    assert set(arrays) == {*tensors, "__metadata__"}
    numbers = {layer["name"]: layer["feature_maps"] for layer in expected["layers"]} | {
        "input": expected["input"]["pixels"],
        "logits": expected["prediction"]["logits"],
        "probabilities": expected["prediction"]["probabilities"],
    }
    for name, values in numbers.items():
        np.testing.assert_array_equal(tensors[name], np.array(values, dtype=np.float32))
        np.testing.assert_array_equal(arrays[name], tensors[name])

    path = tmp_path / "response.safetensors"
    path.write_bytes(safetensors.content)
    with safe_open(path, framework="numpy") as file:
        metadata = {name: json.loads(text) for name, text in file.metadata().items()}
    assert metadata == {
        "model": "cnn",
        "prediction": {name: expected["prediction"][name] for name in ("digit", "probability")},
        "framing": expected["input"]["framing"],
        "layers": TINY_LAYERS,
    }
    assert {name: json.loads(text) for name, text in json.loads(str(arrays["__metadata__"])).items()} == metadata


async def test_half_precision_is_for_binary_answers(client: httpx.AsyncClient):
    whole = await request_maps(client, {"sample": 0}, "?layers=conv1&dtype=float16")

    response = await client.post(
        f"{URL}?layers=conv1&dtype=float16", json={"sample": 0}, headers={"Accept": "application/x-safetensors"}
    )

    half = load(response.content)["conv1"]
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, np.array(whole["layers"][0]["feature_maps"], dtype=np.float32).astype("f2"))


async def test_the_blank_prediction_in_metadata_is_null(client: httpx.AsyncClient):
    response = await client.post(URL, json={"strokes": []}, headers={"Accept": "application/x-safetensors"})

    header = json.loads(response.content[8 : 8 + int.from_bytes(response.content[:8], "little")])
    assert header["__metadata__"]["prediction"] == "null"


async def test_a_picture_paints_each_value_in_the_layers_fixed_range(client: httpx.AsyncClient):
    layer = (await request_maps(client, {"sample": 0}, "?layers=conv1"))["layers"][0]
    bound = (await client.get("/api/v1/models/cnn")).json()["layers"][0]["display_range"][1]

    response = await client.post(
        f"{URL}?layers=conv1&filter=2&zoom=1&theme=dark", json={"sample": 0}, headers={"Accept": "image/png"}
    )

    pixels = np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))
    values = np.array(layer["feature_maps"][2])
    levels = np.rint(np.clip(values * (127 / bound), -127, 127)).astype(int) + 127
    # The last bit of a product may round to the neighboring level.
    assert np.abs(pixels.astype(int) - color_table("dark")[levels]).max() <= 4
    assert (pixels == color_table("dark")[levels]).mean() > 0.99


async def test_a_picture_shows_all_maps_of_the_layer(client: httpx.AsyncClient):
    response = await client.post(f"{URL}?layers=conv1&zoom=2", json={"sample": 0}, headers={"Accept": "image/png"})

    assert Image.open(io.BytesIO(response.content)).size == (4 * 58 - 2, 56)


async def test_two_digits_at_the_same_time_do_not_mix(client: httpx.AsyncClient):
    alone = [await request_maps(client, {"sample": index}) for index in (0, 1)]

    together = await asyncio.gather(*(request_maps(client, {"sample": index % 2}) for index in range(40)))

    for number, response in enumerate(together):
        assert response == alone[number % 2]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "give exactly one of strokes, pixels, image and sample; none was given"),
        ({"sample": 0, "strokes": []}, "exactly one of .*; strokes and sample were given"),
        ({"sample": 0, "color": "red"}, "color: Extra inputs are not permitted"),
        ({"strokes": [[]]}, "strokes.0: List should have at least 1 item"),
        ({"strokes": [[[0.5]]]}, "strokes.0.0.1: Field required"),
        ({"strokes": [[[0.5, 0.5, 0.5]]]}, "strokes.0.0: Tuple should have at most 2 items"),
        ({"strokes": [[["0.5", 0.5]]]}, "strokes.0.0.0: Input should be a valid number"),
        ({"strokes": [[[True, 0.5]]]}, "strokes.0.0.0: Input should be a valid number"),
        ({"strokes": [[[0.5, 2.5]]]}, "strokes.0.0.1: Input should be less than or equal to 2"),
        ({"strokes": [[[-1.5, 0.5]]]}, "strokes.0.0.0: Input should be greater than or equal to -1"),
        ({"strokes": "line"}, "strokes: Input should be a valid array"),
        ({"strokes": [], "pen_width": 0}, "pen_width: Input should be greater than or equal to 0.005"),
        ({"strokes": [], "pen_width": 0.6}, "pen_width: Input should be less than or equal to 0.5"),
        ({"pixels": BLANK_PIXELS[1:]}, "pixels: List should have at least 28 items"),
        ({"pixels": [*BLANK_PIXELS, [0] * 28]}, "pixels: List should have at most 28 items"),
        ({"pixels": [[0] * 27] * 28}, "pixels.0: List should have at least 28 items"),
        ({"pixels": [[0] * 27 + [1.01], *BLANK_PIXELS[1:]]}, "pixels.0.27: Input should be less than or equal to 1"),
        ({"pixels": [[-0.01, *[0] * 27], *BLANK_PIXELS[1:]]}, "pixels.0.0: Input should be greater than or equal to 0"),
        ({"pixels": [[None, *[0] * 27], *BLANK_PIXELS[1:]]}, "pixels.0.0: Input should be a valid number"),
        ({"sample": "0"}, "sample: Input should be a valid integer"),
        ({"sample": 0.5}, "sample: Input should be a valid integer"),
        ({"sample": True}, "sample: Input should be a valid integer"),
        ({"sample": 0, "framing": "square"}, "framing: Input should be 'auto', 'mnist' or 'none'"),
        ({"image": 7}, "image: Input should be a valid string"),
        ({"image": "not base64!"}, "image is not base64"),
        ({"image": PAGE, "framing": "none"}, "needs an image of 28×28 pixels; this one has 100×100"),
    ],
)
async def test_invalid_input_is_a_422_that_names_the_value(client: httpx.AsyncClient, body: dict[str, Any], words: str):
    response = await client.post(URL, json=body)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert re.search(words, response.json()["detail"]), response.json()["detail"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    "body", ['{"strokes": [[[0.5, %s]]]}', '{"pixels": [[%s]]}', '{"strokes": [], "pen_width": %s}']
)
async def test_numbers_that_are_none_are_a_422(client: httpx.AsyncClient, body: str, number: str):
    response = await client.post(URL, content=body % number, headers={"Content-Type": "application/json"})

    assert response.status_code == 422
    assert "Input should be" in response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"sample": 0',
        b'{"sample": 0}}',
        b"\xff\xfa",
        b'{"sample": "\xff"}',
        b"[" * 20_000,
        b'{"strokes": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"sample": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "open", "cut", "closed twice", "no UTF-8", "no UTF-8 inside", "deep and open", "deep", "long number"],
)
async def test_what_is_not_json_is_a_400(client: httpx.AsyncClient, body: bytes):
    response = await client.post(URL, content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 400
    assert response.json()["type"] == "/problems/malformed-request"
    assert response.json()["detail"].startswith("The body is not JSON: ")
    assert len(response.content) < 500


@pytest.mark.parametrize("body", [b"[]", b"7", b'"strokes"', b"null"])
async def test_json_of_another_kind_is_a_422(client: httpx.AsyncClient, body: bytes):
    response = await client.post(URL, content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 422
    assert len(response.content) < 500


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
async def test_another_content_type_is_a_415(client: httpx.AsyncClient, content_type: str):
    response = await client.post(URL, content=b'{"sample": 0}', headers={"Content-Type": content_type})

    assert response.status_code == 415
    given = f"The Content-Type is {content_type}" if content_type else "The request has no Content-Type"
    assert response.json()["detail"] == f"{given}; this operation reads application/json."


async def test_an_answer_to_many_errors_is_short_and_repeats_nothing(client: httpx.AsyncClient):
    body = {"pixels": [["secret"] * 28] * 28, "strokes": [[["secret", "secret"]]] * 100, "x" * 5000: "secret"}

    response = await client.post(URL, json=body)

    assert response.status_code == 422
    assert len(response.json()["errors"]) <= 5
    assert len(response.content) < 2000
    assert "secret" not in response.text


async def test_of_many_errors_five_are_told(client: httpx.AsyncClient):
    response = await client.post(URL, json={f"field{number}": 0 for number in range(1000)})

    assert len(response.json()["errors"]) == 5
    assert response.json()["detail"].endswith("; and 995 more.")


async def test_a_flood_of_points_is_refused_before_it_is_parsed(client: httpx.AsyncClient):
    body = b'{"strokes": [[' + b"[0,0]," * 100_000

    response = await client.post(URL, content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 422
    assert response.json()["type"] == "/problems/drawing-too-large"
    assert "a drawing may have 20,000 points" in response.json()["detail"]


@pytest.mark.parametrize("strokes", [[[[0.5, 0.5]] * 20_001], [[[0.5, 0.5]]] * 501])
async def test_a_drawing_over_the_limits_is_refused_with_the_numbers(client: httpx.AsyncClient, strokes: list[Any]):
    response = await client.post(URL, json={"strokes": strokes})

    assert response.status_code == 422
    assert response.json()["limit_points"] == 20_000
    assert response.json()["limit_strokes"] == 500
    assert f"{sum(map(len, strokes)):,} points" in response.json()["detail"]


async def test_a_drawing_that_takes_too_long_is_refused(client: httpx.AsyncClient):
    zigzag = [[-1, -1], [2, 2]] * 9_000

    response = await client.post(URL, json={"strokes": [zigzag], "pen_width": 0.5})

    assert response.status_code == 422
    assert response.json()["limit_cells"] == 20_000_000


@pytest.mark.parametrize("accept", ["application/json", "application/x-safetensors"])
async def test_one_filter_can_be_had_alone(client: httpx.AsyncClient, accept: str):
    every = (await client.post(f"{URL}?layers=conv1", json={"sample": 0})).json()["layers"][0]["feature_maps"]

    response = await client.post(f"{URL}?layers=conv1&filter=2", json={"sample": 0}, headers={"Accept": accept})

    if accept == "application/json":
        (layer,) = response.json()["layers"]
        assert layer["shape"] == [1, 28, 28]
        alone = layer["feature_maps"]
    else:
        alone = load(response.content)["conv1"]
    np.testing.assert_allclose(alone, [every[2]])


async def test_an_unknown_sample_is_a_404(client: httpx.AsyncClient):
    for index in (-1, 30, 10**15):
        response = await client.post(URL, json={"sample": index})

        assert response.status_code == 404
        assert response.json()["detail"] == "There is no test digit of that index; the 30 test digits are 0 to 29."


@pytest.mark.parametrize(
    ("query", "accept", "status", "slug"),
    [
        ("?layers=conv9", "*/*", 404, "unknown-layer"),
        ("?layers=conv1,", "*/*", 404, "unknown-layer"),
        ("?layers=", "*/*", 422, "invalid-input"),
        ("?dtype=float64", "*/*", 422, "invalid-input"),
        ("", "image/png", 422, "one-layer-required"),
        ("?layers=conv1,relu1", "image/png", 422, "one-layer-required"),
        ("?layers=conv1&zoom=0", "image/png", 422, "invalid-input"),
        ("?layers=conv1&zoom=17", "image/png", 422, "invalid-input"),
        ("?layers=conv1&theme=pink", "image/png", 422, "invalid-input"),
        ("?layers=conv1&filter=4", "image/png", 404, "unknown-filter"),
        ("?layers=conv1&filter=-1", "image/png", 404, "unknown-filter"),
        ("?layers=conv1&filter=4", "application/json", 404, "unknown-filter"),
        ("?layers=conv1,relu1&filter=2", "application/json", 422, "one-layer-required"),
        ("", "text/csv", 406, "not-acceptable"),
    ],
)
async def test_an_answer_that_cannot_be_given_so_is_refused(
    client: httpx.AsyncClient, query: str, accept: str, status: int, slug: str
):
    response = await client.post(URL + query, json={"sample": 0}, headers={"Accept": accept})

    assert response.status_code == status
    assert response.json()["type"] == f"/problems/{slug}"


async def assert_drawings_do_not_wait_for(app: FastAPI, client: httpx.AsyncClient, asked: Awaitable) -> None:
    """While the lane for what takes long is taken, this waits for it, and a drawing does not."""
    gate = threading.Event()
    long = asyncio.create_task(app.state.context.slow_pool.run(gate.wait))
    waiting = asyncio.ensure_future(asked)
    try:
        drawn = await asyncio.wait_for(client.post(URL, json={"strokes": SEVEN}), timeout=30)
        assert not long.done()
        assert not waiting.done()
    finally:
        gate.set()

    assert drawn.status_code == 200
    assert (await waiting).status_code == 200
    assert await long


@pytest.mark.parametrize("accept", ["application/json", "application/x-safetensors"])
async def test_drawing_of_a_digit_waits_for_no_thread(app: FastAPI, client: httpx.AsyncClient, accept: str):
    gate = threading.Event()
    taken = [asyncio.create_task(pool.run(gate.wait)) for pool in (app.state.context.pool, app.state.context.slow_pool)]
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    try:
        drawn = await asyncio.wait_for(client.post(URL, json={"strokes": SEVEN}, headers=headers), timeout=30)
        assert not any(task.done() for task in taken)
    finally:
        gate.set()

    assert drawn.status_code == 200
    assert all(await asyncio.gather(*taken))


async def test_drawings_do_not_wait_for_what_takes_long(app: FastAPI, client: httpx.AsyncClient):
    files = {"file": ("a.png", encode(Image.fromarray(page_with_line())))}

    await assert_drawings_do_not_wait_for(app, client, client.post(f"{URL}/upload", files=files))


@pytest.mark.parametrize(
    "digit",
    [
        {"strokes": [[[0, 0], [1, 1]] * 100], "pen_width": 0.2},
        {"pixels": [[(row * 28 + column) / 784 for column in range(28)] for row in range(28)]},
    ],
    ids=["scribble", "pixels in which ink is to be found"],
)
async def test_digit_that_takes_long_is_answered_all_the_same_and_holds_nobody_up(
    app: FastAPI, client: httpx.AsyncClient, digit: dict[str, Any]
):
    await assert_drawings_do_not_wait_for(app, client, client.post(URL, json=digit))
