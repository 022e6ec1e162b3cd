"""A digit as clients send it, and what a network makes of it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

SOURCES = ("strokes", "pixels", "image", "sample")

# A pen may leave the pad; ink outside is cut off. Far outside there is no ink to draw, only numbers to spend time on.
Coordinate = Annotated[float, Field(ge=-1, le=2, allow_inf_nan=False)]
Point = tuple[Coordinate, Coordinate]
# Fail fast: one wrong value in a row of thousands is enough to know; a list of all would be longer than the request.
Stroke = Annotated[list[Point], Field(min_length=1, fail_fast=True)]
Ink = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Row = Annotated[list[Ink], Field(min_length=28, max_length=28, fail_fast=True)]

Framing = Literal["auto", "mnist", "none"]


class DigitFields(BaseModel):
    """What a digit may be told by; how many of them are given is for others to check."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    strokes: Annotated[list[Stroke], Field(fail_fast=True)] | None = Field(
        None,
        description="A list of strokes; a stroke is a list of [x, y] in pad units: 0–1 inside the pad, y down. "
        "No strokes are a blank pad.",
    )
    pen_width: float = Field(0.065, ge=0.005, le=0.5, description="Diameter of the pen, in pad units; for strokes.")
    pixels: Annotated[list[Row], Field(min_length=28, max_length=28, fail_fast=True)] | None = Field(
        None, description="28 rows of 28 numbers, 0 paper to 1 ink."
    )
    image: str | None = Field(None, description="Base64 of a PNG, JPEG, WebP, GIF or BMP file.")
    sample: int | None = Field(None, description="Index of an MNIST test digit.")
    framing: Framing = Field(
        "auto",
        description="mnist: crop to the ink, scale into 20×20, center by mass in 28×28. none: as it is. "
        "auto: none for pixels, samples, and images of 28×28 with light ink on dark ground; else mnist.",
    )

    def given(self, *fields: str) -> list[str]:
        """Those of the fields that are not null."""
        return [name for name in fields if getattr(self, name) is not None]


class DigitQuery(DigitFields):
    """One digit: exactly one of `strokes`, `pixels`, `image` and `sample`."""

    @model_validator(mode="after")
    def _require_one_source(self) -> "DigitQuery":
        given = self.given(*SOURCES)
        if len(given) != 1:
            raise PydanticCustomError(
                "one_source",
                "give exactly one of strokes, pixels, image and sample; {given} given",
                {"given": " and ".join(given) + " were" if given else "none was"},
            )
        return self


class Prediction(BaseModel):
    """What the network reads the digit as."""

    digit: int
    probability: float
    probabilities: list[float]
    logits: list[float]


class BoxAnswer(BaseModel):
    """A rectangle of whole pixels."""

    top: int
    left: int
    height: int
    width: int


class FramingAnswer(BaseModel):
    """How the digit became 28×28; crop and scale are in pixels of the source."""

    requested: Framing
    applied: Literal["mnist", "none"]
    source_size: tuple[int, int] = Field(description="[H, W] of the source; a drawing is 112×112.")
    crop: BoxAnswer | None = Field(description="The ink's box in the source; null if blank or not framed.")
    scale: float | None = Field(description="Framed pixels for each pixel of the source.")
    placed: BoxAnswer | None = Field(description="Where the crop landed in the 28×28.")
    polarity: Literal["light-on-dark", "dark-on-light"] | None = Field(description="Which way an image's ink lies.")


class InputAnswer(BaseModel):
    """The 28×28 that the network read."""

    pixels: list[list[float]] = Field(description="[28][28], 0 paper to 1 ink.")
    framing: FramingAnswer


class LayerAnswer(BaseModel):
    """What one layer made of the digit."""

    name: str
    kind: str
    shape: tuple[int, int, int] = Field(description="[F, H, W]")
    range: tuple[float, float] = Field(description="Lowest and highest value for this digit.")
    feature_maps: list[list[list[float]]] = Field(description="[F][H][W]")


class FeatureMapsAnswer(BaseModel):
    """What a network makes of a digit."""

    model: str
    prediction: Prediction | None = Field(description="null for a blank digit.")
    input: InputAnswer
    layers: list[LayerAnswer]
