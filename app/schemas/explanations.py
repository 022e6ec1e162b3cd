"""A question about one neuron, and its answer."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.schemas.inference import BoxAnswer, DigitQuery

# Larger than any map; what the network really has is the service's to say, with the number in its refusal.
Position = Annotated[int, Field(ge=0, le=100_000)]


class NeuronQuery(DigitQuery):
    """One digit, as for feature maps, and one neuron."""

    layer: str = Field(max_length=100, description="Name of a layer.")
    filter: Position = Field(description="Number of the filter, from 0.")
    row: Position = Field(description="Row in the feature map, from 0.")
    column: Position = Field(description="Column in the feature map, from 0.")


class NeuronPlaceAnswer(BaseModel):
    """The neuron asked for."""

    layer: str
    kind: str
    filter: int
    row: int
    column: int


class ReadsAnswer(BoxAnswer):
    """Where the neuron reads; top and left are negative where it reads padding."""

    layer: str = Field(description="The layer it reads, or `input`.")
    first_channel: int = Field(description="Channel of that layer that the patch begins with.")
    inside: BoxAnswer = Field(description="The part of the patch that is no padding.")


class ReceptiveFieldAnswer(BoxAnswer):
    """What the neuron sees of the input, in input pixels."""

    inside: BoxAnswer = Field(description="The part that is no padding.")


class WinnerAnswer(BaseModel):
    """The value that a pooling neuron passes on, by its place in the patch."""

    row: int
    column: int


class NeuronAnswer(BaseModel):
    """How one neuron came by its activation."""

    model: str
    neuron: NeuronPlaceAnswer
    reads: ReadsAnswer
    patch: list[list[list[float]]] = Field(description="[C][kH][kW], 0 where it reads padding.")
    kernel: list[list[list[float]]] | None = Field(description="[C][kH][kW]; null for a layer without weights.")
    products: list[list[list[float]]] | None = Field(description="Patch times kernel, in double precision.")
    channel_sums: list[float] | None = Field(description="The products of each input channel, summed.")
    bias: float | None
    winner: WinnerAnswer | None = Field(description="Of a pooling neuron.")
    exponentials: list[float] | None = Field(
        description="Of a softmax neuron: exp(logit − largest logit) of every class; its value is its share."
    )
    computed: float = Field(description="The value by this arithmetic, in double precision.")
    stored: float = Field(
        description="The value that the network stored, in single precision: that of the feature map."
    )
    difference: float = Field(description="stored − computed: what rounding cost.")
    pre_activation: float | None = Field(description="The sum before a ReLU; null for a layer that sums nothing.")
    activation: float = Field(description="After the ReLU that follows the layer, if one does.")
    receptive_field: ReceptiveFieldAnswer
