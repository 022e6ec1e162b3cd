"""The same ink makes the same 28×28, however it was pictured: where it lies, how large it is, dark or light."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from app.codecs.uploaded_image import Limits, decode_image
from app.framing import frame, from_image, from_strokes
from tests.builders import encode

BOUND = 0.1
"""Largest mean difference of the 784 pixels, 0–1. Measured over 2,000 pictures drawn by chance: 0.005 at the median,
0.027 at the 95th percentile, 0.056 at most."""

PLACES = st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9))
DRAWINGS = st.lists(PLACES, min_size=3, max_size=8).filter(
    lambda points: min(np.ptp(points, axis=0)) > 0.3  # a dot or a bare line has no extent to be scaled by
)


def picture(points: list[tuple[float, float]], size: int, margins: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Ink on a sheet: the pad enlarged to a size, with paper around it."""
    ink = from_strokes([np.array(points)], 0.065).ink
    enlarged = np.asarray(Image.fromarray(ink).resize((size, size), Image.Resampling.BILINEAR))
    top, bottom, left, right = margins
    return np.pad(enlarged, ((top, bottom), (left, right)))


def framed(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    decoded = decode_image(encode(Image.fromarray(gray)), Limits(2**24, 2**24, 2**24))
    return frame(from_image(decoded.colors, decoded.size), "mnist").pixels


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Mean difference of pixels where they agree best: digits are placed on whole pixels, and half a one tips over."""
    moved = [np.roll(one, (down, right), axis=(0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(float(np.abs(each - other).mean()) for each in moved)


@settings(max_examples=40, deadline=None)
@given(
    points=DRAWINGS,
    size=st.integers(112, 500),
    margins=st.tuples(*[st.integers(5, 150)] * 4),
    paper=st.integers(200, 255),
    ink=st.integers(0, 60),
)
def test_place_size_and_polarity_of_ink_do_not_matter(
    points: list[tuple[float, float]], size: int, margins: tuple[int, int, int, int], paper: int, ink: int
):
    expected = frame(from_strokes([np.array(points)], 0.065), "mnist").pixels
    sheet = picture(points, size, margins).astype(np.float64) / 255

    dark_on_light = np.rint(paper + (ink - paper) * sheet).astype(np.uint8)

    for gray in (dark_on_light, 255 - dark_on_light):
        assert difference(framed(gray), expected) < BOUND
