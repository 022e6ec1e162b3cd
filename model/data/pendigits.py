"""Pen digits: 7,494 digits that 30 people wrote on a tablet, as strokes.

The training half of "Pen-Based Recognition of Handwritten Digits" by E. Alpaydin and F. Alimoglu (1998), UCI Machine
Learning Repository, data set 81, https://doi.org/10.24432/C5MG6K, CC BY 4.0. The other half is not read.

Knows strokes only: nothing of rasterizing or training.

The file is text in the UNIPEN format. A line that begins with a full stop is a keyword and its arguments:

    .SEGMENT DIGIT 6-7 ? "4"    begins a digit; the last argument is its label in quotes
    .COMMENT 4 1 117            label, writer (1–30) and number
    .PEN_DOWN                   begins a stroke
    .PEN_UP                     ends it
    .DT 100                     time to the next stroke, in ms

Between ``.PEN_DOWN`` and ``.PEN_UP`` each line is one point, ``x y``, in units of which the tablet's box has 500 each
way, y up. Other keywords (``.INCLUDE``, ``.LEXICON``, ``.HIERARCHY``) are skipped.
"""

import gzip
import hashlib
import io
import logging
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from model.data.download import CONNECT_SECONDS, cache_folder
from model.data.lzw import decompress_lzw
from model.digits.strokes import Stroke
from model.errors import DatasetError

logger = logging.getLogger(__name__)

ARCHIVE = "https://archive.ics.uci.edu/static/public/81/pen+based+recognition+of+handwritten+digits.zip"
"""The whole data set, of which one member is read."""
MEMBER = "pendigits-orig.tra.Z"
LARGEST_ARCHIVE = 50_000_000
"""Bytes after which a download is given up; the archive has about 2 MB."""

TEXT_SHA256 = "a66225d68d7d68591e62944df1ad33b3f5aa608e2df2505844b41f5568a80da4"
"""Of the decompressed text that the committed networks were trained on."""
DIGITS = 7_494
WRITERS = 30
BOX_SIZE = 500.0
"""Extent of the tablet's box, in the file's units: it becomes the pad."""

HELD_OUT_WRITERS = (5, 10, 15, 20, 25, 30)
"""Writers whose digits no network is trained on: choices are made on them. Every fifth, so that nobody picked them."""


# eq=False: arrays have no single truth value.
@dataclass(frozen=True, eq=False)
class PenDigit:
    """One digit as somebody wrote it.

    Attributes:
        strokes: (n, 2) float64 each, pad units: x right, y down.
        label: 0–9.
        writer: Number of the writer, 1–30.
    """

    strokes: Sequence[Stroke]
    label: int
    writer: int


def load_pen_digits(folder: Path | None = None, archive: str = ARCHIVE) -> list[PenDigit]:
    """All digits, in the order of the file.

    Args:
        folder: Where to look for ``pendigits-orig.tra``, as it is or compressed as ``.gz`` or ``.Z``. By default the
            environment variable ``PENDIGITS_DIR``; if that is unset the cache, which is filled from the archive.
        archive: Address of UCI's zip file.

    Raises:
        DatasetError: The file is not in ``PENDIGITS_DIR``, it cannot be downloaded, it is damaged, or it has other
            numbers of digits and writers. Another checksum alone is logged as a warning.
    """
    if folder is None and os.environ.get("PENDIGITS_DIR"):
        folder = Path(os.environ["PENDIGITS_DIR"])
    content, origin = _from_folder(folder) if folder is not None else _from_cache(archive)
    digits = read_unipen(_decode(content, origin))
    writers = len({digit.writer for digit in digits})
    if (len(digits), writers) != (DIGITS, WRITERS):
        raise DatasetError(
            f"{origin} holds {len(digits):,} digits by {writers} writers; "
            f"the training half of the data set has {DIGITS:,} by {WRITERS}"
        )
    digest = hashlib.sha256(content).hexdigest()
    if digest != TEXT_SHA256:
        logger.warning(
            "%s: SHA-256 of the text is %s, not %s. The numbers of digits and writers are right, so it is used; but "
            "the text differs from the one that the committed networks were trained on, and so will trained weights.",
            origin,
            digest,
            TEXT_SHA256,
        )
    return digits


def split_writers(digits: Sequence[PenDigit]) -> tuple[list[PenDigit], list[PenDigit]]:
    """The digits to train on, and those by the six writers who are held out to choose by."""
    fit = [digit for digit in digits if digit.writer not in HELD_OUT_WRITERS]
    return fit, [digit for digit in digits if digit.writer in HELD_OUT_WRITERS]


def read_unipen(text: str) -> list[PenDigit]:
    """Read the digits of a UNIPEN text.

    Raises:
        DatasetError: A line is none of the module's description; the message names the line.
    """
    reader = _UnipenReader()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            reader.read(line)
        except (LookupError, ValueError) as error:
            raise DatasetError(f"line {number} of the UNIPEN text, {line!r}: {error}") from error
    return reader.finish()


class _UnipenReader:
    """What has been read so far: whole digits, and the one that the last lines belong to."""

    def __init__(self) -> None:
        self._digits: list[PenDigit] = []
        self._label: int | None = None
        self._writer: int | None = None
        self._strokes: list[list[tuple[float, float]]] = []
        self._pen_is_down = False

    def read(self, line: str) -> None:
        """Take one line; a ValueError or LookupError says what is wrong with it."""
        words = line.split()
        if not words:
            return
        match words[0]:
            case ".SEGMENT":
                self._end_digit()
                self._label = _to_label(words[-1].strip('"'))
            case ".COMMENT":
                if self._label is None or _to_label(words[1]) != self._label:
                    raise ValueError(f"the digit of this comment is not that of its segment, {self._label}")
                self._writer = int(words[2])
            case ".PEN_DOWN":
                if self._label is None or self._pen_is_down:
                    raise ValueError("a stroke begins outside a digit, or inside another stroke")
                self._strokes.append([])
                self._pen_is_down = True
            case ".PEN_UP":
                if not self._pen_is_down:
                    raise ValueError("no stroke has begun")
                self._pen_is_down = False
            case keyword if keyword.startswith("."):
                pass
            case _:
                if not self._pen_is_down:
                    raise ValueError("a point outside a stroke")
                x, y = words
                self._strokes[-1].append((int(x) / BOX_SIZE, 1 - int(y) / BOX_SIZE))

    def finish(self) -> list[PenDigit]:
        """All digits, once the text has ended."""
        try:
            self._end_digit()
        except ValueError as error:
            raise DatasetError(f"the UNIPEN text ends too early: {error}") from error
        return self._digits

    def _end_digit(self) -> None:
        if self._label is not None:
            strokes = [np.array(points) for points in self._strokes if points]
            if self._pen_is_down or self._writer is None or not strokes:
                raise ValueError("the digit before has an unfinished stroke, no writer or no points")
            self._digits.append(PenDigit(strokes, self._label, self._writer))
        self._label, self._writer, self._strokes = None, None, []


def _to_label(word: str) -> int:
    label = int(word)
    if not 0 <= label <= 9:
        raise ValueError(f"{label} is not a digit")
    return label


def _decode(content: bytes, origin: str) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{origin} is not ASCII text: {error}") from error


def _from_folder(folder: Path) -> tuple[bytes, str]:
    """The text in a folder, and the path it was read from."""
    plain = folder / MEMBER.removesuffix(".Z")
    for path, uncompress in (
        (plain, lambda content: content),
        (plain.with_name(plain.name + ".gz"), gzip.decompress),
        (plain.with_name(MEMBER), decompress_lzw),
    ):
        if path.exists():
            try:
                return uncompress(path.read_bytes()), str(path)
            except (OSError, EOFError, zlib.error) as error:
                raise DatasetError(f"{path} is not a whole gzip file: {error}") from error
    raise DatasetError(
        f"{folder} holds neither {plain.name} nor {plain.name}.gz nor {MEMBER}; unset PENDIGITS_DIR to download it"
    )


def _from_cache(archive: str) -> tuple[bytes, str]:
    """The text of the downloaded archive, downloaded first if need be."""
    cached = cache_folder().parent / "pendigits" / "pendigits.zip"
    if not cached.exists():
        _fetch_archive(archive, cached)
    return _text_of_archive(cached.read_bytes(), str(cached)), str(cached)


def _fetch_archive(archive: str, target: Path) -> None:
    """Download the archive; the file under its final name is always whole and readable."""
    target.parent.mkdir(parents=True, exist_ok=True)
    content = bytearray()
    try:
        with httpx.stream("GET", archive, follow_redirects=True, timeout=CONNECT_SECONDS) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > LARGEST_ARCHIVE:
                    raise DatasetError(f"{archive} is larger than {LARGEST_ARCHIVE:,} bytes")
        _text_of_archive(bytes(content), archive)
    except (httpx.HTTPError, DatasetError) as error:
        raise DatasetError(
            f"the pen digits cannot be downloaded: {error}. Set PENDIGITS_DIR to a folder that holds {MEMBER} "
            f"from UCI's data set 81."
        ) from error
    part = target.with_name(target.name + ".part")
    part.write_bytes(content)
    part.replace(target)
    logger.info("downloaded %s (%d bytes)", archive, len(content))


def _text_of_archive(content: bytes, origin: str) -> bytes:
    """The uncompressed text inside UCI's zip file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            names = [name for name in members.namelist() if name.rpartition("/")[2] == MEMBER]
            if not names:
                raise DatasetError(f"{origin} has no member {MEMBER}, only {', '.join(members.namelist())}")
            return decompress_lzw(members.read(names[0]))
    except (zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{origin} is not a whole zip file: {error}") from error
