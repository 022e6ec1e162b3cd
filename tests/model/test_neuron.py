import numpy as np
import pytest

from model.architectures import build_cnn
from model.description import describe_layers
from model.errors import NeuronError
from model.geometry import Box
from model.layers import Conv2d, Linear, MaxPool2d, ReLU, Softmax
from model.network import Network
from model.neuron import explain_neuron
from model.receptive_field import receptive_field_of


@pytest.fixture(scope="module")
def cnn() -> Network:
    """The real architecture with random weights and biases, so that nothing cancels by luck."""
    rng = np.random.default_rng(3)
    network = build_cnn(rng)
    drawn = {name: array + 0.05 * rng.standard_normal(array.shape) for name, array in network.parameters.items()}
    return network.with_parameters(drawn)


def image_of(rng: np.random.Generator) -> np.ndarray:
    return rng.random((1, 1, 28, 28), dtype=np.float32)


def test_convolution_is_written_out_by_hand():
    image = np.array([[[[1, 2, 0], [0, 3, 1], [4, 0, 5]]]], dtype=np.float32)
    kernel = np.array([[[[1, -1, 0], [2, 0, 0], [0, 0, 3]]]], dtype=np.float32)
    network = Network(
        (1, 3, 3),
        {
            "conv": Conv2d(kernel, np.array([0.5], dtype=np.float32), padding=(1, 1)),
            "pool": MaxPool2d((3, 3)),
            "softmax": Softmax(),
        },
    )

    corner = explain_neuron(network, image, network.trace(image), "conv", 0, 0, 0)

    # The patch of the upper left neuron hangs over the edge by one row and one column.
    np.testing.assert_array_equal(corner.patch[0], [[0, 0, 0], [0, 1, 2], [0, 0, 3]])
    np.testing.assert_array_equal(corner.weighted_sum.products[0], [[0, 0, 0], [0, 0, 0], [0, 0, 9]])
    assert corner.patch_span == Box(-1, -1, 3, 3)
    assert corner.patch_span.inside(3, 3) == Box(0, 0, 2, 2)
    assert corner.computed == corner.activation == 9.5
    assert corner.reads == "input"


def test_pooling_names_the_winner():
    image = np.array([[[[1, 2, 0, 0], [3, 0, 0, 7], [0, 0, 1, 1], [0, 0, 1, 0]]]], dtype=np.float32)
    network = Network((1, 4, 4), {"pool": MaxPool2d((2, 2)), "top": MaxPool2d((2, 2)), "softmax": Softmax()})
    trace = network.trace(image)

    left, right = (explain_neuron(network, image, trace, "pool", 0, 0, column) for column in (0, 1))

    assert (left.winner, left.computed) == ((1, 0), 3)
    assert (right.winner, right.computed) == ((1, 1), 7)
    assert right.patch_span == Box(0, 2, 2, 2)


def test_softmax_shows_its_exponentials(cnn: Network, rng):
    image = image_of(rng)
    trace = cnn.trace(image)

    arithmetic = explain_neuron(cnn, image, trace, "softmax", 4, 0, 0)

    assert arithmetic.exponentials.max() == 1
    assert arithmetic.exponentials[4] / arithmetic.exponentials.sum() == pytest.approx(arithmetic.activation, rel=1e-6)


def test_a_thousand_neurons_add_up_to_what_the_network_stored(cnn: Network, rng):
    layers = list(cnn.layers)
    for _ in range(20):
        image = image_of(rng)
        trace = cnn.trace(image)
        for _ in range(50):
            layer = layers[rng.integers(len(layers))]
            place = [int(rng.integers(extent)) for extent in cnn.output_shapes[layer]]

            arithmetic = explain_neuron(cnn, image, trace, layer, *place)

            # Relative to the size of what was summed: a sum near zero is made of terms that are not.
            terms = arithmetic.weighted_sum
            scale = abs(arithmetic.computed) if terms is None else np.abs(terms.products).sum() + abs(terms.bias)
            assert abs(arithmetic.difference) <= 1e-5 * max(scale, 1e-12), (layer, place)
            if terms is not None:
                np.testing.assert_allclose(terms.channel_sums, terms.products.sum(axis=(1, 2)))


@pytest.mark.parametrize("layer", ["conv1", "pool1", "conv2", "conv3", "pool2", "conv4", "conv5", "linear"])
def test_receptive_field_is_the_set_of_pixels_that_move_the_neuron(layer: str, rng):
    """All weights positive and no ReLU cut: then every pixel in the field must move the neuron, and no other may."""
    cnn = build_cnn(np.random.default_rng(0))
    positive = cnn.with_parameters({name: np.abs(array) + 0.01 for name, array in cnn.parameters.items()})
    # On even ground a raised pixel wins every maximum that it reaches.
    image = np.full((1, 1, 28, 28), 0.1, dtype=np.float32)
    description = next(each for each in describe_layers(positive) if each.name == layer)
    _, height, width = positive.output_shapes[layer]
    for row, column in {(0, 0), (height - 1, width // 2), (height // 2, width - 1)}:
        pokes = np.repeat(image, 784, axis=0)
        pokes.reshape(784, 784)[np.arange(784), np.arange(784)] = 5.0
        moved = positive.trace(pokes).outputs[layer][:, 0, row, column]
        unmoved = positive.trace(image).outputs[layer][0, 0, row, column]

        seen = (np.abs(moved - unmoved) > 1e-6 * abs(unmoved)).reshape(28, 28)

        expected = np.zeros((28, 28), dtype=bool)
        box = receptive_field_of(description, row, column, positive.input_shape).inside(28, 28)
        expected[box.top : box.top + box.height, box.left : box.left + box.width] = True
        np.testing.assert_array_equal(seen, expected, err_msg=f"{layer} ({row}, {column})")


def test_fully_connected_neuron_reads_everything(rng):
    network = Network((2, 3, 3), {"linear": Linear.create(rng, (2, 3, 3), 4), "relu": ReLU(), "softmax": Softmax()})
    image = rng.random((1, 2, 3, 3), dtype=np.float32)

    arithmetic = explain_neuron(network, image, network.trace(image), "linear", 2, 0, 0)

    np.testing.assert_array_equal(arithmetic.patch, image[0])
    assert arithmetic.patch_span == Box(0, 0, 3, 3)
    assert arithmetic.computed == pytest.approx(arithmetic.activation, rel=1e-5)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (("conv9", 0, 0, 0), "there is no layer 'conv9'; the layers are conv1, relu1, "),
        (("conv1", 16, 0, 0), "filter 16 of conv1 does not exist: it has filters 0 to 15"),
        (("pool1", 0, 14, 0), "row 14 of pool1 does not exist: it has rows 0 to 13"),
        (("linear", 0, 0, -1), "column -1 of linear does not exist: it has columns 0 to 0"),
    ],
)
def test_neuron_that_does_not_exist_is_refused(cnn: Network, rng, place, message: str):
    image = image_of(rng)
    trace = cnn.trace(image)

    with pytest.raises(NeuronError) as refusal:
        explain_neuron(cnn, image, trace, *place)

    assert message in str(refusal.value)
