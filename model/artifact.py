"""Trained networks on disk.

An artifact is a folder:

    weights.safetensors      the parameters by name (``conv1.weight``), float32; under the metadata key
                             ``kernelscope`` a JSON object with ``format``, ``name``, ``title``, ``input_shape``,
                             ``layers`` (name, kind and settings of each, in order), ``calibration`` by layer
                             and ``record`` (how the weights came to be, and what they reached)
    predictions.safetensors  what the network makes of the test digits: ``probabilities`` (10000, 10) float32: in half
                             precision the two largest could tie
    history.safetensors      averaged weights during training as float16, ``<step>/<parameter>``
    report.json              the record again, with the learning curve, for people

Only the first is needed to run the network. Nothing is pickled, so a file from elsewhere cannot run code.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from model.arrays import Float32
from model.calibration import LayerCalibration
from model.errors import ArtifactError, ModelError
from model.layers import AvgPool2d, Conv2d, Layer, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax
from model.network import Network

FORMAT = "kernelscope-network-1"
METADATA_KEY = "kernelscope"

GUEST = "trained"
"""Name of the network that a visitor trains; nobody else's may have it."""

WEIGHTS_FILE = "weights.safetensors"
PREDICTIONS_FILE = "predictions.safetensors"
HISTORY_FILE = "history.safetensors"
REPORT_FILE = "report.json"

EXPERIMENTS_FOLDER = "experiments"
"""Beside the networks: what was measured on all of them, by `model.controls`."""
SCRAMBLE_FILE = "scramble.json"
SHIFT_CURVE_FILE = "shift_curve.json"
PORTRAITS_FILE = "filter_portraits.safetensors"

Settings = Mapping[str, Any]

# Kind → a layer from its parameters and settings. A file names a kind; it can never name a class.
_BUILDERS: Mapping[str, Callable[[Mapping[str, Float32], Settings], Layer]] = {
    Conv2d.kind: lambda own, settings: Conv2d(
        own["weight"], own["bias"], stride=int(settings["stride"]), padding=int(settings["padding"])
    ),
    LocallyConnected2d.kind: lambda own, settings: LocallyConnected2d(
        own["weight"], own["bias"], stride=int(settings["stride"]), padding=int(settings["padding"])
    ),
    Linear.kind: lambda own, settings: Linear(own["weight"], own["bias"]),
    AvgPool2d.kind: lambda own, settings: AvgPool2d(size=int(settings["size"])),
    MaxPool2d.kind: lambda own, settings: MaxPool2d(size=int(settings["size"])),
    ReLU.kind: lambda own, settings: ReLU(),
    Softmax.kind: lambda own, settings: Softmax(),
}


@dataclass(frozen=True)
class Artifact:
    """A trained network and what is known of it.

    Attributes:
        name: Its id in the API, ``cnn``.
        title: One line for people.
        network: The network with its weights.
        calibration: By layer name.
        record: How the weights came to be, and what they reached; plain JSON values.
    """

    name: str
    title: str
    network: Network
    calibration: Mapping[str, LayerCalibration]
    record: Mapping[str, Any]


def save_weights(artifact: Artifact, folder: Path) -> None:
    """Write ``weights.safetensors`` into a folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {
        "format": FORMAT,
        "name": artifact.name,
        "title": artifact.title,
        "input_shape": artifact.network.input_shape,
        "layers": [{"name": name, **_settings_of(layer)} for name, layer in artifact.network.layers.items()],
        "calibration": {name: asdict(calibration) for name, calibration in artifact.calibration.items()},
        "record": artifact.record,
    }
    write_tensors(folder / WEIGHTS_FILE, artifact.network.parameters, {METADATA_KEY: json.dumps(metadata)})


def load_artifact(folder: Path) -> Artifact:
    """Read a trained network.

    Raises:
        ArtifactError: The file is missing, damaged, of another format, or its parts do not fit each other.
    """
    path = folder / WEIGHTS_FILE
    tensors, raw = read_tensors(path)
    try:
        metadata = json.loads(raw[METADATA_KEY])
        if metadata["format"] != FORMAT:
            raise ArtifactError(f"{path} is of format {metadata['format']!r}; this version reads {FORMAT!r}")
        for name, array in tensors.items():
            if array.dtype != np.float32:
                raise ArtifactError(f"{path}: {name} is {array.dtype}, not float32")
        layers: dict[str, Layer] = {}
        for settings in metadata["layers"]:
            name = settings["name"]
            own = {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
            layers[name] = _BUILDERS[settings["kind"]](own, settings)
        channels, height, width = metadata["input_shape"]
        return Artifact(
            name=metadata["name"],
            title=metadata["title"],
            network=Network((channels, height, width), layers),
            calibration={
                name: LayerCalibration(
                    display_range=(entry["display_range"][0], entry["display_range"][1]), peaks=entry["peaks"]
                )
                for name, entry in metadata["calibration"].items()
            },
            record=metadata["record"],
        )
    except ArtifactError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, ModelError) as error:
        raise ArtifactError(f"{path} is not a network this version can read: {error!r}") from error


def load_history(folder: Path) -> dict[int, dict[str, NDArray[np.float16]]]:
    """Read the checkpoints of a run: step → parameter name → averaged weights, float16, in the order of the steps.

    Raises:
        ArtifactError: The file is missing, damaged or of another form.
    """
    tensors, metadata = read_tensors(folder / HISTORY_FILE)
    try:
        checkpoints: dict[int, dict[str, NDArray[np.float16]]] = {
            int(step): {} for step in json.loads(metadata["steps"])
        }
        for name, array in tensors.items():
            step, _, parameter = name.partition("/")
            checkpoints[int(step)][parameter] = array
    except (LookupError, ValueError, TypeError) as error:
        raise ArtifactError(f"{folder / HISTORY_FILE} is not a history this version can read: {error!r}") from error
    return checkpoints


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file, with the permissions that other new files get.

    The package's own function lets nobody but the owner read it, and a service seldom runs as its owner.
    """
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    path.write_bytes(save(contiguous, metadata=dict(metadata)))


def read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """All tensors of a safetensors file, and its metadata.

    Raises:
        ArtifactError: The file is missing, truncated or not a safetensors file.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"{path} cannot be read as safetensors: {error}") from error


def _settings_of(layer: Layer) -> dict[str, Any]:
    """The layer's kind and whatever it was built with besides parameters."""
    arrays = layer.parameters
    return {"kind": layer.kind} | {key: value for key, value in vars(layer).items() if key not in arrays}
