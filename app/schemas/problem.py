"""Refusals as RFC 9457 describes them."""

from pydantic import BaseModel, ConfigDict, Field


class Problem(BaseModel):
    """application/problem+json; further members carry numbers that a program can read."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Address of a page about this kind of problem.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What happened, the numbers, what would work.")
    instance: str = Field(description="The path that was asked for.")
