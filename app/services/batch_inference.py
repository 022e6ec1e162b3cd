"""A batch of images through a network, as programs that speak the Open Inference Protocol ask for it."""

from collections.abc import Sequence

from app.errors import UnknownLayer
from app.services.network_catalog import ServedNetwork
from model.arrays import Float32

INPUT = "input"

MOST_IMAGES = 64
"""In one request: all of a convolution's maps of so many images are 3 MB."""

USUAL = ("logits", "probabilities")
"""Outputs that come when none is named, (N, classes)."""


def output_shapes(served: ServedNetwork) -> dict[str, list[int]]:
    """Name → shape behind the batch axis."""
    layers = {name: list(layer.output_shape) for name, layer in served.layers.items()}
    return {**{name: [served.classes] for name in USUAL}, **layers}


def infer(served: ServedNetwork, images: Float32, names: Sequence[str]) -> dict[str, Float32]:
    """Outputs by name, each (N, …) float32.

    Raises:
        UnknownLayer: There is no such output.
    """
    known = output_shapes(served)
    wanted = list(names) or list(USUAL)
    for name in wanted:
        if name not in known:
            raise UnknownLayer(f"Model {served.name} has no output {name[:40]!r}; its outputs are: {', '.join(known)}.")
    trace = served.artifact.network.trace(images)
    usual = {"logits": trace.logits, "probabilities": trace.probabilities}
    return {name: usual[name] if name in usual else trace.outputs[name] for name in wanted}
