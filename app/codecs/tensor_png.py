"""Maps, kernels and digits as PNG: one color per cell, enlarged by whole numbers, never smoothed."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.codecs.colormaps import LEVELS, Theme, color_levels, color_table
from app.errors import PictureTooLarge

GROUND = LEVELS
"""The palette's last color: what lies between maps."""

MAP_COLUMNS = 8

MAX_PIXELS = 20_000_000
"""Of one picture: about 0.2 s of drawing and compressing."""

GROUND_COLORS: dict[Theme, tuple[int, int, int]] = {"light": (200, 202, 205), "dark": (70, 74, 79)}
"""Grays that no value has, so that an inactive map still shows its edges."""


def encode_maps(
    maps: NDArray[np.float32], display_range: tuple[float, float], number: int | None, zoom: int, theme: Theme
) -> bytes:
    """Feature maps in diverging colors, eight to a row.

    Args:
        maps: (F, H, W) float32.
        display_range: The values of the first and last color; of the two the one further from zero counts, so that zero
            stays neutral.
        number: The only map to show; None shows all.
        zoom: Pixels along each side of a cell.
        theme: The ground that zero takes the color of.
    """
    bound = max(abs(end) for end in display_range)
    return _encode_colored(maps if number is None else maps[[number]], bound, MAP_COLUMNS, zoom, theme)


def encode_kernels(kernels: NDArray[np.float32], number: int | None, zoom: int, theme: Theme) -> bytes:
    """Kernels in diverging colors, all in one range: the largest weight of the layer, also if one is shown alone.

    Args:
        kernels: (F, C, kH, kW) float32. Each filter has a row of its channels; if there is but one, eight filters do.
        number: The only filter to show; None shows all.
        zoom: Pixels along each side of a weight.
        theme: The ground that zero takes the color of.
    """
    channels, height, width = kernels.shape[1:]
    shown = kernels if number is None else kernels[[number]]
    columns = channels if channels > 1 else MAP_COLUMNS
    bound = float(np.abs(kernels).max())
    return _encode_colored(shown.reshape(-1, height, width), bound, columns, zoom, theme)


def encode_digits(inks: NDArray[np.uint8], columns: int, zoom: int) -> bytes:
    """Digits in gray, ink light as MNIST stores it, edge to edge so that each begins at a multiple of 28 · zoom.

    Args:
        inks: (n, H, W) uint8.
        columns: Digits to a row.
        zoom: Pixels along each side of a pixel.
    """
    return _png(Image.fromarray(_arrange(inks, columns, zoom, gap=0, ground=0)))


def _encode_colored(maps: NDArray[np.float32], bound: float, columns: int, zoom: int, theme: Theme) -> bytes:
    """A contact sheet of (n, H, W) maps with a line of ground between them; ±bound are the last colors."""
    image = Image.fromarray(_arrange(color_levels(maps, bound), columns, zoom, gap=zoom, ground=GROUND))
    palette = np.vstack([color_table(theme), np.array([GROUND_COLORS[theme]], dtype=np.uint8)])
    image.putpalette(palette.tobytes())
    return _png(image)


def _arrange(cells: NDArray[np.uint8], columns: int, zoom: int, gap: int, ground: int) -> NDArray[np.uint8]:
    """(n, H, W) → one enlarged sheet, in reading order.

    Raises:
        PictureTooLarge: It would have more than `MAX_PIXELS`; the message has the largest zoom that works.
    """
    count, height, width = cells.shape
    columns = max(1, min(columns, count))
    rows = max(1, -(-count // columns))
    high, wide = height * zoom, width * zoom
    pixels = rows * (high + gap) * columns * (wide + gap)
    if pixels > MAX_PIXELS:
        works = int(zoom * (MAX_PIXELS / pixels) ** 0.5)
        raise PictureTooLarge(
            f"The picture would have {pixels:,} pixels; this server draws up to {MAX_PIXELS:,}: "
            + (f"add ?zoom={works}." if works else "name one filter, as in ?filter=0."),
            limit_pixels=MAX_PIXELS,
        )
    sheet = np.full((rows * (high + gap) - gap, columns * (wide + gap) - gap), ground, dtype=np.uint8)
    for number, map_cells in enumerate(cells):
        top, left = number // columns * (high + gap), number % columns * (wide + gap)
        sheet[top : top + high, left : left + wide] = map_cells.repeat(zoom, axis=0).repeat(zoom, axis=1)
    return sheet


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
