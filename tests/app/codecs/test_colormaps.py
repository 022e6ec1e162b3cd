import numpy as np
import pytest

from app.codecs.colormaps import COLORMAPS, LEVELS, Theme, color_levels, color_table

THEMES: list[Theme] = ["light", "dark"]


def _lightness(colors: np.ndarray) -> np.ndarray:
    """L* of CIELAB."""
    srgb = colors / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


@pytest.mark.parametrize("theme", THEMES)
def test_zero_is_the_ground(theme: Theme):
    zero = color_table(theme)[LEVELS // 2]

    np.testing.assert_array_equal(zero, {"light": [255, 255, 255], "dark": [16, 18, 20]}[theme])


@pytest.mark.parametrize("theme", THEMES)
def test_negative_is_blue_and_positive_is_orange(theme: Theme):
    table = color_table(theme).astype(int)

    # The first two levels beside zero are still almost the ground's own color.
    below, above = table[: LEVELS // 2 - 2], table[LEVELS // 2 + 3 :]

    assert np.all(below[:, 2] > below[:, 0])
    assert np.all(above[:, 0] > above[:, 2])


@pytest.mark.parametrize("theme", THEMES)
def test_lightness_moves_one_way_from_zero_and_alike_on_both_sides(theme: Theme):
    lightness = _lightness(color_table(theme))
    away = np.diff(lightness[LEVELS // 2 :])

    assert np.all(away < 0) or np.all(away > 0)
    np.testing.assert_allclose(lightness, lightness[::-1], atol=3)


def test_stops_run_from_minus_one_to_one():
    for theme in THEMES:
        positions = [position for position, _color in COLORMAPS[theme]["stops"]]
        assert positions == sorted(positions)
        assert (positions[0], positions[-1]) == (-1, 1)


def test_levels_are_fixed_by_the_bound_and_not_by_the_values():
    values = np.array([-4, -2, 0, 1, 2, 4], dtype=np.float32)

    np.testing.assert_array_equal(color_levels(values, 2), [0, 0, 127, 127 + 64, 254, 254])
    np.testing.assert_array_equal(color_levels(values, 4), [0, 127 - 64, 127, 127 + 32, 127 + 64, 254])


def test_without_a_range_everything_is_zero():
    np.testing.assert_array_equal(color_levels(np.zeros((2, 2), dtype=np.float32), 0), np.full((2, 2), 127))
