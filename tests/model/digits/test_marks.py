import numpy as np
import pytest

from model.digits.marks import find_marks, grown, holes_filled, label_parts, largest_in_window
from tests.builders import ink_from_drawing


def labels_by_flooding(mask: np.ndarray, diagonals: bool) -> tuple[np.ndarray, int]:
    """A slow oracle."""
    labels, count = np.zeros(mask.shape, dtype=int), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start]:
            continue
        count += 1
        pending = [start]
        while pending:
            row, column = pending.pop()
            if labels[row, column]:
                continue
            labels[row, column] = count
            for r in range(max(0, row - 1), min(mask.shape[0], row + 2)):
                for c in range(max(0, column - 1), min(mask.shape[1], column + 2)):
                    if mask[r, c] and (diagonals or r == row or c == column):
                        pending.append((r, c))
    return labels, count


@pytest.mark.parametrize("diagonals", [True, False])
def test_parts_are_those_that_flooding_finds(diagonals: bool, rng: np.random.Generator):
    for _ in range(100):
        mask = rng.random(rng.integers(1, 25, 2)) < rng.random()

        labels, count = label_parts(mask, diagonals=diagonals)

        expected, expected_count = labels_by_flooding(mask, diagonals)
        assert count == expected_count
        np.testing.assert_array_equal(labels > 0, mask)
        assert len({*zip(labels[mask], expected[mask], strict=True)}) == count


def test_marks_are_measured():
    mask = ink_from_drawing("##....", "##....", ".....#") > 0

    marks = find_marks(mask, np.full(mask.shape, 10, dtype=np.float32))

    assert marks.mass.tolist() == [0, 40, 10]
    assert marks.pixels.tolist() == [0, 4, 1]
    assert marks.top.tolist()[1:] == [0, 2]
    assert marks.right.tolist()[1:] == [1, 5]


def test_the_largest_in_a_window_is_what_a_loop_finds(rng: np.random.Generator):
    values = rng.integers(0, 256, (9, 14)).astype(np.uint8)

    largest = largest_in_window(values, 5)

    for row in range(9):
        for column in range(14):
            window = values[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
            assert largest[row, column] == window.max()


def test_holes_are_filled_and_bays_are_not():
    ring = ink_from_drawing("####.", "#..#.", "####.", "#....", "####.") > 0

    filled = holes_filled(ring)

    assert filled[1, 1:3].all()
    assert not filled[3, 1:4].any()


def test_a_pixel_grows_into_a_square():
    mask = np.zeros((5, 5), dtype=bool)
    mask[2, 2] = True

    np.testing.assert_array_equal(grown(mask, 1)[1:4, 1:4], True)
    assert grown(mask, 1).sum() == 9
