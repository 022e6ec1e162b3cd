"""The served models, by name."""

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import UnknownModel
from app.framing import scaled_digits
from app.network_history import NetworkHistory
from app.served_network import CLASSES, INPUT_CONVENTION, ServedNetwork
from app.view_id import is_view_id
from app.visitor_networks import VisitorNetworks
from model.arrays import Labels
from model.artifact import PREDICTIONS_FILE, WEIGHTS_FILE, Artifact, load_artifact, load_predictions
from model.calibration import calibrate
from model.description import describe_layers
from model.errors import ArtifactError
from model.input_convention import (
    batch_size,
    digits_for,
    find_convention,
    is_finite,
    stated_convention,
    with_convention,
)
from model.onnx.reader import OnnxNetwork, load_onnx

SHOWN_DIGITS = 1000
"""Test digits from which the color ranges of an uploaded model are measured."""

logger = logging.getLogger(__name__)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""Names of uploaded models: they appear in addresses."""


class ModelCatalog:
    """The networks of the artifacts folder, the operator's own, and, by their ids alone, those of visitors.

    Attributes:
        shipped: By name, the networks of the artifacts folder.
        uploaded: By name, the networks of the operator's folder of ONNX files.
        rejected: File of the operator's folder that is not served → why.
    """

    def __init__(self, shipped: Mapping[str, ServedNetwork], visitors: VisitorNetworks | None = None) -> None:
        self.shipped = shipped
        self._visitors = visitors
        self.uploaded: dict[str, ServedNetwork] = {}
        self.rejected: dict[str, str] = {}

    @property
    def all(self) -> list[ServedNetwork]:
        """Shipped and uploaded models, in this order."""
        return [*self.shipped.values(), *self.uploaded.values()]

    def load_uploaded(self, folder: Path, digits: NDArray[np.uint8], labels: Labels) -> None:
        """Serve the ONNX files of a folder as well, each under its file name.

        A file that cannot be shown is logged and listed in `rejected`; the others are served.

        Args:
            folder: The folder of the files.
            digits: (N, 28, 28) uint8, from which each network's color ranges are measured, and its input convention.
            labels: (N,) uint8, theirs.

        Raises:
            ArtifactError: There is no such folder.
        """
        if not folder.is_dir():
            raise ArtifactError(f"KERNELSCOPE_MODELS is {folder}, which is not a folder")
        for path in sorted(folder.glob("*.onnx")):
            try:
                self._require_name(path.stem)
                self.uploaded[path.stem] = uploaded_network(path.stem, path.name, load_onnx(path), digits, labels)
            except ArtifactError as error:
                self._reject(path, str(error).removeprefix(str(path)).lstrip())
            except Exception:  # one bad file must not stop the server
                logger.exception("reading %s failed", path)
                self._reject(path, "cannot be read because of an error in this program, which is in the log")

    def _require_name(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise ArtifactError("has no valid name: use up to 40 letters, digits, - and _ before .onnx")
        if name in {served.name for served in self.all}:
            raise ArtifactError(f"has the name of a model that is already served: {name}")

    def _reject(self, path: Path, reason: str) -> None:
        self.rejected[path.name] = reason
        logger.warning("a model is not served", extra={"file": str(path), "reason": reason})

    @classmethod
    def load(cls, folder: Path, visitors: VisitorNetworks | None = None) -> "ModelCatalog":
        """Read each folder that holds a weights file.

        Args:
            folder: The folder of these folders.
            visitors: Networks that visitors upload, which are found by their ids but not listed.

        Raises:
            ArtifactError: There is none, or one cannot be read.
        """
        folders = sorted(path.parent for path in folder.glob(f"*/{WEIGHTS_FILE}"))
        if not folders:
            raise ArtifactError(f"{folder} holds no trained network: no folder in it has a {WEIGHTS_FILE}")
        served = [_serve(path) for path in folders]
        return cls({network.name: network for network in served}, visitors)

    def __getitem__(self, name: str) -> ServedNetwork:
        """The network of this name.

        Raises:
            UnknownModel: There is none; the message names the served models.
        """
        served = self.shipped.get(name) or self.uploaded.get(name)
        if served is None and self._visitors is not None and is_view_id(name):
            return self._visitors[name]
        if served is None:
            names = [each.name for each in self.all]
            raise UnknownModel(f"There is no model {name[:40]!r}; the models are: {', '.join(names)}.", models=names)
        return served


def _serve(folder: Path) -> ServedNetwork:
    artifact = load_artifact(folder)
    return ServedNetwork(
        artifact=artifact,
        layers={layer.name: layer for layer in describe_layers(artifact.network)},
        predictions=load_predictions(folder) if (folder / PREDICTIONS_FILE).exists() else None,
        history=NetworkHistory.load(folder),
    )


def uploaded_network(
    name: str, source: str, read: OnnxNetwork, digits: NDArray[np.uint8], labels: Labels
) -> ServedNetwork:
    """Prepare a network from an ONNX file for serving: find its input convention, measure its color ranges.

    What is found is part of the artifact's record, and the normalization is its first layer.

    Args:
        name: Its id.
        source: The name of its file, for its title.
        read: The network.
        digits: (N, 28, 28) uint8.
        labels: (N,) uint8, theirs.

    Raises:
        ArtifactError: Its activations are not finite; the message begins with a verb.
    """
    network, settings = read.network, read.settings
    count = digits_for(network, len(digits))
    pictures, labels = scaled_digits(digits[:count], network.input_shape[1]), labels[:count]
    if settings.normalization is not None:
        convention = stated_convention(network, settings.normalization, pictures, labels)
    else:
        convention = find_convention(network, pictures, labels)
    network = with_convention(network, convention.normalization)
    if not is_finite(network, pictures[:1]):
        raise ArtifactError("cannot be shown: for a test digit, some of its activations are not finite numbers")
    artifact = Artifact(
        name=name,
        title=f"Your own network, from {source}",
        network=network,
        calibration=calibrate(network, network.images_of(pictures), batch_size(network)),
        record={INPUT_CONVENTION: asdict(convention), **({CLASSES: settings.classes} if settings.classes else {})},
    )
    return ServedNetwork(artifact, {layer.name: layer for layer in describe_layers(network)}, predictions=None)
