"""Reading an uploaded image out of a multipart form."""

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser

from app.dependencies import require_content_type
from app.errors import InvalidInput
from app.services.framing import FramingChoice

# Larger than any body the server reads: an upload stays in memory and never touches the disk.
MultiPartParser.spool_max_size = 2**30

FRAMINGS: tuple[FramingChoice, ...] = ("auto", "mnist", "none")


async def read_upload(request: Request) -> tuple[bytes, FramingChoice]:
    """The bytes of ``file``, and ``framing``, which may be left out.

    Raises:
        UnsupportedMediaType: It is no multipart form.
        InvalidInput: The form has no file, or fields that mean nothing here.
    """
    require_content_type(request, "multipart/form-data")
    async with request.form(max_files=1, max_fields=4, max_part_size=1000) as form:
        unknown = [name for name in form if name not in ("file", "framing")]
        if unknown:
            raise InvalidInput(f"The form has a field {unknown[0][:40]!r}; it may have file and framing.")
        file, framing = form.get("file"), form.get("framing", "auto")
        if not isinstance(file, UploadFile):
            raise InvalidInput("The form has no file; send the image in a part named file that has a filename.")
        if framing not in FRAMINGS:
            raise InvalidInput(f"framing must be one of {', '.join(FRAMINGS)}.")
        return await file.read(), FRAMINGS[FRAMINGS.index(framing)]
