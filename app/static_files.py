"""Static files that browsers cache but revalidate: the response for an unchanged file is 304."""

import os

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope


class RevalidatedStaticFiles(StaticFiles):
    """File names have no version, so a cached copy must not hide a new release."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        # A compressed file has the tag of the same file uncompressed, other bytes: tags of equal meaning, so weak ones.
        response.headers["ETag"] = f"W/{response.headers['ETag']}"
        # The tag is enough for that, and nobody requests a part of a file; a page loads a hundred, so headers count.
        del response.headers["Last-Modified"], response.headers["Accept-Ranges"]
        return response
