"""The pen digits, from texts written by hand, folders, and a real server on this machine."""

import gzip
import hashlib
import io
import logging
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest

from model.data import pendigits
from model.data.pendigits import HELD_OUT_WRITERS, MEMBER, load_pen_digits, read_unipen, split_writers
from model.errors import DatasetError
from tests.file_server import file_server
from tests.model.data.test_lzw import compress_lzw

TEXT = """\
.INCLUDE        dene.doc

.LEXICON "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"
.HIERARCHY      DIGIT

.SEGMENT DIGIT    0 ? "1"
.COMMENT 1 12  224
.PEN_DOWN
 250  400
 250  100
.PEN_UP
.DT 100

.SEGMENT DIGIT    1-2 ? "4"
.COMMENT 4 5  54
.PEN_DOWN
 100  500
 100  250
 400  250
.PEN_UP
.DT 12
.PEN_DOWN
 375  350
.PEN_UP
.DT 100
"""


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch, tmp_path):
    """The text above is the whole data set; a cache of the test's own, and no proxy in between."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("PENDIGITS_DIR", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pendigits, "DIGITS", 2)
    monkeypatch.setattr(pendigits, "WRITERS", 2)
    monkeypatch.setattr(pendigits, "TEXT_SHA256", hashlib.sha256(TEXT.encode()).hexdigest())


def _zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


ARCHIVE = _zipped({"pendigits-orig.names": b"about", MEMBER: compress_lzw(TEXT.encode())})


@contextmanager
def _serving(*response):
    """A server with this response for the archive; yields its address and the paths that were requested."""
    with file_server("/81/") as server:
        server.responses["/81/digits.zip"] = response
        yield f"{server.address}digits.zip", server.requests


def test_strokes_become_pad_units_with_y_down():
    one, four = read_unipen(TEXT)

    assert (one.label, one.writer) == (1, 12)
    np.testing.assert_allclose(one.strokes[0], [[0.5, 0.2], [0.5, 0.8]])
    assert (four.label, four.writer) == (4, 5)
    assert len(four.strokes) == 2
    np.testing.assert_allclose(four.strokes[0], [[0.2, 0.0], [0.2, 0.5], [0.8, 0.5]])
    np.testing.assert_allclose(four.strokes[1], [[0.75, 0.3]])


@pytest.mark.parametrize(
    ("changed", "to", "message"),
    [
        (".PEN_DOWN", "", r"line 9 .* ' 250  400': a point outside a stroke"),
        (" 250  400", " 250", r"line 9 .* ' 250': not enough values"),
        (" 250  400", " 250  x", r"line 9 .*: invalid literal for int"),
        (".PEN_UP", "", r"line 14 .*: the digit before has an unfinished stroke, no writer or no points"),
        (".COMMENT 1 12  224", "", r"line 14 .*: the digit before has an unfinished stroke, no writer or no points"),
        (".COMMENT 1 12", ".COMMENT 7 12", r"line 7 .*: the digit of this comment is not that of its segment, 1"),
        ('? "1"', '? "x"', r"line 6 .*: invalid literal for int"),
        ('? "1"', '? "10"', r"line 6 .*: 10 is not a digit"),
        (".DT 100", ".PEN_UP", r"line 12 .*: no stroke has begun"),
        (" 250  100", ".PEN_DOWN", r"line 10 .*: a stroke begins outside a digit, or inside another stroke"),
    ],
)
def test_text_of_another_form_is_an_error_that_names_the_line(changed, to, message):
    with pytest.raises(DatasetError, match=message):
        read_unipen(TEXT.replace(changed, to, 1))


def test_text_that_ends_inside_a_stroke_is_an_error():
    with pytest.raises(DatasetError, match="the UNIPEN text ends too early"):
        read_unipen(TEXT[: TEXT.rindex(".PEN_UP")])


def test_writers_are_held_out_whole():
    fit, held_out = split_writers(read_unipen(TEXT))

    assert [digit.writer for digit in fit] == [12]
    assert [digit.writer for digit in held_out] == [5]
    assert len(HELD_OUT_WRITERS) == 6


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pendigits-orig.tra", TEXT.encode()),
        ("pendigits-orig.tra.gz", gzip.compress(TEXT.encode())),
        (MEMBER, compress_lzw(TEXT.encode())),
    ],
)
def test_folder_named_in_the_environment_is_read_compressed_or_not(tmp_path, monkeypatch, caplog, name, content):
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("PENDIGITS_DIR", str(tmp_path))

    digits = load_pen_digits(archive="http://127.0.0.1:9/")

    assert [digit.label for digit in digits] == [1, 4]
    assert caplog.records == []


def test_folder_without_the_file_is_an_error_and_nothing_is_downloaded(tmp_path):
    with pytest.raises(DatasetError) as error:
        load_pen_digits(tmp_path)

    assert str(error.value) == (
        f"{tmp_path} holds neither pendigits-orig.tra nor pendigits-orig.tra.gz nor pendigits-orig.tra.Z; "
        "unset PENDIGITS_DIR to download it"
    )


def test_damaged_gzip_file_is_an_error(tmp_path):
    (tmp_path / "pendigits-orig.tra.gz").write_bytes(gzip.compress(TEXT.encode())[:-9])

    with pytest.raises(DatasetError, match=r"tra\.gz is not a whole gzip file"):
        load_pen_digits(tmp_path)


def test_other_numbers_of_digits_and_writers_are_an_error(tmp_path):
    (tmp_path / "pendigits-orig.tra").write_text(TEXT[: TEXT.rindex(".SEGMENT")])

    with pytest.raises(DatasetError, match="holds 1 digits by 1 writers; the training half of the data set has 2 by 2"):
        load_pen_digits(tmp_path)


def test_another_text_with_the_right_numbers_is_used_with_a_warning(tmp_path, caplog):
    (tmp_path / "pendigits-orig.tra").write_text(TEXT.replace(" 250  400", " 251  400"))

    with caplog.at_level(logging.WARNING):
        digits = load_pen_digits(tmp_path)

    assert len(digits) == 2
    (record,) = caplog.records
    assert "SHA-256 of the text is" in record.getMessage()
    assert "differs from the one that the committed networks were trained on" in record.getMessage()


def test_archive_is_downloaded_once_and_read_from_the_cache_later(tmp_path):
    with _serving(200, {}, ARCHIVE) as (address, requests):
        first = load_pen_digits(archive=address)
        second = load_pen_digits(archive=address)

    assert [digit.label for digit in first] == [digit.label for digit in second] == [1, 4]
    assert requests == ["/81/digits.zip"]
    folder = tmp_path / "cache" / "kernelscope" / "pendigits"
    assert [path.name for path in folder.iterdir()] == ["pendigits.zip"]


def test_redirect_is_followed_and_a_member_in_a_folder_is_found():
    nested = _zipped({f"pendigits/{MEMBER}": compress_lzw(TEXT.encode())})
    with (
        _serving(200, {}, nested) as (address, _),
        _serving(302, {"Location": address}, b"") as (moved, _requests),
    ):
        assert len(load_pen_digits(archive=moved)) == 2


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ((404, {}, b"gone"), "404 Not Found"),
        ((200, {"Content-Length": str(len(ARCHIVE))}, ARCHIVE[:100]), "peer closed connection"),
        ((200, {}, ARCHIVE[:200]), "is not a whole zip file"),
        ((200, {}, b"<!doctype html>"), "is not a whole zip file"),
        ((200, {}, _zipped({"Index": b""})), "has no member pendigits-orig.tra.Z, only Index"),
        ((200, {}, _zipped({MEMBER: b"text"})), r"not a \.Z file"),
    ],
)
def test_failed_download_says_why_and_what_would_work_and_leaves_no_file(tmp_path, response, reason):
    with (
        _serving(*response) as (address, _),
        pytest.raises(DatasetError, match=rf"^the pen digits cannot be downloaded: .*{reason}") as error,
    ):
        load_pen_digits(archive=address)

    assert str(error.value).endswith(
        "Set PENDIGITS_DIR to a folder that holds pendigits-orig.tra.Z from UCI's data set 81."
    )
    assert list((tmp_path / "cache" / "kernelscope" / "pendigits").iterdir()) == []


def test_download_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(pendigits, "LARGEST_ARCHIVE", 50)

    with (
        _serving(200, {}, ARCHIVE) as (address, _),
        pytest.raises(DatasetError, match="is larger than 50 bytes"),
    ):
        load_pen_digits(archive=address)
