"""Perturbations of hand-worked digits, and what all of them keep."""

from typing import get_args

import numpy as np
import pytest

from app.operations.robustness import Kind
from model.errors import ParameterError
from model.experiments.perturbations import (
    FGSM,
    PERTURBATIONS,
    accuracy_curve,
    add_noise,
    blur,
    fast_gradient_sign,
    gradient_by_pixels,
    lower_contrast,
    occlude,
    perturb,
    rotate,
    scale,
    shear,
    shift,
    thicken,
    thin,
)
from model.experiments.translation import translate
from model.losses import log_softmax
from tests.builders import tiny_cnn


def image(*rows: str) -> np.ndarray:
    """One image of digits 0–9, which stand for tenths, and # for 1."""
    tenths = [[10 if cell == "#" else int(cell) for cell in row] for row in rows]
    return np.array([tenths], np.float32) / 10


@pytest.fixture
def digits(rng: np.random.Generator) -> np.ndarray:
    """Ink in the middle of 28×28."""
    images = np.zeros((3, 28, 28), np.float32)
    images[:, 6:22, 8:20] = rng.random((3, 16, 12), np.float32)
    return images


def test_a_quarter_turn_is_clockwise():
    corner = image("#50", "000", "000")

    turned = rotate(corner, 90)

    np.testing.assert_allclose(turned, image("00#", "005", "000"), atol=1e-6)
    np.testing.assert_allclose(rotate(turned, -90), corner, atol=1e-6)


def test_scaling_by_two_shows_the_middle_in_twice_the_size():
    dot = image("00000", "00000", "00#00", "00000", "00000")

    np.testing.assert_allclose(scale(dot, 2)[0, 2], [0, 0.5, 1, 0.5, 0])
    np.testing.assert_allclose(scale(dot, 2)[0, 1], [0, 0.25, 0.5, 0.25, 0])


def test_a_smaller_digit_has_less_ink_in_proportion(digits: np.ndarray):
    np.testing.assert_allclose(scale(digits, 0.5).sum(), digits.sum() / 4, rtol=0.02)


def test_shearing_by_one_moves_each_row_by_its_height_above_the_middle():
    line = image("00100", "00200", "00300", "00400", "00500")

    np.testing.assert_allclose(shear(line, 1), image("00001", "00020", "00300", "04000", "50000"), atol=1e-6)


def test_shifting_by_whole_pixels_is_translation(digits: np.ndarray):
    for right in (-14, -3, 2, 9):
        np.testing.assert_array_equal(shift(digits, right), translate(digits, 0, right))


def test_half_a_pixel_is_shared_between_two():
    np.testing.assert_allclose(shift(image("0000", "0080", "0000"), 0.5), image("0000", "0044", "0000"))


def test_thickening_by_one_pixel_reaches_the_four_neighbors_and_a_share_of_the_corners():
    dot = image("00000", "00000", "00#00", "00000", "00000")
    corner, far = 2 - np.sqrt(2), 0

    thick = thicken(dot, 1)[0]

    np.testing.assert_allclose(thick[1], [0, corner, 1, corner, 0], rtol=1e-6)
    np.testing.assert_allclose(thick[2], [far, 1, 1, 1, far])


def test_thinning_by_one_pixel_leaves_the_middle_of_a_square():
    square = image("00000", "0###0", "0###0", "0###0", "00000")

    np.testing.assert_allclose(thin(square, 1)[0, 2], [0, 0, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(thin(np.ones((1, 5, 5), np.float32), 1)[0, 0, 0], 0, atol=1e-6)


def test_blurring_keeps_the_ink_and_is_widest_along_no_axis():
    dot = np.zeros((1, 29, 29), np.float32)
    dot[0, 14, 14] = 1

    blurred = blur(dot, 2)[0]

    assert blurred.sum() == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(blurred, blurred.T, atol=1e-7)
    spread = (blurred * (np.arange(29) - 14) ** 2).sum()
    assert spread == pytest.approx(4, rel=0.01)


def test_noise_has_the_deviation_of_its_level_and_the_same_pattern_at_all_levels():
    gray = np.full((2, 200, 200), 0.5, np.float32)

    weak, strong = add_noise(gray, 0.05, [3, 4]), add_noise(gray, 0.1, [3, 4])

    np.testing.assert_allclose(weak.std(axis=(1, 2)), 0.05, rtol=0.02)
    np.testing.assert_allclose(strong - 0.5, 2 * (weak - 0.5), atol=1e-6)
    assert not np.allclose(weak[0], weak[1])
    np.testing.assert_array_equal(weak[1], add_noise(gray[:1], 0.05, [4])[0])


def test_contrast_and_occlusion_take_ink_away():
    digit = np.ones((1, 28, 28), np.float32)

    np.testing.assert_allclose(lower_contrast(digit, 0.75), 0.25)
    covered = occlude(digit, 4)[0]
    assert covered.sum() == 28 * 28 - 16
    assert not covered[12:16, 12:16].any()


def test_fast_gradient_sign_moves_every_pixel_uphill_within_its_ends():
    pixels, gradient = image("05#"), np.array([[[-3.0, 0.001, 2.0]]])

    np.testing.assert_allclose(fast_gradient_sign(pixels, 0.1, gradient), image("06#"))
    np.testing.assert_allclose(fast_gradient_sign(pixels, 0.1, -gradient), image("149"))
    np.testing.assert_array_equal(fast_gradient_sign(pixels, 0.1, 0 * gradient), pixels)


def test_gradient_by_pixels_agrees_with_finite_differences(rng: np.random.Generator):
    network = tiny_cnn(rng)
    images = rng.random((2, *network.input_shape[1:])).astype(np.float32)
    labels, step = [3, 0], 2.0**-18

    gradient = gradient_by_pixels(network, images, labels)

    double = network.as_dtype(np.float64)
    for number, label in enumerate(labels):
        for row, column in rng.integers(0, images.shape[1], (5, 2)):
            moved = np.stack([images[number].astype(np.float64)] * 2)
            moved[:, row, column] += (step, -step)
            logits = list(double.record(network.images_of(moved)).outputs.values())[-2][:, :, 0, 0]
            losses = -log_softmax(logits)[:, label]
            assert gradient[number, row, column] == pytest.approx(
                (losses[0] - losses[1]) / (2 * step), rel=1e-4, abs=1e-9
            )


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_every_kind_keeps_shape_type_and_bounds_and_changes_nothing_at_its_level_of_rest(kind: str, digits: np.ndarray):
    found = PERTURBATIONS[kind]
    gradient = digits - 0.3

    for level in (found.least, found.most):
        changed = perturb(kind, digits, level, [0, 1, 2], gradient)
        assert (changed.shape, changed.dtype) == (digits.shape, np.float32)
        assert changed.min() >= 0
        assert changed.max() <= 1
        if level != found.unchanged:
            assert np.abs(changed - digits).max() > 0.1
    assert perturb(kind, digits, found.unchanged, [0, 1, 2], gradient) is digits
    # Next to it, the digit changes only a little.
    near = perturb(
        kind,
        digits,
        found.unchanged + (found.step if found.unchanged < found.most else -found.step),
        [0, 1, 2],
        gradient,
    )
    if kind != "occlude":
        assert np.abs(near - digits).mean() < 0.06


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_curves_begin_or_pass_where_nothing_is_changed(kind: str):
    found = PERTURBATIONS[kind]

    assert found.unchanged in found.levels
    assert list(found.levels) == sorted(found.levels)
    assert found.least <= min(found.levels) < max(found.levels) <= found.most


def test_requests_know_every_kind():
    assert get_args(Kind) == tuple(PERTURBATIONS)


def test_a_curve_counts_what_is_classified_correctly(rng: np.random.Generator):
    network = tiny_cnn(rng)
    images = rng.random((60, *network.input_shape[1:])).astype(np.float32)
    labels = network.trace(network.images_of(images)).probabilities.argmax(axis=1).tolist()
    labels[:15] = [(label + 1) % 10 for label in labels[:15]]

    curve = accuracy_curve(network, FGSM, images, labels)

    assert curve[0] == 0.75
    assert curve[-1] < 0.2


@pytest.mark.parametrize(
    ("kind", "level", "message"),
    [
        ("twirl", 1, "there is no perturbation 'twirl'; there are: rotate, scale, shear, "),
        ("scale", 3, "scale takes levels from 0.3 to 1.7, not 3"),
        ("noise", float("nan"), "noise takes levels from 0 to 1, not nan"),
    ],
)
def test_unknown_kinds_and_levels_beyond_the_ends_are_rejected(kind: str, level: float, message: str):
    with pytest.raises(ParameterError) as raised:
        perturb(kind, np.zeros((1, 28, 28), np.float32), level, [0])

    assert str(raised.value).startswith(message)
