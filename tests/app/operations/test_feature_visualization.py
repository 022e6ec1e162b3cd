"""Feature visualization over HTTP, of the committed network."""

import shutil
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.feature_visualization import FilterResponse, FiltersResponse
from app.settings import Settings
from model.artifact import EXPERIMENTS_FOLDER, VISUALIZATIONS_FILE, read_tensors
from model.checksums import write_checksums
from model.experiments.feature_visualization import load_visualizations, save_visualizations
from tests.servers import client_of

pytestmark = pytest.mark.anyio

API = "/api/v1"
SAFETENSORS = {"Accept": "application/x-safetensors"}


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.mark.parametrize(("path", "kind"), [("filters", FiltersResponse), ("filters/3", FilterResponse)])
async def test_responses_are_as_documented(client: httpx.AsyncClient, path: str, kind: type):
    response = (await client.get(f"{API}/models/cnn/layers/conv1/{path}")).json()

    adapter = TypeAdapter(kind)
    assert adapter.dump_python(adapter.validate_python(response), mode="json") == response


async def test_filter_has_nine_digits_with_the_neuron_and_its_receptive_field(client: httpx.AsyncClient):
    response = (await client.get(f"{API}/models/cnn/layers/conv2/filters/4")).json()

    assert response["receptive_field"] == {"size": [10, 10], "jump": [2, 2], "start": [-2, -2]}
    assert len(response["strongest"]) == 9
    first = response["strongest"][0]
    top, left = -2 + 2 * first["row"], -2 + 2 * first["column"]
    assert first["box"] == {"top": top, "left": left, "height": 10, "width": 10}
    sample = (await client.get(f"{API}/samples/{first['sample']}")).json()
    assert first["label"] == sample["label"]
    neuron = {"sample": first["sample"], "layer": "conv2", "filter": 4, "row": first["row"], "column": first["column"]}
    explained = (await client.post(f"{API}/models/cnn/neuron", json=neuron)).json()
    assert explained["pre_activation"] == pytest.approx(first["pre_activation"], abs=1e-4)
    assert np.shape(response["mean_patch"]) == (10, 10)
    assert np.shape(response["maximizing_image"]) == (28, 28)


async def test_tensors_of_a_filter_include_its_digits(client: httpx.AsyncClient):
    response = await client.get(f"{API}/models/cnn/layers/conv1/filters/3", headers=SAFETENSORS)

    tensors = load(response.content)
    as_json = (await client.get(f"{API}/models/cnn/layers/conv1/filters/3")).json()
    samples, _ = read_tensors(Settings().artifacts / "samples.safetensors.gz")
    expected = samples["images"][[each["sample"] for each in as_json["strongest"]]].astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(tensors["digits"], expected)
    np.testing.assert_allclose(tensors["mean_patch"], as_json["mean_patch"])


async def test_layer_has_the_same_numbers_for_its_filters_as_each_filter(client: httpx.AsyncClient):
    layer = (await client.get(f"{API}/models/cnn/layers/conv3/filters")).json()
    alone = (await client.get(f"{API}/models/cnn/layers/conv3/filters/9")).json()

    assert len(layer["mean_patches"]) == len(layer["strongest"]) == 32
    assert layer["mean_patches"][9] == alone["mean_patch"]
    assert layer["strongest"][9] == pytest.approx(alone["strongest"][0]["pre_activation"])
    assert layer["receptive_field"] == alone["receptive_field"]


async def test_dead_filter_has_no_strongest_digits_and_its_page_calls_it_dead(tmp_path: Path):
    artifacts = tmp_path / "artifacts"
    shutil.copytree(Settings().artifacts, artifacts)
    path = artifacts / EXPERIMENTS_FOLDER / VISUALIZATIONS_FILE
    model, visualizations = load_visualizations(path)
    visualizations["conv1"].samples[14] = -1
    save_visualizations(path, model, list(visualizations.values()), {})
    write_checksums(artifacts)
    async with client_of(Settings(artifacts=artifacts)) as client:
        response = (await client.get(f"{API}/models/cnn/layers/conv1/filters/14")).json()
        page = (await client.get("/filters/cnn/conv1/14")).text

    assert response["strongest"] == []
    assert "<b>A dead filter:</b> none of its neurons is positive on any of the 10,000 test digits." in page
    assert 'id="favorites"' not in page


@pytest.mark.parametrize(
    ("path", "slug", "detail"),
    [
        ("models/cnn/layers/conv9/filters/0", "unknown-layer", "has no layer 'conv9'"),
        ("models/cnn/layers/conv1/filters/16", "unknown-filter", "its 16 filters are 0 to 15"),
        ("models/cnn/layers/pool1/filters/0", "not-measured", "these were: conv1, conv2, conv3, conv4, conv5"),
        ("models/mlp-500/layers/linear1/filters/0", "not-measured", "those of cnn were"),
    ],
)
async def test_errors_name_what_there_is(client: httpx.AsyncClient, path: str, slug: str, detail: str):
    response = await client.get(f"{API}/{path}")

    assert response.status_code == 404
    assert response.json()["type"] == f"/problems/{slug}"
    assert detail in response.json()["detail"]


async def test_artifacts_without_feature_visualization_name_the_command(artifacts: Path):
    async with client_of(Settings(artifacts=artifacts)) as client:
        response = await client.get(f"{API}/models/cnn/layers/conv1/filters/0")
        page = await client.get("/filters")

    assert "Feature visualization was not computed for the models of this server." in page.text
    assert response.status_code == 404
    assert "`python -m model.measurements feature-visualization` measures it" in response.json()["detail"]


async def test_page_says_which_model_was_measured_when_another_is_requested(client: httpx.AsyncClient):
    own, other = (await client.get("/filters")).text, (await client.get("/filters?model=mlp-500")).text

    assert 'id="other-model"' not in own
    assert "there is none for <b>mlp-500</b>" in other


@pytest.mark.parametrize("settings", [Settings(default_model="mlp-500")])
async def test_page_of_a_filter_keeps_its_model_in_links(client: httpx.AsyncClient):
    page = (await client.get("/filters/cnn/conv3/5")).text

    assert 'href="/?model=cnn#layer-conv3"' in page
    assert 'href="/editor?model=cnn"' in page
