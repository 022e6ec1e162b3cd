"""GroupedConv2d: against the slow oracle, and what does not fit."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.layers import GroupedConv2d
from tests.model.layers.naive_layers import naive_conv2d


@pytest.mark.parametrize(("groups", "filters", "stride"), [(2, 6, (1, 1)), (4, 4, (2, 1)), (4, 8, (1, 1))])
def test_each_filter_reads_the_maps_of_its_group(groups, filters, stride, rng):
    x = rng.standard_normal((3, 4, 7, 6)).astype(np.float32)
    weight = rng.standard_normal((filters, 4 // groups, 3, 3)).astype(np.float32)
    bias = rng.standard_normal(filters).astype(np.float32)

    y, _context = GroupedConv2d(weight, bias, groups, stride, (1, 1)).forward(x)

    np.testing.assert_allclose(y, naive_conv2d(x, weight, bias, stride, (1, 1), groups=groups), atol=1e-5)


def test_neuron_reads_from_the_first_map_of_its_group_on(rng):
    x = rng.standard_normal((6, 4, 4)).astype(np.float32)
    layer = GroupedConv2d(np.ones((9, 2, 3, 3), dtype=np.float32), np.zeros(9, dtype=np.float32), 3)

    terms = layer.neuron_terms(x, 7, 1, 0)

    assert terms.first_channel == 4
    np.testing.assert_array_equal(terms.patch, x[4:6, 1:4, 0:3])


def test_layer_counts_the_products_of_its_groups_alone():
    layer = GroupedConv2d(np.zeros((8, 1, 3, 3), dtype=np.float32), np.zeros(8, dtype=np.float32), 8, (1, 1), (1, 1))

    assert layer.output_shape((8, 10, 12)) == (8, 10, 12)
    assert layer.multiply_adds((8, 10, 12)) == 8 * 9 * 10 * 12


def test_input_of_another_number_of_maps_is_refused():
    layer = GroupedConv2d(np.zeros((6, 2, 3, 3), dtype=np.float32), np.zeros(6, dtype=np.float32), 3)

    with pytest.raises(ShapeError, match="kernels read 2 channels in each of 3 groups but the input has 4"):
        layer.output_shape((4, 8, 8))
