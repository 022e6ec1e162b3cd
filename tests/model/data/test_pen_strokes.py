"""Synthetic handwriting: the templates are whole, and what is written from them still reads as its digit."""

import json

import numpy as np
import pytest

from model.data.pen_strokes import (
    FORMS,
    HEIGHTS,
    LOST_LIFT_RATE,
    MARGIN,
    PEN_WIDTHS,
    THICKEST,
    _place,
    draw_pen_width,
    load_forms,
    write_digit,
)
from model.errors import DatasetError

ALL_FORMS = [pytest.param(label, form, id=f"{label} {form.name}") for label in FORMS for form in FORMS[label]]


def test_every_digit_has_at_least_six_forms_of_different_names():
    assert list(FORMS) == list(range(10))
    for label, forms in FORMS.items():
        names = [form.name for form in forms]
        assert len(names) >= 6, label
        assert len(set(names)) == len(names), label


@pytest.mark.parametrize(("label", "form"), ALL_FORMS)
def test_template_is_within_the_unit_box_and_says_who_writes_so(label, form):
    assert form.weight > 0
    assert form.note.endswith(".")
    assert 0 < form.latitude <= 1
    assert min(form.lengths) >= 2
    assert form.points.shape == form.toward.shape == (sum(form.lengths), 2)
    assert min(form.points.min(), form.toward.min()) >= 0
    assert max(form.points.max(), form.toward.max()) <= 1


def test_only_forms_of_several_strokes_can_lose_a_lift():
    assert all(len(form.lengths) > 1 for forms in FORMS.values() for form in forms if form.joinable)


def test_strokes_of_a_template_come_in_writing_order(tmp_path):
    file = tmp_path / "forms.json"
    plus = {"name": "plus", "weight": 1, "note": "No digit.", "strokes": [[[0, 0.5], [1, 0.5]], [[0.5, 0], [0.5, 1]]]}
    file.write_text(json.dumps({"4": [plus]}))

    (form,) = load_forms(file)[4]

    bar, stem = form.strokes
    np.testing.assert_array_equal(bar, [[0, 0.5], [1, 0.5]])
    np.testing.assert_array_equal(stem, [[0.5, 0], [0.5, 1]])


def test_ends_of_a_range_that_differ_in_control_points_are_refused(tmp_path):
    file = tmp_path / "forms.json"
    lame = {"name": "lame", "weight": 1, "note": "", "strokes": [[[0, 0], [0, 1]]], "toward": [[[0, 0]]]}
    file.write_text(json.dumps({"1": [lame]}))

    with pytest.raises(DatasetError, match=r"form 'lame': `toward` must have \(2,\) control points"):
        load_forms(file)


@pytest.mark.parametrize(("label", "form"), ALL_FORMS)
def test_written_digit_lies_on_the_pad(label, form, rng):
    for _ in range(40):
        strokes = write_digit(label, rng, form.name)

        points = np.concatenate(strokes)
        assert points.dtype == np.float64
        assert points.min() >= MARGIN - 1e-9
        assert points.max() <= 1 - MARGIN + 1e-9
        assert len(strokes) in (1, len(form.lengths))
        assert all(len(stroke) >= 2 for stroke in strokes)


def test_stroke_of_no_width_has_its_place_as_well(rng):
    upright = np.array([[0.0, 0.0], [0.0, 1.0]])

    (placed,) = _place([upright], rng)

    assert np.ptp(placed[:, 0]) == 0
    assert HEIGHTS[0] <= np.ptp(placed[:, 1]) <= HEIGHTS[1]


def test_same_seed_writes_the_same_strokes():
    one, other = (
        [stroke for label in range(10) for stroke in write_digit(label, np.random.default_rng(5))] for _ in range(2)
    )

    assert len(one) == len(other)
    for stroke, same in zip(one, other, strict=True):
        np.testing.assert_array_equal(stroke, same)


def test_no_two_digits_are_alike(rng):
    one, other = write_digit(0, rng, "oval from the top"), write_digit(0, rng, "oval from the top")

    assert not np.array_equal(one[0][:2], other[0][:2])


def test_forms_are_written_as_often_as_they_weigh(rng):
    # "slashed" and "two arcs" are the only two-stroke zeros: two forms of eleven, but light ones.
    share = sum(form.weight for form in FORMS[0] if len(form.lengths) == 2) / sum(form.weight for form in FORMS[0])

    written = np.mean([len(write_digit(0, rng)) == 2 for _ in range(2000)])

    # Five standard errors.
    assert abs(written - share) < 5 * np.sqrt(share * (1 - share) / 2000)


def test_form_of_less_latitude_leans_less(rng):
    narrow, free = (
        np.std([_fall_from(write_digit(1, rng, name)[0], -1) for _ in range(800)])
        for name in ("small flat flag", "bare stroke")
    )

    assert narrow < 0.87 * free


def test_lifts_are_lost_rarely_and_only_where_the_form_allows_it(rng):
    joined = np.mean([len(write_digit(9, rng, "ring, then stick")) == 1 for _ in range(1000)])

    assert 0 < joined < 2 * LOST_LIFT_RATE
    assert all(len(write_digit(7, rng, "crossed")) == 2 for _ in range(300))


def test_unknown_form_names_those_that_exist(rng):
    with pytest.raises(DatasetError, match=r"1 has no form 'crossed'; its forms are 'bare stroke', .*'short flag'"):
        write_digit(1, rng, "crossed")


def test_unknown_digit_names_those_that_exist(rng):
    with pytest.raises(DatasetError, match="no forms for 10; there are forms for the digits 0 to 9"):
        write_digit(10, rng)


def test_long_flag_of_a_1_falls_more_steeply_than_any_bar_of_a_7(rng):
    flags = [
        _fall_from(stroke, stroke[:, 1].argmin())
        for name in ("long flag", "curved flag", "flag as long as the stem", "leaning with flag")
        for stroke in (write_digit(1, rng, name)[0] for _ in range(100))
    ]
    bars = [
        _fall_from(stroke, stroke[: len(stroke) // 2 + 1, 0].argmax())
        for name in ("plain", "crossed", "upright stem", "rounded corner")
        for stroke in (write_digit(7, rng, name)[0] for _ in range(100))
    ]

    assert np.median(flags) > 35
    assert min(flags) > np.percentile(bars, 99)


def _fall_from(stroke, corner):
    """Degrees by which a stroke's start lies below its corner, as seen from the corner."""
    across, down = stroke[corner, 0] - stroke[0, 0], stroke[0, 1] - stroke[corner, 1]
    return np.degrees(np.arctan2(down, across))


@pytest.mark.parametrize("name", [form.name for form in FORMS[0] if form.name not in ("slashed", "two arcs")])
def test_ends_of_a_0_come_close(name, rng):
    for _ in range(50):
        (stroke,) = write_digit(0, rng, name)

        gap = np.hypot(*(stroke[-1] - stroke[0]))
        # Loops and overlaps run past the start, yet less than half across.
        assert gap < 0.55 * np.ptp(stroke, axis=0).max()


@pytest.mark.parametrize("form", FORMS[6], ids=lambda form: form.name)
def test_path_of_a_6_lies_low(form, rng):
    assert np.mean([_middle_height(write_digit(6, rng, form.name)) for _ in range(50)]) > 0.52


@pytest.mark.parametrize("form", FORMS[9], ids=lambda form: form.name)
def test_path_of_a_9_lies_high(form, rng):
    assert np.mean([_middle_height(write_digit(9, rng, form.name)) for _ in range(50)]) < 0.48


def _middle_height(strokes):
    """Mean height of the pen's path, from 0 at the digit's top to 1 at its foot."""
    steps = [np.diff(stroke, axis=0) for stroke in strokes]
    lengths = np.concatenate([np.hypot(step[:, 0], step[:, 1]) for step in steps])
    middles = np.concatenate([(stroke[1:, 1] + stroke[:-1, 1]) / 2 for stroke in strokes])
    top, foot = min(stroke[:, 1].min() for stroke in strokes), max(stroke[:, 1].max() for stroke in strokes)
    return (np.average(middles, weights=lengths) - top) / (foot - top)


def test_pen_widths_fill_their_range(rng):
    widths = [draw_pen_width(rng) for _ in range(1000)]

    thinnest, thickest = PEN_WIDTHS
    assert thinnest <= min(widths) < 1.05 * thinnest
    assert 0.95 * thickest < max(widths) <= thickest
    # Log-uniform: half lie below the geometric mean.
    assert abs(np.mean(np.array(widths) < np.sqrt(thinnest * thickest)) - 0.5) < 0.08


def test_pen_never_fills_the_holes_of_a_small_digit(rng):
    assert max(draw_pen_width(rng, extent=0.35) for _ in range(500)) <= THICKEST * 0.35
