import numpy as np
import pytest
from numpy.typing import NDArray

from model.digits.ink import find_ink
from tests.builders import ink_from_drawing, page_with_line


def _gray(page: NDArray[np.generic]) -> NDArray[np.float32]:
    return page.astype(np.float32)


def _shading(height: int, width: int, slope: float, falloff: float) -> NDArray[np.float32]:
    """Light from the left that grows weaker towards the corners."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return (-slope * x - falloff * (x**2 + y**2)).astype(np.float32)


LINE = page_with_line() == 0


def test_dark_ink_on_white_paper_is_full_ink_on_no_ink():
    result = find_ink(_gray(page_with_line(paper=255, ink=0)))
    ink, polarity = result.ink, result.polarity

    np.testing.assert_array_equal(ink, LINE * np.uint8(255))
    assert polarity == "dark-on-light"


def test_light_ink_on_black_is_the_same_ink():
    result = find_ink(_gray(page_with_line(paper=0, ink=255)))
    ink, polarity = result.ink, result.polarity

    np.testing.assert_array_equal(ink, LINE * np.uint8(255))
    assert polarity == "light-on-dark"


@pytest.mark.parametrize(("paper", "ink"), [(200, 120), (130, 90), (60, 100), (20, 200)])
def test_pale_ink_becomes_full_ink(paper: int, ink: int):
    result = find_ink(_gray(page_with_line(paper=paper, ink=ink)))
    found = result.ink

    np.testing.assert_array_equal(found, LINE * np.uint8(255))


def test_antialiased_edges_stay_in_between():
    page = _gray(page_with_line())
    page[20:80, 44] = 127

    result = find_ink(page)
    ink = result.ink

    assert 120 <= ink[50, 44] <= 135


@pytest.mark.parametrize("light_ink", [False, True])
def test_uneven_light_and_grain_leave_hardly_a_trace(light_ink: bool, rng: np.random.Generator):
    sign = 1 if light_ink else -1
    page = 130 + _shading(100, 100, slope=40, falloff=25) + sign * 60 * LINE + rng.normal(0, 3, LINE.shape)

    result = find_ink(_gray(page))
    ink, polarity = result.ink, result.polarity

    assert polarity == ("light-on-dark" if light_ink else "dark-on-light")
    assert ink[LINE].mean() > 220
    # Smoothing against the grain softens the edge by two pixels.
    far = np.ones_like(LINE)
    far[18:82, 43:57] = False
    assert ink[far].max() < 32


def test_a_thin_line_outweighs_wide_shading():
    page = 180 + _shading(200, 200, slope=50, falloff=30)
    page[40:160, 100] -= 80

    result = find_ink(_gray(page))
    ink, polarity = result.ink, result.polarity

    assert polarity == "dark-on-light"
    assert np.all(ink[42:158, 100] > 128)


def test_thick_ink_that_fills_most_of_the_middle_is_still_ink():
    page = np.full((60, 60), 255, dtype=np.float32)
    page[3:57, 3:57] = 30
    page[20:40, 20:40] = 255

    result = find_ink(page)
    ink, polarity = result.ink, result.polarity

    assert polarity == "dark-on-light"
    assert ink[10, 10] == 255
    assert ink[30, 30] == 0


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_uniform_picture_is_blank(level: int):
    result = find_ink(np.full((50, 40), level, dtype=np.float32))
    ink, polarity = result.ink, result.polarity

    assert not ink.any()
    assert polarity is None


def test_grain_and_shading_alone_are_blank(rng: np.random.Generator):
    page = 150 + _shading(200, 150, slope=40, falloff=20) + rng.normal(0, 6, (200, 150))

    result = find_ink(_gray(page))
    ink, polarity = result.ink, result.polarity

    assert not ink.any()
    assert polarity is None


def test_dust_is_painted_over():
    page = page_with_line()
    page[5, 5] = 0

    result = find_ink(_gray(page))
    ink = result.ink

    assert ink[5, 5] == 0
    assert ink[50, 50] == 255


def test_a_shadow_at_the_edge_is_painted_over():
    page = page_with_line()
    page[85:, :30] = 40

    result = find_ink(_gray(page))
    ink = result.ink

    assert not ink[85:].any()
    assert ink[50, 50] == 255


def test_a_stroke_that_touches_the_edge_stays_if_it_is_all_there_is():
    page = np.full((100, 100), 255, dtype=np.float32)
    page[:80, 45:55] = 0

    result = find_ink(page)
    ink = result.ink

    assert np.all(ink[:80, 45:55] == 255)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 300), (300, 1), (2, 2), (448, 3)])
def test_pictures_of_any_shape_are_looked_at(shape: tuple[int, int], rng: np.random.Generator):
    result = find_ink(rng.uniform(0, 255, shape).astype(np.float32))
    ink = result.ink

    assert ink.shape == shape


def test_two_marks_of_one_digit_both_stay():
    drawing = ink_from_drawing(
        "............",
        "..#######...",
        "............",
        ".....##.....",
        ".....##.....",
        ".....##.....",
        ".....##.....",
        ".....##.....",
        "............",
    )

    result = find_ink(_gray(drawing))
    ink = result.ink

    np.testing.assert_array_equal(ink, drawing)
