import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ShapeError
from model.geometry import INPUT_FIELD, ReceptiveField, Window, conv_output_size, field_through, pair_of

windows = st.builds(
    Window,
    size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
)


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


@given(image=st.tuples(st.integers(1, 20), st.integers(1, 20)), window=windows)
def test_positions_are_those_where_the_kernel_lies_inside(image, window):
    inside = []
    for size, kernel, stride, padding in zip(image, window.size, window.stride, window.padding, strict=True):
        padded = size + 2 * padding
        inside.append(sum(first + kernel <= padded for first in range(0, padded, stride)))
    if not all(inside):
        with pytest.raises(ShapeError):
            window.output_size(*image)
        return

    assert window.output_size(*image) == tuple(inside)


def test_kernel_larger_than_the_padded_input_is_refused_with_both_numbers():
    with pytest.raises(ShapeError, match=r"^kernel is 7 px but the padded input is only 6 px$"):
        conv_output_size(4, kernel=7, padding=1)


def test_pixel_sees_itself():
    assert field_through([]) == INPUT_FIELD == ReceptiveField(size=(1, 1), jump=(1, 1), start=(0, 0))


def test_two_convolutions_of_three_see_as_much_as_one_of_five():
    assert field_through([Window((3, 2)), Window((3, 4))]) == field_through([Window((5, 5))])


def test_pooling_doubles_what_every_later_window_spans():
    pooled = field_through([Window((2, 2), stride=(2, 2)), Window((3, 3), padding=(1, 1))])

    # Three neighbors, each a pair of pixels; the padding reads one pair to the left of the image.
    assert pooled == ReceptiveField(size=(6, 6), jump=(2, 2), start=(-2, -2))


@given(layers=st.lists(windows, max_size=4), position=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_receptive_field_is_the_box_found_by_following_every_connection(layers, position):
    box = field_through(layers).box_at(*position)

    found = []
    for axis in (0, 1):
        seen = {position[axis]}
        for window in reversed(layers):
            first = -window.padding[axis]
            seen = {n * window.stride[axis] + first + offset for n in seen for offset in range(window.size[axis])}
        found.append((min(seen), max(seen) - min(seen) + 1))
    assert found == [(box.top, box.height), (box.left, box.width)]


def test_neurons_that_see_no_padding_are_counted_for_each_axis():
    field = field_through([Window((5, 3), stride=(1, 2), padding=(2, 0))])

    assert field.inside(image=(8, 9), neurons=(8, 4)) == (range(2, 6), range(4))


def test_nearest_neuron_is_the_one_whose_box_is_centered_there():
    field = field_through([Window((3, 5), stride=(1, 2), padding=(1, 2))])

    # Boxes of rows are centered at 0.5, 1.5, …; those of columns at 0.5, 2.5, 4.5, …
    assert field.nearest((2.6, 4.4), neurons=(8, 8)) == (2, 2)
    assert field.nearest((-5, 100), neurons=(8, 8)) == (0, 7)


@pytest.mark.parametrize(("value", "pair"), [(3, (3, 3)), ([1, 2], (1, 2)), ((4, 5), (4, 5))])
def test_one_number_stands_for_both_axes(value, pair):
    assert pair_of(value) == pair


@pytest.mark.parametrize("value", [[1], [1, 2, 3], []])
def test_other_numbers_of_numbers_are_no_pair(value):
    with pytest.raises(ValueError, match="values to unpack"):
        pair_of(value)
