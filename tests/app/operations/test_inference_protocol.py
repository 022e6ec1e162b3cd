"""The Open Inference Protocol, by hand and by a stock client."""

import json
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
import tritonclient.http
from tritonclient.utils import InferenceServerException

from app.settings import Settings
from model.artifact import load_artifact, read_tensors
from tests.servers import serving

LENGTH = "Inference-Header-Content-Length"


def body_of(images: np.ndarray, **more) -> dict:
    data = {"name": "input", "shape": list(images.shape), "datatype": "FP32", "data": images.ravel().tolist()}
    return {"inputs": [data], **more}


def outputs_of(response: dict) -> dict[str, np.ndarray]:
    return {each["name"]: np.reshape(each["data"], each["shape"]) for each in response["outputs"]}


@pytest.fixture
async def name(client: httpx.AsyncClient) -> str:
    return (await client.get("/api/v1/models")).json()["models"][0]["id"]


@pytest.mark.anyio
async def test_server_and_models_describe_themselves(client: httpx.AsyncClient, name: str):
    assert (await client.get("/v2")).json()["extensions"] == ["binary_tensor_data"]
    assert (await client.get("/v2/health/live")).status_code == 200
    assert (await client.get("/v2/health/ready")).status_code == 200
    assert (await client.get(f"/v2/models/{name}/ready")).status_code == 200
    described = (await client.get(f"/v2/models/{name}/versions/1")).json()

    assert described["inputs"] == [{"name": "input", "datatype": "FP32", "shape": [-1, 1, 28, 28]}]
    shapes = {output["name"]: output["shape"] for output in described["outputs"]}
    assert shapes["conv1"] == [-1, 4, 28, 28]
    assert shapes["logits"] == shapes["probabilities"] == [-1, 10]


@pytest.mark.anyio
async def test_json_tensors_give_what_the_network_gives(client: httpx.AsyncClient, name: str, tiny_network, rng):
    images = rng.uniform(size=(3, 1, 28, 28)).astype(np.float32)

    body = body_of(images, id="a7", outputs=[{"name": "logits"}, {"name": "pool1"}])
    response = (await client.post(f"/v2/models/{name}/infer", json=body)).json()

    trace = tiny_network.trace(images)
    assert (response["id"], response["model_name"], response["model_version"]) == ("a7", name, "1")
    outputs = outputs_of(response)
    assert list(outputs) == ["logits", "pool1"]
    np.testing.assert_allclose(outputs["logits"], trace.logits, atol=1e-5)
    np.testing.assert_allclose(outputs["pool1"], trace.outputs["pool1"], atol=1e-5)


@pytest.mark.anyio
async def test_without_names_come_logits_and_probabilities(client: httpx.AsyncClient, name: str):
    response = (await client.post(f"/v2/models/{name}/infer", json=body_of(np.zeros((1, 1, 28, 28))))).json()

    outputs = outputs_of(response)
    assert list(outputs) == ["logits", "probabilities"]
    assert outputs["probabilities"].sum() == pytest.approx(1)


@pytest.mark.anyio
async def test_bytes_go_up_and_come_down(client: httpx.AsyncClient, name: str, tiny_network, rng):
    images = rng.uniform(size=(2, 1, 28, 28)).astype("<f4")
    tensor = {
        "name": "input",
        "shape": [2, 1, 28, 28],
        "datatype": "FP32",
        "parameters": {"binary_data_size": images.nbytes},
    }
    wanted = [{"name": "conv1", "parameters": {"binary_data": True}}, {"name": "logits"}]
    head = json.dumps({"inputs": [tensor], "outputs": wanted}).encode()

    response = await client.post(
        f"/v2/models/{name}/infer", content=head + images.tobytes(), headers={LENGTH: str(len(head))}
    )

    end = int(response.headers[LENGTH])
    conv1, logits = json.loads(response.content[:end])["outputs"]
    assert conv1["parameters"]["binary_data_size"] == 2 * 4 * 28 * 28 * 4
    maps = np.frombuffer(response.content[end:], "<f4").reshape(conv1["shape"])
    trace = tiny_network.trace(images)
    np.testing.assert_allclose(maps, trace.outputs["conv1"], atol=1e-5)
    np.testing.assert_allclose(np.reshape(logits["data"], (2, 10)), trace.logits, atol=1e-5)


def one(**changes) -> dict:
    body = body_of(np.zeros((1, 1, 28, 28)))
    body["inputs"][0].update(changes)
    return body


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "The request must have one input, 'input'."),
        ([], "The request must be a JSON object."),
        (one(name="x"), "The only input is called 'input'."),
        (one(datatype="FP64"), "Input 'input' is of datatype FP32."),
        (one(shape=[1, 28, 28]), "must have the shape [N, 1, 28, 28], with N from 1 to 64."),
        (one(shape=[65, 1, 28, 28]), "with N from 1 to 64"),
        (one(shape=[True, 1, 28, 28]), "with N from 1 to 64"),
        (one(data=[0.5]), "takes 784 numbers; 1 were sent."),
        (one(data=[[1], [2, 3]]), "must be numbers, nested evenly or not at all"),
        (one(data="ink"), "must be numbers, nested evenly or not at all"),
        (one(data=[1e39] * 784), "has numbers that are not finite"),
        (one(parameters={"binary_data_size": 3136}), "takes 3136 bytes; 0 follow the JSON."),
        ({**one(), "outputs": [1]}, "The outputs must be a list of objects, each with a name."),
    ],
)
async def test_what_is_wrong_is_said_in_the_protocols_form(client: httpx.AsyncClient, name: str, body, message: str):
    response = await client.post(f"/v2/models/{name}/infer", json=body)

    assert response.status_code == 400
    assert response.json().keys() == {"error"}
    assert message in response.json()["error"]


@pytest.mark.anyio
async def test_json_has_room_for_the_most_images_in_full_precision_and_no_more(client: httpx.AsyncClient, name: str):
    most = 64 * 784 * 32 + 2**16
    body = json.dumps(body_of(np.full((64, 1, 28, 28), 0.12345678901234567)))
    assert len(body) < most

    accepted = await client.post(f"/v2/models/{name}/infer", content=body.ljust(most))
    refused = await client.post(f"/v2/models/{name}/infer", content=body.ljust(most + 1))

    assert accepted.status_code == 200
    assert refused.status_code == 400
    assert refused.json()["error"] == (
        "The request has 1,671,169 bytes of JSON. 64 images in this model's shape take no more than 1,671,168."
    )


@pytest.mark.anyio
@pytest.mark.parametrize("length", ["x", "-1", "99999"])
async def test_length_of_the_json_must_fit(client: httpx.AsyncClient, name: str, length: str):
    response = await client.post(f"/v2/models/{name}/infer", content=b"{}", headers={LENGTH: length})

    assert response.status_code == 400
    assert response.json()["error"] == f"{LENGTH} must be a number up to 2, the length of the body."


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["lenet", "lenet/ready", "{}/versions/2", "{}/versions/2/ready"])
async def test_unknown_model_or_version_is_a_404(client: httpx.AsyncClient, name: str, path: str):
    response = await client.get(f"/v2/models/{path.format(name)}")

    assert response.status_code == 404
    assert "error" in response.json()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The service with the committed networks."""
    with serving(Settings()) as server:
        yield server.address


@pytest.mark.parametrize("binary", [True, False])
def test_stock_client_gets_logits_and_every_layers_maps(address: str, binary: bool):
    artifacts = Settings().artifacts
    network = load_artifact(artifacts / "cnn").network
    tensors, _ = read_tensors(artifacts / "samples.safetensors.gz")
    images = tensors["images"][:3, np.newaxis].astype(np.float32) / np.float32(255)
    given = tritonclient.http.InferInput("input", list(images.shape), "FP32")
    given.set_data_from_numpy(images, binary_data=binary)
    names = ["logits", *network.layers]
    wanted = [tritonclient.http.InferRequestedOutput(name, binary_data=binary) for name in names]

    with tritonclient.http.InferenceServerClient(address) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("cnn")
        assert client.get_model_metadata("cnn")["inputs"][0]["shape"] == [-1, 1, 28, 28]
        response = client.infer("cnn", [given], outputs=wanted)
        usual = client.infer("cnn", [given])

    trace = network.trace(images)
    np.testing.assert_allclose(response.as_numpy("logits"), trace.logits, atol=1e-4)
    for layer, output in trace.outputs.items():
        np.testing.assert_allclose(response.as_numpy(layer), output, atol=1e-4, err_msg=layer)
    assert usual.as_numpy("probabilities").argmax(axis=1).tolist() == [7, 2, 1]


def test_stock_client_understands_refusals(address: str):
    given = tritonclient.http.InferInput("input", [1, 1, 28, 28], "FP32")
    given.set_data_from_numpy(np.zeros((1, 1, 28, 28), np.float32))

    with (
        tritonclient.http.InferenceServerClient(address) as client,
        pytest.raises(InferenceServerException, match="Model cnn has no output 'conv9'; its outputs are: logits"),
    ):
        client.infer("cnn", [given], outputs=[tritonclient.http.InferRequestedOutput("conv9")])
