"""Static files, from memory, at addresses that change with their content.

An address holds a digest of all files, ``/static/3f9ac1d2b704/css/base.css``. Browsers may therefore keep a file and
send no request for it, and no old copy hides a new release. Modules import each other by relative addresses, so all
of a page's have its digest. Another digest, or none, gets the present file, which is then not kept: a page that was
opened before a release can still load its last modules.

Files are read and compressed once: a page loads about eighty of them, and each took longer to find than to send.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PREFIX = "/static"

_DIGEST = re.compile(r"[0-9a-f]{12}")
_KEPT = "public, max-age=31536000, immutable"
_NOT_KEPT = "no-cache"
_COMPRESSED = ("text/", "image/svg")


@dataclass(frozen=True)
class _File:
    """A file as it is sent.

    Attributes:
        body: As it is on disk.
        compressed: With gzip; None if that would not make it smaller.
        media_type: With the charset of a text.
    """

    body: bytes
    compressed: bytes | None
    media_type: str


class StaticFiles:
    """The ASGI application of all files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._files = _read(folder)
        self.digest = _digest_of(self._files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file.

        Raises:
            HTTPException: 404 for a path without a file, 405 for another method than GET and HEAD.
        """
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        first, _, rest = path.partition("/")
        file = self._files.get(rest if _DIGEST.fullmatch(first) else path)
        if file is None:
            raise HTTPException(404)
        headers = {"Cache-Control": _KEPT if first == self.digest else _NOT_KEPT}
        body = file.body
        if file.compressed is not None:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in Request(scope).headers.get("Accept-Encoding", ""):
                headers["Content-Encoding"] = "gzip"
                body = file.compressed
        await Response(body, headers=headers, media_type=file.media_type)(scope, receive, send)


@cache
def _read(folder: Path) -> Mapping[str, _File]:
    """By path, with slashes."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _file_of(path) for path in found}


def _file_of(path: Path) -> _File:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    compressed = gzip.compress(body, mtime=0) if media_type.startswith(_COMPRESSED) else None
    is_smaller = compressed is not None and len(compressed) < len(body)
    return _File(body, compressed if is_smaller else None, media_type)


def _digest_of(files: Mapping[str, _File]) -> str:
    """Of all names and contents; a page's files have one digest, for its modules import each other."""
    digest = hashlib.blake2b(digest_size=6)
    for path, file in files.items():
        digest.update(f"{path}\0{len(file.body)}\0".encode())
        digest.update(file.body)
    return digest.hexdigest()
