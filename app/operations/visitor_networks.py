"""POST /models and DELETE /models/{model}: a network that a visitor uploads, and deletes."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from starlette.datastructures import UploadFile

from app.codecs.media_types import JSON
from app.context import context_of
from app.digit_input import require_content_type
from app.documentation import documented, documented_deletion
from app.errors import (
    BodyTooLarge,
    ForeignOrigin,
    InvalidInput,
    MalformedRequest,
    NetworksOff,
    NetworkUnreadable,
    RequestTooSlow,
    ServerBusy,
    StateFull,
    UnknownModel,
    UnsupportedMediaType,
)
from app.formats import send_json
from app.operations import API
from app.origin import require_own_page
from app.parameters import ModelPath, owner_of
from app.view_id import expiry_text

router = APIRouter(prefix=API, tags=["Models"])

DATA_FILES = 8
"""Files with weights beside the ONNX file."""

FILE_NAME = re.compile(r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]{0,99}")

NETWORK_FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "string",
                        "contentMediaType": "application/octet-stream",
                        "minLength": 1,
                        "description": "An ONNX file.",
                    },
                    "data": {
                        "type": "array",
                        "maxItems": DATA_FILES,
                        "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        "description": "The files that hold its weights, if it refers to some, under their names; "
                        "model.json with mean, std, input_range and classes, if they should not be measured.",
                    },
                },
            }
        }
    },
}


@dataclass(frozen=True)
class VisitorNetworkResponse:
    """A network that was uploaded."""

    model: Annotated[str, Field(description="Its id in addresses. Whoever knows it can look at the network.")]
    owner: Annotated[str, Field(description="The token that deletes it: Authorization: Bearer <owner>; shown once.")]
    title: str
    expires: Annotated[str, Field(description="When it is deleted, in UTC (RFC 3339).")]


@dataclass(frozen=True)
class UploadedFile:
    """A file of a form: its name on the visitor's machine, and its bytes."""

    name: str
    content: bytes


EXAMPLE = {
    "model": "v1c8b4ac-lzcrp7cpzmy2buzxkybkyrwryn",
    "owner": "WyKAW57Fn8GJKlsXWPIPDDXzWC-21YGh",
    "title": "Your own network, from name.onnx",
    "expires": "2026-11-28T04:28:00+00:00",
}


@router.post(
    "/models",
    summary="Upload a network of your own",
    **documented(
        VisitorNetworkResponse,
        [JSON],
        MalformedRequest,
        NetworksOff,
        ForeignOrigin,
        RequestTooSlow,
        BodyTooLarge,
        UnsupportedMediaType,
        InvalidInput,
        NetworkUnreadable,
        ServerBusy,
        StateFull,
        body=NETWORK_FORM,
        example=EXAMPLE,
    ),
)
async def upload_network(request: Request) -> Response:
    """An ONNX file in a multipart form, with the files of its weights if it has some.

    The network is served under an id that only you know, to every operation that takes a model, and is not listed. It
    is deleted after some hours, or by whoever knows the token.
    """
    context = context_of(request)
    if context.settings.visitor_networks == 0:
        raise NetworksOff("This server takes no networks from visitors: KERNELSCOPE_VISITOR_NETWORKS is 0.")
    require_own_page(request, context.settings.admitted_origins, "upload networks here")
    file, data = await _read_form(request)
    uploads = context.uploads
    with ExitStack() as stack:
        # Looks at all that are kept, which takes a while.
        new = await asyncio.to_thread(stack.enter_context, uploads.new_folder())
        await asyncio.to_thread(_write, new.path, file, data)
        name = file.name
        del file, data  # of up to 34 MB, while others are read first
        await context.imports.run(new.path, new.id, name)
        owner = uploads.keep(new)
    served = context.models[new.id]
    response = VisitorNetworkResponse(new.id, owner, served.artifact.title, expiry_text(new.id))
    return send_json(response, headers={"Cache-Control": "no-store"})


@router.delete(
    "/models/{model}",
    summary="Delete a network that you uploaded",
    **documented_deletion(UnknownModel),
)
async def delete_network(request: Request, model: ModelPath) -> Response:
    """Needs the token that came with it: `Authorization: Bearer <owner>`."""
    if not context_of(request).uploads.remove(model, owner_of(request)):
        raise UnknownModel("No network of a visitor has this id and this token.")
    return Response(status_code=204)


async def _read_form(request: Request) -> tuple[UploadedFile, list[UploadedFile]]:
    """The ONNX file and those beside it.

    Raises:
        UnsupportedMediaType: The body is not a multipart form.
        InvalidInput: The form has no file, or something else in it.
    """
    require_content_type(request, "multipart/form-data")
    async with request.form(max_files=1 + DATA_FILES, max_fields=0) as form:
        unknown = [name for name in form if name not in ("file", "data")]
        if unknown:
            raise InvalidInput(f"The form has a field {unknown[0][:40]!r}; it may have file and data.")
        files = [await _read_file(each) for each in form.getlist("file")]
        data = [await _read_file(each) for each in form.getlist("data")]
    if len(files) != 1:
        raise InvalidInput(f"The form has {len(files)} parts named file; send one ONNX file in it.")
    if len({each.name for each in data}) < len(data):
        raise InvalidInput("Two data files of the form have the same name.")
    return files[0], data


async def _read_file(part: UploadFile | str) -> UploadedFile:
    """Raises InvalidInput if the part is not a file with a plain name."""
    name = "" if isinstance(part, str) else part.filename or ""
    if isinstance(part, str) or not FILE_NAME.fullmatch(name):
        raise InvalidInput(
            f"The form has a file {name[:40]!r}; a file needs a name of up to 100 characters, without a path."
        )
    return UploadedFile(name, await part.read())


def _write(folder: Path, file: UploadedFile, data: Sequence[UploadedFile]) -> None:
    (folder / "network.onnx").write_bytes(file.content)
    (folder / "data").mkdir()
    for each in data:
        (folder / "data" / each.name).write_bytes(each.content)
