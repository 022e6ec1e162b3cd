import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.codecs.colormaps import color_table
from app.codecs.tensor_png import GROUND_COLORS, encode_digits, encode_kernels, encode_maps

TABLE = color_table("light")
NEGATIVE, ZERO, POSITIVE = (tuple(TABLE[level]) for level in (0, 127, 254))
GROUND = GROUND_COLORS["light"]


def _pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data), formats=["PNG"]).convert("RGB"))


def test_each_cell_has_the_color_of_its_value():
    maps = np.array([[[-2, 0], [2, 1]]], dtype=np.float32)

    pixels = _pixels(encode_maps(maps, (-2, 2), None, zoom=1, theme="light"))

    assert pixels.shape == (2, 2, 3)
    assert tuple(pixels[0, 0]) == NEGATIVE
    assert tuple(pixels[0, 1]) == ZERO
    assert tuple(pixels[1, 0]) == POSITIVE
    assert tuple(pixels[1, 1]) == tuple(TABLE[127 + 64])


def test_a_map_that_cannot_be_negative_is_painted_with_the_positive_half():
    maps = np.array([[[0, 3]]], dtype=np.float32)

    pixels = _pixels(encode_maps(maps, (0, 3), None, zoom=1, theme="light"))

    assert [tuple(pixel) for pixel in pixels[0]] == [ZERO, POSITIVE]


def test_zoom_repeats_cells_and_smooths_nothing():
    maps = np.array([[[-1, 1]]], dtype=np.float32)

    pixels = _pixels(encode_maps(maps, (-1, 1), None, zoom=3, theme="light"))

    assert pixels.shape == (3, 6, 3)
    assert {tuple(pixel) for pixel in pixels[:, :3].reshape(-1, 3)} == {NEGATIVE}
    assert {tuple(pixel) for pixel in pixels[:, 3:].reshape(-1, 3)} == {POSITIVE}


def test_maps_are_laid_out_eight_to_a_row_with_ground_between():
    maps = np.zeros((10, 2, 2), dtype=np.float32)

    pixels = _pixels(encode_maps(maps, (-1, 1), None, zoom=1, theme="light"))

    assert pixels.shape == (2 * 3 - 1, 8 * 3 - 1, 3)
    assert tuple(pixels[0, 2]) == GROUND
    assert tuple(pixels[2, 0]) == GROUND
    assert tuple(pixels[4, 4]) == ZERO
    assert tuple(pixels[4, 6]) == GROUND, "the row's empty places are ground"


def test_one_map_alone_keeps_the_range_of_its_layer():
    maps = np.array([[[4.0]], [[2.0]]], dtype=np.float32)

    pixels = _pixels(encode_maps(maps, (-4, 4), 1, zoom=1, theme="light"))

    assert pixels.shape == (1, 1, 3)
    assert tuple(pixels[0, 0]) == tuple(TABLE[127 + 64])


def test_the_dark_theme_paints_zero_dark():
    pixels = _pixels(encode_maps(np.zeros((1, 1, 1), dtype=np.float32), (-1, 1), None, zoom=1, theme="dark"))

    assert tuple(pixels[0, 0]) == (16, 18, 20)


def test_kernels_have_a_row_for_each_filter_and_a_column_for_each_channel():
    kernels = np.zeros((2, 3, 1, 1), dtype=np.float32)
    kernels[1, 2] = -0.5

    pixels = _pixels(encode_kernels(kernels, None, zoom=1, theme="light"))

    assert pixels.shape == (3, 5, 3)
    assert tuple(pixels[2, 4]) == NEGATIVE
    assert tuple(pixels[0, 0]) == ZERO


def test_kernels_of_one_channel_share_rows():
    pixels = _pixels(encode_kernels(np.zeros((16, 1, 5, 5), dtype=np.float32), None, zoom=1, theme="light"))

    assert pixels.shape == (2 * 6 - 1, 8 * 6 - 1, 3)


def test_a_kernel_alone_keeps_the_range_of_its_layer():
    kernels = np.array([1.0, -0.5], dtype=np.float32).reshape(2, 1, 1, 1)

    pixels = _pixels(encode_kernels(kernels, 1, zoom=1, theme="light"))

    assert tuple(pixels[0, 0]) == tuple(TABLE[127 - 64])


def test_digits_lie_edge_to_edge_with_light_ink():
    inks = np.zeros((3, 28, 28), dtype=np.uint8)
    inks[2, 0, 0] = 255

    image = np.asarray(Image.open(io.BytesIO(encode_digits(inks, columns=2, zoom=1))))

    assert image.shape == (56, 56)
    assert image[28, 0] == 255
    assert image.sum() == 255
