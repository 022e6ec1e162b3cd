"""The served models, by name."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import UnknownModel
from app.framing import scaled_digits
from app.network_history import NetworkHistory
from app.served_network import ServedNetwork
from app.view_id import is_view_id
from app.visitor_networks import VisitorNetworks
from model.artifact import PREDICTIONS_FILE, VISITOR_MODEL, WEIGHTS_FILE, Artifact, load_artifact, load_predictions
from model.calibration import calibrate
from model.description import describe_layers
from model.errors import ArtifactError
from model.onnx.reader import OnnxNetwork, load_onnx

SHOWN_DIGITS = 1000
"""Test digits from which the color ranges of an uploaded model are measured."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""Names of uploaded models: they appear in addresses."""


class ModelCatalog:
    """The networks of the artifacts folder, uploaded models, one that a visitor trained, and what visitors upload.

    Attributes:
        shipped: By name, the networks of the artifacts folder.
        uploaded: By name, the networks of the operator's folder of ONNX files.
        trained: The visitor's model, until the server stops; None if there is none.
    """

    def __init__(self, shipped: Mapping[str, ServedNetwork], visitors: VisitorNetworks | None = None) -> None:
        self.shipped = shipped
        self._visitors = visitors
        self.uploaded: dict[str, ServedNetwork] = {}
        self.trained: ServedNetwork | None = None

    @property
    def all(self) -> list[ServedNetwork]:
        """Shipped, uploaded and trained models, in this order."""
        return [*self.shipped.values(), *self.uploaded.values(), *([self.trained] if self.trained else [])]

    def serve_trained(self, folder: Path) -> None:
        """Serve a network that a visitor trained, in place of the one before.

        Raises:
            ArtifactError: It cannot be read.
        """
        self.trained = _serve(folder)

    def load_uploaded(self, folder: Path, digits: NDArray[np.uint8]) -> None:
        """Serve the ONNX files of a folder as well, each under its file name.

        Args:
            folder: The folder of the files.
            digits: (N, 28, 28) uint8, from which each network's color ranges are measured.

        Raises:
            ArtifactError: There is no such folder, or a file is not a network that can be shown.
        """
        if not folder.is_dir():
            raise ArtifactError(f"KERNELSCOPE_MODELS is {folder}, which is not a folder")
        for path in sorted(folder.glob("*.onnx")):
            name = path.stem
            if not NAME.fullmatch(name):
                raise ArtifactError(f"{path} is not a valid name: use up to 40 letters, digits, - and _ before .onnx")
            if name in {served.name for served in self.all} or name == VISITOR_MODEL:
                raise ArtifactError(f"{path} has the name of a model that is already served: {name}")
            self.uploaded[name] = uploaded_network(name, f"{name}.onnx", load_onnx(path), digits)

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
        trained = self.trained
        if trained is not None and name == trained.name:
            return trained
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


def uploaded_network(name: str, source: str, read: OnnxNetwork, digits: NDArray[np.uint8]) -> ServedNetwork:
    """Prepare a network from an ONNX file for serving: measure its color ranges, describe its layers.

    Args:
        name: Its id.
        source: The name of its file, for its title.
        read: The network.
        digits: (N, 28, 28) uint8.
    """
    network = read.network
    images = scaled_digits(digits, network.input_shape[1])
    artifact = Artifact(
        name=name,
        title=f"Your own network, from {source}",
        network=network,
        calibration=calibrate(network, network.images_of(images)),
        record={},
    )
    return ServedNetwork(artifact, {layer.name: layer for layer in describe_layers(network)}, predictions=None)
