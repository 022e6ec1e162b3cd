"""Networks that visitors uploaded: read from the state folder when they are requested."""

import threading
from collections import OrderedDict
from datetime import UTC, datetime

from app.errors import UnknownModel
from app.served_network import ServedNetwork
from app.state_folder import StateFolder
from app.view_id import expiry_of, is_view_id
from model.artifact import load_artifact
from model.description import describe_layers
from model.errors import ArtifactError

LOADED = 8
"""Networks that a process keeps in memory; reading one again takes milliseconds."""


class VisitorNetworks:
    """By view id."""

    def __init__(self, state: StateFolder) -> None:
        self.state = state
        self._loaded: OrderedDict[str, ServedNetwork] = OrderedDict()
        self._loading = threading.Lock()

    def __getitem__(self, view_id: str) -> ServedNetwork:
        """The network of an id.

        Raises:
            UnknownModel: There is none, or it was deleted; the message says so if it was too old.
        """
        with self._loading:
            folder = self.state.find(view_id)
            if folder is None:
                self._loaded.pop(view_id, None)
                raise UnknownModel(_what_became_of(view_id, self.state.seconds))
            served = self._loaded.get(view_id)
            if served is None:
                try:
                    artifact = load_artifact(folder)
                except ArtifactError:  # deleted a moment ago
                    raise UnknownModel(_what_became_of(view_id, self.state.seconds)) from None
                layers = {layer.name: layer for layer in describe_layers(artifact.network)}
                served = ServedNetwork(artifact, layers, predictions=None, expires=expiry_of(view_id))
                self._loaded[view_id] = served
                if len(self._loaded) > LOADED:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(view_id)
            return served


def _what_became_of(view_id: str, seconds: float) -> str:
    kept = f"Networks of visitors are kept for {seconds / 3600:g} hours"
    expiry = datetime.fromtimestamp(expiry_of(view_id), UTC)
    if is_view_id(view_id) and expiry <= datetime.now(UTC):
        return f"{kept}; this one was deleted at {expiry:%Y-%m-%d %H:%M} UTC. Upload it again to look at it."
    return f"There is no such network. {kept}, or until they are deleted."
