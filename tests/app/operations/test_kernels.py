import io

import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.codecs.colormaps import color_table
from app.operations.kernels import KernelsResponse
from model.network import Network

pytestmark = pytest.mark.anyio

KERNELS = "/api/v1/models/cnn/layers/conv1/kernels"


async def test_kernels_are_the_networks_own(client: httpx.AsyncClient, tiny_network: Network):
    response = (await client.get(KERNELS)).json()

    assert TypeAdapter(KernelsResponse).validate_python(response).layer == "conv1"
    assert response["shape"] == [4, 1, 5, 5]
    np.testing.assert_array_equal(
        np.array(response["kernels"], dtype=np.float32), tiny_network.parameters["conv1.weight"]
    )
    np.testing.assert_array_equal(np.array(response["biases"], dtype=np.float32), tiny_network.parameters["conv1.bias"])


async def test_a_linear_layers_kernel_is_as_large_as_its_input(client: httpx.AsyncClient):
    response = (await client.get("/api/v1/models/cnn/layers/linear/kernels")).json()

    assert response["shape"] == [10, 4, 7, 7]


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

    response = await client.get(KERNELS, params={"filter": 2, "zoom": 1}, headers={"Accept": "image/png"})

    pixels = np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))
    levels = np.rint(kernel * (127 / bound)).astype(int) + 127
    np.testing.assert_array_equal(pixels, color_table("light")[levels])


async def test_one_filter_can_be_had_alone(client: httpx.AsyncClient, tiny_network: Network):
    response = (await client.get(KERNELS, params={"filter": 2})).json()

    np.testing.assert_allclose(response["kernels"], tiny_network.parameters["conv1.weight"][2:3])
    np.testing.assert_allclose(response["biases"], tiny_network.parameters["conv1.bias"][2:3])
    assert response["shape"] == [1, 1, 5, 5]
    assert response["range"][1] == pytest.approx(float(tiny_network.parameters["conv1.weight"].max()))


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
    response = await client.get(path)

    assert response.status_code == 404
    assert response.json()["type"] == f"/problems/{slug}"
    assert words in response.json()["detail"]
