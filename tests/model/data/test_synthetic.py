import numpy as np
import pytest

from model.data import synthetic
from model.data.synthetic import draw_synthetic_digits
from model.digits.framing import center_of_mass

BLOCK = 300
"""Shorter than the real one, and more digits than a byte can count."""


@pytest.fixture(autouse=True, scope="module")
def short_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "BLOCK", BLOCK)
        yield


@pytest.fixture(scope="module")
def digits():
    return draw_synthetic_digits(BLOCK, seed=3, processes=1)


def test_ten_classes_come_in_turn_also_beyond_the_256th(digits):
    assert digits.labels.dtype == np.uint8
    np.testing.assert_array_equal(digits.labels, [index % 10 for index in range(BLOCK)])


def test_images_are_what_their_labels_say_from_the_first_to_the_last(digits):
    # The mean image of each class, from digits before the 250th, must tell those after it apart.
    early, early_labels = digits.images[:250].reshape(250, -1) / 255, digits.labels[:250]
    means = np.stack([early[early_labels == label].mean(axis=0) for label in range(10)])
    late = digits.images[250:].reshape(-1, 784) / 255

    nearest = ((late[:, np.newaxis] - means) ** 2).sum(axis=2).argmin(axis=1)

    # A guess would be right in a tenth of the cases.
    assert (nearest == digits.labels[250:]).mean() > 0.5


def test_every_digit_is_framed_as_a_visitors_is(digits):
    assert digits.images.shape == (BLOCK, 28, 28)
    assert digits.images.dtype == np.uint8
    for image in digits.images[::50]:
        assert center_of_mass(image) == pytest.approx((14.5, 14.5), abs=0.6)
        assert image.max() > 200


def test_digits_do_not_depend_on_how_many_processes_draw_them(monkeypatch):
    monkeypatch.setattr(synthetic, "BLOCK", 10)
    alone = draw_synthetic_digits(20, seed=3, processes=1)

    shared = draw_synthetic_digits(20, seed=3, processes=2)

    np.testing.assert_array_equal(shared.images, alone.images)
    np.testing.assert_array_equal(shared.labels, alone.labels)
    # The second block is no repetition of the first.
    assert not (shared.images[10:] == shared.images[:10]).all(axis=(1, 2)).any()


def test_as_many_are_drawn_as_were_asked_for_and_another_seed_draws_others(digits):
    others = draw_synthetic_digits(13, seed=4, processes=1)

    assert len(others) == len(others.images) == 13
    np.testing.assert_array_equal(others.labels, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2])
    assert not np.array_equal(others.images, digits.images[:13])


def test_none_can_be_drawn():
    none = draw_synthetic_digits(0, seed=1, processes=1)

    assert none.images.shape == (0, 28, 28)
    assert len(none) == 0
