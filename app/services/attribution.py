"""What filters look for, and what of a digit speaks for a class."""

from dataclasses import dataclass

import numpy as np

from app.errors import DigitUnlabeled, NotMeasured
from app.services.experiments import ExperimentRecords, Reading, reading_of, require_class
from app.services.framing import NetworkInput
from app.services.network_catalog import ServedNetwork
from app.services.sample_catalog import SampleCatalog
from model.arrays import Float32
from model.experiments.attribution import explain_by_gradient, explain_by_occlusion
from model.experiments.portraits import LayerPortraits
from model.geometry import Box, ReceptiveField

__all__ = ["class_asked", "explain_by_gradient", "explain_by_occlusion", "portrait_of", "portraits_of"]


@dataclass(frozen=True)
class ExcitingPatch:
    """Where a filter answers strongly.

    Attributes:
        sample: Index of the test digit.
        label: What its writer meant.
        row: Of the neuron, in the feature map.
        column: Likewise.
        value: Its pre-activation.
        box: What it sees of the input; may reach into the padding.
    """

    sample: int
    label: int
    row: int
    column: int
    value: float
    box: Box


@dataclass(frozen=True)
class FilterPortrait:
    """What a filter looks for.

    Attributes:
        field: What its neurons see.
        patches: The strongest, at most nine, each in another digit.
        digits: (patches, 28, 28) float32, those digits.
        mean_patch: (s, s) float32.
        ascent: (H, W) float32.
        ascent_value: What the middle neuron answers to it.
    """

    field: ReceptiveField
    patches: list[ExcitingPatch]
    digits: Float32
    mean_patch: Float32
    ascent: Float32
    ascent_value: float


def portraits_of(served: ServedNetwork, layer: str, records: ExperimentRecords) -> LayerPortraits:
    """What all filters of a layer look for, as it was measured.

    Raises:
        UnknownLayer: There is no such layer.
        NotMeasured: Its filters were not measured.
    """
    served.require_layer(layer)
    measured = records.portraits(served.name)
    if layer not in measured:
        raise NotMeasured(f"Layer {layer} of model {served.name} was not measured; these were: {', '.join(measured)}.")
    return measured[layer]


def portrait_of(
    served: ServedNetwork, layer: str, number: int, records: ExperimentRecords, samples: SampleCatalog
) -> FilterPortrait:
    """What a filter looks for, as it was measured.

    Raises:
        UnknownLayer: There is no such layer.
        UnknownFilter: There is no such filter.
        NotMeasured: The layer's filters were not measured.
    """
    portraits = portraits_of(served, layer, records)
    served.require_filter(layer, number)
    field = portraits.field
    patches = []
    for sample, (row, column), value in zip(
        portraits.samples[number].tolist(),
        portraits.places[number].tolist(),
        portraits.values[number].tolist(),
        strict=True,
    ):
        if sample < 0:
            continue
        box = Box(field.start + field.jump * row, field.start + field.jump * column, field.size, field.size)
        patches.append(ExcitingPatch(sample, samples[sample].label, row, column, value, box))
    digits = [samples[patch.sample].ink.astype(np.float32) / np.float32(255) for patch in patches]
    empty = np.zeros((0, *portraits.ascents.shape[1:]), np.float32)
    return FilterPortrait(
        field=field,
        patches=patches,
        digits=np.stack(digits) if digits else empty,
        mean_patch=portraits.mean_patches[number],
        ascent=portraits.ascents[number],
        ascent_value=float(portraits.ascent_values[number]),
    )


def class_asked(served: ServedNetwork, digit: NetworkInput, given: int | None) -> tuple[int, Reading | None]:
    """The class that is asked about, by default the one that the network reads; and what it reads.

    Raises:
        DigitUnlabeled: Nobody says, and there is no ink to read.
        InvalidInput: The network has no such class.
    """
    reading = reading_of(digit.pixels, served.trace(digit.pixels).probabilities[0])
    if given is not None:
        return require_class(given, [served]), reading
    if reading is None:
        raise DigitUnlabeled("The digit is blank, so that the network reads nothing: give a label, 0 to 9.")
    return reading.digit, reading
