import numpy as np
import pytest

from model.calibration import calibrate
from model.layers import Conv2d, Linear, ReLU, Softmax
from model.network import Network
from tests.builders import two_conv_network


def _one_pixel_network():
    """Filter 0 hands its pixel on, filter 1 turns its sign, filter 2 answers -1 to everything."""
    weight = np.array([1, -1, 0], dtype=np.float32).reshape(3, 1, 1, 1)
    return Network(
        (1, 1, 1),
        {
            "conv1": Conv2d(weight, np.array([0, 0, -1], dtype=np.float32)),
            "relu1": ReLU(),
            "linear": Linear(np.ones((10, 3, 1, 1), np.float32), np.zeros(10, np.float32)),
            "softmax": Softmax(),
        },
    )


def test_peaks_and_ranges_of_four_digits_worked_by_hand():
    images = np.array([2, 0.5, 1, 0], dtype=np.float32).reshape(4, 1, 1, 1)

    calibrations = calibrate(_one_pixel_network(), images)

    assert list(calibrations) == ["conv1", "relu1", "linear", "softmax"]
    assert calibrations["conv1"].peaks == [2, 0, -1]
    assert calibrations["relu1"].peaks == [2, 0, 0]
    # Twelve values each, so the 99.5th percentile is the largest; negative ones make the range go both ways.
    assert calibrations["conv1"].display_range == pytest.approx((-2, 2), rel=1e-4)
    assert calibrations["relu1"].display_range == pytest.approx((0, 2), rel=1e-4)
    assert calibrations["softmax"].display_range == pytest.approx((0, 0.1), rel=1e-4)


def test_one_loud_value_in_a_thousand_does_not_set_the_range():
    images = np.full((1000, 1, 1, 1), 0.5, dtype=np.float32)
    images[0] = 100

    calibration = calibrate(_one_pixel_network(), images)["relu1"]

    assert calibration.display_range == pytest.approx((0, 0.5), abs=2 * 100 / 50_000)
    assert calibration.peaks[0] == 100


def test_range_is_the_percentile_of_the_absolute_values(rng):
    network = two_conv_network(rng)
    images = rng.random((60, 1, 8, 8), dtype=np.float32)

    calibrations = calibrate(network, images)

    for name, output in network.trace(images).outputs.items():
        absolute = np.abs(output)
        expected = np.percentile(absolute, 99.5, method="inverted_cdf")
        low, high = calibrations[name].display_range
        assert high == pytest.approx(expected, abs=float(absolute.max()) * 2 / 50_000), name
        assert low == (-high if output.min() < 0 else 0), name
        assert calibrations[name].peaks == output.max(axis=(0, 2, 3)).tolist(), name


def test_batch_size_does_not_matter(rng):
    network = two_conv_network(rng)
    images = rng.random((23, 1, 8, 8), dtype=np.float32)

    whole, in_parts = calibrate(network, images, batch_size=23), calibrate(network, images, batch_size=7)

    for name, calibration in whole.items():
        assert in_parts[name].display_range == pytest.approx(calibration.display_range, rel=1e-3), name
        assert in_parts[name].peaks == pytest.approx(calibration.peaks, abs=1e-5), name


def test_silent_layer_has_peaks_of_zero_and_a_range_above_nothing():
    calibration = calibrate(_one_pixel_network(), np.zeros((3, 1, 1, 1), np.float32))["relu1"]

    assert calibration.peaks == [0, 0, 0]
    low, high = calibration.display_range
    assert low == 0 < high
