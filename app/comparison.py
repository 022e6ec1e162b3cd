"""The comparison of networks: which ones, and whether one digit fits them all.

This is the only place besides the default of the settings that names models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.errors import InvalidInput
from app.model_catalog import ModelCatalog
from app.served_network import ServedNetwork
from model.arrays import Shape3


@dataclass(frozen=True)
class ComparedModel:
    """A network that experiments compare.

    Attributes:
        id: Id of the model.
        name: Its name on the page.
        connection: How the first layer of a shipped one is connected to the digit; others are "other".
    """

    id: str
    name: str
    connection: Literal["fully-connected", "locally-connected", "convolution", "other"]


_COMPARED = (
    ComparedModel("cnn", "Convolutional", "convolution"),
    ComparedModel("locally-connected", "Locally connected", "locally-connected"),
    ComparedModel("mlp-500", "Perceptron of 500", "fully-connected"),
)

COMPARED_MODELS = tuple(model.id for model in _COMPARED)
"""The shipped networks that experiments compare: shared weights, unshared weights, full connections."""


def shown_comparison(catalog: ModelCatalog) -> list[ComparedModel]:
    """The compared models that are served, as pages show them: from full connections to shared weights."""
    return [model for model in reversed(_COMPARED) if model.id in catalog.shipped]


def compared_models(catalog: ModelCatalog, names: Sequence[str] | None) -> list[ServedNetwork]:
    """The models of this name, each once; without names, those of `COMPARED_MODELS` that are served.

    Raises:
        UnknownModel: One of the names is unknown.
    """
    if names is None:
        return [catalog.shipped[name] for name in COMPARED_MODELS if name in catalog.shipped]
    return [catalog[name] for name in dict.fromkeys(names)]


def common_input(networks: Sequence[ServedNetwork]) -> Shape3:
    """(C, H, W) of the input that serves all of the networks: in color if one of them reads colors.

    Raises:
        InvalidInput: Their inputs have different sizes, or there are no networks.
    """
    if not networks:
        raise InvalidInput("None of the compared models is served here; name models with ?models=.")
    sizes = {served.name: served.input_size for served in networks}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {size}×{size}" for name, size in sizes.items())
        raise InvalidInput(f"All models get the same digit, but their inputs differ: {listed}. Name fewer models.")
    return max(served.input_shape for served in networks)
