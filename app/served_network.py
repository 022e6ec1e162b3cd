"""One served network with everything that is known about it: layers, kernels, predictions, history."""

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.errors import LayerWithoutKernels, UnknownCheckpoint, UnknownFilter, UnknownLayer, UnknownNeuron
from app.framing import FramedDigit
from app.network_history import NetworkHistory
from model.arrays import Float32, Shape3
from model.artifact import Artifact, Predictions
from model.description import LayerDescription
from model.experiments.filter_names import FilterName, name_filters
from model.input_convention import InputConvention
from model.layers import Affine
from model.network import ForwardTrace, Network
from model.onnx.settings import Normalization
from model.plan import InferencePlan

QUICK_PRODUCTS = 10_000_000
"""Products of a quick network: about 0.3 ms."""

QUICK_VALUES = 65_536
"""Values in all feature maps of a quick network: about 1.5 ms as JSON."""

INPUT_CONVENTION, CLASSES = "input_convention", "classes"
"""Keys of an uploaded model's record: an `InputConvention` as JSON, and the names of its classes."""

Number = TypeVar("Number", bound=np.number[Any])


@dataclass(frozen=True)
class Kernels:
    """The weights of one layer.

    Attributes:
        kernels: (F, C, kH, kW) float32; with unshared weights, (F, H, W, C, kH, kW).
        biases: (F,) float32; with unshared weights, (F, H, W).
    """

    kernels: Float32
    biases: Float32

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest weight."""
        return float(self.kernels.min()), float(self.kernels.max())


@dataclass(frozen=True)
class ServedNetwork:
    """A network and everything that is known about it.

    Attributes:
        artifact: The network with its record and calibration.
        layers: Name → description, in order.
        predictions: Its predictions for the test digits; None if they were not stored.
        checkpoint: Training step of these weights; None for the finished network.
        history: Its earlier weights; None if they were not stored.
        expires: When a visitor's network is deleted, in seconds since 1970; None for others.
    """

    artifact: Artifact
    layers: Mapping[str, LayerDescription]
    predictions: Predictions | None
    checkpoint: int | None = None
    history: NetworkHistory | None = None
    expires: int | None = None
    _of_thread: threading.local = field(default_factory=threading.local, repr=False, compare=False)
    _of_step: dict[int, "ServedNetwork"] = field(default_factory=dict, repr=False, compare=False)

    def picture_of(self, digit: FramedDigit) -> Float32:
        """What this network reads of a digit: (3, H, W) if it reads colors and there are some, else (H, W) ink."""
        return digit.pixels if digit.colors is None or self.input_shape[0] == 1 else digit.colors

    def trace(self, picture: Float32) -> ForwardTrace:
        """Every layer's feature maps for a picture as of `picture_of`, by the fast path.

        They are overwritten by this thread's next call: copy what must outlive the job, or one digit's maps appear in
        the response for another.
        """
        plan: InferencePlan | None = getattr(self._of_thread, "plan", None)
        if plan is None:
            plan = self._of_thread.plan = InferencePlan(self.artifact.network)
        return plan.trace(self.artifact.network.images_of(picture[np.newaxis]))

    def at(self, step: int) -> "ServedNetwork":
        """The network as it was after a training step, with the layers and color ranges of the finished one.

        Raises:
            UnknownCheckpoint: No checkpoint of that step was stored.
        """
        if self.history is None or step not in self.history.steps:
            steps = [] if self.history is None else self.history.steps
            raise UnknownCheckpoint(
                f"Model {self.name} has no checkpoint at step {step}; it has: {', '.join(map(str, steps)) or 'none'}.",
                steps=list(steps),
            )
        if step not in self._of_step:
            network = self.artifact.network.with_parameters(self.history.weights(step))
            # Of two threads that come here at once, both get the one that is stored: its plans are reused.
            self._of_step.setdefault(step, self.with_network(network, checkpoint=step))
        return self._of_step[step]

    def with_network(self, network: Network, checkpoint: int | None = None) -> "ServedNetwork":
        """The same layers, color ranges and record with other weights."""
        return replace(
            self,
            artifact=replace(self.artifact, network=network),
            checkpoint=checkpoint,
            _of_thread=threading.local(),
            _of_step={},
        )

    @property
    def name(self) -> str:
        return self.artifact.name

    @property
    def metric_label(self) -> str:
        """Its name in metrics, where the ids of visitors' networks must not appear."""
        return self.name if self.expires is None else "visitor"

    @property
    def step(self) -> int | None:
        """Training step of these weights; None if the training was not stored."""
        if self.checkpoint is not None or self.history is None:
            return self.checkpoint
        return self.history.steps[-1]

    @property
    def is_finished(self) -> bool:
        """Whether these are the weights after the last training step."""
        return self.history is None or self.step == self.history.steps[-1]

    @cached_property
    def is_quick(self) -> bool:
        """Whether all of its feature maps are computed and written in a millisecond or two."""
        shapes = [layer.output_shape for layer in self.layers.values()]
        products = sum(layer.multiply_adds for layer in self.layers.values())
        return products <= QUICK_PRODUCTS and sum(map(math.prod, shapes)) <= QUICK_VALUES

    @property
    def input_shape(self) -> Shape3:
        """(C, H, W) of its input: square, with one channel or three."""
        return self.artifact.network.input_shape

    @property
    def input_size(self) -> int:
        """Height and width of its input, in pixels."""
        return self.input_shape[1]

    @property
    def classes(self) -> int:
        return list(self.layers.values())[-1].output_shape[0]

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, which its file may state; otherwise their numbers."""
        names = self.artifact.record.get(CLASSES)
        return [str(name) for name in names or range(self.classes)]

    @property
    def input_convention(self) -> InputConvention | None:
        """What an uploaded model expects of its input; None for others."""
        record = self.artifact.record.get(INPUT_CONVENTION)
        if record is None:
            return None
        normalization = Normalization(
            **{key: tuple(values) for key, values in record["normalization"].items()},
        )
        return InputConvention(**{**record, "normalization": normalization})

    @property
    def weighted_layers(self) -> list[str]:
        """Names of the layers with weights, in order; not of those that scale maps, as a normalization does."""
        layers = self.artifact.network.layers
        return [name for name, layer in layers.items() if "weight" in layer.parameters and layer.kind != Affine.kind]

    @cached_property
    def filter_names(self) -> list[FilterName]:
        """What each filter of a first convolution is activated by most; slow the first time. Empty for other models."""
        return name_filters(self.artifact.network)

    def dead_filters(self, layer: str) -> list[int]:
        """Filters of a ReLU that are zero on the whole test set; other layers have none."""
        if self.layers[layer].kind != "relu":
            return []
        return [number for number, peak in enumerate(self.artifact.calibration[layer].peaks) if peak <= 0]

    def kernels(self, layer: str, position: tuple[int, int] | None = None) -> Kernels:
        """The kernels and biases of a layer.

        Args:
            layer: Its name.
            position: Row and column in the feature maps, of the neurons whose kernels are wanted. A convolution has
                the same kernels everywhere.

        Raises:
            UnknownLayer: There is no such layer.
            LayerWithoutKernels: It has no weights.
            UnknownNeuron: It has no neurons at that position.
        """
        self.require_kernels(layer)
        if position is not None:
            self._require_position(layer, *position)
        parameters = self.artifact.network.layers[layer].parameters
        weight, bias = parameters["weight"], parameters["bias"]
        if position is not None and weight.ndim > 4:
            return Kernels(np.ascontiguousarray(weight[position]), np.ascontiguousarray(bias[position]))
        return Kernels(by_filter(weight), by_filter(bias))

    def _require_position(self, layer: str, row: int, column: int) -> None:
        shape = self.layers[layer].output_shape
        if not (0 <= row < shape[1] and 0 <= column < shape[2]):
            raise UnknownNeuron(
                f"Layer {layer} has no neuron at that row and column; its maps are {shape[1]}×{shape[2]}, both "
                "counted from 0.",
                shape=shape,
            )

    def require_layer(self, layer: str) -> None:
        """Raises UnknownLayer, naming the layers there are."""
        if layer not in self.layers:
            raise UnknownLayer(
                f"Model {self.name} has no layer {layer[:40]!r}; its layers are: {', '.join(self.layers)}.",
                layers=list(self.layers),
            )

    def require_kernels(self, layer: str) -> None:
        """Raises UnknownLayer, or LayerWithoutKernels, naming the layers that have some."""
        self.require_layer(layer)
        if "weight" not in self.artifact.network.layers[layer].parameters:
            owners = self.weighted_layers
            raise LayerWithoutKernels(
                f"Layer {layer} of model {self.name} is a {self.layers[layer].kind} and has no kernels; "
                f"these have: {', '.join(owners)}.",
                layers=owners,
            )

    def choose_layers(self, names: Iterable[str]) -> list[str]:
        """These layers in the order given, each once; raises UnknownLayer as above."""
        chosen = list(dict.fromkeys(names))
        for name in chosen:
            self.require_layer(name)
        return chosen

    def require_filter(self, layer: str, number: int) -> None:
        """Raises UnknownFilter if a known layer has no filter of this number."""
        filters = self.layers[layer].output_shape[0]
        if not 0 <= number < filters:
            raise UnknownFilter(
                f"Layer {layer} has no filter of that number; its {filters} filters are 0 to {filters - 1}.",
                filters=filters,
            )


def by_filter(array: NDArray[Number]) -> NDArray[Number]:
    """A layer's weights or biases with the filter first: unshared weights are stored by position.

    (F, C, kH, kW) and (F,) stay; (H, W, F, …) becomes (F, H, W, …).
    """
    unshared = array.ndim not in (1, 4)
    return np.ascontiguousarray(np.moveaxis(array, 2, 0) if unshared else array)
