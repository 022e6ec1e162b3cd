import numpy as np
import pytest

from app.codecs.half_precision import to_half_precision

LARGEST = 65504


def bits_of(values: np.ndarray) -> np.ndarray:
    return values.view(np.uint16)


@pytest.mark.parametrize(
    ("number", "half"),
    [
        (0.0, 0.0),
        (1.0, 1.0),
        (1 + 2**-11, 1.0),  # halfway to the next one, to the even one
        (1 + 3 * 2**-11, 1 + 2**-9),
        (2.0**-14, 2.0**-14),  # the smallest with a whole fraction
        (2.0**-24, 2.0**-24),  # the smallest of all
        (2.0**-25, 0.0),
        (3 * 2.0**-25, 2.0**-23),
        (65519.9, 65504.0),
        (65520.0, 65504.0),  # to infinity, by the usual rounding
        (np.inf, 65504.0),
    ],
)
def test_numbers_are_rounded_to_the_nearest_and_stay_finite(number: float, half: float):
    halves = to_half_precision(np.array([number, -number], dtype=np.float32))

    np.testing.assert_array_equal(halves, np.array([half, -half], dtype=np.float16))
    assert np.signbit(halves[1])


def test_every_half_and_both_its_neighbors_become_what_numpy_makes_of_them():
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)].astype(np.float32)
    between = (halves[:-1] + halves[1:]) / 2
    exact = np.concatenate([halves, between])
    numbers = np.concatenate([exact, np.nextafter(exact, np.float32(np.inf)), np.nextafter(exact, np.float32(-np.inf))])

    expected = np.clip(numbers, -LARGEST, LARGEST).astype(np.float16)

    np.testing.assert_array_equal(bits_of(to_half_precision(numbers)), bits_of(expected))


def test_random_bits_become_what_numpy_makes_of_them():
    numbers = np.random.default_rng(0).integers(0, 2**32, 1_000_000, dtype=np.uint32).view(np.float32)
    numbers = numbers[~np.isnan(numbers)]

    expected = np.clip(numbers, -LARGEST, LARGEST).astype(np.float16)

    np.testing.assert_array_equal(bits_of(to_half_precision(numbers)), bits_of(expected))


def test_what_is_no_number_stays_none():
    halves = to_half_precision(np.array([1e9, np.nan, -2], dtype=np.float32))

    np.testing.assert_array_equal(halves, np.array([LARGEST, np.nan, -2], dtype=np.float16))


def test_no_numbers_become_none():
    assert to_half_precision(np.zeros(0, dtype=np.float32)).shape == (0,)
