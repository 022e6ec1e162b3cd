"""How the ink of an image is divided among red, green and blue."""

import numpy as np
import pytest

from model.digits.color import has_light_colors, shares_of_ink
from model.digits.framing import to_mnist_frame
from model.digits.ink import find_ink

BLACK, WHITE, YELLOWISH = (0, 0, 0), (255, 255, 255), (250, 240, 180)


def bar(ink: tuple[int, int, int], paper: tuple[int, int, int], height: int = 40, width: int = 40) -> np.ndarray:
    """(height, width, 3) float32: an upright bar of ink on paper."""
    image = np.full((height, width, 3), paper, dtype=np.float32)
    image[8:32, 17:23] = ink
    return image


@pytest.mark.parametrize(
    ("ink", "paper", "light_ink", "shares"),
    [
        (BLACK, WHITE, False, (1, 1, 1)),
        (BLACK, YELLOWISH, False, (1, 1, 1)),
        ((255, 0, 0), WHITE, False, (0, 1, 1)),
        ((204, 0, 51), WHITE, False, (0.2, 1, 0.8)),
        ((255, 204, 0), BLACK, True, (1, 0.8, 0)),
        ((255, 255, 0), (0, 0, 128), True, (1, 1, 0)),
    ],
    ids=["black on white", "black on yellowish", "red on white", "crimson on white", "yellow on black", "on blue"],
)
def test_ink_is_in_the_channels_in_which_it_differs_from_the_paper(ink, paper, light_ink, shares):
    image = bar(ink, paper)
    mask = np.zeros((40, 40), np.uint8)
    mask[8:32, 17:23] = 255

    found = shares_of_ink(image, mask, light_ink=light_ink)

    assert found.shape == (3, 40, 40)
    np.testing.assert_allclose(found[:, 20, 20], shares, atol=1e-6)


def test_ink_without_a_difference_has_it_all_in_every_channel():
    mask = np.full((4, 4), 255, np.uint8)

    found = shares_of_ink(np.full((4, 4, 3), 90, np.float32), mask, light_ink=False)

    np.testing.assert_array_equal(found, np.ones((3, 4, 4)))


def test_framed_colors_have_the_ink_in_their_strongest_channel():
    image = bar((204, 0, 51), WHITE)
    found = find_ink(image)

    framed = to_mnist_frame(found.ink, 28, image, light_ink=found.polarity == "light-on-dark")

    assert framed.colors is not None
    assert framed.colors.shape == (3, 28, 28)
    np.testing.assert_allclose(framed.colors.max(axis=0), framed.pixels, atol=1e-6)
    row, column = np.unravel_index(framed.pixels.argmax(), framed.pixels.shape)
    np.testing.assert_allclose(framed.colors[:, row, column], (0.2, 1, 0.8), atol=1e-6)
    np.testing.assert_array_equal(framed.colors[:, framed.pixels == 0], 0)


def test_a_blank_image_has_blank_colors():
    blank = to_mnist_frame(np.zeros((9, 9), np.uint8), 20, np.full((9, 9, 3), 255, np.float32))

    np.testing.assert_array_equal(blank.colors, np.zeros((3, 20, 20)))


@pytest.mark.parametrize(
    ("ink", "paper", "is_light"), [((255, 255, 0), (0, 0, 255), True), ((0, 0, 255), (255, 255, 0), False)]
)
def test_ink_that_was_found_by_its_color_is_light_or_dark_as_its_luminance(ink, paper, is_light):
    image = bar(ink, paper)
    mask = np.zeros((40, 40), np.uint8)
    mask[8:32, 17:23] = 255

    assert has_light_colors(image, mask) == is_light
    assert find_ink(image).polarity == ("light-on-dark" if is_light else "dark-on-light")
