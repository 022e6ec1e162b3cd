"""A message of the live channel, as clients send it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.inference import SOURCES, DigitFields, Stroke

# Every client can count this far: JavaScript's numbers are exact up to here.
Sequence = Annotated[int, Field(gt=0, lt=2**53)]


class LiveMessage(DigitFields):
    """A whole digit, or increments to the drawing that the connection holds, or neither; and settings, which stay."""

    sequence: Sequence = Field(description="Greater than that of every message before.")
    extend: Stroke | None = Field(None, description="Points that the last stroke goes on with.")
    begin: Stroke | None = Field(None, description="Points of a new stroke; after `extend`.")
    model: str | None = Field(None, description="The model to ask from now on, and all of its layers.")
    layers: list[str] | None = Field(None, description="Names of the layers to answer from now on.")
    dtype: Literal["float32", "float16"] | None = Field(None, description="Of the answers from now on.")

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
    """Only the sequence of a message, to refuse the rest by."""

    model_config = ConfigDict(extra="ignore", strict=True)

    sequence: Sequence
