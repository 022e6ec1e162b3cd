import base64
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.builders import encode, page_with_line

pytestmark = pytest.mark.anyio

URL = "/api/v1/models/cnn/feature-maps/upload"
PAGE = encode(Image.fromarray(page_with_line()))


async def test_an_upload_is_answered_like_the_same_image_in_base64(client: httpx.AsyncClient):
    uploaded = await client.post(URL, files={"file": ("digit.png", PAGE)})
    sent = await client.post("/api/v1/models/cnn/feature-maps", json={"image": base64.b64encode(PAGE).decode()})

    assert uploaded.status_code == 200
    assert uploaded.json() == sent.json()


async def test_an_upload_may_say_how_it_is_framed(client: httpx.AsyncClient):
    small = encode(Image.fromarray(page_with_line(28, 28)))

    response = await client.post(URL, files={"file": ("digit.png", small)}, data={"framing": "none"})

    framing = response.json()["input"]["framing"]
    assert (framing["requested"], framing["applied"]) == ("none", "none")


async def test_the_content_not_the_name_or_declared_type_counts(client: httpx.AsyncClient):
    response = await client.post(URL, files={"file": ("virus.exe", PAGE, "text/html")})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("request_body", "status", "slug", "words"),
    [
        ({"files": {"file": ("a.txt", b"hello")}}, 415, "not-an-image", "The file is of an unknown kind"),
        ({"files": {"file": ("a.png", b"")}}, 415, "not-an-image", "The file is empty"),
        ({"files": {"file": ("a.pdf", b"%PDF-1.4")}}, 415, "not-an-image", "The file is a PDF document"),
        ({"files": {"file": ("a.png", PAGE[:70])}}, 422, "image-unreadable", "begins like a PNG image"),
        ({"files": {"image": ("a.png", PAGE)}}, 422, "invalid-input", "The form has a field 'image'"),
        ({"data": {"file": "text"}, "files": {}}, 415, "unsupported-media-type", "reads multipart/form-data"),
        ({"json": {"sample": 0}}, 415, "unsupported-media-type", "reads multipart/form-data"),
        (
            {"files": {"file": ("a.png", PAGE)}, "data": {"framing": "square"}},
            422,
            "invalid-input",
            "framing: Input should be 'auto', 'mnist' or 'none'",
        ),
        (
            {"files": {"file": ("a.png", PAGE)}, "data": {"crop": "0.5,0,0.6,1"}},
            422,
            "invalid-input",
            "crop: it is [left, top, width, height] in fractions",
        ),
        ({"files": {"file": ("a.png", PAGE)}, "data": {"threshold": "1"}}, 422, "invalid-input", "less than 1"),
        ({"files": {"file": ("a.png", PAGE)}, "data": {"rotate": "north"}}, 422, "invalid-input", "valid number"),
        (
            {"files": {"file": ("a.png", PAGE)}, "data": {"framing": "none"}},
            422,
            "framing-impossible",
            "this one has 100×100",
        ),
        (
            {"files": [("file", ("a.png", PAGE)), ("file", ("b.png", PAGE))]},
            400,
            "malformed-request",
            "Too many files",
        ),
        (
            {"files": {"file": ("a.png", encode(Image.new("1", (10_000, 10_000))))}},
            413,
            "too-many-pixels",
            "10,000×10,000 = 100,000,000 pixels",
        ),
        (
            {"files": {"file": ("a.png", PAGE + bytes(24 * 2**20))}},
            413,
            "image-too-large",
            "The image has 24.0 MiB; this server accepts up to 24.0 MiB",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_good_image_is_refused(
    client: httpx.AsyncClient, request_body: dict[str, Any], status: int, slug: str, words: str
):
    response = await client.post(URL, **request_body)

    assert response.status_code == status, response.text
    assert response.json()["type"] == f"/problems/{slug}"
    assert words in response.json()["detail"]


async def test_an_image_is_cropped_and_turned_as_the_form_says(client: httpx.AsyncClient):
    fields = {"crop": "0.25,0,0.5,0.8", "rotate": "90", "threshold": "0.4"}

    response = await client.post(URL, files={"file": ("a.png", PAGE)}, data=fields)

    assert response.status_code == 200, response.text
    assert response.json()["input"]["framing"]["source_size"] == [50, 80]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("multipart/form-data", 400), ("multipart/form-data; boundary=x", 422), ("multipart/form-data; boundary=", 400)],
)
async def test_a_broken_form_is_refused(client: httpx.AsyncClient, content_type: str, status: int):
    response = await client.post(URL, content=b"--x--\r\n", headers={"Content-Type": content_type})

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_form_field_without_a_filename_is_no_file(client: httpx.AsyncClient):
    response = await client.post(URL, files={"file": (None, "text")})

    assert response.status_code == 422
    assert "send the image in a part named file that has a filename" in response.json()["detail"]
