"""Kernel edits: the result is the network with those weights, and the original keeps its own."""

import numpy as np
import pytest

from model.errors import ParameterError
from model.experiments.kernel_edits import KernelEdit, edit_kernels
from tests.builders import two_conv_network


@pytest.fixture
def network(rng):
    return two_conv_network(rng)


@pytest.fixture
def image(rng):
    return rng.random((1, 1, 8, 8), dtype=np.float32)


def test_edited_network_is_one_with_those_weights(network, image, rng):
    kernel = rng.standard_normal((3, 2, 2), dtype=np.float32)
    values = {name: array.copy() for name, array in network.parameters.items()}
    values["conv2.weight"][1] = kernel
    values["conv2.bias"][1] = 0.5
    before = {name: array.copy() for name, array in network.parameters.items()}

    edited = edit_kernels(network, [KernelEdit("conv2", 1, kernel=kernel, bias=0.5)])

    expected = network.with_parameters(values).trace(image)
    for name, maps in edited.trace(image).outputs.items():
        np.testing.assert_array_equal(maps, expected.outputs[name], err_msg=name)
    for name, array in network.parameters.items():
        np.testing.assert_array_equal(array, before[name], err_msg=f"the original's {name} was written on")


def test_ablated_filter_has_a_zero_map_and_all_others_keep_theirs(network, image):
    trace = edit_kernels(network, [KernelEdit("conv1", 2, ablate=True)]).trace(image)

    original = network.trace(image)
    assert not trace.outputs["conv1"][0, 2].any()
    np.testing.assert_array_equal(trace.outputs["conv1"][0, :2], original.outputs["conv1"][0, :2])


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_edit_of_one_position_changes_one_neuron_of_its_map(network, image, rng, layer):
    kernel = rng.standard_normal(network.parameters[f"{layer}.weight"].shape[1:], dtype=np.float32)
    original = network.trace(image).outputs[layer][0]
    everywhere = edit_kernels(network, [KernelEdit(layer, 1, kernel=kernel, bias=0.25)]).trace(image).outputs[layer][0]

    trace = edit_kernels(network, [KernelEdit(layer, 1, kernel=kernel, bias=0.25, position=(2, 1))]).trace(image)

    expected = original.copy()
    expected[1, 2, 1] = everywhere[1, 2, 1]
    np.testing.assert_allclose(trace.outputs[layer][0], expected, rtol=0, atol=1e-6)
    assert np.abs(everywhere[1, 2, 1] - original[1, 2, 1]) > 1e-3


def test_later_edits_overwrite_earlier_ones(network, image):
    first = KernelEdit("conv1", 0, kernel=np.ones((1, 3, 3), np.float32))
    of_one_neuron = KernelEdit("conv1", 0, bias=7, position=(4, 4))
    last = KernelEdit("conv1", 0, bias=-1)

    maps = edit_kernels(network, [first, of_one_neuron, last]).trace(image).outputs["conv1"][0, 0]

    # The last edit names no position, so that it holds at every one.
    expected = edit_kernels(network, [first, last]).trace(image).outputs["conv1"][0, 0]
    np.testing.assert_allclose(maps, expected, rtol=0, atol=1e-6)


def test_fully_connected_neurons_can_be_edited_too(network, image):
    trace = edit_kernels(network, [KernelEdit("linear", 4, kernel=np.zeros((4, 3, 3), np.float32), bias=2)]).trace(
        image
    )

    assert trace.logits[0, 4] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (KernelEdit("relu1", 0), r"no kernels in 'relu1'; there are in: conv1, conv2, linear"),
        (KernelEdit("conv9", 0), r"no kernels in 'conv9'"),
        (KernelEdit("conv1", 3), r"conv1 has no filter 3; its 3 filters"),
        (KernelEdit("conv1", 0, position=(8, 0)), r"conv1 has no neuron 8, 0; its maps are 8×8"),
        (KernelEdit("conv1", 0, kernel=np.zeros((1, 5, 5), np.float32)), r"has the shape \[1, 3, 3\], not \[1, 5, 5\]"),
    ],
    ids=["relu", "unknown layer", "filter", "position", "shape"],
)
def test_edit_that_does_not_fit_is_rejected_with_the_numbers(network, change, message):
    with pytest.raises(ParameterError, match=message):
        edit_kernels(network, [change])
