"""The range of each layer's activations over many digits, which fixes the color scale of its maps.

If each map had a color scale of its own, a weakly activated filter would look like a strongly activated one, and two
digits could not be compared. So each layer of a model has one fixed range.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.network import Network

PERCENTILE = 99.5
BINS = 50_000


@dataclass(frozen=True)
class LayerCalibration:
    """One layer's activations over the digits it was calibrated on.

    Attributes:
        display_range: Lowest and highest value with a color of its own: -p and p, where p is the 99.5th percentile of
            the absolute values; 0 and p for a layer whose activations are never negative.
        peaks: Each filter's highest activation on any digit. After a ReLU, 0 means a dead filter.
    """

    display_range: tuple[float, float]
    peaks: list[float]


def calibrate(network: Network, images: NDArray[np.float32], batch_size: int = 250) -> dict[str, LayerCalibration]:
    """Measure every layer over a set of digits.

    The percentile is read from a histogram of 50,000 bins, so that no activations are kept; it is exact to
    1/50,000 of the layer's largest value.

    Args:
        network: The network.
        images: (N, C, H, W) float32.
        batch_size: Images at a time.

    Returns:
        By layer name.
    """
    begins = range(0, len(images), batch_size)
    highest: dict[str, NDArray[np.float32]] = {}
    lowest: dict[str, float] = {}
    for begin in begins:
        for name, output in network.trace(images[begin : begin + batch_size]).outputs.items():
            peaks = output.max(axis=(0, 2, 3))
            highest[name] = np.maximum(highest.get(name, peaks), peaks)
            lowest[name] = min(lowest.get(name, 0.0), float(output.min()))

    largest = {name: max(float(highest[name].max()), -lowest[name], 1e-12) for name in highest}
    counts = {name: np.zeros(BINS, dtype=np.int64) for name in highest}
    for begin in begins:
        for name, output in network.trace(images[begin : begin + batch_size]).outputs.items():
            # As np.histogram with bins of one width, in a fifth of its time.
            bins = np.abs(output)
            bins *= np.float32(BINS / largest[name])
            np.minimum(bins, BINS - 1, out=bins)
            counts[name] += np.bincount(bins.astype(np.int32).ravel(order="K"), minlength=BINS)

    calibrations = {}
    for name, count in counts.items():
        reached = np.searchsorted(np.cumsum(count), count.sum() * PERCENTILE / 100)
        high = float(largest[name] * (reached + 1) / BINS)
        calibrations[name] = LayerCalibration(
            display_range=(-high if lowest[name] < 0 else 0.0, high),
            peaks=[float(peak) for peak in highest[name]],
        )
    return calibrations
