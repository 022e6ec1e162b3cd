import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ShapeError
from model.geometry import INPUT_FIELD, ReceptiveField, Window, conv_output_size, field_through

windows = st.builds(Window, size=st.integers(1, 5), stride=st.integers(1, 3), padding=st.integers(0, 2))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "positions"),
    [
        (28, 5, 1, 2, 28),  # padding makes up for what the kernel takes
        (14, 3, 1, 0, 12),
        (28, 2, 2, 0, 14),
        (7, 3, 2, 0, 3),  # at 0, 2 and 4
        (8, 3, 2, 0, 3),  # the last column is not read
        (3, 3, 1, 0, 1),
        (1, 3, 1, 1, 1),
    ],
)
def test_positions_of_a_kernel_counted_by_hand(size, kernel, stride, padding, positions):
    assert conv_output_size(size, kernel, stride, padding) == positions


@given(size=st.integers(1, 20), window=windows)
def test_positions_are_those_where_the_kernel_lies_inside(size, window):
    padded = size + 2 * window.padding
    inside = [first for first in range(0, padded, window.stride) if first + window.size <= padded]
    if not inside:
        with pytest.raises(ShapeError):
            conv_output_size(size, window.size, window.stride, window.padding)
        return

    assert conv_output_size(size, window.size, window.stride, window.padding) == len(inside)


def test_kernel_larger_than_the_padded_input_is_refused_with_both_numbers():
    with pytest.raises(ShapeError, match=r"^kernel is 7 px but the padded input is only 6 px$"):
        conv_output_size(4, kernel=7, padding=1)


def test_pixel_sees_itself():
    assert field_through([]) == INPUT_FIELD == ReceptiveField(size=1, jump=1, start=0)


def test_two_convolutions_of_three_see_as_much_as_one_of_five():
    assert field_through([Window(3), Window(3)]) == field_through([Window(5)])


def test_pooling_doubles_what_every_later_window_spans():
    pooled = field_through([Window(2, stride=2), Window(3, padding=1)])

    # Three neighbors, each a pair of pixels; the padding reads one pair to the left of the image.
    assert pooled == ReceptiveField(size=6, jump=2, start=-2)


@given(layers=st.lists(windows, max_size=4), place=st.integers(0, 3))
def test_receptive_field_is_the_box_found_by_following_every_connection(layers, place):
    seen = {place}
    for window in reversed(layers):
        seen = {neuron * window.stride - window.padding + offset for neuron in seen for offset in range(window.size)}

    field = field_through(layers)

    first = field.start + place * field.jump
    assert (min(seen), max(seen)) == (first, first + field.size - 1)
