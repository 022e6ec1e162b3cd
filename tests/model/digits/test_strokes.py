import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import model.digits.strokes
from model.digits.strokes import INK_SIZE, GrowingInk, rasterize_strokes

FOUR_CELLS = 4 / INK_SIZE
"""A pen width that is easy to reckon with."""


def _cells(*points):
    """A stroke given in cells instead of pad units."""
    return np.array(points, dtype=np.float64) / INK_SIZE


def _naive_ink(strokes, pen_width):
    """Each cell by its distance to the nearest of all segments, one after the other."""
    y, x = np.mgrid[:INK_SIZE, :INK_SIZE] + 0.5
    nearest = np.full((INK_SIZE, INK_SIZE), np.inf)
    for stroke in strokes:
        points = np.asarray(stroke) * INK_SIZE
        for start, end in pairwise(points):
            along = end - start
            share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(along @ along, 1e-12)
            share = np.clip(share, 0, 1)
            distance = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
            nearest = np.minimum(nearest, distance)
    return 255 * np.clip(pen_width * INK_SIZE / 2 + 0.5 - nearest, 0, 1)


def test_stroke_between_two_rows_of_cells_fills_as_many_as_the_pen_is_wide():
    ink = rasterize_strokes([_cells((20, 56), (90, 56))], FOUR_CELLS)

    assert ink.shape == (112, 112)
    assert ink.dtype == np.uint8
    np.testing.assert_array_equal(ink[53:59, 50], [0, 255, 255, 255, 255, 0])


def test_stroke_along_the_middle_of_a_row_half_covers_its_rims():
    ink = rasterize_strokes([_cells((20, 56.5), (90, 56.5))], FOUR_CELLS)

    # 2 cells either way of the middle of row 56: rows 55–57 whole, rows 54 and 58 half.
    np.testing.assert_array_equal(ink[53:60, 50], [0, 128, 255, 255, 255, 128, 0])


@pytest.mark.parametrize("middle", [40.0, 40.25, 40.5, 40.9])
@pytest.mark.parametrize("width", [1, 4, 7.28])
def test_thickness_of_a_horizontal_stroke_is_the_pen_width_wherever_it_lies(middle, width):
    ink = rasterize_strokes([_cells((20, middle), (90, middle))], width / INK_SIZE)

    assert ink[:, 50].sum() / 255 == pytest.approx(width, abs=0.01)


def test_x_is_the_column_and_y_the_row_downward():
    ink = rasterize_strokes([_cells((10, 80), (30, 80))], FOUR_CELLS)

    rows, columns = np.nonzero(ink)
    assert (rows.min(), rows.max()) == (78, 81)
    assert (columns.min(), columns.max()) == (8, 31)


def test_point_is_a_round_dot():
    ink = rasterize_strokes([_cells((56.5, 56.5))], FOUR_CELLS)

    # Distances from the middle cell: 1 and √2 are inside, 2 is on the edge, √5 leaves 2.5 - √5 of the cell.
    rim = round(255 * (2.5 - math.sqrt(5)))
    np.testing.assert_array_equal(ink[53:60, 53:60], [[0, 0, 0, 0, 0, 0, 0],
                                                      [0, 0, rim, 128, rim, 0, 0],
                                                      [0, rim, 255, 255, 255, rim, 0],
                                                      [0, 128, 255, 255, 255, 128, 0],
                                                      [0, rim, 255, 255, 255, rim, 0],
                                                      [0, 0, rim, 128, rim, 0, 0],
                                                      [0, 0, 0, 0, 0, 0, 0]])  # fmt: skip
    assert np.count_nonzero(ink) == 21


def test_pen_that_rests_draws_the_same_dot_as_one_that_taps():
    tapped = rasterize_strokes([_cells((30, 40))], FOUR_CELLS)

    rested = rasterize_strokes([_cells((30, 40), (30, 40), (30, 40))], FOUR_CELLS)

    np.testing.assert_array_equal(rested, tapped)


def test_no_strokes_leave_a_blank_pad():
    np.testing.assert_array_equal(rasterize_strokes([], FOUR_CELLS), np.zeros((112, 112)))


def test_pen_thinner_than_a_cell_cannot_fill_one():
    ink = rasterize_strokes([_cells((20, 56.5), (90, 56.5))], 0.5 / INK_SIZE)

    assert ink.max() == pytest.approx(255 / 2 * 0.75, abs=1)


def test_ink_equals_the_slow_oracle_cell_by_cell(rng):
    dot = rng.uniform(0, 1, (1, 2)).repeat(2, axis=0)
    strokes = [rng.uniform(-0.1, 1.1, (6, 2)), rng.uniform(0.2, 0.8, (3, 2)), dot]

    for pen_width in (0.02, 0.065, 0.2):
        ink = rasterize_strokes(strokes, pen_width)

        np.testing.assert_allclose(ink, _naive_ink(strokes, pen_width), rtol=0, atol=1, err_msg=f"{pen_width=}")


def test_ink_is_about_the_area_that_the_stroke_covers(rng):
    strokes = [rng.uniform(0.2, 0.8, (2, 2))]
    # Sixteen samples each way in every cell.
    y, x = (np.mgrid[: INK_SIZE * 16, : INK_SIZE * 16] + 0.5) / 16
    (start, end) = strokes[0] * INK_SIZE
    along = end - start
    share = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / (along @ along), 0, 1)
    inside = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1]) < 0.065 * INK_SIZE / 2
    area = inside.reshape(INK_SIZE, 16, INK_SIZE, 16).mean(axis=(1, 3))

    ink = rasterize_strokes(strokes, 0.065) / 255

    assert np.abs(ink - area).max() < 0.1
    assert ink.sum() == pytest.approx(area.sum(), rel=0.01)


def test_order_and_direction_of_strokes_do_not_matter():
    bar, stem = _cells((20, 30), (80, 35)), _cells((60, 20), (50, 95))

    ink = rasterize_strokes([bar, stem], 0.065)

    np.testing.assert_array_equal(rasterize_strokes([stem, bar], 0.065), ink)
    np.testing.assert_allclose(rasterize_strokes([bar[::-1], stem[::-1]], 0.065).astype(int), ink, atol=1)


@pytest.mark.parametrize("points", [3, 10, 47, 500])
def test_straight_stroke_is_the_same_however_many_points_it_is_sent_in(points):
    whole = _cells((20, 30), (80, 95))
    split = np.linspace(whole[0], whole[1], points)

    ink = rasterize_strokes([split], 0.065)

    np.testing.assert_allclose(ink.astype(int), rasterize_strokes([whole], 0.065), atol=1)


def test_stroke_lifted_at_a_corner_is_the_same_as_one_in_a_single_go():
    a, b, c = (20, 30), (80, 35), (50, 95)

    in_one_go = rasterize_strokes([_cells(a, b, c)], 0.065)

    np.testing.assert_allclose(rasterize_strokes([_cells(a, b), _cells(b, c)], 0.065).astype(int), in_one_go, atol=1)


def test_slow_pen_that_sends_thousands_of_points_keeps_its_curve():
    turns = np.linspace(0, 2 * math.pi, 5000)[:, np.newaxis]
    ring = 0.5 + 0.3 * np.hstack([np.cos(turns), np.sin(turns)])

    ink = rasterize_strokes([ring], 0.065)

    np.testing.assert_allclose(ink, _naive_ink([ring[::20]], 0.065), rtol=0, atol=10)


def test_what_lies_outside_the_pad_is_cut_off():
    crossing = rasterize_strokes([_cells((-40, 56.5), (20, 56.5))], FOUR_CELLS)

    np.testing.assert_array_equal(crossing[53:60, 0], [0, 128, 255, 255, 255, 128, 0])
    np.testing.assert_array_equal(crossing[56, 18:24], [255, 255, 255, 255, 0, 0])
    for beyond in (_cells((-10, 56), (-90, 56)), _cells((56, 130), (90, 200)), _cells((300, 300))):
        np.testing.assert_array_equal(rasterize_strokes([beyond], FOUR_CELLS), 0)


def test_pen_whose_middle_is_outside_still_wets_the_rim():
    ink = rasterize_strokes([_cells((56.5, -1))], FOUR_CELLS)

    # The cell below the pen's middle is 1.5 cells away; its neighbors √(1.5² + 1²), which leaves 0.7 of them.
    np.testing.assert_array_equal(ink[0, 54:59], [0, 178, 255, 178, 0])
    assert np.count_nonzero(ink) == 3


def test_stroke_without_points_draws_nothing():
    assert not rasterize_strokes([np.empty((0, 2))], 0.1).any()


# Points on a coarse grid, so that equal and collinear ones are drawn too; some lie outside the pad.
POINTS = st.lists(st.tuples(st.integers(-8, 40), st.integers(-8, 40)), max_size=25)


@settings(max_examples=60, deadline=None)
@given(drawing=st.lists(POINTS, max_size=4), data=st.data())
def test_drawing_that_grows_in_any_steps_is_the_drawing_made_at_once(drawing, data):
    strokes = [np.array(points, dtype=np.float64).reshape(-1, 2) / 32 for points in drawing]
    growing, grown = GrowingInk(), []

    for stroke in strokes:
        length = 0
        grown.append(stroke[:0])
        while length < len(stroke):
            length = data.draw(st.integers(length + 1, len(stroke)))
            # A new array each time, as when increments are joined; the strokes before it stay the same arrays.
            grown[-1] = stroke[:length].copy()
            if data.draw(st.booleans()):
                np.testing.assert_array_equal(growing.draw(tuple(grown), 0.065), rasterize_strokes(grown, 0.065))

    np.testing.assert_array_equal(growing.draw(tuple(grown), 0.065), rasterize_strokes(strokes, 0.065))


def test_anything_else_than_growth_is_drawn_anew():
    one, other = _cells((20, 20), (60, 60)), _cells((80, 10), (30, 90), (31, 90.2))
    growing = GrowingInk()
    stages = [
        ((one, other), 0.065),
        ((one,), 0.065),  # undone
        ((other,), 0.065),  # another stroke in its place
        ((other,), 0.02),  # another pen
        ((other[:2],), 0.02),  # shorter
        ((other[::-1],), 0.02),  # of the same length
        ((), 0.02),
        ((one, other), 0.02),
    ]

    for strokes, pen_width in stages:
        np.testing.assert_array_equal(growing.draw(strokes, pen_width), rasterize_strokes(strokes, pen_width))


def test_ink_that_was_given_away_is_not_drawn_on():
    growing = GrowingInk()
    stroke = _cells((20, 20), (60, 60), (90, 20))

    first = growing.draw((stroke[:2],), 0.065)
    kept = first.copy()
    growing.draw((stroke,), 0.065)

    np.testing.assert_array_equal(first, kept)


def test_pieces_drawn_in_parts_make_the_same_ink(rng, monkeypatch):
    strokes = [rng.uniform(0, 1, (40, 2)) for _ in range(3)]
    at_once = rasterize_strokes(strokes, 0.065)

    monkeypatch.setattr(model.digits.strokes, "CELLS_AT_ONCE", 2_000)

    np.testing.assert_array_equal(rasterize_strokes(strokes, 0.065), at_once)
