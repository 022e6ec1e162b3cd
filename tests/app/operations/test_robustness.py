"""Perturbed digits and accuracy curves over HTTP, with the committed networks."""

from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations import robustness
from app.operations.robustness import EXAMPLES, RobustnessCurveResponse, RobustnessResponse
from app.settings import Settings
from model.experiments.perturbations import PERTURBATIONS, perturb
from tests.builders import SEVEN

pytestmark = pytest.mark.anyio

URL = "/api/v1/experiments/robustness"
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_responses_are_as_documented(client: httpx.AsyncClient):
    curve, digit = TypeAdapter(RobustnessCurveResponse), TypeAdapter(RobustnessResponse)
    responses = [(curve, await client.get(URL))]
    responses += [(digit, await client.post(URL, json=example["value"])) for example in EXAMPLES.values()]

    for adapter, response in responses:
        assert response.status_code == 200
        assert adapter.dump_python(adapter.validate_python(response.json()), mode="json") == response.json()


async def test_a_perturbed_digit_is_predicted_as_its_pixels_are(client: httpx.AsyncClient):
    body = {"sample": 7, "kind": "rotate", "level": 40}

    found = (await client.post(URL, params={"layers": "relu1"}, json=body)).json()

    assert [each["id"] for each in found["models"]] == ["cnn", "locally-connected", "mlp-500"]
    for each in found["models"]:
        maps = f"/api/v1/models/{each['id']}/feature-maps?layers=relu1"
        for pixels, when in ((found["input"]["pixels"], "before"), (each["pixels"], "after")):
            other = (await client.post(maps, json={"pixels": pixels, "framing": "none"})).json()
            assert each[when] == other["prediction"]
            assert each["layers"][0][when] == other["layers"][0]["feature_maps"]


async def test_a_test_digit_has_the_noise_of_the_curves(client: httpx.AsyncClient):
    own, other = [
        (
            await client.post(
                URL, params={"models": "mlp-500"}, json={"sample": 7, "kind": "noise", "level": 0.4, **seed}
            )
        ).json()
        for seed in ({}, {"seed": 1})
    ]

    pixels = np.array(own["input"]["pixels"], np.float32)[np.newaxis]
    np.testing.assert_array_equal(np.float32(own["models"][0]["pixels"]), perturb("noise", pixels, 0.4, [7])[0])
    assert (own["seed"], other["seed"]) == (7, 1)
    assert own["models"][0]["pixels"] != other["models"][0]["pixels"]


async def test_curve_counts_the_same_predictions_as_single_digits(client: httpx.AsyncClient, app: FastAPI):
    computed = robustness._computed_curve(app.state.context, app.state.context.models["mlp-500"], "fgsm")
    correct = 0
    for sample in range(computed.digits):
        body = {"sample": sample, "kind": "fgsm", "level": 0.1}
        found = (await client.post(URL, params={"models": "mlp-500"}, json=body)).json()
        correct += found["models"][0]["after"]["digit"] == found["label"]

    assert not computed.measured
    assert computed.accuracy[2] == correct / computed.digits


async def test_fgsm_follows_each_networks_own_gradient(client: httpx.AsyncClient):
    body = {"strokes": SEVEN, "kind": "fgsm", "level": 0.08}

    found = (await client.post(URL, json=body)).json()

    assert found["label"] == 7
    pictures = [np.array(each["pixels"]) for each in found["models"]]
    before = np.array(found["input"]["pixels"])
    for picture in pictures:
        moved = np.abs(picture - before)[(before > 0.08) & (before < 0.92)]
        np.testing.assert_allclose(moved[moved > 0], 0.08, atol=1e-6)
    assert not np.array_equal(pictures[0], pictures[1])
    for each in found["models"]:
        assert each["after"]["probabilities"][7] < each["before"]["probabilities"][7]


async def test_shipped_curves_are_the_measured_ones(client: httpx.AsyncClient, app: FastAPI):
    found = (await client.get(URL, params={"kind": "noise", "models": "mlp-500,cnn"})).json()

    assert found["levels"] == list(PERTURBATIONS["noise"].levels)
    assert [each["id"] for each in found["models"]] == ["mlp-500", "cnn"]
    for each in found["models"]:
        digits, accuracy = app.state.context.measurements.robustness_of(each["id"], "noise")
        assert each == {"id": each["id"], "digits": digits, "measured": True, "accuracy": accuracy}


async def test_tensors_hold_pictures_probabilities_and_maps(client: httpx.AsyncClient):
    body = {"sample": 0, "kind": "thin", "level": 1}
    query = {"models": "cnn,mlp-500", "layers": "relu2,linear1"}

    tensors = load((await client.post(URL, params=query, json=body, headers=SAFETENSORS)).content)

    assert tensors["input"].shape == (28, 28)
    assert tensors["cnn/pixels"].shape == (28, 28)
    assert tensors["cnn/relu2/before"].shape == tensors["cnn/relu2/after"].shape == (32, 12, 12)
    assert tensors["mlp-500/after/probabilities"].shape == (10,)
    assert "mlp-500/relu2/after" not in tensors


async def test_blank_digits_have_no_prediction_before_and_erased_ones_none_after(client: httpx.AsyncClient):
    noisy = (await client.post(URL, json={"strokes": [], "kind": "noise", "level": 0.5})).json()
    dot = [[0.0] * 28 for _ in range(28)]
    dot[13][13] = 1.0
    covered = {"pixels": dot, "framing": "none", "kind": "occlude", "level": 2}
    erased = (await client.post(URL, json=covered)).json()

    assert noisy["models"][0]["before"] is None
    assert noisy["models"][0]["after"] is not None
    assert erased["models"][0]["before"] is not None
    assert erased["models"][0]["after"] is None


@pytest.mark.parametrize(
    ("query", "body", "status", "detail"),
    [
        ({}, {"kind": "blur", "level": 5}, 422, "Blur takes levels from 0 to 4, not 5."),
        ({}, {"kind": "melt", "level": 0}, 422, "kind: Input should be 'rotate', 'scale', "),
        (
            {"layers": "relu9"},
            {"kind": "blur", "level": 1},
            404,
            "None of the models has a layer 'relu9'; their layers are: conv1",
        ),
    ],
)
async def test_what_cannot_be_done_is_said_with_the_numbers(
    client: httpx.AsyncClient, query: dict[str, str], body: dict[str, Any], status: int, detail: str
):
    response = await client.post(URL, params=query, json={"sample": 0, **body})

    assert response.status_code == status
    assert response.json()["detail"].startswith(detail)


async def test_blank_digit_has_no_class_for_fgsm(client: httpx.AsyncClient):
    response = await client.post(URL, json={"strokes": [], "kind": "fgsm", "level": 0.1})

    assert response.status_code == 422
    assert response.json()["detail"] == "The digit is blank, so that no class is the correct one: give a label."


async def test_networks_that_would_take_too_long_have_no_curve(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(robustness, "MOST_WORK", 100_000_000)
    monkeypatch.setattr(app.state.context.measurements, "robustness_of", lambda *_: None)

    response = await client.get(URL, params={"models": "cnn"})

    assert response.status_code == 422
    assert response.json()["detail"].endswith("curves are computed for models that take up to 2,000,000.")
