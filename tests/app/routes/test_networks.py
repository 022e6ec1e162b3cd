import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load

from app.codecs.colormaps import color_table
from app.main import create_app
from app.schemas.networks import HistoryAnswer, KernelsAnswer, NetworkDescription, NetworkList
from app.settings import Settings
from model.artifact import HISTORY_FILE, REPORT_FILE, write_tensors
from model.network import Network
from tests.builders import DEAD_FILTER, TINY_LAYERS, tiny_cnn, write_artifacts

pytestmark = pytest.mark.anyio

KERNELS = "/api/v1/models/cnn/layers/conv1/kernels"
MAPS = "/api/v1/models/cnn/feature-maps"
HISTORY = "/api/v1/models/cnn/history"


async def test_models_are_listed(client: httpx.AsyncClient):
    answer = (await client.get("/api/v1/models")).json()

    NetworkList.model_validate(answer)
    assert answer["models"] == [
        {
            "id": "cnn",
            "title": "Tiny network",
            "parameters": 4 * 25 + 4 + 10 * 4 * 49 + 10,
            "multiply_adds": 4 * 25 * 784 + 1960,
            "test_accuracy": 2 / 3,
        }
    ]


async def test_a_model_describes_each_of_its_layers(client: httpx.AsyncClient):
    answer = (await client.get("/api/v1/models/cnn")).json()

    NetworkDescription.model_validate(answer, strict=False)
    assert answer["input"] == {"shape": [1, 28, 28], "range": [0, 1]}
    assert answer["classes"] == list("0123456789")
    assert answer["training"]["test_errors"] == 10
    assert [layer["name"] for layer in answer["layers"]] == TINY_LAYERS
    conv1, relu1, pool1, linear, softmax = answer["layers"]
    assert conv1 | {"display_range": None} == {
        "name": "conv1",
        "kind": "conv2d",
        "input_shape": [1, 28, 28],
        "output_shape": [4, 28, 28],
        "kernel_size": 5,
        "stride": 1,
        "padding": 2,
        "parameters": 104,
        "multiply_adds": 78400,
        "weight_uses": 784,
        "receptive_field": {"size": 5, "jump": 1, "start": -2},
        "display_range": None,
        "dead_filters": [],
    }
    assert conv1["display_range"][0] == -conv1["display_range"][1]
    assert relu1["dead_filters"] == [DEAD_FILTER]
    assert relu1["display_range"][0] == 0
    assert (relu1["kernel_size"], relu1["stride"], relu1["padding"]) == (None, None, None)
    assert (pool1["kernel_size"], pool1["stride"], pool1["padding"]) == (4, 4, 0)
    assert pool1["receptive_field"] == {"size": 8, "jump": 4, "start": -2}
    assert linear["kernel_size"] is None
    assert linear["receptive_field"] == {"size": 28, "jump": 0, "start": 0}
    assert softmax["output_shape"] == [10, 1, 1]


async def test_kernels_are_the_networks_own(client: httpx.AsyncClient, tiny_network: Network):
    answer = (await client.get(KERNELS)).json()

    KernelsAnswer.model_validate(answer)
    assert answer["shape"] == [4, 1, 5, 5]
    np.testing.assert_array_equal(
        np.array(answer["kernels"], dtype=np.float32), tiny_network.parameters["conv1.weight"]
    )
    np.testing.assert_array_equal(np.array(answer["biases"], dtype=np.float32), tiny_network.parameters["conv1.bias"])


async def test_a_linear_layers_kernel_is_as_large_as_its_input(client: httpx.AsyncClient):
    answer = (await client.get("/api/v1/models/cnn/layers/linear/kernels")).json()

    assert answer["shape"] == [10, 4, 7, 7]


async def test_every_format_holds_the_same_kernels(client: httpx.AsyncClient):
    expected = np.array((await client.get(KERNELS)).json()["kernels"], dtype=np.float32)

    safetensors = await client.get(KERNELS, headers={"Accept": "application/x-safetensors"})
    npz = await client.get(KERNELS, headers={"Accept": "application/x-npz"})

    np.testing.assert_array_equal(load(safetensors.content)["kernels"], expected)
    np.testing.assert_array_equal(np.load(io.BytesIO(npz.content))["kernels"], expected)
    assert safetensors.headers["content-type"] == "application/x-safetensors"
    assert safetensors.headers["vary"] == "Accept"


async def test_kernels_as_a_picture_have_one_range(client: httpx.AsyncClient, tiny_network: Network):
    kernel = tiny_network.parameters["conv1.weight"][2, 0]
    bound = np.abs(tiny_network.parameters["conv1.weight"]).max()

    answer = await client.get(KERNELS, params={"filter": 2, "zoom": 1}, headers={"Accept": "image/png"})

    pixels = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    levels = np.rint(kernel * (127 / bound)).astype(int) + 127
    np.testing.assert_array_equal(pixels, color_table("light")[levels])


async def test_one_filter_can_be_had_alone(client: httpx.AsyncClient, tiny_network: Network):
    answer = (await client.get(KERNELS, params={"filter": 2})).json()

    np.testing.assert_allclose(answer["kernels"], tiny_network.parameters["conv1.weight"][2:3])
    np.testing.assert_allclose(answer["biases"], tiny_network.parameters["conv1.bias"][2:3])
    assert answer["shape"] == [1, 1, 5, 5]
    assert answer["range"][1] == pytest.approx(float(tiny_network.parameters["conv1.weight"].max()))


@pytest.mark.parametrize(
    ("path", "slug", "words"),
    [
        ("/api/v1/models/lenet", "unknown-model", "There is no model 'lenet'; the models are: cnn."),
        ("/api/v1/models/lenet/layers/conv1/kernels", "unknown-model", "the models are: cnn."),
        ("/api/v1/models/cnn/layers/conv9/kernels", "unknown-layer", "has no layer 'conv9'; its layers are: conv1,"),
        ("/api/v1/models/cnn/layers/relu1/kernels", "layer-without-kernels", "these have: conv1, linear."),
        (f"{KERNELS}?filter=4", "unknown-filter", "its 4 filters are 0 to 3."),
    ],
)
async def test_what_is_not_there_is_a_404_that_names_what_is(
    client: httpx.AsyncClient, path: str, slug: str, words: str
):
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.json()["type"] == f"/problems/{slug}"
    assert words in answer.json()["detail"]


# --- The history of training -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def taught_artifacts(tmp_path_factory: pytest.TempPathFactory, tiny_network: Network) -> Path:
    """The tiny network with a history: another network at step 0, itself at step 200, two epochs on."""
    folder = write_artifacts(tmp_path_factory.mktemp("taught"), tiny_network)
    networks = {0: tiny_cnn(seed=9), 200: tiny_network}
    tensors = {
        f"{step}/{name}": array.astype(np.float16)
        for step, network in networks.items()
        for name, array in network.parameters.items()
    }
    write_tensors(folder / "cnn" / HISTORY_FILE, tensors, {"steps": json.dumps(list(networks))})
    report = {
        "history": [{"step": 0, "test_accuracy": 0.1}, {"step": 200, "test_accuracy": 2 / 3}],
        "curve": [{"epoch": 1, "loss": 2.0, "accuracy": 0.4}, {"epoch": 2, "loss": 1.5, "accuracy": 0.6}],
    }
    (folder / "cnn" / REPORT_FILE).write_text(json.dumps(report), encoding="utf-8")
    return folder


@pytest.fixture
async def taught(taught_artifacts: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with the network that has a history."""
    app = create_app(Settings(artifacts=taught_artifacts))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client


async def test_history_tells_of_checkpoints_and_epochs(taught: httpx.AsyncClient):
    answer = (await taught.get(HISTORY)).json()

    HistoryAnswer.model_validate(answer)
    assert answer == {
        "model": "cnn",
        "checkpoints": [{"step": 0, "test_accuracy": 0.1}, {"step": 200, "test_accuracy": 2 / 3}],
        "epochs": [
            {"epoch": 1, "step": 100, "loss": 2.0, "accuracy": 0.4},
            {"epoch": 2, "step": 200, "loss": 1.5, "accuracy": 0.6},
        ],
    }


async def test_network_without_a_history_has_an_empty_one(client: httpx.AsyncClient):
    answer = (await client.get(HISTORY)).json()

    assert answer == {"model": "cnn", "checkpoints": [], "epochs": []}


async def test_kernels_of_the_last_checkpoint_are_the_served_ones_in_half_precision(taught: httpx.AsyncClient):
    served = (await taught.get(KERNELS)).json()

    last = (await taught.get(KERNELS, params={"checkpoint": 200})).json()

    for name in ("kernels", "biases"):
        np.testing.assert_array_equal(np.float32(last[name]), np.float16(served[name]).astype(np.float32))
    assert last["kernels"] != served["kernels"]


async def test_kernels_of_step_0_are_the_untrained_ones(taught: httpx.AsyncClient):
    answer = (await taught.get(KERNELS, params={"checkpoint": 0})).json()

    untrained = tiny_cnn(seed=9).parameters["conv1.weight"]
    np.testing.assert_array_equal(np.float32(answer["kernels"]), untrained.astype(np.float16).astype(np.float32))
    assert not np.allclose(answer["kernels"], (await taught.get(KERNELS)).json()["kernels"], atol=0.01)


@pytest.mark.parametrize("step", [0, 200])
async def test_maps_and_prediction_are_by_the_checkpoints_weights(taught: httpx.AsyncClient, step: int):
    network = tiny_cnn(seed=9) if step == 0 else tiny_cnn()
    rounded = network.with_parameters({name: array.astype(np.float16) for name, array in network.parameters.items()})

    answer = (await taught.post(MAPS, params={"checkpoint": step, "layers": "conv1"}, json={"sample": 3})).json()

    trace = rounded.trace(np.float32(answer["input"]["pixels"])[np.newaxis, np.newaxis])
    np.testing.assert_allclose(answer["layers"][0]["feature_maps"], trace.outputs["conv1"][0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(answer["prediction"]["probabilities"], trace.probabilities[0], rtol=1e-4)


@pytest.mark.parametrize("step", [199, -1])
@pytest.mark.parametrize(("method", "url"), [("GET", KERNELS), ("POST", MAPS)])
async def test_step_that_was_not_kept_is_refused_with_those_that_were(
    taught: httpx.AsyncClient, method: str, url: str, step: int
):
    body = {"sample": 3} if method == "POST" else None

    answer = await taught.request(method, url, params={"checkpoint": step}, json=body)

    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/unknown-checkpoint"
    assert answer.json()["detail"] == f"Model cnn has no checkpoint at step {step}; it has: 0, 200."
    assert answer.json()["steps"] == [0, 200]


async def test_network_without_a_history_has_no_checkpoint(client: httpx.AsyncClient):
    answer = await client.get(KERNELS, params={"checkpoint": 0})

    assert answer.status_code == 404
    assert "it has: none." in answer.json()["detail"]
