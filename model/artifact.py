"""Trained networks on disk.

An artifact is a folder:

    weights.safetensors      the parameters by name (``conv1.weight``), float32; under the metadata key
                             ``kernelscope`` a JSON object with ``format``, ``name``, ``title``, ``input_shape``,
                             ``layers`` (name, kind and settings of each, in order), ``calibration`` by layer
                             and ``record`` (how it was trained, and its accuracy)
    predictions.safetensors  for the test digits: ``digits`` (N,) uint8, the predicted class of each, and
                             ``probabilities`` (N,) float32, its probability
    history.safetensors      exponential moving averages of the weights during training, without the last, which are the
                             weights themselves: ``<step>/<layer>.weight`` int8, to be multiplied by
                             ``<step>/<layer>.scale`` (F,) float32; ``<step>/<layer>.bias`` float16. The metadata key
                             ``steps`` holds all steps, the last one included, as a JSON array
    report.json              the record with the learning curve, for people

Only the first is needed to run the network. Nothing is pickled, so that a file from others cannot run code.
"""

import dataclasses
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from model.arrays import Float32, Labels
from model.calibration import LayerCalibration
from model.errors import ArtifactError, ModelError
from model.layers import LAYER_KINDS, Layer
from model.network import Network

FORMAT = "kernelscope-network-1"
METADATA_KEY = "kernelscope"

WEIGHTS_FILE = "weights.safetensors"
PREDICTIONS_FILE = "predictions.safetensors"
HISTORY_FILE = "history.safetensors"
REPORT_FILE = "report.json"

EXPERIMENTS_FOLDER = "experiments"
"""Folder beside the networks with the results of `model.measurements`."""
PIXEL_PERMUTATION_FILE = "pixel_permutation.json"
TRANSLATION_CURVE_FILE = "translation_curve.json"
VISUALIZATIONS_FILE = "feature_visualization.safetensors"
LAYER_KNOWLEDGE_FILE = "layer_knowledge.json"
LAYER_MAPS_FILE = "layer_maps.safetensors.gz"
STEP_PREDICTIONS_FILE = "step_predictions.safetensors.gz"
ROBUSTNESS_FILE = "robustness.json"


@dataclass(frozen=True)
class Artifact:
    """A trained network with its metadata.

    Attributes:
        name: Its id in the API, ``cnn``.
        title: One line for people.
        network: The network with its weights.
        calibration: By layer name.
        record: How it was trained, and its accuracy; JSON values.
    """

    name: str
    title: str
    network: Network
    calibration: Mapping[str, LayerCalibration]
    record: Mapping[str, Any]


def save_weights(artifact: Artifact, folder: Path) -> None:
    """Write ``weights.safetensors`` into a folder, which is created if it does not exist."""
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
        ArtifactError: The file is missing, damaged, of another format, or its parts are not compatible.
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
            layers[name] = LAYER_KINDS[settings["kind"]].from_parameters(own, settings)
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


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a network predicts for the test digits.

    Attributes:
        digits: (N,) uint8, the predicted classes.
        probabilities: (N,) float32, their probabilities.
    """

    digits: Labels
    probabilities: Float32


def save_predictions(probabilities: Float32, folder: Path) -> None:
    """Write ``predictions.safetensors``.

    Args:
        probabilities: (N, classes) float32.
        folder: The artifact's folder.
    """
    tensors = {"digits": probabilities.argmax(axis=1).astype(np.uint8), "probabilities": probabilities.max(axis=1)}
    write_tensors(folder / PREDICTIONS_FILE, tensors, {})


def load_predictions(folder: Path) -> Predictions:
    """Read ``predictions.safetensors``.

    Raises:
        ArtifactError: The file is missing, damaged or of another form.
    """
    tensors, _metadata = read_tensors(folder / PREDICTIONS_FILE)
    try:
        return Predictions(tensors["digits"], tensors["probabilities"])
    except LookupError as error:
        raise ArtifactError(f"{folder / PREDICTIONS_FILE} holds no predictions: {error!r}") from error


def save_history(history: Mapping[int, Mapping[str, NDArray[Any]]], folder: Path) -> None:
    """Write ``history.safetensors``.

    Args:
        history: Step → parameter name → weights. The last step's are those of ``weights.safetensors``.
        folder: The artifact's folder.
    """
    steps = sorted(history)
    tensors: dict[str, NDArray[Any]] = {}
    for step in steps[:-1]:
        for name, array in history[step].items():
            if name.endswith(".weight"):
                largest = np.abs(array).max(axis=tuple(range(1, array.ndim)), keepdims=True).astype(np.float32)
                # A kernel of zeros stays one.
                scale = np.where(largest > 0, largest, 1) / np.float32(127)
                tensors[f"{step}/{name}"] = np.rint(array / scale).astype(np.int8)
                tensors[f"{step}/{name.removesuffix('.weight')}.scale"] = scale.reshape(-1)
            else:
                tensors[f"{step}/{name}"] = array.astype(np.float16)
    write_tensors(folder / HISTORY_FILE, tensors, {"steps": json.dumps(steps)})


def load_history(folder: Path) -> dict[int, dict[str, NDArray[np.float16]]]:
    """Read the checkpoints of a run: step → parameter name → averaged weights, float16, in the order of the steps.

    Raises:
        ArtifactError: The file is missing, damaged or of another form.
    """
    tensors, metadata = read_tensors(folder / HISTORY_FILE)
    weights, _metadata = read_tensors(folder / WEIGHTS_FILE)
    try:
        *earlier, last = [int(step) for step in json.loads(metadata["steps"])]
        checkpoints = {
            step: {name: _restored(tensors, f"{step}/{name}").astype(np.float16) for name in weights}
            for step in earlier
        }
    except (LookupError, ValueError, TypeError) as error:
        raise ArtifactError(f"{folder / HISTORY_FILE} is not a history this version can read: {error!r}") from error
    return checkpoints | {last: {name: array.astype(np.float16) for name, array in weights.items()}}


def _restored(tensors: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """A parameter of the history, multiplied by its scale if it has one."""
    array = tensors[name]
    if not name.endswith(".weight"):
        return array
    scale = tensors[f"{name.removesuffix('.weight')}.scale"]
    return array * scale.reshape(-1, *(1,) * (array.ndim - 1))


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file, compressed if its name ends with ``.gz``, with the permissions that new files get.

    The package's own function makes it readable for the owner alone, and a service often runs as another user.
    """
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    content = save(contiguous, metadata=dict(metadata))
    # Without a time in the header, the same tensors give the same bytes.
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """All tensors of a safetensors file, and its metadata.

    Raises:
        ArtifactError: The file is missing, truncated or not a safetensors file.
    """
    try:
        if path.suffix == ".gz":
            content = gzip.decompress(path.read_bytes())
            length = int.from_bytes(content[:8], "little")
            return load(content), json.loads(content[8 : 8 + length]).get("__metadata__", {})
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, EOFError, ValueError, zlib.error, SafetensorError) as error:
        raise ArtifactError(f"{path} cannot be loaded: {error}") from error


def _settings_of(layer: Layer) -> dict[str, Any]:
    """The layer's kind and its settings besides parameters; those that are None are left out."""
    fields = {each.name: getattr(layer, each.name) for each in dataclasses.fields(layer)}  # type: ignore[arg-type]
    return {"kind": layer.kind} | {
        name: value for name, value in fields.items() if name not in layer.parameters and value is not None
    }
