"""The digit of a request: its fields, their bounds, reading them, and the errors of every operation on a digit.

Knows no network.
"""

import codecs
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser

from app.codecs.tensor_json import decode_pixels, decode_strokes
from app.codecs.uploaded_image import Adjustment, Limits, decode_base64, decode_image
from app.drawing import MAX_CELLS, require_size
from app.errors import (
    BodyTooLarge,
    DrawingTooLarge,
    FramingImpossible,
    ImageTooLarge,
    ImageUnreadable,
    InvalidInput,
    MalformedRequest,
    NotAnImage,
    RequestTooSlow,
    ServerBusy,
    TooManyPixels,
    TooManyScans,
    UnknownCheckpoint,
    UnknownLayer,
    UnknownModel,
    UnknownSample,
    UnsupportedMediaType,
)
from app.framing import (
    FramedDigit,
    MakeSource,
    Source,
    frame,
    from_image,
    from_pixels,
    from_sample,
    from_strokes,
)
from app.parameters import split_commas
from app.problems import invalid_input
from app.sample_catalog import SampleCatalog
from app.settings import Settings
from model.arrays import Shape3

# Larger than any map; the size of the network's own maps is checked later, with the number in the error.
Position = Annotated[int, Field(ge=0, le=100_000)]

BodyT = TypeVar("BodyT", bound=BaseModel)

# Larger than any body the server reads: an upload stays in memory and never touches the disk.
MultiPartParser.spool_max_size = 2**30

_SOURCE_KINDS: dict[str, dict[str, Any]] = {
    "strokes": {"type": "array", "items": {}},
    "pixels": {"type": "array", "items": {}},
    "image": {"type": "string"},
    "sample": {"type": "integer"},
}
SOURCES = tuple(_SOURCE_KINDS)

BODY_ERRORS = (InvalidInput, MalformedRequest, BodyTooLarge, UnsupportedMediaType)
"""Errors of every operation that reads a JSON body."""

IMAGE_ERRORS = (
    MalformedRequest,
    UnknownModel,
    UnknownCheckpoint,
    UnknownLayer,
    RequestTooSlow,
    BodyTooLarge,
    ImageTooLarge,
    TooManyPixels,
    TooManyScans,
    UnsupportedMediaType,
    NotAnImage,
    InvalidInput,
    ImageUnreadable,
    FramingImpossible,
    ServerBusy,
)
"""Of every operation that takes an image."""

DIGIT_ERRORS = (*IMAGE_ERRORS, UnknownSample, DrawingTooLarge)
"""Of every operation that takes a digit in any form."""

# A pen may leave the pad; ink outside is cut off. Far outside there is no ink to draw, only numbers to spend time on.
Coordinate = Annotated[float, Field(ge=-1, le=2, allow_inf_nan=False)]
Point = tuple[Coordinate, Coordinate]
# Fail fast: one wrong value in a row of thousands is enough to know; a list of all would be longer than the request.
Stroke = Annotated[list[Point], Field(min_length=1, fail_fast=True)]
Ink = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Row = Annotated[list[Ink], Field(min_length=28, max_length=28, fail_fast=True)]

MAX_STRINGS = 2000
"""Names and strings of a body; 64 edited kernels have 450."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _require_part(crop: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, width, height = crop
    if min(width, height) < 0.01 or left + width > 1.0001 or top + height > 1.0001:
        raise PydanticCustomError(
            "no_part", "it is [left, top, width, height] in fractions: at least 0.01 wide and high, within the image"
        )
    return crop


Crop = Annotated[tuple[Fraction, Fraction, Fraction, Fraction], AfterValidator(_require_part)]


class ImageFields(BaseModel):
    """How a digit is framed, and what is done to an image before."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    framing: Literal["auto", "mnist", "none"] = Field(
        "auto",
        description="mnist: crop to the ink, scale into 20×20, center by mass in 28×28. none: leave it as it is. "
        "auto: none for samples, for pixels and images of 28×28 that could be MNIST's: light on dark, most of them "
        "exactly 0, and the rest within 20×20, and for an image in color that has the size of the input of a network "
        "that reads colors; else mnist.",
    )
    crop: Crop | None = Field(
        None,
        description="Of an image, the part that shows the digit: [left, top, width, height] in fractions of it.",
        examples=[[0.25, 0.1, 0.5, 0.6]],
    )
    rotate: float = Field(0, ge=-360, le=360, description="Degrees to turn an image clockwise, after cropping.")
    threshold: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Of an image: share of the ink's full contrast from which on a pixel is ink. Left out: as the "
        "contrasts in the image suggest.",
    )


class DigitFields(ImageFields):
    """The fields that describe a digit; how many of them must be given is checked elsewhere."""

    strokes: Annotated[list[Stroke], Field(fail_fast=True)] | None = Field(
        None,
        description="A list of strokes; a stroke is a list of [x, y] in pad units: 0–1 inside the pad, y down. "
        "An empty list is a blank pad.",
    )
    pen_width: float = Field(0.065, ge=0.005, le=0.5, description="Diameter of the pen, in pad units; for strokes.")
    pixels: Annotated[list[Row], Field(min_length=28, max_length=28, fail_fast=True)] | None = Field(
        None, description="28 rows of 28 numbers, 0 paper to 1 ink."
    )
    image: str | None = Field(None, description="Base64 of a PNG, JPEG, WebP, GIF or BMP file.")
    sample: int | None = Field(None, description="Index of an MNIST test digit.")

    def given(self, *fields: str) -> list[str]:
        """Those of the fields that are not null."""
        return [name for name in fields if getattr(self, name) is not None]


class DigitRequest(DigitFields):
    """One digit: exactly one of `strokes`, `pixels`, `image` and `sample`."""

    model_config = ConfigDict(
        # What the validator requires: one of these, and not null.
        json_schema_extra={
            "oneOf": [{"required": [name], "properties": {name: kind}} for name, kind in _SOURCE_KINDS.items()]
        }
    )

    @model_validator(mode="after")
    def _require_one_source(self) -> "DigitRequest":
        given = self.given(*SOURCES)
        if len(given) != 1:
            raise PydanticCustomError(
                "one_source",
                "give exactly one of strokes, pixels, image and sample; {given} given",
                {"given": " and ".join(given) + " were" if given else "none was"},
            )
        return self


async def read_body(kind: type[BodyT], request: Request, settings: Settings) -> BodyT:
    """Read the JSON body of a request; raises UnsupportedMediaType, and as `parse_body` does."""
    require_content_type(request, "application/json")
    return parse_body(kind, await read_text(request), settings)


async def read_text(request: Request) -> bytes:
    """The JSON text of a request, in UTF-8 without a byte order mark.

    Raises:
        UnsupportedMediaType: It is compressed.
        MalformedRequest: It is in another encoding.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType(
            f"The body is compressed ({encoding[:20]}); send it without Content-Encoding.", expected="identity"
        )
    text = await request.body()
    # JSON begins with an ASCII character, so a zero among its first two bytes means two or four bytes for each.
    if text[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in text[:2]:
        raise MalformedRequest("The body is in UTF-16 or UTF-32; JSON must be sent as UTF-8.")
    return text.removeprefix(codecs.BOM_UTF8)


def parse_body(kind: type[BodyT], text: bytes | str, settings: Settings) -> BodyT:
    """Check JSON text, the cheap checks first.

    Raises:
        DrawingTooLarge: More numbers, strokes or points than this server draws.
        MalformedRequest: Not JSON.
        InvalidInput: JSON, but not of this kind.
    """
    _require_few_values(text.encode() if isinstance(text, str) else text, settings)
    try:
        body = kind.model_validate_json(text)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            reason = errors[0]["msg"].removeprefix("Invalid JSON: ")
            raise MalformedRequest(f"The body is not JSON: {reason}.") from None
        raise invalid_input(errors) from None
    if isinstance(body, DigitFields) and body.strokes is not None:
        require_size(len(body.strokes), sum(map(len, body.strokes)), settings.strokes, settings.points)
    return body


def _require_few_values(text: bytes, settings: Settings) -> None:
    """Raises DrawingTooLarge or InvalidInput for more values, lists or names than any request has.

    Counting characters costs a hundredth of parsing: a flood ends here, before any value is made of it.
    """
    most = 2 * settings.points + settings.strokes + 1000
    lists = settings.points + settings.strokes + 1000
    if text.count(b",") > most or text.count(b"[") > lists:
        raise DrawingTooLarge(
            f"The body lists more than {most:,} values in {lists:,} lists; "
            f"a drawing may have {settings.points:,} points in {settings.strokes:,} strokes.",
            limit_strokes=settings.strokes,
            limit_points=settings.points,
        )
    if text.count(b'"') > 2 * MAX_STRINGS:
        raise InvalidInput(f"The body has more than {MAX_STRINGS:,} names and strings.")


class UploadFields(ImageFields):
    """The fields of an upload form besides its file: text that stands for numbers."""

    model_config = ConfigDict(strict=False)

    crop: Annotated[Crop, BeforeValidator(split_commas)] | None = None


async def read_upload(request: Request) -> tuple[bytes, UploadFields]:
    """The bytes of ``file`` in a multipart form, and its other fields, which may be left out.

    Raises:
        UnsupportedMediaType: The body is not a multipart form.
        InvalidInput: The form has no file, or fields that are not known here or out of range.
    """
    require_content_type(request, "multipart/form-data")
    async with request.form(max_files=1, max_fields=8, max_part_size=1000) as form:
        known = ("file", *UploadFields.model_fields)
        unknown = [name for name in form if name not in known]
        if unknown:
            raise InvalidInput(f"The form has a field {unknown[0][:40]!r}; it may have {', '.join(known)}.")
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput("The form has no file; send the image in a part named file that has a filename.")
        try:
            fields = UploadFields.model_validate({name: form[name] for name in form if name != "file"})
        except ValidationError as error:
            raise invalid_input(error.errors(include_url=False, include_input=False, include_context=False)) from None
        return await file.read(), fields


def require_content_type(request: Request, expected: str) -> None:
    """Raises UnsupportedMediaType unless the body is declared to be of this media type."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != expected:
        given = f"The Content-Type is {declared[:60]}" if declared else "The request has no Content-Type"
        raise UnsupportedMediaType(f"{given}; this operation reads {expected}.", expected=expected)


def source_of(digit: DigitFields, samples: SampleCatalog, settings: Settings, most_cells: int = MAX_CELLS) -> Source:
    """The digit that a request holds or names, drawn within the bounds of `draw`.

    Drawing and decoding an image take time: see `app.scheduling`.
    """
    if digit.strokes is not None:
        return from_strokes(decode_strokes(digit.strokes), digit.pen_width, most_cells=most_cells)
    if digit.pixels is not None:
        return from_pixels(decode_pixels(digit.pixels), most_cells)
    if digit.sample is not None:
        return from_sample(samples[digit.sample].ink)
    if digit.image is not None:
        return image_source(decode_base64(digit.image, settings.image_bytes), settings, digit)
    raise AssertionError("a request has exactly one source")


def source_maker(digit: DigitFields, samples: SampleCatalog, settings: Settings) -> MakeSource:
    """`source_of`, to be called later with the number of cells that may be touched."""
    return partial(source_of, digit, samples, settings)


def image_source(data: bytes, settings: Settings, fields: ImageFields) -> Source:
    """The digit in the bytes of an image file."""
    limits = Limits(settings.image_bytes, settings.image_pixels, settings.jpeg_pixels)
    image = decode_image(data, limits, Adjustment(fields.crop or (0, 0, 1, 1), fields.rotate))
    return from_image(image.colors, image.size, fields.threshold)


def framed_digit(digit: DigitFields, samples: SampleCatalog, settings: Settings, input_shape: Shape3) -> FramedDigit:
    """The digit of a request, framed for networks of this (C, S, S) input. Takes time: see `app.scheduling`."""
    return frame(source_of(digit, samples, settings), digit.framing, input_shape)
