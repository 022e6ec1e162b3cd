import numpy as np
import pytest

from model.data import pen_rendering
from model.data.pen_rendering import (
    EVALUATED_EXTENT,
    EXTENTS,
    draw_held_out,
    draw_pen_digits,
    vary_strokes,
)
from model.data.pendigits import PenDigit
from model.data.synthetic import frame_strokes

ONE = PenDigit([np.array([[0.5, 0.3], [0.5, 0.6]])], label=1, writer=1)
SEVEN = PenDigit([np.array([[0.4, 0.3], [0.6, 0.3], [0.5, 0.6]]), np.array([[0.45, 0.45], [0.58, 0.45]])], 7, 2)


def test_every_digit_is_drawn_as_often_as_asked_and_never_twice_alike():
    digits = draw_pen_digits([ONE, SEVEN], renderings=3, seed=1, processes=1)

    np.testing.assert_array_equal(digits.labels, [1, 7, 1, 7, 1, 7])
    assert digits.images.shape == (6, 28, 28)
    assert len({image.tobytes() for image in digits.images}) == 6


def test_digits_depend_on_the_seed_and_not_on_the_number_of_processes(monkeypatch):
    monkeypatch.setattr(pen_rendering, "BLOCK", 4)
    drawn = draw_pen_digits([ONE, SEVEN] * 5, renderings=1, seed=1, processes=1)

    np.testing.assert_array_equal(
        draw_pen_digits([ONE, SEVEN] * 5, renderings=1, seed=1, processes=2).images, drawn.images
    )
    assert not np.array_equal(draw_pen_digits([ONE, SEVEN], renderings=1, seed=2, processes=1).images, drawn.images[:2])


def test_varied_strokes_stay_on_the_pad_with_another_size_and_slant(rng):
    varied = [vary_strokes(SEVEN.strokes, rng) for _ in range(100)]

    points = [np.concatenate(strokes) for strokes in varied]
    extents = [np.ptp(each, axis=0).max() for each in points]
    assert all(each.min() >= 0 and each.max() <= 1 for each in points)
    assert EXTENTS[0] <= min(extents) < 0.5
    assert 0.8 < max(extents) <= EXTENTS[1]
    # The bar of the seven, horizontal as written.
    slopes = [strokes[0][1, 1] - strokes[0][0, 1] for strokes in varied]
    assert min(slopes) < -0.01 < 0.01 < max(slopes)
    assert [len(strokes) for strokes in varied] == [2] * 100


def test_held_out_digits_are_drawn_as_written_at_one_size():
    digits = draw_held_out([ONE], pen_width=0.1, processes=1)

    upright = np.array([[0.5, 0.5 - EVALUATED_EXTENT / 2], [0.5, 0.5 + EVALUATED_EXTENT / 2]])
    np.testing.assert_array_equal(digits.images[0], frame_strokes([upright], 0.1))
    assert digits.labels.tolist() == [1]


def test_a_dot_is_drawn_as_a_dot():
    dot = PenDigit([np.array([[0.5, 0.5]])], label=1, writer=1)

    assert draw_held_out([dot], pen_width=0.1, processes=1).images.max() > 200


def test_no_digits_give_no_images():
    assert draw_pen_digits([], renderings=3, seed=1, processes=1).images.shape == (0, 28, 28)


@pytest.mark.parametrize("pen_width", [0.04, 0.11])
def test_a_thicker_pen_leaves_more_ink(pen_width):
    thin, thick = (draw_held_out([SEVEN], width, processes=1).images.sum() for width in (pen_width, pen_width + 0.04))

    assert thick > thin
