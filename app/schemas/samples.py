"""MNIST's test digits, as the API describes them."""

from pydantic import BaseModel, Field


class SamplePredictionAnswer(BaseModel):
    """What one network made of the digit."""

    digit: int
    probability: float
    correct: bool


class SampleSummary(BaseModel):
    """A test digit without its pixels."""

    index: int
    label: int = Field(description="The digit that its writer meant.")
    predictions: dict[str, SamplePredictionAnswer] = Field(description="By model.")


class SampleList(BaseModel):
    """One page of test digits."""

    total: int = Field(description="How many test digits match.")
    offset: int
    limit: int
    next: str | None = Field(description="Address of the next page; null on the last.")
    samples: list[SampleSummary]


class SampleAnswer(SampleSummary):
    """A test digit."""

    pixels: list[list[float]] = Field(description="[28][28], 0 paper to 1 ink.")
