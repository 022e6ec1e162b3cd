"""A bar of light instead of a digit, and how each filter takes its angle."""

from dataclasses import dataclass

import numpy as np

from app.errors import InvalidInput
from app.services.network_catalog import ServedNetwork
from model.experiments.orientation import SELECTIVE, Bar, Measure, Tuning, sweep_angles

__all__ = ["SELECTIVE", "Bar", "LayerTuning", "Measure", "tune"]


POOLING = ("max_pool2d", "avg_pool2d")


@dataclass(frozen=True)
class LayerTuning:
    """The tuning of each filter of a layer."""

    name: str
    kind: str
    filters: list[Tuning]


def rectified_layers(served: ServedNetwork) -> list[str]:
    """Layers whose values are not negative and no classes: those a tuning curve can be drawn of."""
    rectified, found = False, []
    for name, layer in served.layers.items():
        # Pooling keeps the sign of what it reads.
        rectified = layer.kind == "relu" or (rectified and layer.kind in POOLING)
        if rectified:
            found.append(name)
    return found


def first_rectified(served: ServedNetwork) -> list[str]:
    """The first ReLU, and the pooling behind it if there is one.

    Raises:
        InvalidInput: There is no ReLU.
    """
    names = list(served.layers)
    can = rectified_layers(served)
    if not can:
        raise InvalidInput(f"Model {served.name} has no ReLU; tuning curves can be drawn of layers behind one.")
    following = names[names.index(can[0]) + 1]
    return [can[0], following] if following in can and served.layers[following].kind in POOLING else [can[0]]


def tune(
    served: ServedNetwork, layers: list[str] | None, bar: Bar, step: float, measure: Measure
) -> tuple[list[float], list[LayerTuning]]:
    """The angles shown, and how each filter of the layers took them.

    Raises:
        UnknownLayer: There is no such layer.
        InvalidInput: One of them can be negative.
    """
    chosen = served.choose_layers(layers) if layers else first_rectified(served)
    can = rectified_layers(served)
    for name in chosen:
        if name not in can:
            raise InvalidInput(
                f"Layer {name} is a {served.layers[name].kind}; tuning curves can be drawn of: {', '.join(can)}."
            )
    angles = [float(angle) for angle in np.arange(0, 180, step)]
    tunings = sweep_angles(served.artifact.network, chosen, bar, angles, measure)
    return angles, [LayerTuning(name, served.layers[name].kind, tunings[name]) for name in chosen]
