import numpy as np
import pytest

from app.errors import DrawingTooLarge
from app.services.drawing import draw
from model.strokes import INK_SIZE, GrowingInk, rasterize_strokes


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


def test_ink_outside_the_pad_is_cut_off():
    ink = draw([np.array([[-0.5, 0.5], [1.5, 0.5]])], 0.065)

    assert ink[INK_SIZE // 2].min() == 255
    assert not ink[: INK_SIZE // 4].any()
