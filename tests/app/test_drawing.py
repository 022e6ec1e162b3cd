import numpy as np
import pytest

from app.drawing import SHORT_CELLS, DrawingTakesLong, draw
from app.errors import DrawingTooLarge
from model.digits.strokes import INK_SIZE, GrowingInk, rasterize_strokes


def test_no_strokes_are_a_blank_pad():
    ink = draw([], 0.065)

    assert ink.shape == (INK_SIZE, INK_SIZE)
    assert not ink.any()


def test_a_drawing_is_its_strokes_rasterized_growing_or_not(rng: np.random.Generator):
    strokes = [rng.uniform(0, 1, (40, 2)) for _ in range(5)] + [np.array([[0.5, 0.5]])]
    growing = GrowingInk()

    for count in range(1, 7):
        np.testing.assert_array_equal(draw(strokes[:count], 0.065, growing), rasterize_strokes(strokes[:count], 0.065))
    np.testing.assert_array_equal(draw(strokes, 0.065), rasterize_strokes(strokes, 0.065))


def test_a_drawing_of_too_much_work_is_refused_before_it_is_begun():
    zigzag = np.tile([[-1.0, -1.0], [2.0, 2.0]], (10_000, 1))

    with pytest.raises(DrawingTooLarge, match=r"The pen would touch [\d,]+ cells; this server draws up to 20,000,000"):
        draw([zigzag], 0.065)


def test_what_takes_long_is_not_drawn_among_the_short_jobs():
    zigzag = np.tile([[0.0, 0.0], [1.0, 1.0]], (100, 1))

    with pytest.raises(DrawingTakesLong):
        draw([zigzag], 0.065, most_cells=SHORT_CELLS)

    np.testing.assert_array_equal(draw([zigzag], 0.065), rasterize_strokes([zigzag], 0.065))


def test_of_a_growing_drawing_only_what_is_new_counts():
    lines = [np.array([[0.0, y], [1.0, y]]) for y in np.linspace(0, 1, 100)]
    growing = GrowingInk()
    draw(lines, 0.065, growing)
    longer = [*lines, np.array([[0.5, 0.5], [0.6, 0.5]])]

    with pytest.raises(DrawingTakesLong):
        draw(longer, 0.065, most_cells=SHORT_CELLS)
    np.testing.assert_array_equal(
        draw(longer, 0.065, growing, most_cells=SHORT_CELLS), rasterize_strokes(longer, 0.065)
    )


def test_ink_outside_the_pad_is_cut_off():
    ink = draw([np.array([[-0.5, 0.5], [1.5, 0.5]])], 0.065)

    assert ink[INK_SIZE // 2].min() == 255
    assert not ink[: INK_SIZE // 4].any()
