"""The networks that are served, by name."""

import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.errors import LayerWithoutKernels, UnknownCheckpoint, UnknownFilter, UnknownLayer, UnknownModel, UnknownNeuron
from app.services.framing import as_pixels, scaled
from model.arrays import Float32
from model.artifact import (
    GUEST,
    HISTORY_FILE,
    PREDICTIONS_FILE,
    REPORT_FILE,
    WEIGHTS_FILE,
    Artifact,
    load_artifact,
    load_history,
    read_tensors,
)
from model.calibration import calibrate
from model.description import LayerDescription, describe_layers
from model.errors import ArtifactError
from model.inference_plan import InferencePlan
from model.network import ForwardTrace, Network
from model.onnx_import import load_onnx

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""Of a network that is brought along: it goes into addresses."""

Number = TypeVar("Number", bound=np.number[Any])


@dataclass(frozen=True)
class Kernels:
    """What one layer learned.

    Attributes:
        kernels: (F, C, kH, kW) float32; of a layer that shares none, (F, H, W, C, kH, kW).
        biases: (F,) float32; of a layer that shares none, (F, H, W).
    """

    kernels: Float32
    biases: Float32

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest weight."""
        return float(self.kernels.min()), float(self.kernels.max())


@dataclass(frozen=True)
class ServedNetwork:
    """A network and everything that is said of it.

    Attributes:
        artifact: The network with its record and calibration.
        layers: Name → description, in order.
        predictions: (digits, classes) float32 probabilities of the test digits; None if none were kept.
        checkpoint: Training step that these weights are of; None for the finished network.
        history: Its earlier weights; None if none were kept.
    """

    artifact: Artifact
    layers: Mapping[str, LayerDescription]
    predictions: Float32 | None
    checkpoint: int | None = None
    history: "NetworkHistory | None" = None
    _of_thread: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    def trace(self, pixels: Float32) -> ForwardTrace:
        """Every layer's feature maps for (H, W) float32 pixels, by the fast path.

        They are overwritten by this thread's next call: copy what is to outlive the job, lest one digit's maps
        appear in another's answer.
        """
        plan: InferencePlan | None = getattr(self._of_thread, "plan", None)
        if plan is None:
            plan = self._of_thread.plan = InferencePlan(self.artifact.network)
        return plan.trace(self.artifact.network.images_of(pixels[np.newaxis]))

    def at(self, step: int) -> "ServedNetwork":
        """The network as it was after a training step, with the layers and color ranges of the finished one.

        Raises:
            UnknownCheckpoint: No checkpoint of that step was kept.
        """
        if self.history is None or step not in self.history.steps:
            kept = [] if self.history is None else self.history.steps
            raise UnknownCheckpoint(
                f"Model {self.name} has no checkpoint at step {step}; it has: {', '.join(map(str, kept)) or 'none'}.",
                steps=list(kept),
            )
        return self.history.network_at(self, step)

    @property
    def name(self) -> str:
        return self.artifact.name

    @property
    def side(self) -> int:
        """Extent of its square input, in pixels."""
        return self.artifact.network.input_shape[1]

    @property
    def classes(self) -> int:
        return list(self.layers.values())[-1].output_shape[0]

    def dead_filters(self, layer: str) -> list[int]:
        """Filters of a ReLU that fired on none of the test digits; other layers have none."""
        if self.layers[layer].kind != "relu":
            return []
        return [number for number, peak in enumerate(self.artifact.calibration[layer].peaks) if peak <= 0]

    def kernels(self, layer: str, place: tuple[int, int] | None = None) -> Kernels:
        """The kernels and biases of a layer.

        Args:
            layer: Its name.
            place: Row and column in the feature maps, of the neurons whose kernels are wanted. A convolution has the
                same ones everywhere.

        Raises:
            UnknownLayer: There is no such layer.
            LayerWithoutKernels: It learned no weights.
            UnknownNeuron: It has no neurons there.
        """
        self.require_layer(layer)
        parameters = self.artifact.network.layers[layer].parameters
        if "weight" not in parameters:
            owners = [name for name, of in self.artifact.network.layers.items() if "weight" in of.parameters]
            raise LayerWithoutKernels(
                f"Layer {layer} of model {self.name} is a {self.layers[layer].kind} and has no kernels; "
                f"these have: {', '.join(owners)}.",
                layers=owners,
            )
        if place is not None:
            self._require_place(layer, *place)
        weight, bias = parameters["weight"], parameters["bias"]
        if place is not None and weight.ndim > 4:
            return Kernels(np.ascontiguousarray(weight[place]), np.ascontiguousarray(bias[place]))
        return Kernels(by_filter(weight), by_filter(bias))

    def _require_place(self, layer: str, row: int, column: int) -> None:
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
    """A layer's weights or biases with the filter first: those of an untied layer are stored by position.

    (F, C, kH, kW) and (F,) stay; (H, W, F, …) becomes (F, H, W, …).
    """
    untied = array.ndim not in (1, 4)
    return np.ascontiguousarray(np.moveaxis(array, 2, 0) if untied else array)


class NetworkHistory:
    """What a network was during training, read from disk when it is first asked for.

    Attributes:
        steps: Training steps of the checkpoints, ascending.
        accuracies: Share of the test digits read right, by step.
        curve: A record for each epoch: loss in nats, accuracy on the training digits.
    """

    def __init__(self, folder: Path, report: Mapping[str, Any]) -> None:
        self.accuracies = {int(entry["step"]): float(entry["test_accuracy"]) for entry in report["history"]}
        self.steps = sorted(self.accuracies)
        self.curve: list[dict[str, float]] = list(report["curve"])
        self._folder = folder
        self._lock = threading.Lock()
        self._weights: dict[int, dict[str, NDArray[np.float16]]] | None = None
        self._networks: dict[int, ServedNetwork] = {}

    @classmethod
    def load(cls, folder: Path) -> "NetworkHistory | None":
        """The history of an artifact folder, or None if it has none.

        Raises:
            ArtifactError: Its report is damaged.
        """
        if not (folder / HISTORY_FILE).exists():
            return None
        try:
            return cls(folder, json.loads((folder / REPORT_FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ArtifactError(f"{folder / REPORT_FILE} does not tell of the history beside it: {error!r}") from error

    def network_at(self, served: ServedNetwork, step: int) -> ServedNetwork:
        """The network with the weights of a step; made once, since its plans are worth keeping."""
        with self._lock:
            if self._weights is None:
                self._weights = load_history(self._folder)
            if step not in self._networks:
                network = served.artifact.network.with_parameters(self._weights[step])
                artifact = replace(served.artifact, network=network)
                self._networks[step] = replace(served, artifact=artifact, checkpoint=step, _of_thread=threading.local())
            return self._networks[step]


class NetworkCatalog:
    """Every network of the artifacts folder, those that were brought along, and one that a visitor trained.

    Attributes:
        networks: By name, those of the folder: experiments compare these.
        brought: By name, those from elsewhere.
        guest: The visitor's, until the server stops; None if there is none.
    """

    def __init__(self, networks: Mapping[str, ServedNetwork]) -> None:
        self.networks = networks
        self.brought: dict[str, ServedNetwork] = {}
        self.guest: ServedNetwork | None = None

    @property
    def all(self) -> list[ServedNetwork]:
        """Those of the folder, those brought along, and the guest."""
        return [*self.networks.values(), *self.brought.values(), *([self.guest] if self.guest else [])]

    def welcome(self, folder: Path) -> None:
        """Serve another network in place of the guest before it.

        Raises:
            ArtifactError: It cannot be read.
        """
        self.guest = _serve(folder)

    def bring(self, folder: Path, digits: NDArray[np.uint8]) -> None:
        """Serve the ONNX files of a folder too, each by its file's name.

        Args:
            folder: Where they are.
            digits: (N, 28, 28) uint8, which each is shown once to find its range of colors.

        Raises:
            ArtifactError: There is no such folder, or a file is no network that can be shown.
        """
        if not folder.is_dir():
            raise ArtifactError(f"KERNELSCOPE_MODELS is {folder}, which is no folder")
        for path in sorted(folder.glob("*.onnx")):
            name = path.stem
            if not NAME.fullmatch(name):
                raise ArtifactError(f"{path} names no model: use up to 40 letters, digits, - and _ before .onnx")
            if name in {served.name for served in self.all} or name == GUEST:
                raise ArtifactError(f"{path} has the name of a model that is here already: {name}")
            self.brought[name] = _bring(name, load_onnx(path), digits)

    @classmethod
    def load(cls, folder: Path) -> "NetworkCatalog":
        """Read each folder that holds a weights file.

        Raises:
            ArtifactError: There is none, or one cannot be read.
        """
        folders = sorted(path.parent for path in folder.glob(f"*/{WEIGHTS_FILE}"))
        if not folders:
            raise ArtifactError(f"{folder} holds no trained network: no folder in it has a {WEIGHTS_FILE}")
        served = [_serve(path) for path in folders]
        return cls({network.name: network for network in served})

    def __getitem__(self, name: str) -> ServedNetwork:
        """The network of this name.

        Raises:
            UnknownModel: There is none; the message names those there are.
        """
        for served in self.all:
            if served.name == name:
                return served
        names = [served.name for served in self.all]
        raise UnknownModel(f"There is no model {name[:40]!r}; the models are: {', '.join(names)}.", models=names)


def _serve(folder: Path) -> ServedNetwork:
    artifact = load_artifact(folder)
    predictions = None
    if (folder / PREDICTIONS_FILE).exists():
        tensors, _metadata = read_tensors(folder / PREDICTIONS_FILE)
        predictions = tensors["probabilities"].astype(np.float32)
    return ServedNetwork(
        artifact=artifact,
        layers={layer.name: layer for layer in describe_layers(artifact.network)},
        predictions=predictions,
        history=NetworkHistory.load(folder),
    )


def _bring(name: str, network: Network, digits: NDArray[np.uint8]) -> ServedNetwork:
    pictures = np.stack([scaled(as_pixels(digit), network.input_shape[1]) for digit in digits])
    artifact = Artifact(
        name=name,
        title=f"Your own network, from {name}.onnx",
        network=network,
        calibration=calibrate(network, network.images_of(pictures)),
        record={},
    )
    return ServedNetwork(artifact, {layer.name: layer for layer in describe_layers(network)}, predictions=None)
