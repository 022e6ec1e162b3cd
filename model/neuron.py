"""One neuron's arithmetic, written out: its input, products, sums and activation.

The sums are taken in float64, so that they show the arithmetic and not the rounding. The difference to the network's
own float32 activation is part of the result.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Images
from model.errors import NeuronError
from model.layers.neuron_terms import NeuronTerms
from model.network import ForwardTrace, Network

INPUT = "input"
"""What the first layer reads, by the name that explanations use."""


@dataclass(frozen=True, kw_only=True)
class NeuronArithmetic(NeuronTerms):
    """How one neuron computes its activation.

    Attributes:
        reads: The layer it reads, or ``input``.
        activation: The value that the network stored, float32.
    """

    reads: str
    activation: float

    @property
    def difference(self) -> float:
        """Stored minus computed: the error of float32 rounding and of the order of summing."""
        return self.activation - self.computed


def explain_neuron(
    network: Network, image: Images, trace: ForwardTrace, layer: str, filter_number: int, row: int, column: int
) -> NeuronArithmetic:
    """Write out one neuron's arithmetic.

    Args:
        network: The network.
        image: (1, C, H, W) float32, the network's input.
        trace: Its activations for that image.
        layer: The neuron's layer.
        filter_number: The neuron's filter.
        row: In the feature map.
        column: In the feature map.

    Raises:
        NeuronError: There is no such neuron; the message says what there is.
    """
    _require_neuron(network, layer, filter_number, row, column)
    names = list(network.layers)
    position = names.index(layer)
    reads = names[position - 1] if position else INPUT
    # Contiguous, since the patch is written as bytes.
    source = np.ascontiguousarray((trace.outputs[reads] if position else image)[0])
    terms = network.layers[layer].neuron_terms(source, filter_number, row, column)
    return NeuronArithmetic(
        **vars(terms), reads=reads, activation=float(trace.outputs[layer][0, filter_number, row, column])
    )


def _require_neuron(network: Network, layer: str, filter_number: int, row: int, column: int) -> None:
    if layer not in network.layers:
        raise NeuronError(f"there is no layer {layer!r}; the layers are {', '.join(network.layers)}")
    filters, height, width = network.output_shapes[layer]
    for what, value, count in (("filter", filter_number, filters), ("row", row, height), ("column", column, width)):
        if not 0 <= value < count:
            raise NeuronError(f"{what} {value} of {layer} does not exist: it has {what}s 0 to {count - 1}")
