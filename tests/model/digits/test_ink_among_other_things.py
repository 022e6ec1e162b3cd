"""What people bring besides ink: each kind is drawn here, and the ink that is found must be the digit's alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.digits.framing import to_mnist_frame
from model.digits.ink import find_ink
from model.digits.ruling import ruling

SIZE = 240


def digit(size: int = SIZE) -> NDArray[np.bool_]:
    """A 7 with a stroke of a twentieth, in the middle."""
    y, x = np.mgrid[:size, :size] / size
    bar = (np.abs(y - 0.3) < 0.025) & (x > 0.35) & (x < 0.65)
    stem = (np.abs((x - 0.65) + (y - 0.3) * 0.4) < 0.03) & (y >= 0.3) & (y < 0.75)
    return bar | stem


SEVEN = digit()
PAGE = np.where(SEVEN, 30, 240).astype(np.float32)


def assert_shows_the_seven(found: NDArray[np.uint8]) -> None:
    """The framed 7 is the one that a clean page gives, but for its edges."""
    expected = to_mnist_frame(np.where(SEVEN, 255, 0).astype(np.uint8)).pixels
    assert np.abs(to_mnist_frame(found).pixels - expected).mean() < 0.02


def test_a_hard_shadow_is_paper():
    y, x = np.mgrid[:SIZE, :SIZE]
    shadow = np.where(x + 0.6 * y < 0.75 * SIZE, 0.5, 1.0)

    found = find_ink((PAGE * shadow).astype(np.float32))

    assert_shows_the_seven(found.ink)
    assert "shadow" in found.removed


def test_a_penumbra_is_paper(rng: np.random.Generator):
    x = np.linspace(-1, 1, SIZE)
    shade = 1 - 0.6 / (1 + np.exp(x / 0.06))

    found = find_ink((PAGE * shade + rng.normal(0, 2, PAGE.shape)).astype(np.float32))

    assert_shows_the_seven(found.ink)
    assert "shadow" in found.removed


@pytest.mark.parametrize("level", [200, 60])
@pytest.mark.parametrize("tilt", [0.0, 0.04])
def test_ruling_is_removed_and_what_crosses_it_stays(level: int, tilt: float):
    y, x = np.mgrid[:SIZE, :SIZE]
    lines = (np.rint(y + tilt * x) % 50) < 2
    page = np.where(SEVEN, 30, np.where(lines, level, 240)).astype(np.float32)

    found = find_ink(page)

    assert_shows_the_seven(found.ink)


def test_squares_are_removed():
    y, x = np.mgrid[:SIZE, :SIZE]
    lines = ((y % 48) < 2) | ((x % 48) < 2)
    page = np.where(SEVEN, 30, np.where(lines, 110, 240)).astype(np.float32)

    found = find_ink(page)

    assert_shows_the_seven(found.ink)
    assert "ruling" in found.removed


@pytest.mark.parametrize("shape", [(3, 400), (400, 3), (1, 300)])
def test_lines_of_low_and_narrow_images_are_looked_for(shape: tuple[int, int], rng: np.random.Generator):
    mask = rng.random(shape) < 0.5

    assert ruling(mask).shape == shape


def test_the_bar_of_a_tight_crop_is_no_ruling():
    rows, columns = np.flatnonzero(SEVEN.any(axis=1)), np.flatnonzero(SEVEN.any(axis=0))
    tight = PAGE[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    found = find_ink(tight)

    assert_shows_the_seven(found.ink)


@pytest.mark.parametrize("turn", [0.0, 0.08])
def test_the_table_around_a_sheet_is_left_out(turn: float, rng: np.random.Generator):
    large = 320
    y, x = np.mgrid[:large, :large] - large / 2
    sheet = (np.abs(x + turn * y) < SIZE / 2) & (np.abs(y - turn * x) < SIZE / 2)
    image = np.full((large, large), 50.0)
    image[40:-40, 40:-40] = PAGE
    image = np.where(sheet, np.where(image == 50, 240, image), 50) + rng.normal(0, 2, image.shape)

    found = find_ink(image.astype(np.float32))

    assert_shows_the_seven(found.ink)
    assert found.polarity == "dark-on-light"
    assert found.removed == ("surroundings",)


def test_a_light_digit_in_a_black_square_of_a_white_figure_is_light_on_dark():
    figure = np.full((320, 420), 255, dtype=np.float32)
    figure[50:290, 90:330] = np.where(SEVEN, 255, 0)
    figure[20:32, 180:240] = 0  # a title

    found = find_ink(figure)

    assert_shows_the_seven(found.ink)
    assert found.polarity == "light-on-dark"


def test_a_frame_with_ticks_is_left_out():
    figure = np.full((320, 420), 255, dtype=np.float32)
    figure[50:290, 90:330] = PAGE
    for edge in (slice(50, 52), slice(288, 290)):
        figure[edge, 90:330] = 0
    for edge in (slice(90, 92), slice(328, 330)):
        figure[50:290, edge] = 0
    figure[290:295, 90:330:40] = 0

    found = find_ink(figure)

    assert_shows_the_seven(found.ink)
    assert found.removed[0] == "surroundings"


def test_an_angular_zero_is_no_frame():
    page = np.full((120, 120), 255, dtype=np.float32)
    page[20:100, 35:85] = 0
    page[32:88, 47:73] = 255

    found = find_ink(page)

    np.testing.assert_array_equal(found.ink, 255 - page)
    assert found.removed == ()


def test_lines_of_a_table_at_two_borders_are_removed():
    page = PAGE.copy()
    page[4:12] = 20
    page[:, -12:-4] = 20

    found = find_ink(page)

    assert_shows_the_seven(found.ink)


def test_specks_and_a_neighbors_rest_are_dropped():
    page = PAGE.copy()
    page[200:203, 30:33] = 0
    page[20:23, 190:194] = 0
    page[100:112, -8:] = 0

    found = find_ink(page)

    assert_shows_the_seven(found.ink)
    assert set(found.removed) == {"edge", "specks"}


def test_the_separate_bar_of_a_five_stays():
    page = np.full((120, 120), 255, dtype=np.float32)
    page[20:26, 50:90] = 0
    page[30:100, 40:48] = 0
    page[60:68, 48:80] = 0

    found = find_ink(page)

    np.testing.assert_array_equal(found.ink, 255 - page)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [((250, 200, 30), (150, 215, 235)), ((220, 60, 50), (95, 130, 100)), ((60, 90, 220), (110, 105, 60))],
)
def test_ink_and_ground_of_equal_brightness_differ_in_color(ink: tuple[int, ...], ground: tuple[int, ...]):
    image = np.where(SEVEN[:, :, np.newaxis], ink, ground).astype(np.float32)

    found = find_ink(image)

    assert_shows_the_seven(found.ink)
    assert "brightness" in found.removed


def test_faint_pencil_among_grain_is_ink_and_the_grain_is_not(rng: np.random.Generator):
    image = np.where(SEVEN, 180, 215) + rng.normal(0, 4, SEVEN.shape)

    found = find_ink(image.astype(np.float32))

    assert_shows_the_seven(found.ink)


def test_a_threshold_decides_what_is_ink():
    page = PAGE.copy()
    page[90:170, 65:75] = 150  # paler than the 7: less than half of its contrast

    assert_shows_the_seven(find_ink(page, threshold=0.8).ink)
    assert find_ink(page, threshold=0.2).ink[120, 70] == 255
