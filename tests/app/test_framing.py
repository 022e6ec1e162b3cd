import numpy as np
import pytest

from app.errors import FramingImpossible
from app.framing import Framing, frame, from_image, from_pixels, from_sample, from_strokes
from app.settings import Settings
from model.artifact import read_tensors
from model.geometry import Box
from tests.builders import ONE

SAMPLES = Settings().artifacts / "samples.safetensors.gz"

SQUARE = np.zeros((28, 28), dtype=np.float32)
SQUARE[2:12, 3:13] = 1

LINE = [np.array(stroke) for stroke in ONE]


def test_a_drawing_is_framed_as_mnist_was():
    framed = frame(from_strokes(LINE, 0.065), "auto")

    assert framed.framing.applied == "mnist"
    assert framed.framing.source_size == (112, 112)
    # A line of 0.6 and a round pen of 0.065 are 0.665 · 112 = 74.5 cells high; they become 20 pixels.
    assert framed.framing.crop is not None
    assert framed.framing.crop.height in (74, 75)
    assert framed.framing.placed is not None
    assert framed.framing.placed.height == 20
    assert framed.pixels.shape == (28, 28)


def two_bars(bottom: float) -> np.ndarray:
    """One stroke: down on the left, along y = bottom, up on the right."""
    return np.array([[0.3, 0.2], [0.3, bottom], [0.7, bottom], [0.7, 0.2]])


@pytest.mark.parametrize(("bottom", "shapes"), [(0.95, 1), (1.5, 2)])
def test_one_stroke_is_two_shapes_only_where_it_leaves_the_pad(bottom: float, shapes: int):
    assert frame(from_strokes([two_bars(bottom)], 0.065), "auto").framing.shapes == shapes


def test_two_strokes_are_two_shapes_or_one():
    left, right = two_bars(0.9)[:2], two_bars(0.9)[2:]
    joined = two_bars(0.9)[1:3]

    assert frame(from_strokes([left, right], 0.065), "auto").framing.shapes == 2
    assert frame(from_strokes([left, joined, right], 0.065), "auto").framing.shapes == 1


def test_a_faint_part_of_a_small_hairline_does_not_make_two_shapes_of_it():
    points = """.817 .818 .810 .827 .798 .797 .788 .818 .800 .818 .770 .826 .797 .852 .825 .860
                .842 .831 .834 .829 .803 .830 .852 .818 .863 .796 .889 .835 .901 .862 .903 .836"""
    hairline = np.array(points.split(), dtype=np.float64).reshape(-1, 2)

    assert frame(from_strokes([hairline], 0.005), "auto").framing.shapes == 1


def test_a_drawing_without_framing_is_each_pixels_mean_of_sixteen_cells():
    source = from_strokes(LINE, 0.065)

    pixels = frame(source, "none").pixels

    assert pixels[14, 14] == pytest.approx(source.ink[56:60, 56:60].mean() / 255)
    assert not pixels[:4].any()


@pytest.mark.parametrize("source", [from_pixels(SQUARE), from_sample(np.rint(SQUARE * 255).astype(np.uint8))])
def test_pixels_and_samples_stay_as_they_are(source):
    framed = frame(source, "auto")

    np.testing.assert_array_equal(framed.pixels, SQUARE)
    assert framed.framing == Framing("auto", "none", (28, 28), None, None, None, None, source.polarity, (), 1)


def test_pixels_are_framed_on_request():
    framed = frame(from_pixels(SQUARE), "mnist")

    assert framed.framing.crop == Box(top=2, left=3, height=10, width=10)
    assert framed.framing.scale == 2
    # Its center of mass comes to lie in the middle of pixel 14.
    assert framed.framing.placed == Box(top=5, left=5, height=20, width=20)
    np.testing.assert_allclose(framed.pixels[5:25, 5:25], 1)


DIGIT = np.zeros((28, 28), dtype=np.float32)
DIGIT[4:24, 9:19] = 180
DIGIT[8:20, 12:16] = 0


def _box_of_21_rows():
    larger = DIGIT.copy()
    larger[24, 12] = 1
    return larger


@pytest.mark.parametrize(
    ("gray", "applied"),
    [
        (DIGIT, "none"),
        (255 - DIGIT, "mnist"),
        (np.maximum(DIGIT, 1), "mnist"),
        (_box_of_21_rows(), "mnist"),
        (np.repeat(np.repeat(DIGIT, 2, axis=0), 2, axis=1), "mnist"),
    ],
    ids=["as MNIST's", "dark on light", "ground of 1", "21 rows of ink", "56 by 56"],
)
def test_only_what_could_be_mnists_own_is_left_as_it_is(gray, applied):
    assert frame(from_image(gray, gray.shape), "auto").framing.applied == applied
    if gray.shape == (28, 28):
        assert frame(from_pixels(gray / np.float32(255)), "auto").framing.applied == applied


def test_without_framing_pixels_and_small_images_stay_to_the_bit(rng):
    gray = rng.integers(0, 256, (28, 28)).astype(np.float32)
    gray[:2] = gray[-2:] = 0

    as_pixels = frame(from_pixels(gray / np.float32(255)), "none").pixels
    as_image = frame(from_image(gray, (28, 28)), "none").pixels

    np.testing.assert_array_equal(as_pixels, gray / np.float32(255))
    np.testing.assert_array_equal(as_image, gray / np.float32(255))


def test_every_test_digit_is_the_same_as_pixels_image_and_sample():
    images = read_tensors(SAMPLES)[0]["images"]

    for ink in images:
        gray = ink.astype(np.float32)
        expected = frame(from_sample(ink), "auto").pixels
        np.testing.assert_array_equal(frame(from_image(gray, (28, 28)), "auto").pixels, expected)
        np.testing.assert_array_equal(frame(from_pixels(gray / np.float32(255)), "auto").pixels, expected)


def test_of_a_reduced_image_the_crop_is_told_in_its_own_pixels():
    gray = np.full((100, 50), 255, dtype=np.float32)
    gray[10:60, 5:20] = 0

    framing = frame(from_image(gray, (1000, 500)), "auto").framing

    assert framing.source_size == (1000, 500)
    assert framing.crop == Box(top=100, left=50, height=500, width=150)
    assert framing.scale == pytest.approx(20 / 500)


def test_a_large_image_cannot_go_without_framing():
    source = from_image(np.zeros((100, 50), dtype=np.float32), (100, 50))

    with pytest.raises(FramingImpossible, match=r"needs an image of 28×28 pixels; this one has 50×100"):
        frame(source, "none")


def test_colors_are_framed_for_networks_that_read_them_alone():
    image = np.full((60, 60, 3), 255, np.float32)
    image[10:50, 25:35] = (255, 0, 0)
    red = from_image(image, (60, 60))

    framed = frame(red, "auto", (3, 20, 20))

    assert framed.colors is not None
    np.testing.assert_array_equal(framed.colors[0], np.zeros((20, 20)))
    np.testing.assert_array_equal(framed.colors[1], framed.pixels)
    assert frame(red, "auto").colors is None
    assert frame(from_image(image[:, :, 1], (60, 60)), "auto", (3, 20, 20)).colors is None
    assert frame(from_image(image[:, :, 1:2].repeat(3, axis=2), (60, 60)), "auto", (3, 20, 20)).colors is None


def test_an_image_in_color_of_the_size_of_the_input_is_taken_as_it_is(rng):
    image = rng.integers(0, 256, (32, 32, 3)).astype(np.float32)
    photo = from_image(image, (32, 32))

    framed = frame(photo, "auto", (3, 32, 32))

    assert framed.framing.applied == "none"
    np.testing.assert_array_equal(framed.colors, image.transpose(2, 0, 1) / np.float32(255))
    assert frame(photo, "auto").framing.applied == "mnist"
    assert frame(photo, "mnist", (3, 32, 32)).framing.applied == "mnist"
    assert frame(from_image(image, (32, 32), threshold=0.5), "auto", (3, 32, 32)).framing.applied == "mnist"


def test_without_framing_an_image_may_have_the_size_of_the_input(rng):
    image = rng.integers(0, 256, (32, 32)).astype(np.float32)
    source = from_image(image, (32, 32))

    assert frame(source, "none", (1, 32, 32)).pixels.shape == (32, 32)
    with pytest.raises(FramingImpossible, match=r"needs an image of 28×28 pixels; this one has 32×32"):
        frame(source, "none")
    with pytest.raises(FramingImpossible, match=r"needs an image of 28×28 or 20×20 pixels; this one has 32×32"):
        frame(source, "none", (1, 20, 20))


def test_a_blank_pad_stays_blank():
    framed = frame(from_strokes([], 0.065), "auto")

    assert not framed.pixels.any()
    assert framed.framing.crop is None
    assert framed.framing.scale is None
