import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import TypeAdapter

from app.operations.history import HistoryResponse
from app.settings import Settings
from model.artifact import REPORT_FILE, load_history, save_history
from model.network import Network
from tests.builders import tiny_cnn, write_artifacts
from tests.servers import client_of

pytestmark = pytest.mark.anyio

KERNELS = "/api/v1/models/cnn/layers/conv1/kernels"
MAPS = "/api/v1/models/cnn/feature-maps"
HISTORY = "/api/v1/models/cnn/history"


@pytest.fixture(scope="module")
def taught_artifacts(tmp_path_factory: pytest.TempPathFactory, tiny_network: Network) -> Path:
    """The tiny network with a history: another network at step 0, itself at step 200, two epochs on."""
    folder = write_artifacts(tmp_path_factory.mktemp("taught"), tiny_network)
    networks = {0: tiny_cnn(seed=9), 200: tiny_network}
    save_history({step: network.parameters for step, network in networks.items()}, folder / "cnn")
    report = {
        "history": [{"step": 0, "test_accuracy": 0.1}, {"step": 200, "test_accuracy": 2 / 3}],
        "curve": [{"epoch": 1, "loss": 2.0, "accuracy": 0.4}, {"epoch": 2, "loss": 1.5, "accuracy": 0.6}],
    }
    (folder / "cnn" / REPORT_FILE).write_text(json.dumps(report), encoding="utf-8")
    return folder


@pytest.fixture
async def taught(taught_artifacts: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with the network that has a history."""
    async with client_of(Settings(artifacts=taught_artifacts)) as client:
        yield client


async def test_history_tells_of_checkpoints_and_epochs(taught: httpx.AsyncClient):
    response = (await taught.get(HISTORY)).json()

    assert TypeAdapter(HistoryResponse).validate_python(response).epochs
    assert response == {
        "model": "cnn",
        "checkpoints": [{"step": 0, "test_accuracy": 0.1}, {"step": 200, "test_accuracy": 2 / 3}],
        "epochs": [
            {"epoch": 1, "step": 100, "loss": 2.0, "accuracy": 0.4},
            {"epoch": 2, "step": 200, "loss": 1.5, "accuracy": 0.6},
        ],
    }


async def test_network_without_a_history_has_an_empty_one(client: httpx.AsyncClient):
    response = (await client.get(HISTORY)).json()

    assert response == {"model": "cnn", "checkpoints": [], "epochs": []}


async def test_kernels_of_the_last_checkpoint_are_the_served_ones_in_half_precision(taught: httpx.AsyncClient):
    served = (await taught.get(KERNELS)).json()

    last = (await taught.get(KERNELS, params={"checkpoint": 200})).json()

    for name in ("kernels", "biases"):
        np.testing.assert_array_equal(np.float32(last[name]), np.float16(served[name]).astype(np.float32))
    assert last["kernels"] != served["kernels"]


async def test_kernels_of_step_0_are_the_untrained_ones(taught: httpx.AsyncClient):
    response = (await taught.get(KERNELS, params={"checkpoint": 0})).json()

    untrained = tiny_cnn(seed=9).parameters["conv1.weight"]
    # Stored in eight bits: each weight is off by at most half of a 127th of its filter's largest.
    assert np.abs(response["kernels"] - untrained).max() <= np.abs(untrained).max() / 250
    assert not np.allclose(response["kernels"], (await taught.get(KERNELS)).json()["kernels"], atol=0.01)


@pytest.mark.parametrize("step", [0, 200])
async def test_maps_and_prediction_are_by_the_checkpoints_weights(
    taught: httpx.AsyncClient, taught_artifacts: Path, step: int
):
    rounded = tiny_cnn().with_parameters(load_history(taught_artifacts / "cnn")[step])

    response = (await taught.post(MAPS, params={"checkpoint": step, "layers": "conv1"}, json={"sample": 3})).json()

    trace = rounded.trace(np.float32(response["input"]["pixels"])[np.newaxis, np.newaxis])
    np.testing.assert_allclose(response["layers"][0]["feature_maps"], trace.outputs["conv1"][0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(response["prediction"]["probabilities"], trace.probabilities[0], rtol=1e-4)


@pytest.mark.parametrize("step", [199, -1])
@pytest.mark.parametrize(("method", "url"), [("GET", KERNELS), ("POST", MAPS)])
async def test_step_that_was_not_kept_is_refused_with_those_that_were(
    taught: httpx.AsyncClient, method: str, url: str, step: int
):
    body = {"sample": 3} if method == "POST" else None

    response = await taught.request(method, url, params={"checkpoint": step}, json=body)

    assert response.status_code == 404
    assert response.json()["type"] == "/problems/unknown-checkpoint"
    assert response.json()["detail"] == f"Model cnn has no checkpoint at step {step}; it has: 0, 200."
    assert response.json()["steps"] == [0, 200]


async def test_network_without_a_history_has_no_checkpoint(client: httpx.AsyncClient):
    response = await client.get(KERNELS, params={"checkpoint": 0})

    assert response.status_code == 404
    assert "it has: none." in response.json()["detail"]
