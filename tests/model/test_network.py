import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model.errors import ShapeError
from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.losses import softmax_cross_entropy
from model.network import ActivityFloor, Network
from tests.builders import two_conv_network
from tests.model.layers.gradient_check import central_differences
from tests.model.layers.naive_layers import (
    naive_conv2d,
    naive_linear,
    naive_max_pool2d,
    naive_relu,
    naive_softmax,
)


@pytest.fixture
def network(rng):
    return two_conv_network(rng)


@pytest.fixture
def digits(rng):
    return rng.random((5, 1, 8, 8), dtype=np.float32)


def test_trace_equals_the_slow_layers_one_after_the_other(network, digits):
    trace = network.trace(digits)

    p = network.parameters
    x = naive_conv2d(digits, p["conv1.weight"], p["conv1.bias"], padding=(1, 1))
    expected = {"conv1": x}
    expected["relu1"] = x = naive_relu(x)
    expected["pool1"] = x = naive_max_pool2d(x, (2, 2))
    expected["conv2"] = x = naive_conv2d(x, p["conv2.weight"], p["conv2.bias"])
    expected["relu2"] = x = naive_relu(x)
    expected["linear"] = x = naive_linear(x, p["linear.weight"], p["linear.bias"])
    expected["softmax"] = naive_softmax(x)
    assert list(trace.outputs) == list(expected)
    for name, maps in expected.items():
        assert trace.outputs[name].shape[1:] == network.output_shapes[name]
        np.testing.assert_allclose(trace.outputs[name], maps, rtol=0, atol=1e-5, err_msg=name)
    np.testing.assert_array_equal(trace.logits, trace.outputs["linear"][:, :, 0, 0])
    np.testing.assert_array_equal(trace.probabilities, trace.outputs["softmax"][:, :, 0, 0])


def test_forward_stops_at_the_logits(network, digits):
    logits, contexts = network.forward(digits)

    np.testing.assert_array_equal(logits, network.trace(digits).logits)
    assert len(contexts) == len(network.layers) - 1


def test_gradient_of_the_loss_matches_central_differences(network, digits):
    labels = np.array([3, 1, 4, 1, 5], np.uint8)

    logits, contexts = network.forward(digits)
    gradients = network.backward(softmax_cross_entropy(logits, labels)[1], contexts)

    assert gradients.keys() == network.parameters.keys()
    parameters = {name: array.astype(np.float64) for name, array in network.parameters.items()}
    for name, array in parameters.items():
        numeric = central_differences(lambda: _loss_in_float64(parameters, digits, labels), array, step=1e-6)
        np.testing.assert_allclose(
            gradients[name], numeric, rtol=0, atol=1e-6, err_msg=f"{name}\n{gradients[name]}\n{numeric}"
        )


def _loss_in_float64(p, digits, labels):
    """The network and its loss in one breath, precise enough for steps that cross no kink."""

    def convolve(x, name):
        patches = np.lib.stride_tricks.sliding_window_view(x, p[f"{name}.weight"].shape[2:], axis=(2, 3))
        return np.einsum("nchwij,fcij->nfhw", patches, p[f"{name}.weight"]) + p[f"{name}.bias"][:, None, None]

    x = np.maximum(convolve(np.pad(digits.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1))), "conv1"), 0)
    x = x.reshape(len(x), 3, 4, 2, 4, 2).max(axis=(3, 5))
    x = np.maximum(convolve(x, "conv2"), 0)
    logits = np.einsum("nchw,fchw->nf", x, p["linear.weight"]) + p["linear.bias"]
    of_label = logits[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - of_label))


def test_memory_order_of_the_images_does_not_matter(network, digits):
    innermost = np.ascontiguousarray(digits.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)

    in_c_order, images_innermost = network.trace(digits), network.trace(innermost)

    assert innermost.strides != digits.strides
    for name, maps in in_c_order.outputs.items():
        np.testing.assert_allclose(images_innermost.outputs[name], maps, rtol=0, atol=1e-6, err_msg=name)


def test_nothing_of_a_digit_stays_on_the_network_or_on_a_layer(network, digits):
    def everything():
        return [
            (owner, key, id(value), value.copy() if isinstance(value, np.ndarray) else repr(value))
            for owner, thing in [("network", network), *network.layers.items()]
            for key, value in vars(thing).items()
        ]

    before = everything()

    network.trace(digits)
    logits, contexts = network.forward(digits)
    network.backward(np.ones_like(logits), contexts)

    after = everything()
    assert [entry[:3] for entry in after] == [entry[:3] for entry in before]
    for (owner, key, _, value), (_, _, _, later) in zip(before, after, strict=True):
        np.testing.assert_array_equal(later, value, err_msg=f"{owner}.{key}")


def test_two_interleaved_digits_get_the_gradients_they_get_alone(network, digits):
    one, other = digits[:1], digits[1:2]
    d_logits = np.arange(10, dtype=np.float32)[np.newaxis]
    alone = [network.backward(d_logits, network.forward(digit)[1]) for digit in (one, other)]

    # The other digit passes through between the one's way forward and its way back.
    contexts_of_one = network.forward(one)[1]
    contexts_of_other = network.forward(other)[1]
    together = [network.backward(d_logits, contexts) for contexts in (contexts_of_one, contexts_of_other)]

    assert not np.array_equal(alone[0]["conv1.weight"], alone[1]["conv1.weight"])
    for apart, mixed in zip(alone, together, strict=True):
        for name, gradient in apart.items():
            np.testing.assert_array_equal(mixed[name], gradient, err_msg=name)


def test_two_threads_never_see_each_others_digit(network, digits):
    one, other = digits[:1], digits[1:2]
    expected = [network.trace(digit).outputs for digit in (one, other)]
    start_together = threading.Barrier(2)

    def trace_many_times(digit):
        start_together.wait(timeout=10)
        return [network.trace(digit).outputs for _ in range(300)]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(trace_many_times, (one, other)))

    assert not np.array_equal(expected[0]["conv1"], expected[1]["conv1"])
    for alone, many in zip(expected, answers, strict=True):
        for outputs in many:
            for name, maps in alone.items():
                np.testing.assert_array_equal(outputs[name], maps, err_msg=name)


def test_trace_of_one_digit_is_not_changed_by_the_next(network, digits):
    first = network.trace(digits[:1])
    kept = {name: maps.copy() for name, maps in first.outputs.items()}

    network.trace(digits[1:2])

    for name, maps in kept.items():
        np.testing.assert_array_equal(first.outputs[name], maps, err_msg=name)


def test_parameters_are_the_layers_own_arrays_by_full_name(network):
    parameters = network.parameters

    assert list(parameters) == [
        "conv1.weight",
        "conv1.bias",
        "conv2.weight",
        "conv2.bias",
        "linear.weight",
        "linear.bias",
    ]
    assert parameters["conv2.bias"] is network.layers["conv2"].parameters["bias"]


def test_every_layer_reads_what_the_one_before_it_wrote(network):
    assert network.input_shape_of("conv1") == (1, 8, 8)
    assert network.input_shape_of("relu1") == (3, 8, 8)
    assert network.input_shape_of("conv2") == (3, 4, 4)
    assert network.input_shape_of("softmax") == (10, 1, 1)


def test_layers_cannot_be_exchanged_behind_the_networks_back(network):
    with pytest.raises(TypeError):
        network.layers["conv1"] = ReLU()


@pytest.mark.parametrize("run", ["forward", "trace"])
def test_images_of_another_shape_or_type_are_refused(network, run):
    with pytest.raises(ShapeError, match=r"^expected images of shape \(N, 1, 8, 8\), got \(2, 1, 9, 8\)$"):
        getattr(network, run)(np.zeros((2, 1, 9, 8), np.float32))
    with pytest.raises(ShapeError, match=r"^expected float32 images, got float64$"):
        getattr(network, run)(np.zeros((2, 1, 8, 8)))


def test_layer_that_does_not_fit_is_named():
    layers = {
        "conv1": Conv2d(np.zeros((4, 1, 3, 3), np.float32), np.zeros(4, np.float32)),
        "conv2": Conv2d(np.zeros((4, 5, 3, 3), np.float32), np.zeros(4, np.float32)),
        "softmax": Softmax(),
    }

    with pytest.raises(ShapeError, match=r"^layer 'conv2': kernels read 5 channels but the input has 4$"):
        Network((1, 8, 8), layers)


@pytest.mark.parametrize("layers", [{}, {"relu": ReLU()}, {"softmax": Softmax(), "pool": MaxPool2d()}])
def test_network_without_a_softmax_at_its_end_is_refused(layers):
    with pytest.raises(ShapeError, match=r"^the last layer of a network must be a softmax$"):
        Network((10, 1, 1), layers)


def test_network_with_other_weights_is_a_copy_that_leaves_the_first_alone(network):
    halves = {name: (array / 2).astype(np.float16) for name, array in network.parameters.items()}

    other = network.with_parameters(halves)

    assert list(other.layers) == list(network.layers)
    assert other.layers["conv1"].padding == (1, 1)
    for name, array in other.parameters.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, halves[name].astype(np.float32))
        assert not np.shares_memory(array, network.parameters[name])


def test_trace_of_a_network_of_one_linear_layer_worked_by_hand():
    weight = np.array([[[[1, 0]]], [[[0, 2]]]], dtype=np.float32)
    network = Network((1, 1, 2), {"linear": Linear(weight, np.zeros(2, np.float32)), "softmax": Softmax()})

    trace = network.trace(np.array([[[[np.log(2), 0]]]], dtype=np.float32))

    np.testing.assert_allclose(trace.logits, [[np.log(2), 0]], rtol=1e-6)
    np.testing.assert_allclose(trace.probabilities, [[2 / 3, 1 / 3]], rtol=1e-6)


@pytest.mark.parametrize("order", [("pool", "relu"), ("relu", "pool")])
def test_backward_pass_from_the_logits_is_that_of_training(rng, order):
    between = {"pool": MaxPool2d(), "relu": ReLU()}
    layers = {"conv": Conv2d.create(rng, 1, 3, (3, 1)), **{name: between[name] for name in order}}
    layers |= {"linear": Linear.create(rng, (3, 3, 4), 5), "softmax": Softmax()}
    network = Network((1, 8, 8), layers)
    images = rng.standard_normal((4, 1, 8, 8), dtype=np.float32)
    d_logits = rng.standard_normal((4, 5), dtype=np.float32)
    logits, contexts = network.forward(images)

    recording = network.record(images, last="linear")
    back = network.backward_from("linear", d_logits[:, :, None, None], recording)

    np.testing.assert_array_equal(recording.outputs["linear"][:, :, 0, 0], logits)
    assert list(recording.outputs) == ["conv", *order, "linear"]
    assert list(back.deltas) == ["linear", *reversed(order), "conv"]
    for name, gradient in network.backward(d_logits, contexts).items():
        np.testing.assert_allclose(back.gradients[name], gradient, rtol=1e-5, atol=1e-6, err_msg=name)


def test_backward_pass_reaches_the_images_unless_it_is_told_not_to(network, rng):
    double = network.as_dtype(np.float64)
    images = rng.random((1, *network.input_shape))
    recording = double.record(images, last="conv2")
    delta = np.zeros_like(recording.outputs["conv2"])
    delta[0, 1, 2, 2] = 1

    by_input = double.backward_from("conv2", delta, recording).input

    step = 1e-6
    row, column = 4, 4
    changed = [images.copy() for _ in range(2)]
    changed[0][0, 0, row, column] += step
    changed[1][0, 0, row, column] -= step
    above, below = (double.record(each, last="conv2").outputs["conv2"][0, 1, 2, 2] for each in changed)
    assert by_input[0, 0, row, column] == pytest.approx((above - below) / (2 * step), abs=1e-8)
    assert by_input[0, 0, row, column] != 0
    assert double.backward_from("conv2", delta, recording, input_gradient=False).input is None


def test_network_in_another_precision_has_its_own_parameters(network):
    double = network.as_dtype(np.float64)

    for name, array in double.parameters.items():
        assert array.dtype == np.float64
        np.testing.assert_array_equal(array, network.parameters[name])
    double.parameters["conv1.bias"][...] = 7
    assert not (network.parameters["conv1.bias"] == 7).any()


def test_activity_floor_raises_only_filters_whose_largest_activation_is_below_it():
    # Two digits of two pixels. Filter 0 is dead, filter 1 reaches 0.05, filter 2 reaches 0.5.
    y = np.array([[[[0, 0]], [[0.05, 0]], [[0, 0]]], [[[0, 0]], [[0, 0]], [[0.5, 0]]]], dtype=np.float32)
    dx = np.ones_like(y)

    ActivityFloor(floor=0.1, weight=0.8).add_gradient(dx, y)

    # The gradient of minus 0.8 times the mean of a filter's four pre-activations.
    np.testing.assert_allclose(dx[:, 0], 0.8)
    np.testing.assert_allclose(dx[:, 1], 0.8)
    np.testing.assert_array_equal(dx[:, 2], 1)


def test_activity_floor_changes_the_gradient_of_a_dead_filter_and_of_no_other(network, digits):
    network.parameters["conv2.bias"][0] = -1_000
    logits, contexts = network.forward(digits)
    _loss, d_logits = softmax_cross_entropy(logits, np.array([0, 1, 2, 3, 4]))

    plain = network.backward(d_logits, contexts)
    raised = network.backward(d_logits, contexts, ActivityFloor(floor=1e-6, weight=0.1))

    assert plain["conv2.bias"][0] == 0
    assert raised["conv2.bias"][0] == pytest.approx(-0.1, rel=1e-5)
    np.testing.assert_array_equal(raised["conv2.weight"][1:], plain["conv2.weight"][1:])
    np.testing.assert_array_equal(raised["linear.weight"], plain["linear.weight"])
