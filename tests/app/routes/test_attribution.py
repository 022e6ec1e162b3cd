"""What filters look for, and what speaks for a class, over HTTP."""

import httpx
import numpy as np
import pytest
from safetensors.numpy import load

from app.main import create_app
from app.settings import Settings
from model.artifact import read_tensors

pytestmark = pytest.mark.anyio

API = "/api/v1"
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
async def real_client():
    """The committed artifacts: only of them is there anything measured beforehand."""
    app = create_app(Settings())
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client


async def test_filter_tells_its_nine_digits_with_where_it_looks(real_client: httpx.AsyncClient):
    answer = (await real_client.get(f"{API}/models/cnn/layers/conv2/filters/4")).json()

    assert answer["receptive_field"] == {"size": 10, "jump": 2, "start": -2}
    assert len(answer["strongest"]) == 9
    first = answer["strongest"][0]
    top, left = -2 + 2 * first["row"], -2 + 2 * first["column"]
    assert first["box"] == {"top": top, "left": left, "height": 10, "width": 10}
    sample = (await real_client.get(f"{API}/samples/{first['sample']}")).json()
    assert first["label"] == sample["label"]
    neuron = {"sample": first["sample"], "layer": "conv2", "filter": 4, "row": first["row"], "column": first["column"]}
    explained = (await real_client.post(f"{API}/models/cnn/neuron", json=neuron)).json()
    assert explained["pre_activation"] == pytest.approx(first["value"], abs=1e-4)
    assert np.shape(answer["mean_patch"]) == (10, 10)
    assert np.shape(answer["ascent"]) == (28, 28)


async def test_filter_comes_as_tensors_with_its_digits(real_client: httpx.AsyncClient):
    response = await real_client.get(f"{API}/models/cnn/layers/conv1/filters/3", headers=SAFETENSORS)

    tensors = load(response.content)
    told = (await real_client.get(f"{API}/models/cnn/layers/conv1/filters/3")).json()
    samples, _ = read_tensors(Settings().artifacts / "samples.safetensors")
    expected = samples["images"][[each["sample"] for each in told["strongest"]]].astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(tensors["digits"], expected)
    np.testing.assert_allclose(tensors["mean_patch"], told["mean_patch"])


async def test_layer_tells_of_all_its_filters_what_each_tells_alone(real_client: httpx.AsyncClient):
    layer = (await real_client.get(f"{API}/models/cnn/layers/conv3/filters")).json()
    alone = (await real_client.get(f"{API}/models/cnn/layers/conv3/filters/9")).json()

    assert len(layer["mean_patches"]) == len(layer["strongest"]) == 32
    assert layer["mean_patches"][9] == alone["mean_patch"]
    assert layer["strongest"][9] == pytest.approx(alone["strongest"][0]["value"])
    assert layer["receptive_field"] == alone["receptive_field"]


async def test_silent_filter_has_no_strongest_digits(real_client: httpx.AsyncClient):
    answer = (await real_client.get(f"{API}/models/cnn/layers/conv1/filters/14")).json()

    assert answer["strongest"] == []


@pytest.mark.parametrize(
    ("path", "slug", "detail"),
    [
        ("models/cnn/layers/conv9/filters/0", "unknown-layer", "has no layer 'conv9'"),
        ("models/cnn/layers/conv1/filters/16", "unknown-filter", "its 16 filters are 0 to 15"),
        ("models/cnn/layers/pool1/filters/0", "not-measured", "these were: conv1, conv2, conv3, conv4, conv5"),
        ("models/mlp-500/layers/linear1/filters/0", "not-measured", "those of cnn were"),
    ],
)
async def test_what_is_not_there_is_said(real_client: httpx.AsyncClient, path: str, slug: str, detail: str):
    response = await real_client.get(f"{API}/{path}")

    assert response.status_code == 404
    assert response.json()["type"] == f"/problems/{slug}"
    assert detail in response.json()["detail"]


async def test_artifacts_without_portraits_name_the_command(client: httpx.AsyncClient):
    model = (await client.get(f"{API}/models")).json()["models"][0]["id"]
    layers = (await client.get(f"{API}/models/{model}")).json()["layers"]

    response = await client.get(f"{API}/models/{model}/layers/{layers[0]['name']}/filters/0")

    assert response.status_code == 404
    assert "`python -m model.controls filter-portraits` measures it" in response.json()["detail"]


@pytest.mark.parametrize("operation", ["saliency", "occlusion"])
async def test_class_is_what_is_read_unless_it_is_given(real_client: httpx.AsyncClient, operation: str):
    url = f"{API}/experiments/{operation}"

    own = (await real_client.post(url, json={"sample": 0})).json()
    other = (await real_client.post(url, json={"sample": 0, "label": 1})).json()

    assert (own["label"], other["label"]) == (7, 1)
    assert own["reading"]["digit"] == other["reading"]["digit"] == 7
    assert own["logit"] > other["logit"]


@pytest.mark.parametrize("operation", ["saliency", "occlusion"])
async def test_blank_digit_needs_a_class(real_client: httpx.AsyncClient, operation: str):
    url = f"{API}/experiments/{operation}"

    refused = await real_client.post(url, json={"strokes": []})
    answered = await real_client.post(url, json={"strokes": [], "label": 4})

    assert refused.status_code == 422
    assert "the network reads nothing: give a label, 0 to 9" in refused.json()["detail"]
    assert answered.json()["reading"] is None


async def test_saliency_points_uphill(real_client: httpx.AsyncClient):
    answer = (await real_client.post(f"{API}/experiments/saliency", json={"sample": 0, "label": 2})).json()
    pixels, gradient = np.array(answer["input"]["pixels"]), np.array(answer["gradient"])

    moved = np.clip(pixels + 0.02 * gradient / np.abs(gradient).max(), 0, 1).tolist()
    body = {"pixels": moved, "framing": "none", "label": 2}
    assert (await real_client.post(f"{API}/experiments/saliency", json=body)).json()["logit"] > answer["logit"]


async def test_occlusion_has_a_number_for_each_square(real_client: httpx.AsyncClient):
    body = {"sample": 0, "size": 7, "stride": 3}
    response = await real_client.post(f"{API}/experiments/occlusion", json=body, headers=SAFETENSORS)

    tensors = load(response.content)
    assert tensors["logit_changes"].shape == tensors["probability_changes"].shape == (8, 8)
    assert tensors["probability_changes"].min() < 0


@pytest.mark.parametrize(
    ("fields", "field"), [({"size": 15}, "size"), ({"stride": 0}, "stride"), ({"label": 10}, "label")]
)
async def test_bounds_are_told(real_client: httpx.AsyncClient, fields: dict, field: str):
    response = await real_client.post(f"{API}/experiments/occlusion", json={"sample": 0, **fields})

    assert response.status_code == 422
    assert field in str(response.json()["errors"])
