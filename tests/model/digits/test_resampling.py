import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.digits.resampling import resize, resize_matrix

extents = st.integers(1, 40)


def test_halving_reads_each_pixel_under_a_triangle_two_new_pixels_wide():
    # Triangle of half-width 2 about 1.0: weights 3/4, 3/4, 1/4, 0 for the pixels at 0.5, 1.5, 2.5, 3.5.
    np.testing.assert_allclose(resize_matrix(4, 2), [[3 / 7, 3 / 7, 1 / 7, 0],
                                                     [0, 1 / 7, 3 / 7, 3 / 7]], rtol=1e-6)  # fmt: skip


def test_doubling_interpolates_between_neighbors():
    np.testing.assert_allclose(resize_matrix(2, 4), [[1, 0],
                                                     [0.75, 0.25],
                                                     [0.25, 0.75],
                                                     [0, 1]], rtol=1e-6)  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 7, 20])
def test_same_size_changes_nothing(size):
    np.testing.assert_array_equal(resize_matrix(size, size), np.eye(size))


@given(size=extents, new_size=extents)
def test_every_new_pixel_is_a_weighted_mean_of_old_ones(size, new_size):
    matrix = resize_matrix(size, new_size)

    assert matrix.shape == (new_size, size)
    assert matrix.dtype == np.float32
    assert matrix.min() >= 0
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-6)


@given(size=extents, new_size=extents)
def test_no_old_pixel_is_skipped_by_shrinking(size, new_size):
    size, new_size = max(size, new_size), min(size, new_size)

    assert resize_matrix(size, new_size).sum(axis=0).min() > 0


@given(size=extents, new_size=extents)
def test_mirrored_image_is_resized_to_the_mirrored_result(size, new_size):
    matrix = resize_matrix(size, new_size)

    np.testing.assert_allclose(matrix[::-1, ::-1], matrix, rtol=0, atol=1e-6)


def test_thin_stroke_does_not_vanish_when_shrunk_sixfold():
    for column in range(120):
        image = np.zeros((120, 120), np.float32)
        image[:, column] = 1

        # A sixth of a new pixel's width, spread over at most three.
        assert resize(image, 20, 20)[10].sum() == pytest.approx(1 / 6, rel=0.5), column


def test_each_axis_is_resized_on_its_own():
    image = np.array([[0, 1],
                      [2, 3],
                      [4, 9]], dtype=np.float32)  # fmt: skip

    resized = resize(image, 3, 4)

    np.testing.assert_allclose(resized, [[0, 0.25, 0.75, 1],
                                         [2, 2.25, 2.75, 3],
                                         [4, 5.25, 7.75, 9]], rtol=1e-6)  # fmt: skip
    assert resized.dtype == np.float32


@pytest.mark.parametrize(("height", "width"), [(3, 5), (9, 4), (13, 13)])
def test_resizing_equals_a_slow_loop_over_pixels(height, width, rng):
    image = rng.random((7, 9), dtype=np.float32)

    resized = resize(image, height, width)

    for row, column in np.ndindex(height, width):
        total = weight_sum = 0.0
        for i, j in np.ndindex(7, 9):
            weight = _triangle(i, row, 7 / height) * _triangle(j, column, 9 / width)
            total += weight * float(image[i, j])
            weight_sum += weight
        assert resized[row, column] == pytest.approx(total / weight_sum, abs=1e-5), (row, column)


def _triangle(old, new, scale):
    return max(0.0, 1 - abs(old + 0.5 - (new + 0.5) * scale) / max(scale, 1.0))
