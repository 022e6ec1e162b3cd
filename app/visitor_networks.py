"""Networks that visitors uploaded or trained: read from the state folders when they are requested."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from app.errors import UnknownModel
from app.served_network import ServedNetwork
from app.state_folder import StateFolder
from app.view_id import expiry_of
from model.artifact import WEIGHTS_FILE, load_artifact
from model.description import describe_layers
from model.errors import ArtifactError

LOADED = 8
"""Networks that a process keeps in memory; reading one again takes milliseconds."""


class VisitorNetworks:
    """By view id."""

    def __init__(self, folders: Sequence[StateFolder]) -> None:
        """Look for networks in these folders."""
        self._folders = folders
        self._loaded: OrderedDict[str, ServedNetwork] = OrderedDict()
        self._loading = threading.Lock()

    def __getitem__(self, view_id: str) -> ServedNetwork:
        """The network of an id.

        Raises:
            UnknownModel: There is none, or it was deleted; the message says so if it was too old.
        """
        with self._loading:
            folder = next((path for each in self._folders if (path := each.find(view_id)) is not None), None)
            if folder is None:
                self._loaded.pop(view_id, None)
                raise UnknownModel(self._folders[0].what_became_of(view_id))
            served = self._loaded.get(view_id)
            if served is None:
                if not (folder / WEIGHTS_FILE).exists():
                    raise UnknownModel("This network is not trained yet.")
                try:
                    artifact = load_artifact(folder)
                except ArtifactError:  # deleted a moment ago
                    raise UnknownModel(self._folders[0].what_became_of(view_id)) from None
                layers = {layer.name: layer for layer in describe_layers(artifact.network)}
                served = ServedNetwork(artifact, layers, predictions=None, expires=expiry_of(view_id))
                self._loaded[view_id] = served
                if len(self._loaded) > LOADED:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(view_id)
            return served
