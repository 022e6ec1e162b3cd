"""Downloading, against real servers on this machine that behave well, or in one of the ways that servers do not."""

import gzip
import hashlib

import pytest

from model.data.download import MIRRORS, SOURCES, Source, cache_folder, load_source, verify_sha256
from model.errors import DatasetError
from tests.file_server import file_server

CONTENT = bytes(range(256)) * 40
PACKED = gzip.compress(CONTENT, mtime=0)
SOURCE = Source("digits-idx3-ubyte.gz", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch, tmp_path):
    """A cache of the test's own, no data set that happens to lie around, and no proxy in between."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("MNIST_DIR", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def mirror():
    with file_server("/mnist/") as mirror:
        yield mirror


@pytest.fixture
def good_mirror():
    with file_server("/mnist/") as mirror:
        mirror.responses[f"/mnist/{SOURCE.name}"] = (200, {}, PACKED)
        yield mirror


def _respond(mirror, body, status=200, **headers):
    mirror.responses[f"/mnist/{SOURCE.name}"] = (status, {key.replace("_", "-"): headers[key] for key in headers}, body)


def _cached_files():
    return sorted(path.name for path in cache_folder().iterdir())


def test_file_is_downloaded_checked_and_uncompressed(good_mirror):
    assert load_source(SOURCE, mirrors=[good_mirror.address]) == CONTENT
    assert good_mirror.requests == [f"/mnist/{SOURCE.name}"]


def test_second_reading_comes_from_the_cache(good_mirror):
    load_source(SOURCE, mirrors=[good_mirror.address])

    assert load_source(SOURCE, mirrors=[good_mirror.address]) == CONTENT
    assert len(good_mirror.requests) == 1
    assert _cached_files() == [SOURCE.name]


def test_cache_lies_where_the_environment_says(tmp_path, monkeypatch):
    assert cache_folder() == tmp_path / "cache" / "kernelscope" / "mnist"

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert cache_folder() == tmp_path / "home" / ".cache" / "kernelscope" / "mnist"


def test_mirror_that_declares_its_gzip_files_as_encoded_gets_no_file_unpacked_twice(mirror):
    _respond(mirror, PACKED, Content_Encoding="gzip", Content_Type="application/octet-stream")

    assert load_source(SOURCE, mirrors=[mirror.address]) == CONTENT


def test_redirect_is_followed(mirror, good_mirror):
    _respond(mirror, b"", status=302, Location=good_mirror.address + SOURCE.name)

    assert load_source(SOURCE, mirrors=[mirror.address]) == CONTENT


BAD_RESPONSES = {
    "not found": (404, {}, b"no such file"),
    "broken server": (500, {}, b"oops"),
    "interrupted": (200, {"Content-Length": str(len(PACKED))}, PACKED[: len(PACKED) // 2]),
    "truncated gzip": (200, {}, PACKED[: len(PACKED) // 2]),
    "damaged gzip": (200, {}, PACKED[:-8] + bytes(8)),
    "web page": (200, {}, b"<!doctype html><title>Log in to the network</title>"),
    "other content": (200, {}, gzip.compress(CONTENT[:-1] + b"!", mtime=0)),
    "empty": (200, {}, b""),
}


@pytest.mark.parametrize("response", BAD_RESPONSES.values(), ids=BAD_RESPONSES)
def test_next_mirror_is_asked_when_one_fails(mirror, good_mirror, response):
    mirror.responses[f"/mnist/{SOURCE.name}"] = response

    content = load_source(SOURCE, mirrors=[mirror.address, good_mirror.address])

    assert content == CONTENT
    assert len(mirror.requests) == len(good_mirror.requests) == 1
    assert _cached_files() == [SOURCE.name]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("not found", r"Client error '404 Not Found'"),
        ("broken server", r"Server error '500 Internal Server Error'"),
        ("interrupted", r"peer closed connection without sending complete message body"),
        ("truncated gzip", r"is not a complete gzip file: Compressed file ended before the end-of-stream marker"),
        ("damaged gzip", r"is not a complete gzip file: CRC check failed"),
        ("web page", r"is not a complete gzip file: Not a gzipped file \(b'<!'\)"),
        ("other content", rf"SHA-256 is [0-9a-f]{{64}}, expected {SOURCE.sha256}"),
        ("empty", rf"SHA-256 is {hashlib.sha256(b'').hexdigest()}, expected {SOURCE.sha256}"),
    ],
)
def test_when_every_mirror_fails_the_error_says_what_each_said_and_what_would_work(mirror, response, reason):
    mirror.responses[f"/mnist/{SOURCE.name}"] = BAD_RESPONSES[response]
    url = mirror.address + SOURCE.name

    with pytest.raises(DatasetError, match=rf"^no mirror has {SOURCE.name}: {url}: [^;]*{reason}") as refusal:
        load_source(SOURCE, mirrors=[mirror.address])

    assert str(refusal.value).endswith("Set MNIST_DIR to a folder that holds the four files.")
    assert _cached_files() == []


def test_server_that_does_not_listen_is_a_refusal_like_any_other(good_mirror):
    with file_server("/mnist/") as gone:
        pass

    assert load_source(SOURCE, mirrors=[gone.address, good_mirror.address]) == CONTENT


def test_remainder_of_an_interrupted_run_never_passes_for_a_file(good_mirror):
    cache_folder().mkdir(parents=True)
    (cache_folder() / f"{SOURCE.name}.part").write_bytes(PACKED[:100])

    assert load_source(SOURCE, mirrors=[good_mirror.address]) == CONTENT
    assert len(good_mirror.requests) == 1
    assert _cached_files() == [SOURCE.name]


def test_file_that_was_damaged_in_the_cache_is_refused_with_a_way_out(good_mirror):
    cached = cache_folder() / SOURCE.name
    cached.parent.mkdir(parents=True)
    cached.write_bytes(gzip.compress(b"something else"))

    with pytest.raises(DatasetError, match=r"expected [0-9a-f]{64}; delete the file to fetch it again$") as refusal:
        load_source(SOURCE, mirrors=[good_mirror.address])

    assert str(refusal.value).startswith(f"{cached}: SHA-256 is ")


@pytest.mark.parametrize(("name", "content"), [(SOURCE.name, PACKED), ("digits-idx3-ubyte", CONTENT)])
def test_folder_named_in_the_environment_is_read_compressed_or_not(tmp_path, monkeypatch, good_mirror, name, content):
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))

    assert load_source(SOURCE, mirrors=[good_mirror.address]) == CONTENT
    assert good_mirror.requests == []


def test_folder_that_is_given_comes_before_the_environments(tmp_path, monkeypatch):
    (tmp_path / SOURCE.name).write_bytes(PACKED)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "elsewhere"))

    assert load_source(SOURCE, folder=tmp_path, mirrors=[]) == CONTENT


def test_folder_without_the_file_is_an_error_and_nothing_is_downloaded(tmp_path, monkeypatch, good_mirror):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))

    with pytest.raises(DatasetError) as refusal:
        load_source(SOURCE, mirrors=[good_mirror.address])

    assert str(refusal.value) == (
        f"{tmp_path} holds neither {SOURCE.name} nor digits-idx3-ubyte; unset MNIST_DIR to download them"
    )
    assert good_mirror.requests == []


def test_folder_with_another_file_of_that_name_is_refused_by_its_digest(tmp_path):
    (tmp_path / "digits-idx3-ubyte").write_bytes(b"not digits")

    with pytest.raises(DatasetError, match=rf"digits-idx3-ubyte: SHA-256 is .*, expected {SOURCE.sha256}"):
        load_source(SOURCE, folder=tmp_path)


def test_digest_is_that_of_the_uncompressed_content():
    assert verify_sha256(CONTENT, SOURCE, "here") is CONTENT
    with pytest.raises(DatasetError, match=r"^here: SHA-256 is "):
        verify_sha256(PACKED, SOURCE, "here")


def test_four_files_are_recorded_with_their_digests_and_more_than_one_mirror():
    assert list(SOURCES) == ["train-images", "train-labels", "test-images", "test-labels"]
    assert {source.name for source in SOURCES.values()} == {
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    }
    assert len({source.sha256 for source in SOURCES.values()}) == 4
    assert len(MIRRORS) >= 2
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in MIRRORS)
