"""Load the MNIST files from a folder, the cache or a public mirror.

The uncompressed bytes must always have the recorded SHA-256.
"""

import gzip
import hashlib
import json
import logging
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from model.errors import DatasetError

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 20.0


@dataclass(frozen=True)
class Source:
    """One file of the data set.

    Attributes:
        name: File name, ``.gz`` included.
        sha256: Digest of the uncompressed content, in hex.
    """

    name: str
    sha256: str


_SOURCES = json.loads(Path(__file__).with_name("sources.json").read_text(encoding="utf-8"))
SOURCES = {key: Source(**entry) for key, entry in _SOURCES["files"].items()}
MIRRORS: tuple[str, ...] = tuple(_SOURCES["mirrors"])


def cache_folder() -> Path:
    """The folder of the downloads: ``$XDG_CACHE_HOME/kernelscope/mnist``, by default below ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kernelscope" / "mnist"


def load_source(source: Source, folder: Path | None = None, mirrors: Sequence[str] = MIRRORS) -> bytes:
    """The checked, uncompressed content of one file.

    Args:
        source: Which file.
        folder: Folder that holds it, compressed or not. By default the environment variable
            ``MNIST_DIR``; if that is unset the cache, which is filled from a mirror.
        mirrors: Base addresses to try in order, each ending in a slash.

    Raises:
        DatasetError: The file is not in ``MNIST_DIR``, no mirror has it, or its digest is wrong.
    """
    if folder is None and os.environ.get("MNIST_DIR"):
        folder = Path(os.environ["MNIST_DIR"])
    if folder is not None:
        plain = folder / source.name.removesuffix(".gz")
        if plain.exists():
            return verify_sha256(plain.read_bytes(), source, str(plain))
        packed = folder / source.name
        if not packed.exists():
            raise DatasetError(
                f"{folder} holds neither {source.name} nor {plain.name}; unset MNIST_DIR to download them"
            )
        return verify_sha256(_uncompress(packed), source, str(packed))

    cached = cache_folder() / source.name
    if not cached.exists():
        fetch_source(source, cached, mirrors)
    return verify_sha256(_uncompress(cached), source, str(cached))


def fetch_source(source: Source, target: Path, mirrors: Sequence[str] = MIRRORS) -> None:
    """Download one file from the first mirror that has it complete and unchanged.

    The bytes are streamed to a ``.part`` file beside the target and renamed once checked, so that an
    interrupted download is never mistaken for the file.

    Raises:
        DatasetError: No mirror returned the expected content; the message lists the error of each.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    errors = []
    for mirror in mirrors:
        url = mirror + source.name
        try:
            with httpx.stream("GET", url, follow_redirects=True, timeout=CONNECT_SECONDS) as response:
                response.raise_for_status()
                with part.open("wb") as file:
                    for chunk in response.iter_raw():
                        file.write(chunk)
            verify_sha256(_uncompress(part), source, url)
        except (httpx.HTTPError, DatasetError) as error:
            part.unlink(missing_ok=True)
            errors.append(f"{url}: {error}")
            continue
        part.replace(target)
        logger.info("downloaded %s (%d bytes)", url, target.stat().st_size)
        return
    raise DatasetError(
        f"no mirror has {source.name}: {'; '.join(errors)}. Set MNIST_DIR to a folder that holds the four files."
    )


def verify_sha256(content: bytes, source: Source, origin: str) -> bytes:
    """Return the content if its digest is the expected one.

    Raises:
        DatasetError: Another digest; the message names both and the origin of the content.
    """
    digest = hashlib.sha256(content).hexdigest()
    if digest != source.sha256:
        raise DatasetError(
            f"{origin}: SHA-256 is {digest}, expected {source.sha256}; delete the file to fetch it again"
        )
    return content


def _uncompress(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} is not a complete gzip file: {error}") from error
