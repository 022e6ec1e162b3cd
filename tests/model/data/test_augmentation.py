import numpy as np
import pytest

from model.data.augmentation import Augmentation, augment

EVERYTHING = Augmentation(
    rotation=30, shift=4, scale=0.3, shear=0.3, elastic=2, thickness=1, fading=0.8, noise=0.5, clean_share=0.2
)


class Lot:
    """A generator that always draws the same point of every range: 0 the lowest, 1 the highest."""

    def __init__(self, point):
        self.point = point

    def random(self, size, dtype=np.float64):
        return np.full(size, self.point, dtype)

    def uniform(self, low, high, size):
        return np.full(size, low + self.point * (high - low))

    def standard_normal(self, size, dtype=np.float64):
        return np.full(size, self.point, dtype)


def _drawn(*rows):
    return np.array([rows], dtype=np.float32)


@pytest.fixture
def images(rng):
    return rng.random((12, 28, 28), dtype=np.float32)


def test_no_strength_changes_nothing(images, rng):
    changed = augment(images, Augmentation(), rng)

    np.testing.assert_array_equal(changed, images)
    assert changed.dtype == np.float32
    assert not np.shares_memory(changed, images)


def test_shift_of_a_pixel_moves_the_digit_by_exactly_a_pixel(images):
    moved_back, moved_on = (augment(images, Augmentation(shift=1), Lot(point)) for point in (1, 0))

    np.testing.assert_array_equal(moved_back[:, :-1, :-1], images[:, 1:, 1:])
    np.testing.assert_array_equal(moved_on[:, 1:, 1:], images[:, :-1, :-1])
    # What comes in from outside is paper.
    np.testing.assert_array_equal(moved_back[:, -1], 0)
    np.testing.assert_array_equal(moved_back[:, :, -1], 0)
    np.testing.assert_array_equal(moved_on[:, 0], 0)


def test_shift_of_half_a_pixel_mixes_four_neighbors_alike():
    image = _drawn([0, 0, 0, 0],
                   [0, 0, 0, 0],
                   [0, 0, 1, 0],
                   [0, 0, 0, 0])  # fmt: skip

    moved = augment(image, Augmentation(shift=0.5), Lot(1))

    np.testing.assert_allclose(moved, _drawn([0, 0, 0, 0],
                                             [0, 0.25, 0.25, 0],
                                             [0, 0.25, 0.25, 0],
                                             [0, 0, 0, 0]))  # fmt: skip


def test_digit_may_be_shifted_out_of_sight(images):
    np.testing.assert_array_equal(augment(images, Augmentation(shift=100), Lot(1)), 0)


@pytest.mark.parametrize(("point", "turns"), [(1, 1), (0, -1)])
def test_turn_by_a_right_angle_is_exact(images, point, turns):
    turned = augment(images, Augmentation(rotation=90), Lot(point))

    np.testing.assert_allclose(turned, np.rot90(images, turns, axes=(1, 2)), rtol=0, atol=2e-5)


def test_shear_moves_each_row_by_its_distance_from_the_middle():
    upright = _drawn([0, 0, 1, 0, 0],
                     [0, 0, 1, 0, 0],
                     [0, 0, 1, 0, 0],
                     [0, 0, 1, 0, 0],
                     [0, 0, 1, 0, 0])  # fmt: skip

    slanted = augment(upright, Augmentation(shear=1), Lot(1))

    np.testing.assert_allclose(slanted[0], np.eye(5)[:, ::-1], atol=1e-6)


def test_scale_shrinks_about_the_middle():
    image = np.ones((1, 9, 9), np.float32)

    shrunk = augment(image, Augmentation(scale=1), Lot(1))

    # Reading every second pixel, a digit of 9 pixels is 5 wide, the outermost of which reads the last pixel.
    expected = np.zeros((9, 9))
    expected[2:7, 2:7] = 1
    np.testing.assert_allclose(shrunk[0], expected)


def test_thickening_and_thinning_mix_in_the_four_neighbors():
    cross = _drawn([0, 0, 0, 0, 0],
                   [0, 0, 1, 0, 0],
                   [0, 1, 1, 1, 0],
                   [0, 0, 1, 0, 0],
                   [0, 0, 0, 0, 0])  # fmt: skip

    thick = augment(cross, Augmentation(thickness=0.5), Lot(1))
    thin = augment(cross, Augmentation(thickness=0.5), Lot(0))

    np.testing.assert_allclose(thick, _drawn([0, 0, 0.5, 0, 0],
                                             [0, 0.5, 1, 0.5, 0],
                                             [0.5, 1, 1, 1, 0.5],
                                             [0, 0.5, 1, 0.5, 0],
                                             [0, 0, 0.5, 0, 0]))  # fmt: skip
    np.testing.assert_allclose(thin, _drawn([0, 0, 0, 0, 0],
                                            [0, 0, 0.5, 0, 0],
                                            [0, 0.5, 1, 0.5, 0],
                                            [0, 0, 0.5, 0, 0],
                                            [0, 0, 0, 0, 0]))  # fmt: skip


def test_fading_takes_at_most_its_share_of_the_ink(images, rng):
    np.testing.assert_allclose(augment(images, Augmentation(fading=0.25), Lot(1)), 0.75 * images, rtol=1e-6)

    faded = augment(images, Augmentation(fading=0.25), rng)

    ratio = faded.sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    assert ratio.min() >= 0.75
    assert ratio.max() <= 1
    assert np.unique(ratio).size == len(images)


def test_elastic_field_that_points_one_way_is_a_shift(images):
    # All control points at one standard deviation: the field is 2 pixels everywhere.
    bent = augment(images, Augmentation(elastic=2), Lot(1))

    np.testing.assert_allclose(bent[:, :-2, :-2], images[:, 2:, 2:], rtol=0, atol=1e-5)


def test_elastic_field_bends_a_straight_line(rng):
    line = np.zeros((1, 28, 28), np.float32)
    line[:, :, 14] = 1

    bent = augment(line, Augmentation(elastic=2), rng)

    columns = (bent[0] * np.arange(28)).sum(axis=1) / bent[0].sum(axis=1).clip(1e-6)
    assert np.ptp(columns) > 1
    # Strokes bend and do not fray: from row to row the line never jumps.
    assert np.abs(np.diff(columns[4:24])).max() < 1.5


def test_values_stay_between_paper_and_ink(rng):
    images = (rng.random((200, 28, 28)) < 0.5).astype(np.float32)

    for strength in (EVERYTHING, Augmentation(rotation=30, elastic=2, thickness=1, scale=0.3)):
        changed = augment(images, strength, rng)

        assert changed.min() >= 0
        assert changed.max() <= 1


def test_same_seed_changes_digits_alike_and_another_differently(images):
    first, second, other = (augment(images, EVERYTHING, np.random.default_rng(seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(second, first)
    assert not np.array_equal(other, first)


@pytest.mark.parametrize(
    "strength",
    [
        Augmentation(rotation=10),
        Augmentation(shift=2),
        Augmentation(scale=0.2),
        Augmentation(shear=0.2),
        Augmentation(elastic=1),
        Augmentation(thickness=0.5),
        Augmentation(fading=0.5),
        Augmentation(noise=0.2),
    ],
    ids=lambda strength: next(name for name, value in vars(strength).items() if value),
)
def test_each_digit_is_changed_in_its_own_way(images, rng, strength):
    same = np.repeat(images[:1], 20, axis=0)

    changed = augment(same, strength, rng)

    assert np.unique(changed.reshape(20, -1), axis=0).shape[0] == 20


def test_digits_handed_in_are_left_as_they_were(images, rng):
    before = images.copy()

    augment(images, EVERYTHING, rng)

    np.testing.assert_array_equal(images, before)


def test_clean_share_of_the_digits_is_left_alone(rng):
    images = rng.random((400, 8, 8), dtype=np.float32)

    changed = augment(images, Augmentation(shift=2, clean_share=0.25), rng)

    untouched = (changed == images).all(axis=(1, 2)).mean()
    # 400 draws: within 3.5 standard deviations of a quarter.
    assert untouched == pytest.approx(0.25, abs=0.076)
    np.testing.assert_array_equal(augment(images, Augmentation(shift=2, noise=1, clean_share=1), rng), images)


def test_empty_batch_stays_empty(rng):
    assert augment(np.empty((0, 28, 28), np.float32), EVERYTHING, rng).shape == (0, 28, 28)
