"""Gradients measured from outside: nudge one number up and down and see what the loss does.

The loss is Σ dy · y, summed in float64, whose gradient by y is dy. The layers work in float32, so the step is a power
of two that float32 adds without rounding; where y is linear in each single number, as in a convolution, even a
large step is exact.
"""

from collections.abc import Callable

import numpy as np

from model.arrays import Float32
from model.layers import Layer
from model.layers.conv2d import between_holes, with_holes


def central_differences(loss: Callable[[], float], array: Float32, step: float) -> np.ndarray:
    """d(loss)/d(array), cell by cell: (loss(cell + step) - loss(cell - step)) / (2·step).

    Args:
        loss: A function of the array's current content.
        array: Changed in place, and put back.
        step: Large enough for float32.

    Returns:
        float64, of the array's shape.
    """
    slope = np.zeros(array.shape)
    for index in np.ndindex(*array.shape):
        kept = array[index]
        array[index] = kept + step
        above = loss()
        array[index] = kept - step
        below = loss()
        array[index] = kept
        slope[index] = (above - below) / (2 * step)
    return slope


def assert_gradients_match(
    layer: Layer, x: Float32, dy: Float32, step: float = 2.0**-4, tolerance: float = 1e-4
) -> None:
    """Compare `backward` with central differences, by the input and by every parameter.

    Args:
        layer: Any layer.
        x: Its input; for a layer with kinks, each value further than ``step`` from any.
        dy: The gradient by its output.
        step: How far each number is nudged.
        tolerance: Largest difference allowed, as a share of 1 + the largest slope.
    """
    _, context = layer.forward(x)
    dx, gradients = layer.backward(dy, context)
    assert gradients.keys() == layer.parameters.keys()

    def loss() -> float:
        return float(np.sum(layer.forward(x)[0].astype(np.float64) * dy))

    arrays = {"input": (x, dx)} | {name: (layer.parameters[name], gradients[name]) for name in gradients}
    for name, (array, analytic) in arrays.items():
        numeric = central_differences(loss, array, step)
        dilation = getattr(layer, "dilation", None)
        if name == "weight" and dilation is not None:  # What lies in holes is no weight.
            numeric = with_holes(between_holes(numeric, dilation), dilation)
        assert analytic.shape == array.shape, f"gradient by {name} is {analytic.shape}, {name} is {array.shape}"
        np.testing.assert_allclose(
            analytic,
            numeric,
            rtol=0,
            atol=tolerance * (1 + np.abs(numeric).max()),
            err_msg=f"gradient by {name}\nanalytic:\n{analytic}\nnumeric:\n{numeric}",
        )
