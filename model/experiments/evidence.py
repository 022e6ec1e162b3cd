"""Evidence for a class: which maps of every layer make its logit larger than that of a blank page, and through which.

The ink is raised from a blank page to the digit in steps. In each step the change of the logit is divided among the
values of every layer by the layers' `multipliers`, so that in every layer the contributions of all maps add up to the
logit's difference from the blank page. Biases are the same for both and drop out.

With more steps the contributions approach the integral of gradients along the way. Steps are shorter where there is
little ink, since most neurons switch on there: of 25 validation digits, 32 such steps came within 2 to 5% of 512 equal
ones, layer by layer, where 32 equal steps came within 3 to 9%.

Source:
    Sundararajan, Taly & Yan (2017), "Axiomatic attribution for deep networks", for the way from a baseline; for the
    multipliers see `model.layers.change`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.arrays import Float32, Float64
from model.layers.change import Change
from model.network import Network

STEPS = 32
"""Default number of steps from a blank page to the digit."""


@dataclass(frozen=True)
class LayerEvidence:
    """What the maps of one layer contribute.

    Attributes:
        contributions: (F,) float64, of each map.
        links: (F, C) float64, the part of map f's contribution that comes through map c of the layer before; None where
            each map reads only the map of the same number.
    """

    contributions: Float64
    links: Float64 | None


@dataclass(frozen=True)
class Evidence:
    """What makes the logit of a class differ from its logit for a blank page.

    Attributes:
        logit: Of the class, for the digit.
        blank_logit: Of the class, for a blank page.
        pixels: (H, W) float64, the contribution of each pixel.
        layers: Name → the contributions of its maps; every layer but the softmax.
    """

    logit: float
    blank_logit: float
    pixels: Float64
    layers: Mapping[str, LayerEvidence]

    @property
    def difference(self) -> float:
        """What the contributions of every layer add up to."""
        return self.logit - self.blank_logit

    def left_over(self, name: str) -> float:
        """The difference less the sum of a layer's contributions, to five decimals; float32 is no more precise."""
        return round(float(self.difference - self.layers[name].contributions.sum()), 5) + 0.0


def explain_by_evidence(network: Network, pixels: Float32, digit: int, steps: int = STEPS) -> Evidence:
    """Divide the logit's difference from a blank page among the maps of every layer.

    Args:
        network: The network; its last layer turns logits into probabilities.
        pixels: (H, W) float32, or (3, H, W) colors.
        digit: The class.
        steps: From a blank page to the digit.
    """
    shares = np.linspace(0, 1, steps + 1, dtype=np.float32) ** 2
    images = network.images_of(np.multiply.outer(shares, pixels))
    *names, _softmax = network.layers
    outputs = network.record(images, last=names[-1]).outputs
    logits = outputs[names[-1]][:, digit, 0, 0]
    multipliers = np.zeros_like(outputs[names[-1]][1:])
    multipliers[:, digit] = 1

    layers = {}
    for name, source in zip(reversed(names), reversed(["", *names[:-1]]), strict=True):
        y, x = _change(outputs[name]), _change(outputs[source] if source else images)
        contributions = np.einsum("nfhw,nfhw->f", multipliers, y.difference, dtype=np.float64)
        passed_on = network.layers[name].multipliers(multipliers, x, y)
        layers[name] = LayerEvidence(contributions, passed_on.links)
        multipliers = passed_on.multipliers
    by_pixel = np.einsum("nchw,nchw->hw", multipliers, _change(images).difference, dtype=np.float64)
    in_order = dict(reversed(layers.items()))
    return Evidence(float(logits[-1]), float(logits[0]), np.ascontiguousarray(by_pixel), in_order)


def _change(values: Float32) -> Change:
    """Every step of the way."""
    return Change(values[:-1], values[1:])
