import io

import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter
from safetensors.numpy import load

from app.operations.samples import SampleResponse, SamplesResponse
from tests.builders import SAMPLES

pytestmark = pytest.mark.anyio

URL = "/api/v1/samples"


async def test_a_page_of_samples_says_how_many_there_are_and_where_the_next_is(client: httpx.AsyncClient):
    response = (await client.get(URL, params={"limit": 20})).json()

    assert TypeAdapter(SamplesResponse).validate_python(response).total == SAMPLES
    assert response["total"] == SAMPLES
    assert [sample["index"] for sample in response["samples"]] == list(range(20))
    rest = (await client.get(response["next"])).json()
    assert [sample["index"] for sample in rest["samples"]] == list(range(20, 30))
    assert rest["next"] is None


async def test_samples_are_chosen_by_how_they_are_read(client: httpx.AsyncClient):
    wrong = (await client.get(URL, params={"correct": "false"})).json()
    right = (await client.get(URL, params={"correct": "true", "model": "cnn"})).json()

    assert [sample["index"] for sample in wrong["samples"]] == list(range(0, 30, 3))
    assert right["total"] == 20
    assert not any(sample["predictions"]["cnn"]["correct"] for sample in wrong["samples"])


async def test_samples_are_chosen_by_label_and_the_next_page_keeps_the_choice(client: httpx.AsyncClient):
    label = (await client.get(f"{URL}/1")).json()["label"]

    response = (await client.get(URL, params={"label": label, "limit": 1})).json()

    assert response["samples"][0]["label"] == label
    assert f"label={label}" in response["next"]
    assert "offset=1" in response["next"]


async def test_beyond_the_end_there_is_an_empty_page(client: httpx.AsyncClient):
    response = (await client.get(URL, params={"offset": 1000})).json()

    assert response["samples"] == []
    assert response["next"] is None


async def test_a_page_as_a_picture_shows_the_same_digits_ten_to_a_row(client: httpx.AsyncClient):
    response = await client.get(URL, params={"limit": 12, "offset": 3}, headers={"Accept": "image/png"})

    sheet = np.asarray(Image.open(io.BytesIO(response.content)))
    assert sheet.shape == (56, 280)
    pixels = np.array((await client.get(f"{URL}/14")).json()["pixels"])
    np.testing.assert_array_equal(sheet[28:, 28:56], np.rint(pixels * 255))


async def test_an_empty_page_as_a_picture_is_a_picture_all_the_same(client: httpx.AsyncClient):
    response = await client.get(URL, params={"offset": 1000}, headers={"Accept": "image/png"})

    assert response.status_code == 200
    assert Image.open(io.BytesIO(response.content)).size == (28, 28)


async def test_a_page_as_tensors_holds_the_digits(client: httpx.AsyncClient):
    response = await client.get(URL, params={"limit": 5}, headers={"Accept": "application/x-safetensors"})

    tensors = load(response.content)
    assert tensors["images"].shape == (5, 28, 28)
    assert tensors["images"].dtype == np.uint8
    np.testing.assert_array_equal(tensors["indexes"], np.arange(5))


async def test_a_sample_has_pixels(client: httpx.AsyncClient):
    response = (await client.get(f"{URL}/0")).json()

    assert TypeAdapter(SampleResponse).validate_python(response).index == 0
    assert np.array(response["pixels"]).shape == (28, 28)
    assert 0 <= np.min(response["pixels"]) < np.max(response["pixels"]) <= 1


async def test_a_sample_in_every_format_is_the_same(client: httpx.AsyncClient):
    pixels = np.array((await client.get(f"{URL}/4")).json()["pixels"], dtype=np.float32)

    tensors = load((await client.get(f"{URL}/4", headers={"Accept": "application/x-safetensors"})).content)
    picture = (await client.get(f"{URL}/4", headers={"Accept": "image/png"})).content
    enlarged = (await client.get(f"{URL}/4?zoom=3", headers={"Accept": "image/png"})).content

    np.testing.assert_array_equal(tensors["pixels"], pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture))), np.rint(pixels * 255))
    assert Image.open(io.BytesIO(enlarged)).size == (84, 84)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"{URL}/30", 404, "the 30 test digits are 0 to 29"),
        (f"{URL}/-1", 404, "the 30 test digits are 0 to 29"),
        (f"{URL}/seven", 422, "path.index: Input should be a valid integer"),
        (f"{URL}?label=10", 422, "query.label: Input should be less than or equal to 9"),
        (f"{URL}?correct=perhaps", 422, "query.correct: Input should be a valid boolean"),
        (f"{URL}?limit=0", 422, "query.limit: Input should be greater than or equal to 1"),
        (f"{URL}?limit=201", 422, "query.limit: Input should be less than or equal to 200"),
        (f"{URL}?offset=-1", 422, "query.offset: Input should be greater than or equal to 0"),
        (f"{URL}?model=lenet", 404, "There is no model 'lenet'"),
    ],
)
async def test_what_cannot_be_given_is_refused(client: httpx.AsyncClient, path: str, status: int, words: str):
    response = await client.get(path)

    assert response.status_code == status
    assert words in response.json()["detail"]
