"""Static files: what browsers may keep, and what nobody can reach."""

import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.static_files import StaticFiles

pytestmark = pytest.mark.anyio

STYLE = "body { margin: 0; }\n" * 20
KEPT = "public, max-age=31536000, immutable"


def folder_of(path: Path, **files: str) -> Path:
    """A folder with css/NAME.css for each."""
    (path / "css").mkdir(parents=True)
    for name, text in files.items():
        (path / "css" / f"{name}.css").write_text(text)
    return path


def client_of(files: StaticFiles) -> httpx.AsyncClient:
    app = Starlette()
    app.mount("/static", files)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_a_file_is_kept_at_the_address_with_its_digest_and_nowhere_else(tmp_path: Path):
    files = StaticFiles(folder_of(tmp_path, base=STYLE))

    async with client_of(files) as client:
        responses = [await client.get(f"/static/{at}css/base.css") for at in (f"{files.digest}/", "0123456789ab/", "")]

    assert [response.text for response in responses] == [STYLE] * 3
    assert [response.headers["cache-control"] for response in responses] == [KEPT, "no-cache", "no-cache"]
    assert responses[0].headers["content-type"] == "text/css; charset=utf-8"


def test_the_digest_changes_with_a_name_and_with_a_content(tmp_path: Path):
    digests = [
        StaticFiles(folder_of(tmp_path / name, **files)).digest
        for name, files in (
            ("first", {"base": STYLE}),
            ("same", {"base": STYLE}),
            ("other-content", {"base": f"{STYLE} "}),
            ("other-name", {"page": STYLE}),
        )
    ]

    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


async def test_a_file_is_compressed_for_whoever_accepts_that(tmp_path: Path):
    files = StaticFiles(folder_of(tmp_path, base=STYLE, tiny="a"))

    async with client_of(files) as client, client.stream("GET", "/static/css/base.css") as response:
        sent = b"".join([chunk async for chunk in response.aiter_raw()])
        plain = await client.get("/static/css/base.css", headers={"Accept-Encoding": "identity"})
        tiny = await client.get("/static/css/tiny.css")

    assert gzip.decompress(sent).decode() == STYLE
    assert response.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in tiny.headers


@pytest.mark.parametrize("path", ["css/none.css", "css", "", "../secret", "%2e%2e/secret"])
async def test_only_the_files_of_the_folder_are_there(tmp_path: Path, path: str):
    (tmp_path / "secret").write_text("secret")
    files = StaticFiles(folder_of(tmp_path / "static", base=STYLE))

    async with client_of(files) as client:
        response = await client.get(httpx.URL("http://localhost", raw_path=f"/static/{path}".encode()))

    assert response.status_code == 404


async def test_files_are_only_read(tmp_path: Path):
    async with client_of(StaticFiles(folder_of(tmp_path, base=STYLE))) as client:
        response = await client.post("/static/css/base.css")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
