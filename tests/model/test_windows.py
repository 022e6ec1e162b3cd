import numpy as np
import pytest

from model.geometry import Window
from model.windows import from_rows, row_patches, to_rows, unroll_columns


def test_rows_have_the_images_innermost_and_are_no_copy(rng):
    x = rng.standard_normal((5, 2, 3, 4)).astype(np.float32)

    rows = to_rows(x)

    assert rows.shape == (3, 2, 4, 5)
    assert rows[2, 1, 3, 4] == x[4, 1, 2, 3]
    assert np.shares_memory(rows, x)
    np.testing.assert_array_equal(from_rows(rows), x)


def test_row_is_written_once_for_each_column_of_the_kernel_shifted_and_padded():
    row = np.array([1, 2, 3, 4], dtype=np.float32).reshape(1, 1, 4, 1)

    unrolled = unroll_columns(row, Window((3, 3), padding=(1, 1)))

    assert unrolled.shape == (3, 1, 3, 4, 1)
    np.testing.assert_array_equal(unrolled[1, 0, :, :, 0], [[0, 1, 2, 3],
                                                            [1, 2, 3, 4],
                                                            [2, 3, 4, 0]])  # fmt: skip
    np.testing.assert_array_equal(unrolled[[0, 2]], 0)


def test_stride_keeps_every_second_window():
    row = np.array([1, 2, 3, 4, 5, 6], dtype=np.float32).reshape(1, 1, 6, 1)

    unrolled = unroll_columns(row, Window((1, 3), stride=(1, 2)))

    np.testing.assert_array_equal(unrolled[0, 0, :, :, 0], [[1, 3],
                                                            [2, 4],
                                                            [3, 5]])  # fmt: skip


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        *(((k, k), (s, s), (p, p)) for k, s, p in [(1, 1, 0), (2, 1, 0), (3, 1, 1), (3, 2, 0), (3, 2, 1)]),
        *(((k, k), (s, s), (p, p)) for k, s, p in [(5, 1, 2), (5, 3, 4), (2, 3, 0), (1, 2, 3), (3, 1, 7)]),
        ((1, 3), (1, 2), (0, 1)),
        ((4, 2), (2, 1), (3, 0)),
        ((2, 5), (3, 2), (1, 4)),
    ],
)
def test_patches_are_those_cut_out_of_a_padded_image(kernel, stride, padding, rng):
    x = rng.standard_normal((3, 2, 6, 5)).astype(np.float32)

    (tall, wide), (down, right), (above, before) = kernel, stride, padding

    patches = row_patches(unroll_columns(to_rows(x), Window(kernel, stride, padding)), tall, down)

    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (before, before)))
    out_height = (6 + 2 * above - tall) // down + 1
    out_width = (5 + 2 * before - wide) // right + 1
    assert patches.shape == (out_height, tall * 2 * wide, out_width * 3)
    for h, w, n in np.ndindex(out_height, out_width, 3):
        top, left = h * down, w * right
        patch = padded[n, :, top : top + tall, left : left + wide]
        by_row_channel_column = patch.transpose(1, 0, 2).ravel()
        np.testing.assert_array_equal(patches[h, :, w * 3 + n], by_row_channel_column, err_msg=f"{h=} {w=} {n=}")


def test_patches_share_the_memory_of_the_unrolled_rows_and_cannot_be_written(rng):
    unrolled = unroll_columns(rng.standard_normal((4, 1, 4, 2)).astype(np.float32), Window((3, 3)))

    patches = row_patches(unrolled, kernel=3, stride=1)

    assert np.shares_memory(patches, unrolled)
    with pytest.raises(ValueError, match="read-only"):
        patches[0, 0, 0] = 1
