import numpy as np
import pytest

from model.digits.framing import to_mnist_frame
from model.digits.shapes import second_shape


def bars(*columns: tuple[int, int], height: int = 80, lean: float = 0) -> np.ndarray:
    """Upright bars from one column to another, leaning to the right by ``lean`` columns a row."""
    ink = np.zeros((height, 150), np.uint8)
    for row in range(height):
        for first, last in columns:
            shift = round(lean * (height - row))
            ink[row, first + shift : last + shift] = 255
    return ink[:, np.flatnonzero(ink.any(axis=0))[0] : np.flatnonzero(ink.any(axis=0))[-1] + 1]


@pytest.mark.parametrize("lean", [0, 0.4])
def test_two_bars_side_by_side_are_two_shapes(lean: float):
    ink = bars((0, 12), (40, 50), lean=lean)

    other = second_shape(ink, 64)

    # The wider one is read.
    assert other is not None
    assert other.sum() == 255 * 80 * 10


def test_of_two_alike_the_left_one_is_read():
    other = second_shape(bars((0, 10), (40, 50)), 64)

    assert other is not None
    assert not other[:, :20].any()


def test_two_strokes_of_an_open_4_are_one_shape():
    assert second_shape(bars((0, 30), (34, 44)), 64) is None


@pytest.mark.parametrize("row", range(120, 126))
def test_a_hairline_joins_two_strokes_wherever_it_lies(row: int):
    ink = np.zeros((250, 150), np.uint8)
    ink[:200, 20] = ink[:, 110] = ink[row, 20:140] = 255

    assert second_shape(ink[:, 20:140], 64) is None


def test_a_bar_beside_a_5_is_no_second_shape():
    ink = bars((0, 30))
    ink = np.pad(ink, ((0, 0), (0, 60)))
    ink[:10, 45:80] = 255

    assert second_shape(ink, 64) is None


def test_framing_takes_one_shape_and_says_that_there_are_two():
    ink = np.zeros((112, 112), np.uint8)
    ink[20:90, 20:30] = ink[20:90, 60:80] = 255

    framed = to_mnist_frame(ink)

    assert framed.shapes == 2
    assert framed.crop is not None
    assert (framed.crop.left, framed.crop.width) == (60, 20)
