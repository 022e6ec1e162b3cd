"""Messages of the live channel: from text to a session's input, and from a computation to bytes or text."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from websockets.frames import CloseCode

from app.codecs.media_types import SAFETENSORS
from app.codecs.tensor_json import decode_points, decode_strokes, encode_json_text
from app.digit_input import SOURCES, DigitFields, Stroke, parse_body, source_maker
from app.errors import AppError, InvalidInput, MalformedRequest
from app.formats import ResponseFormat, encode_response
from app.forward import forward
from app.framing import MakeSource
from app.live.session import Computation, Drawing, Message, Rejection, SessionOver
from app.sample_catalog import SampleCatalog
from app.settings import Settings

# Every client can count this far: JavaScript's numbers are exact up to here.
Sequence = Annotated[int, Field(gt=0, lt=2**53)]


class LiveMessage(DigitFields):
    """A whole digit, or increments to the current drawing, or neither; and settings, which stay."""

    sequence: Sequence = Field(description="Greater than that of every message before.")
    extend: Stroke | None = Field(None, description="Points to add to the last stroke.")
    begin: Stroke | None = Field(None, description="Points of a new stroke; after `extend`.")
    model: str | None = Field(None, description="The model to use from now on, with all of its layers.")
    layers: list[str] | None = Field(None, description="Names of the layers to respond with from now on.")
    dtype: Literal["float32", "float16"] | None = Field(None, description="Of the responses from now on.")

    @model_validator(mode="after")
    def _require_at_most_one_source(self) -> "LiveMessage":
        given = self.given(*SOURCES)
        increments = self.given("extend", "begin")
        if len(given) > 1 or (given and increments):
            raise PydanticCustomError(
                "one_source",
                "give one of strokes, pixels, image and sample, or increments to a drawing; {given} were given",
                {"given": " and ".join([*given, *increments])},
            )
        return self


class Numbered(BaseModel):
    """The sequence of a message alone: its rejection repeats it."""

    model_config = ConfigDict(extra="ignore", strict=True)

    sequence: Sequence


def read_message(samples: SampleCatalog, settings: Settings, text: str) -> Message | Rejection:
    """Check a message.

    Raises:
        SessionOver: It is not a JSON object.
    """
    if not text.lstrip().startswith("{"):
        raise SessionOver(CloseCode.INVALID_DATA, "A message is a JSON object.")
    try:
        message = parse_body(LiveMessage, text, settings)
    except MalformedRequest:
        raise SessionOver(CloseCode.INVALID_DATA, "The message is not JSON.") from None
    except InvalidInput as error:
        return Rejection(_sequence_of(text), error)
    whole = bool(message.given(*SOURCES))
    return Message(
        sequence=message.sequence,
        digit=_whole_digit(message, samples, settings) if whole else None,
        framing=message.framing if whole or "framing" in message.model_fields_set else None,
        pen_width=message.pen_width if not whole and "pen_width" in message.model_fields_set else None,
        extend=None if message.extend is None else decode_points(message.extend),
        begin=None if message.begin is None else decode_points(message.begin),
        model=message.model,
        layers=message.layers,
        dtype=message.dtype,
    )


def respond(computation: Computation, most_cells: int) -> bytes:
    """Draw within the bounds of `draw`, frame, compute and encode. Takes time: see `app.scheduling`."""
    activations = forward(
        computation.served, computation.make_source(most_cells), computation.framing, computation.layers
    )
    wanted = ResponseFormat(SAFETENSORS, computation.dtype)
    return encode_response(activations, wanted, metadata={"sequence": encode_json_text(computation.sequence)})


def encode_problem(sequence: int | None, error: AppError, instance: str, root_path: str) -> str:
    """The text that rejects a message."""
    return encode_json_text({"sequence": sequence, "problem": error.as_problem(instance, root_path)})


def _whole_digit(message: LiveMessage, samples: SampleCatalog, settings: Settings) -> Drawing | MakeSource:
    if message.strokes is not None:
        return Drawing(tuple(decode_strokes(message.strokes)), message.pen_width)
    return source_maker(message, samples, settings)


def _sequence_of(text: str) -> int | None:
    try:
        return Numbered.model_validate_json(text).sequence
    except ValidationError:
        return None
