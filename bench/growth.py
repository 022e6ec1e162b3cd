"""How the time of a drawing grows: with filters, with the size of the input, with strokes. Clients are in `service`."""

from collections.abc import Callable, Mapping

import numpy as np

from model.digits.strokes import rasterize_strokes
from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network
from model.plan import InferencePlan

Call = Callable[[], object]

FILTERS = (8, 16, 32, 64, 128)
SIZES = (28, 40, 52, 64)
STROKES = (1, 10, 50, 200)

POINTS = 20
"""Of each stroke."""


def _one_convolution(filters: int, size: int) -> Call:
    """A convolution with its ReLU and pooling, and a linear layer, for one image."""
    rng = np.random.default_rng(0)
    network = Network(
        (1, size, size),
        {
            "conv1": Conv2d.create(rng, 1, filters, 5, padding=2),
            "relu1": ReLU(),
            "pool1": MaxPool2d(),
            "linear": Linear.create(rng, (filters, size // 2, size // 2), 10),
            "softmax": Softmax(),
        },
    )
    plan, image = InferencePlan(network), rng.random((1, 1, size, size), dtype=np.float32)
    return lambda: plan.trace(image)


def _drawing(strokes: int) -> Call:
    rng = np.random.default_rng(0)
    drawn = [rng.uniform(0.2, 0.8, 2) + np.cumsum(rng.normal(0, 0.02, (POINTS, 2)), axis=0) for _ in range(strokes)]
    return lambda: rasterize_strokes(drawn, 0.065)


SERIES: Mapping[str, Mapping[int, Callable[[], Call]]] = {
    "filters of a 5×5 convolution, 28×28": {each: lambda n=each: _one_convolution(n, 28) for each in FILTERS},  # type: ignore[misc]
    "rows of the input, 16 filters": {each: lambda n=each: _one_convolution(16, n) for each in SIZES},  # type: ignore[misc]
    f"strokes of {POINTS} points": {each: lambda n=each: _drawing(n) for each in STROKES},  # type: ignore[misc]
}

WORK_GROWS_WITH = {"rows of the input, 16 filters": 2}
"""The power of the number with which the work grows; of others 1."""


def name_of(series: str, number: int) -> str:
    """The name of a contender."""
    return f"{series}: {number}"


GROWTH = {name_of(series, number): prepare for series, numbers in SERIES.items() for number, prepare in numbers.items()}
