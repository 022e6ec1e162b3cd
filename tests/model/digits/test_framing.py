from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.artifact import read_tensors
from model.digits.framing import center_of_mass, ink_box, to_mnist_frame
from model.digits.strokes import rasterize_strokes
from model.geometry import Box
from tests.builders import ink_from_drawing

SAMPLES = Path(__file__).resolve().parents[3] / "model" / "artifacts" / "samples.safetensors.gz"

# As tall as MNIST's box and unlike its own mirror images, so nothing is scaled and any turn shows.
FLAG = ink_from_drawing("##########", *["#######..."] * 5, *["##........"] * 14)


def _on_pad(ink, top, left, size=112):
    pad = np.zeros((size, size), np.uint8)
    pad[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return pad


def test_digit_of_twenty_pixels_is_moved_as_it_is_with_its_center_of_mass_to_the_middle_of_pixel_14():
    framed = to_mnist_frame(_on_pad(FLAG, 40, 30))

    # Mass 10 in row 0, 7 in each of rows 1–5, 2 in each of rows 6–19: 73 in all.
    row = (10 * 0.5 + 7 * (1.5 + 2.5 + 3.5 + 4.5 + 5.5) + 2 * sum(r + 0.5 for r in range(6, 20))) / 73
    # Columns 0–1: 20 each; 2–6: 6 each; 7–9: 1 each.
    column = (20 * (0.5 + 1.5) + 6 * (2.5 + 3.5 + 4.5 + 5.5 + 6.5) + (7.5 + 8.5 + 9.5)) / 73
    top, left = round(14.5 - row), round(14.5 - column)
    expected = np.zeros((28, 28), np.float32)
    expected[8:28, 12:22] = FLAG / 255
    assert (top, left) == (8, 12)
    np.testing.assert_array_equal(framed.pixels, expected)
    assert framed.pixels.dtype == np.float32
    assert framed.crop == Box(top=40, left=30, height=20, width=10)
    assert framed.scale == 1
    assert framed.placed == Box(top=8, left=12, height=20, width=10)


@pytest.mark.parametrize(("upside_down", "top"), [(False, 0), (True, 8)])
def test_nothing_is_cut_off_where_the_center_of_mass_would_ask_for_it(upside_down, top):
    # All weight at the foot: centered by mass, the thin stem would begin two rows above the frame.
    stem_and_foot = ink_from_drawing(*["..........#........."] * 18, *["####################"] * 2)
    ink = stem_and_foot[::-1] if upside_down else stem_and_foot

    framed = to_mnist_frame(ink)

    assert framed.placed.top == top
    assert framed.pixels.sum() == pytest.approx(18 + 2 * 20)


def test_aspect_is_kept_and_the_longer_side_becomes_twenty():
    tall, wide = np.full((60, 30), 255, np.uint8), np.full((30, 60), 255, np.uint8)

    assert to_mnist_frame(tall).placed == Box(top=5, left=10, height=20, width=10)
    assert to_mnist_frame(wide).placed == Box(top=10, left=5, height=10, width=20)
    assert to_mnist_frame(tall).scale == pytest.approx(1 / 3)


def test_blank_pad_is_framed_as_paper_with_no_crop():
    framed = to_mnist_frame(np.zeros((112, 112), np.uint8))

    np.testing.assert_array_equal(framed.pixels, np.zeros((28, 28)))
    assert framed.pixels.dtype == np.float32
    assert (framed.crop, framed.scale, framed.placed) == (None, None, None)


def test_single_cell_of_ink_fills_the_box():
    ink = np.zeros((112, 112), np.uint8)
    ink[100, 3] = 255

    framed = to_mnist_frame(ink)

    assert framed.crop == Box(top=100, left=3, height=1, width=1)
    assert framed.scale == 20
    np.testing.assert_array_equal(framed.pixels[5:25, 5:25], np.ones((20, 20)))
    assert framed.pixels.sum() == pytest.approx(400)


@pytest.mark.parametrize(("shape", "placed"), [((100, 1), Box(5, 14, 20, 1)), ((1, 100), Box(14, 5, 1, 20))])
def test_line_one_cell_thin_keeps_a_pixel_of_width(shape, placed):
    framed = to_mnist_frame(_on_pad(np.full(shape, 255, np.uint8), 5, 5))

    assert framed.placed == placed
    assert framed.pixels.sum() == pytest.approx(20)


def test_darkest_ink_becomes_one_and_half_of_it_a_half():
    ink = np.full((20, 20), 64, np.uint8)
    ink[:, :10] = 128

    framed = to_mnist_frame(ink)

    np.testing.assert_allclose(np.unique(framed.pixels), [0, 0.5, 1], rtol=1e-6)
    assert framed.gain == pytest.approx(255 / 128)


@pytest.mark.parametrize("cells", [1, 2, 4, 8])
def test_a_line_has_full_ink_however_thin_it_is(cells):
    # An L whose longer side is 200 cells: ten cells for each pixel, so averaging leaves a tenth of one cell's ink.
    ink = np.zeros((200, 100), np.uint8)
    ink[:, :cells] = 255
    ink[-cells:] = 255

    framed = to_mnist_frame(ink)

    # In the corner two lines meet, so there a hairline is twice as dark as elsewhere.
    assert framed.pixels.max() == 1
    assert framed.pixels[framed.placed.top + 10].max() > 0.5


def test_faint_rim_does_not_count_to_the_box():
    ink = np.zeros((28, 28), np.uint8)
    ink[4:24, 6:16] = 63
    ink[8:20, 8:12] = 255

    assert ink_box(ink) == Box(top=8, left=8, height=12, width=4)
    assert ink_box(ink // 3) == Box(top=8, left=8, height=12, width=4)
    assert ink_box(np.full((5, 5), 15, np.uint8)) is None


def test_center_of_mass_counts_from_the_upper_left_corner_of_pixel_zero():
    assert center_of_mass(np.array([[1.0]], np.float32)) == (0.5, 0.5)
    assert center_of_mass(np.array([[1, 0, 3]], np.float32)) == (0.5, 2.0)
    assert center_of_mass(np.array([[1, 0], [0, 0], [0, 3]], np.float32)) == (2.0, 1.25)


@given(
    shift_row=st.integers(0, 60),
    shift_column=st.integers(0, 60),
    points=st.lists(st.tuples(st.floats(0.05, 0.4), st.floats(0.05, 0.4)), min_size=2, max_size=6),
)
def test_where_the_ink_lies_on_the_pad_does_not_matter(shift_row, shift_column, points):
    ink = rasterize_strokes([np.array(points)], 0.065)[:52, :52]

    first = to_mnist_frame(_on_pad(ink, 0, 0)).pixels
    shifted = to_mnist_frame(_on_pad(ink, shift_row, shift_column)).pixels

    np.testing.assert_array_equal(shifted, first)


@given(points=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6), pen=st.floats(0.02, 0.2))
def test_framed_digit_lies_in_the_frame_with_its_center_of_mass_in_the_middle(points, pen):
    framed = to_mnist_frame(rasterize_strokes([np.array(points)], pen))

    placed = framed.placed
    assert max(placed.height, placed.width) == 20
    assert min(placed.top, placed.left) >= 0
    assert max(placed.top + placed.height, placed.left + placed.width) <= 28
    assert 0 <= framed.pixels.min() <= framed.pixels.max() <= 1
    for middle, first, size in zip(
        center_of_mass(framed.pixels), (placed.top, placed.left), (placed.height, placed.width), strict=True
    ):
        at_the_edge = first in (0, 28 - size)
        assert at_the_edge or abs(middle - 14.5) <= 0.5 + 1e-3


@pytest.mark.parametrize("times", [2, 3, 5])
def test_larger_drawing_of_the_same_digit_is_framed_alike(times):
    small = to_mnist_frame(FLAG).pixels

    large = to_mnist_frame(np.kron(FLAG, np.ones((times, times), np.uint8))).pixels

    # Shrinking softens the edges, and moves nothing.
    assert np.abs(large - small).mean() < 0.03
    assert center_of_mass(large) == pytest.approx(center_of_mass(small), abs=0.3)


def test_framing_a_framed_drawing_hardly_moves_it(rng):
    for _ in range(20):
        once = to_mnist_frame(rasterize_strokes([rng.uniform(0.1, 0.9, (5, 2))], 0.065)).pixels

        twice = to_mnist_frame(np.rint(once * 255).astype(np.uint8)).pixels

        # Measured over 300 such drawings: at most 0.003 pixels and 0.0003.
        assert center_of_mass(twice) == pytest.approx(center_of_mass(once), abs=0.01)
        assert np.abs(twice - once).mean() < 0.001


def test_framing_mnists_own_digits_hardly_moves_them():
    images = read_tensors(SAMPLES)[0]["images"][::10]

    framed = [to_mnist_frame(image).pixels for image in images]

    # Measured on the training digits: 0.04 pixels and 0.0013. A few lay a pixel off before.
    moved = [np.subtract(center_of_mass(f), center_of_mass(i)) for f, i in zip(framed, images, strict=True)]
    changed = [np.abs(f - i / 255).mean() for f, i in zip(framed, images, strict=True)]
    assert np.quantile(np.abs(moved), 0.95) < 0.1
    assert np.mean(changed) < 0.003
