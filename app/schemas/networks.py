"""Networks and their layers, as the API describes them."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from app.services.network_catalog import ServedNetwork
    from model.description import LayerDescription as DescribedLayer

Shape3 = tuple[int, int, int]


class ReceptiveFieldDescription(BaseModel):
    """The box of input pixels that a neuron sees: from ``start + jump · i``, ``size`` pixels along each side."""

    size: int = Field(description="Extent of the box, in input pixels.")
    jump: int = Field(description="Distance between the boxes of neighboring neurons; 0 if all see the whole input.")
    start: int = Field(description="First pixel of the box of neuron (0, 0); negative where padding is read.")


class LayerDescription(BaseModel):
    """One layer: shape, cost and the range that its colors mean."""

    name: str
    kind: str = Field(description="conv2d, locally_connected2d, relu, max_pool2d, avg_pool2d, linear or softmax.")
    input_shape: Shape3 = Field(description="[C, H, W] that it reads.")
    output_shape: Shape3 = Field(description="[F, H, W] of its feature maps.")
    kernel_size: int | None = Field(description="Side of its kernel or pooling window; null if it has none.")
    stride: int | None
    padding: int | None
    parameters: int = Field(description="Learned numbers, biases included.")
    multiply_adds: int = Field(description="Products summed up for one digit.")
    weight_uses: int = Field(description="How often each kernel weight is used for one digit.")
    receptive_field: ReceptiveFieldDescription
    display_range: tuple[float, float] = Field(description="What colors tell apart, fixed from the test digits.")
    dead_filters: list[int] = Field(description="Filters of a ReLU that fire on no test digit.")

    @classmethod
    def of(cls, served: "ServedNetwork", layer: "DescribedLayer") -> "LayerDescription":
        """Describe one layer of a network."""
        # A window of 1 is a ReLU's: it reads single values, which is no kernel.
        window = layer.window if layer.window is not None and layer.kind != "relu" else None
        field = layer.receptive_field
        return cls(
            name=layer.name,
            kind=layer.kind,
            input_shape=layer.input_shape,
            output_shape=layer.output_shape,
            kernel_size=window.size if window else None,
            stride=window.stride if window else None,
            padding=window.padding if window else None,
            parameters=layer.parameters,
            multiply_adds=layer.multiply_adds,
            weight_uses=layer.weight_uses,
            receptive_field=ReceptiveFieldDescription(size=field.size, jump=field.jump, start=field.start)
            if field
            else ReceptiveFieldDescription(size=served.artifact.network.input_shape[1], jump=0, start=0),
            display_range=served.artifact.calibration[layer.name].display_range,
            dead_filters=served.dead_filters(layer.name),
        )


class InputDescription(BaseModel):
    """What a network reads."""

    shape: Shape3 = Field(description="[C, H, W]")
    range: tuple[float, float] = Field(description="Paper and ink.")


class NetworkSummary(BaseModel):
    """A network in one line."""

    id: str
    title: str
    parameters: int = Field(description="Learned numbers, biases included.")
    multiply_adds: int = Field(description="Products summed up for one digit.")
    test_accuracy: float | None = Field(description="Share of the 10,000 test digits that it reads correctly.")

    @classmethod
    def of(cls, served: "ServedNetwork") -> "NetworkSummary":
        """Sum up a network."""
        return cls(
            id=served.name,
            title=served.artifact.title,
            parameters=sum(layer.parameters for layer in served.layers.values()),
            multiply_adds=sum(layer.multiply_adds for layer in served.layers.values()),
            test_accuracy=served.artifact.record.get("test_accuracy"),
        )


class NetworkList(BaseModel):
    """Every network."""

    models: list[NetworkSummary]


class NetworkDescription(BaseModel):
    """A network and each of its layers."""

    id: str
    title: str
    input: InputDescription
    classes: list[str]
    parameters: int = Field(description="Learned numbers of all layers, biases included.")
    multiply_adds: int = Field(description="Products summed up for one digit, over all layers.")
    training: dict[str, Any] = Field(description="How the weights came to be, and what they reached.")
    layers: list[LayerDescription]

    @classmethod
    def of(cls, served: "ServedNetwork") -> "NetworkDescription":
        """Describe a network."""
        summary = NetworkSummary.of(served)
        return cls(
            id=summary.id,
            title=summary.title,
            input=InputDescription(shape=served.artifact.network.input_shape, range=(0, 1)),
            classes=[str(digit) for digit in range(served.classes)],
            parameters=summary.parameters,
            multiply_adds=summary.multiply_adds,
            training=dict(served.artifact.record),
            layers=[LayerDescription.of(served, layer) for layer in served.layers.values()],
        )


class CheckpointAnswer(BaseModel):
    """Weights that were kept."""

    step: int = Field(description="Training steps taken.")
    test_accuracy: float = Field(description="Share of the 10,000 test digits read correctly.")


class EpochAnswer(BaseModel):
    """One pass over the training digits."""

    epoch: int
    step: int = Field(description="Training steps taken at its end.")
    loss: float = Field(description="Mean over the pass, in nats; label smoothing included.")
    accuracy: float = Field(description="Share of the augmented training digits read correctly.")


class HistoryAnswer(BaseModel):
    """How a model came to be."""

    model: str
    checkpoints: list[CheckpointAnswer]
    epochs: list[EpochAnswer]

    @classmethod
    def of(cls, served: "ServedNetwork") -> "HistoryAnswer":
        """Tell of a network's training; both lists are empty if nothing was kept."""
        history = served.history
        if history is None:
            return cls(model=served.name, checkpoints=[], epochs=[])
        # Every epoch has as many steps; the last checkpoint is the last step of all.
        per_epoch = history.steps[-1] // max(1, len(history.curve))
        return cls(
            model=served.name,
            checkpoints=[CheckpointAnswer(step=step, test_accuracy=history.accuracies[step]) for step in history.steps],
            epochs=[
                EpochAnswer(
                    epoch=int(record["epoch"]),
                    step=int(record["epoch"]) * per_epoch,
                    loss=record["loss"],
                    accuracy=record["accuracy"],
                )
                for record in history.curve
            ],
        )


class KernelsAnswer(BaseModel):
    """What one layer learned."""

    layer: str
    shape: list[int] = Field(
        description="[F, C, kH, kW]; a linear layer's kernel is as large as its input. "
        "[F, H, W, C, kH, kW] where each place has kernels of its own."
    )
    range: tuple[float, float] = Field(description="Lowest and highest weight.")
    kernels: list[Any] = Field(description="Nested as `shape` says.")
    biases: list[Any] = Field(description="[F], or [F][H][W] where each place has a bias of its own.")
