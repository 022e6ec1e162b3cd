"""The experiments, asked for over HTTP, with the networks that are committed."""

import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from safetensors.numpy import load

from app.main import create_app
from app.schemas import experiments as schemas
from app.schemas.documentation import POKE_BODY, SHIFT_BODY, SHIFT_CURVE_BODY
from app.settings import Settings
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments"
BLANK = [[0.0] * 28] * 28
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def ask(client: httpx.AsyncClient, operation: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{URL}/{operation}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def layers_of(answer: dict[str, Any], model: str) -> dict[str, dict[str, Any]]:
    [found] = [each for each in answer["models"] if each["id"] == model]
    return {layer["name"]: layer for layer in found["layers"]}


@pytest.mark.parametrize(
    ("operation", "body", "schema"),
    [
        ("poke", POKE_BODY, schemas.PokeAnswer),
        ("shift", SHIFT_BODY, schemas.ShiftAnswer),
        ("shift-curve", SHIFT_CURVE_BODY, schemas.ShiftCurveAnswer),
    ],
)
async def test_documented_examples_work_and_answers_are_as_described(client, operation, body, schema):
    for example in body["requestBody"]["content"]["application/json"]["examples"].values():
        answer = await ask(client, operation, **example["value"])

        assert schema.model_validate(answer).model_dump(mode="json") == answer


@pytest.mark.parametrize(
    ("operation", "schema"),
    [
        ("ledger", schemas.LedgerAnswer),
        ("shift-curve", schemas.MeanShiftCurveAnswer),
        ("scramble", schemas.ScrambleAnswer),
    ],
)
async def test_what_is_not_asked_of_a_digit_is_as_described(client, operation, schema):
    answer = (await client.get(f"{URL}/{operation}")).json()

    assert schema.model_validate(answer).model_dump(mode="json") == answer


async def test_ledger_recomputes_for_each_geometry(client: httpx.AsyncClient):
    usual = (await client.get(f"{URL}/ledger")).json()
    bare = (await client.get(f"{URL}/ledger", params={"padding": 0, "features": 100})).json()

    assert [row["weights"] for row in usual["rows"]] == [392_500, 785 * 12_544, 326_144, 416]
    assert [row["weights"] for row in bare["rows"]] == [78_500, 785 * 9_216, 239_616, 416]
    assert [row["weight_uses"] for row in bare["rows"]] == [1, 1, 1, 576]


async def test_ledger_row_of_the_convolution_is_the_models_own_first_layer(client: httpx.AsyncClient):
    conv1 = (await client.get("/api/v1/models/cnn")).json()["layers"][0]
    local1 = (await client.get("/api/v1/models/locally-connected")).json()["layers"][0]
    linear1 = (await client.get("/api/v1/models/mlp-500")).json()["layers"][0]

    rows = {row["id"]: row for row in (await client.get(f"{URL}/ledger")).json()["rows"]}

    for name, layer in (("convolution", conv1), ("locally-connected", local1), ("perceptron", linear1)):
        assert rows[name]["weights"] == layer["parameters"]
        assert rows[name]["multiply_adds"] == layer["multiply_adds"]
        assert rows[name]["weight_uses"] == layer["weight_uses"]
        assert rows[name]["output_shape"] == layer["output_shape"]
        assert rows[name]["kind"] == layer["kind"]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"kernel_size": 16}, "less than or equal to 15"),
        ({"padding": -1}, "greater than or equal to 0"),
        ({"stride": 0}, "greater than or equal to 1"),
    ],
)
async def test_ledger_refuses_what_is_out_of_range(client, parameters, says):
    answer = await client.get(f"{URL}/ledger", params=parameters)

    assert answer.status_code == 422
    assert says in answer.text


async def test_poke_inside_changes_twenty_five_cells_of_each_map_and_all_five_hundred(client: httpx.AsyncClient):
    answer = await ask(client, "poke", sample=0, row=14, column=14)

    conv1, linear1 = layers_of(answer, "cnn")["conv1"], layers_of(answer, "mlp-500")["linear1"]
    assert conv1["changed_per_filter"] == [25] * 16
    assert conv1["changed"] == conv1["reachable"] == 400
    assert linear1["changed"] == linear1["reachable"] == linear1["neurons"] == 500
    change = np.array(conv1["change"])
    assert np.count_nonzero(change) == 400
    assert conv1["largest"] == change.max()
    assert list(layers_of(answer, "locally-connected")) == ["local1", "relu1", "pool1", "linear", "softmax"]


async def test_poke_turns_paper_into_ink_and_ink_into_paper_unless_told(client: httpx.AsyncClient):
    pixels = [row.copy() for row in BLANK]
    pixels[3][4] = 0.75

    on_ink = await ask(client, "poke", pixels=pixels, row=3, column=4)
    on_paper = await ask(client, "poke", pixels=pixels, row=3, column=5)
    told = await ask(client, "poke", pixels=pixels, row=3, column=5, value=0.25)

    assert on_ink["pixel"] == {"row": 3, "column": 4, "before": 0.75, "after": 0}
    assert on_paper["pixel"] == {"row": 3, "column": 5, "before": 0, "after": 1}
    assert told["pixel"]["after"] == 0.25
    # Its only ink gone, the digit is blank, and nobody reads a blank one.
    assert on_ink["models"][0]["before"] is not None
    assert on_ink["models"][0]["after"] is None


async def test_poke_as_tensors_holds_the_same_as_json(client: httpx.AsyncClient):
    body = {"strokes": SEVEN, "row": 9, "column": 17}
    plain = await ask(client, "poke", **body)

    packed = await client.post(f"{URL}/poke", json=body, headers=SAFETENSORS)

    tensors = load(packed.content)
    length = int.from_bytes(packed.content[:8], "little")
    about = json.loads(json.loads(packed.content[8 : 8 + length])["__metadata__"]["answer"])
    for model in plain["models"]:
        for layer in model["layers"]:
            tensor = tensors[f"{model['id']}/{layer['name']}"]
            assert tensor.dtype == np.float32
            np.testing.assert_allclose(tensor, layer.pop("change"), rtol=1e-6, atol=0)
    np.testing.assert_allclose(tensors["input"], plain["input"].pop("pixels"), rtol=1e-6)
    assert about == plain


async def test_shift_moves_maps_exactly_and_says_where_it_cannot(client: httpx.AsyncClient):
    even = await ask(client, "shift", sample=0, right=2)
    odd = await ask(client, "shift", sample=0, right=3)

    assert layers_of(even, "cnn")["conv1"]["residual"] == layers_of(odd, "cnn")["conv1"]["residual"] == 0
    assert layers_of(even, "cnn")["pool1"]["residual"] == 0
    assert layers_of(odd, "cnn")["pool1"]["residual"] > 1e-3
    assert layers_of(odd, "cnn")["pool1"]["map_shift"] == {"down": 0, "right": 1}
    assert layers_of(odd, "cnn")["conv1"]["inside"] == {"top": 2, "left": 5, "height": 24, "width": 21}
    assert layers_of(odd, "mlp-500")["relu1"]["cosine"] < 0.6
    np.testing.assert_array_equal(np.array(odd["shifted"])[:, 3:], np.array(odd["input"]["pixels"])[:, :-3])


async def test_shift_as_tensors_in_half_precision_and_as_npz(client: httpx.AsyncClient):
    body = {"sample": 1, "down": -4}
    plain = await ask(client, "shift", **body)

    half = load((await client.post(f"{URL}/shift?dtype=float16&models=cnn", json=body, headers=SAFETENSORS)).content)
    packed = await client.post(f"{URL}/shift?models=cnn", json=body, headers={"Accept": "application/x-npz"})

    assert half["cnn/pool1"].dtype == np.float16
    assert {name.partition("/")[0] for name in half} == {"input", "shifted", "cnn"}
    with np.load(io.BytesIO(packed.content)) as arrays:
        np.testing.assert_allclose(
            arrays["cnn/pool1"], layers_of(plain, "cnn")["pool1"]["difference"], rtol=1e-6, atol=1e-9
        )


async def test_curve_is_the_single_shifts_in_a_row(client: httpx.AsyncClient):
    curve = await ask(client, "shift-curve", sample=0, reach=2, direction="down")
    single = await ask(client, "shift", sample=0, down=-1)

    assert (curve["label"], curve["label_from"], curve["shifts"]) == (7, "sample", [-2, -1, 0, 1, 2])
    assert curve["ink_lost"][1] == single["ink_lost"]
    for model in curve["models"]:
        layers = layers_of(single, model["id"])
        for layer in model["layers"]:
            assert layer["residual"][1] == pytest.approx(layers[layer["name"]]["residual"])
            assert layer["cosine"][1] == pytest.approx(layers[layer["name"]]["cosine"])
        [after] = [each["after"] for each in single["models"] if each["id"] == model["id"]]
        assert model["digit"][1] == after["digit"]
        if after["digit"] == 7:
            assert model["probability"][1] == pytest.approx(after["probability"])


async def test_label_of_the_curve_is_the_one_given_else_the_samples_else_what_is_read(client: httpx.AsyncClient):
    given = await ask(client, "shift-curve", sample=0, label=2, reach=1)
    read = await ask(client, "shift-curve", strokes=SEVEN, reach=1)

    assert (given["label"], given["label_from"]) == (2, "body")
    assert (read["label"], read["label_from"]) == (7, "prediction")


async def test_blank_digit_has_no_curve_unless_labeled(client: httpx.AsyncClient):
    refused = await client.post(f"{URL}/shift-curve", json={"pixels": BLANK})

    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/digit-unlabeled"
    assert "give a label, 0 to 9" in refused.json()["detail"]
    await ask(client, "shift-curve", pixels=BLANK, label=3, reach=1)


async def test_responses_are_those_of_the_feature_maps(client: httpx.AsyncClient):
    answer = await ask(client, "responses", sample=4)
    perceptron = (await client.post("/api/v1/models/mlp-500/feature-maps", json={"sample": 4})).json()
    cnn = (await client.post("/api/v1/models/cnn/feature-maps", json={"sample": 4})).json()

    schemas.ResponsesAnswer.model_validate(answer)
    templates, kernels = answer["templates"], answer["kernels"]
    linear1, relu1 = (np.ravel(layer["feature_maps"]) for layer in perceptron["layers"][:2])
    np.testing.assert_array_equal(templates["pre_activations"], linear1)
    np.testing.assert_array_equal(templates["activations"], relu1)
    assert sorted(templates["order"]) == list(range(500))
    assert list(relu1[templates["order"]]) == sorted(relu1, reverse=True)
    assert templates["active"] == np.count_nonzero(relu1)
    maps = np.array(cnn["layers"][1]["feature_maps"])
    np.testing.assert_array_equal(kernels["strongest"], maps.max(axis=(1, 2)))
    for number, (row, column) in enumerate(kernels["places"]):
        assert maps[number, row, column] == kernels["strongest"][number]
    np.testing.assert_allclose(kernels["active_share"], np.mean(maps > 0, axis=(1, 2)))
    assert answer["prediction"] == cnn["prediction"]


async def test_models_can_be_chosen_and_unknown_ones_are_named(client: httpx.AsyncClient):
    chosen = await client.post(f"{URL}/poke?models=mlp-500,cnn,mlp-500", json={"sample": 0, "row": 0, "column": 0})
    unknown = await client.post(f"{URL}/poke?models=cnn,resnet", json={"sample": 0, "row": 0, "column": 0})
    none = await client.post(f"{URL}/poke?models=", json={"sample": 0, "row": 0, "column": 0})

    assert [model["id"] for model in chosen.json()["models"]] == ["mlp-500", "cnn"]
    assert unknown.status_code == 404
    assert "There is no model 'resnet'" in unknown.json()["detail"]
    assert none.status_code == 422


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        ("poke", {"row": 64, "column": 0}, "row"),
        ("poke", {"row": 0}, "column"),
        ("poke", {"row": 0, "column": 0, "value": 1.5}, "value"),
        ("shift", {"right": 15}, "right"),
        ("shift", {"right": 1.5}, "right"),
        ("shift-curve", {"reach": 0}, "reach"),
        ("shift-curve", {"label": 10}, "label"),
        ("shift-curve", {"direction": "left"}, "direction"),
        ("responses", {"row": 1}, "row"),
    ],
)
async def test_fields_out_of_range_are_named(client, operation, body, field):
    answer = await client.post(f"{URL}/{operation}", json={"sample": 0, **body})

    assert answer.status_code == 422
    assert field in json.dumps(answer.json()["errors"])


async def test_what_was_not_measured_is_said_with_the_command_that_does(artifacts):
    app: FastAPI = create_app(Settings(artifacts=artifacts))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        answers = [await client.get(f"{URL}/{name}") for name in ("scramble", "shift-curve")]
        alone = await client.post(f"{URL}/responses", json={"sample": 0})

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "`python -m model.controls scramble` measures it" in answers[0].json()["detail"]
    assert "`python -m model.controls shift-curve` measures it" in answers[1].json()["detail"]
    assert alone.status_code == 404
    assert "There is no model 'mlp-500'" in alone.json()["detail"]
