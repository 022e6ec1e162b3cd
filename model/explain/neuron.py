"""One neuron's arithmetic, written out: what it read, what it multiplied, what it summed, what came out.

The sums are taken in float64, so that they show the arithmetic and not the rounding; how far the network's own
float32 value lies from them is part of the answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Images
from model.errors import NeuronError
from model.geometry import Box, Window
from model.layers import AvgPool2d, Conv2d, Linear, LocallyConnected2d, MaxPool2d, ReLU, Softmax
from model.network import ForwardTrace, Network

INPUT = "input"
"""What the first layer reads, by the name that explanations use."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class WeightedSum:
    """``bias + Σ patch · kernel``, of a convolution or a fully connected layer.

    Attributes:
        kernel: (C, kH, kW) float32.
        products: (C, kH, kW) float64, patch times kernel.
        channel_sums: (C,) float64, the products of each input channel summed.
        bias: The filter's.
    """

    kernel: Float32
    products: Float64
    channel_sums: Float64
    bias: float


@dataclass(frozen=True)
class NeuronArithmetic:
    """How one neuron came by its activation.

    Attributes:
        reads: The layer it reads, or ``input``.
        first_channel: The first channel of that layer in the patch.
        patch: (C, kH, kW) float32, what it read; 0 where it read padding.
        patch_span: Where the patch lies in the maps it reads; may reach into padding.
        weighted_sum: Of a layer with kernels, else None.
        winner: Row and column, in the patch, of the value that a pooling neuron passed on, else None.
        exponentials: (classes,) float64 of a softmax neuron, ``exp(logit - largest logit)``; their share is its
            value. Else None.
        computed: The value by this arithmetic, float64.
        activation: The value that the network stored, float32.
    """

    reads: str
    first_channel: int
    patch: Float32
    patch_span: Box
    weighted_sum: WeightedSum | None
    winner: tuple[int, int] | None
    exponentials: Float64 | None
    computed: float
    activation: float

    @property
    def difference(self) -> float:
        """Stored minus computed: what float32 rounding, and the order of summing, cost."""
        return self.activation - self.computed


def explain_neuron(
    network: Network, image: Images, trace: ForwardTrace, layer: str, filter_number: int, row: int, column: int
) -> NeuronArithmetic:
    """Write out one neuron's arithmetic.

    Args:
        network: The network.
        image: (1, C, H, W) float32, what it read.
        trace: What it made of it.
        layer: The neuron's layer.
        filter_number: The neuron's filter.
        row: In the feature map.
        column: In the feature map.

    Raises:
        NeuronError: There is no such neuron; the message says what there is.
    """
    _require_neuron(network, layer, filter_number, row, column)
    names = list(network.layers)
    place = names.index(layer)
    reads = names[place - 1] if place else INPUT
    # Contiguous, whatever the memory order inside the network: what is made of it is written out as bytes.
    source = np.ascontiguousarray((trace.outputs[reads] if place else image)[0])
    activation = float(trace.outputs[layer][0, filter_number, row, column])

    match network.layers[layer]:
        case Conv2d() as convolution:
            patch, span = _patch(source, convolution.window, row, column)
            terms = _weighted_sum(patch, convolution.weight[filter_number], float(convolution.bias[filter_number]))
            return NeuronArithmetic(reads, 0, patch, span, terms, None, None, _total(terms), activation)
        case LocallyConnected2d() as local:
            patch, span = _patch(source, local.window, row, column)
            own = local.weight[row, column, filter_number], float(local.bias[row, column, filter_number])
            terms = _weighted_sum(patch, *own)
            return NeuronArithmetic(reads, 0, patch, span, terms, None, None, _total(terms), activation)
        case Linear() as linear:
            terms = _weighted_sum(source, linear.weight[filter_number], float(linear.bias[filter_number]))
            span = Box(0, 0, *source.shape[1:])
            return NeuronArithmetic(reads, 0, source, span, terms, None, None, _total(terms), activation)
        case MaxPool2d() as pooling:
            patch, span = _patch(source[filter_number : filter_number + 1], pooling.window, row, column)
            column_in_patch, row_in_patch = divmod(
                int(patch[0].T.argmax()), pooling.size
            )  # of equals, as in `MaxPool2d`
            winner = (row_in_patch, column_in_patch)
            return NeuronArithmetic(
                reads, filter_number, patch, span, None, winner, None, float(patch.max()), activation
            )
        case AvgPool2d() as averaging:
            patch, span = _patch(source[filter_number : filter_number + 1], averaging.window, row, column)
            mean = float(patch.mean(dtype=np.float64))
            return NeuronArithmetic(reads, filter_number, patch, span, None, None, None, mean, activation)
        case ReLU() as relu:
            patch, span = _patch(source[filter_number : filter_number + 1], relu.window, row, column)
            computed = max(0.0, float(patch[0, 0, 0]))
            return NeuronArithmetic(reads, filter_number, patch, span, None, None, None, computed, activation)
        case Softmax():
            logits = source[:, 0, 0].astype(np.float64)
            exponentials = np.exp(logits - logits.max())
            computed = float(exponentials[filter_number] / exponentials.sum())
            span = Box(0, 0, 1, 1)
            return NeuronArithmetic(reads, 0, source, span, None, None, exponentials, computed, activation)
        case other:
            raise NotImplementedError(f"no arithmetic is written for {other.kind}")


def _require_neuron(network: Network, layer: str, filter_number: int, row: int, column: int) -> None:
    if layer not in network.layers:
        raise NeuronError(f"there is no layer {layer!r}; the layers are {', '.join(network.layers)}")
    filters, height, width = network.output_shapes[layer]
    for what, value, count in (("filter", filter_number, filters), ("row", row, height), ("column", column, width)):
        if not 0 <= value < count:
            raise NeuronError(f"{what} {value} of {layer} does not exist: it has {what}s 0 to {count - 1}")


def _patch(source: Float32, window: Window, row: int, column: int) -> tuple[Float32, Box]:
    """(C, k, k) that a window at this place reads, zeros for padding, and where it lies."""
    span = Box(row * window.stride - window.padding, column * window.stride - window.padding, window.size, window.size)
    seen = span.inside(*source.shape[1:])
    patch = np.zeros((len(source), window.size, window.size), dtype=np.float32)
    top, left = seen.top - span.top, seen.left - span.left
    patch[:, top : top + seen.height, left : left + seen.width] = source[
        :, seen.top : seen.top + seen.height, seen.left : seen.left + seen.width
    ]
    return patch, span


def _weighted_sum(patch: Float32, kernel: Float32, bias: float) -> WeightedSum:
    products = patch.astype(np.float64) * kernel
    return WeightedSum(np.ascontiguousarray(kernel), products, products.sum(axis=(1, 2)), bias)


def _total(terms: WeightedSum) -> float:
    return float(terms.channel_sums.sum()) + terms.bias
