"""The backward pass through every layer: how one neuron's δ is added up from those of the neurons that read it.

δ is the gradient of the loss by a neuron's output. Every neuron of the next layer that reads the output contributes a
part: its own δ times its slope, which is how fast its output changes with this one. All of it is computed in double
precision by the layers' own `forward` and `backward`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32, Float64
from model.errors import NeuronError
from model.experiments.gradients import STEP
from model.geometry import Box
from model.layers import Layer
from model.losses import log_softmax
from model.network import Network, Recording
from model.neuron import INPUT

LOSS = "loss"
"""What reads the logits: the cross-entropy of their softmax."""

KINK = 1e-3
"""A slope that changes by more within the finite difference step has passed a kink; smooth ones change by less."""


@dataclass(frozen=True)
class Parts:
    """What one neuron's δ is added up from.

    Attributes:
        delta: The neuron's δ, by the layers' `backward`.
        next: The layer that reads the neuron, or ``loss``.
        operation: What that layer's neurons compute, or ``loss``.
        first_filter: The first of the filters that read the neuron.
        readers: Where the neurons that read it lie in that layer's maps; no rows or columns if none does.
        slopes: (F, h, w) float64, of those neurons. Of the loss, whose gradient by a logit is the probability minus 1
            for the correct class, these two terms, (2, 1, 1).
        deltas: (F, h, w) float64, δ of those neurons; of the loss, ones.
    """

    delta: float
    next: str
    operation: str
    first_filter: int
    readers: Box
    slopes: Float64
    deltas: Float64

    @property
    def parts(self) -> Float64:
        """(F, h, w) float64, which add up to δ."""
        return self.slopes * self.deltas


@dataclass(frozen=True)
class OutputDifference:
    """The loss after a small change of one neuron's output, in both directions.

    Attributes:
        step: How far the output was changed in each direction.
        loss_below: The loss with the output minus the step.
        loss_above: The loss with the output plus the step.
        kinks: Slopes of later neurons that change within the step: gates of ReLUs, and winners of poolings. With any,
            the quotient is the mean of the slopes on two sides, and δ is the slope on one of them.
        resolution: Rounding of the loss over the step: a quotient is known no better.
    """

    step: float
    loss_below: float
    loss_above: float
    kinks: int
    resolution: float

    @property
    def quotient(self) -> float:
        """The central difference quotient, which approximates δ."""
        return (self.loss_above - self.loss_below) / (2 * self.step)


class BackwardPass:
    """The backward pass of one digit's loss.

    Attributes:
        loss: -log of the label's probability, in nats.
        probabilities: (classes,) float64.
        deltas: Layer before the softmax, or ``input`` → (F, H, W) float64, δ.
        outputs: The same layers → (F, H, W) float64, what they compute; ``input`` is the digit.
    """

    def __init__(self, network: Network, pixels: Float32, label: int) -> None:
        """Run it.

        Args:
            network: The network.
            pixels: (H, W) float32, or (3, H, W) colors.
            label: The class that counts as correct.
        """
        self._network, self._label = network.as_dtype(np.float64), label
        self._names = [INPUT, *list(network.layers)[:-1]]
        digit: NDArray[Any] = network.images_of(pixels[np.newaxis]).astype(np.float64)
        recording: Recording = self._network.record(digit, last=self._names[-1])
        log_probabilities = log_softmax(recording.outputs[self._names[-1]][:, :, 0, 0])
        delta = np.exp(log_probabilities)
        self.probabilities: Float64 = delta[0].copy()
        delta[0, label] -= 1
        back = self._network.backward_from(self._names[-1], delta[:, :, np.newaxis, np.newaxis], recording)
        assert back.input is not None, "it is left out only on request"
        self.loss = 0.0 - float(log_probabilities[0, label])
        self.deltas: Mapping[str, Float64] = {
            INPUT: back.input[0],
            **{name: back.deltas[name][0] for name in back.deltas},
        }
        self.outputs: Mapping[str, Float64] = {
            INPUT: digit[0],
            **{name: output[0] for name, output in recording.outputs.items()},
        }

    @property
    def layers(self) -> list[str]:
        """``input`` and the layers before the softmax, in their order."""
        return list(self._names)

    def strongest(self, layer: str) -> tuple[int, int, int]:
        """Filter, row and column of the neuron with the largest |δ| in a layer."""
        deltas = self.deltas[layer]
        filter_number, row, column = np.unravel_index(int(np.abs(deltas).argmax()), deltas.shape)
        return int(filter_number), int(row), int(column)

    def parts_of(self, layer: str, neuron: tuple[int, int, int]) -> Parts:
        """What the δ of a neuron is added up from.

        Args:
            layer: ``input`` or a layer before the softmax.
            neuron: Filter, row and column.

        Raises:
            NeuronError: There is no such neuron.
        """
        self._require(layer, neuron)
        delta = float(self.deltas[layer][neuron])
        if layer == self._names[-1]:
            target = float(neuron[0] == self._label)
            slopes = np.array([self.probabilities[neuron[0]], -target]).reshape(2, 1, 1)
            return Parts(delta, LOSS, LOSS, 0, Box(0, 0, 1, 1), slopes, np.ones_like(slopes))
        reader = self._names[self._names.index(layer) + 1]
        of_reader = self._network.layers[reader]
        readers = _readers_of(of_reader, neuron, self.deltas[reader].shape)
        slopes = _slopes_of(of_reader, self.outputs[layer], neuron, readers)
        first, last = _filters(of_reader, slopes, neuron[0])
        rows, columns = (
            slice(readers.top, readers.top + readers.height),
            slice(readers.left, readers.left + readers.width),
        )
        return Parts(
            delta=delta,
            next=reader,
            operation=of_reader.operation,
            first_filter=first,
            readers=readers,
            slopes=np.ascontiguousarray(slopes[first:last, rows, columns]),
            deltas=np.ascontiguousarray(self.deltas[reader][first:last, rows, columns]),
        )

    def difference_of(self, layer: str, neuron: tuple[int, int, int], step: float = STEP) -> OutputDifference:
        """Change a neuron's output a little in both directions and measure the loss.

        Args:
            layer: As above.
            neuron: Filter, row and column.
            step: How far the output is changed.

        Raises:
            NeuronError: There is no such neuron.
        """
        self._require(layer, neuron)
        x: NDArray[Any] = np.stack([self.outputs[layer]] * 2)
        x[(0, *neuron)] -= step
        x[(1, *neuron)] += step
        kinks = 0
        for name in self._names[self._names.index(layer) + 1 :]:
            later = self._network.layers[name]
            y, context = later.forward(x)
            if later.operation in ("rectifier", "function", "maximum"):
                slopes, _ = later.backward(np.ones_like(y), context)
                assert slopes is not None, "it is left out only on request"
                kinks += int((np.abs(slopes[1] - slopes[0]) > KINK).sum())
            x = y
        logits = x[:, :, 0, 0]
        below, above = -log_softmax(logits)[:, self._label]
        resolution = float(np.finfo(np.float64).eps * (1 + np.abs(logits).max()) / step)
        return OutputDifference(step, float(below), float(above), kinks, resolution)

    def _require(self, layer: str, neuron: tuple[int, int, int]) -> None:
        if layer not in self.deltas:
            raise NeuronError(f"there is no layer {layer!r} before the softmax; there are: {', '.join(self._names)}")
        extents = zip(("filter", "row", "column"), neuron, self.deltas[layer].shape, strict=True)
        for what, value, count in extents:
            if not 0 <= value < count:
                raise NeuronError(f"{what} {value} of {layer} does not exist: it has {what}s 0 to {count - 1}")


def _readers_of(layer: Layer, neuron: tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """Where the neurons of a layer lie whose patches hold a position of its input."""
    _, height, width = shape
    window = layer.window
    if window is None:
        return Box(0, 0, height, width)
    _, row, column = neuron
    rows = [at for at in range(height) if 0 <= row - window.patch_at(at, 0).top < window.size[0]]
    columns = [at for at in range(width) if 0 <= column - window.patch_at(0, at).left < window.size[1]]
    return Box(rows[0] if rows else 0, columns[0] if columns else 0, len(rows), len(columns))


def _slopes_of(layer: Layer, source: NDArray[Any], neuron: tuple[int, int, int], readers: Box) -> Float64:
    """(F, H, W), how fast every output of a layer changes with one value of its input, (C, H, W)."""
    if layer.operation in ("weighted_sum", "mean", "copy"):
        # The layer is linear: what a single one adds to its output, wherever the input is.
        unit: NDArray[Any] = np.zeros((2, *source.shape))
        unit[(1, *neuron)] = 1
        y, _ = layer.forward(unit)
        return np.asarray(y[1] - y[0], np.float64)
    y, context = layer.forward(source[np.newaxis])
    slopes = np.zeros(y.shape[1:])
    if layer.operation != "maximum":
        dx, _ = layer.backward(np.ones_like(y), context)
        assert dx is not None, "it is left out only on request"
        slopes[neuron] = dx[(0, *neuron)]
        return slopes
    # Each window that holds the value, by itself: the value has the slope 1 where it wins.
    filter_number, row, column = neuron
    positions = [
        (at // readers.width + readers.top, at % readers.width + readers.left)
        for at in range(readers.height * readers.width)
    ]
    if positions:
        y, context = layer.forward(
            np.repeat(source[np.newaxis, filter_number : filter_number + 1], len(positions), axis=0)
        )
        dy = np.zeros_like(y)
        for number, position in enumerate(positions):
            dy[(number, 0, *position)] = 1
        dx, _ = layer.backward(dy, context)
        assert dx is not None, "it is left out only on request"
        for number, position in enumerate(positions):
            slopes[(filter_number, *position)] = dx[number, 0, row, column]
    return slopes


def _filters(layer: Layer, slopes: Float64, own: int) -> tuple[int, int]:
    """First and last + 1 of the filters that read the neuron: of a weighted sum all with a weight for it."""
    if layer.operation != "weighted_sum":
        return own, own + 1
    reading = np.flatnonzero(np.abs(slopes).max(axis=(1, 2)))
    return (int(reading[0]), int(reading[-1]) + 1) if reading.size else (0, len(slopes))
