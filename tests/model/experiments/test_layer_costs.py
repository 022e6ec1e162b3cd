"""The costs of a layer: known figures, and each number counted again in the arrays and in the products."""

import math

import numpy as np
import pytest

from model.errors import ShapeError
from model.experiments.layer_costs import layer_costs
from model.geometry import pair_of
from model.layers import Conv2d, Linear, LocallyConnected2d

MNIST = (1, 28, 28)


def rows_of(**geometry):
    usual = {"kernel_size": 5, "stride": 1, "padding": 2, "filters": 16, "features": 500}
    return {row.id: row for row in layer_costs(MNIST, **(usual | geometry))}


def test_figures_of_sixteen_filters_without_padding():
    rows = rows_of(padding=0)

    assert list(rows) == ["perceptron", "fully-connected", "locally-connected", "convolution"]
    assert rows["perceptron"].parameters == 392_500
    assert rows["locally-connected"].parameters == 239_616
    convolution = rows["convolution"]
    assert (convolution.parameters, convolution.multiply_adds, convolution.weight_uses) == (416, 230_400, 576)
    assert convolution.outputs == rows["locally-connected"].outputs == rows["fully-connected"].outputs == 16 * 24 * 24


def test_figures_of_the_networks_own_first_layers():
    rows = rows_of()

    assert rows["convolution"].output_shape == (16, 28, 28)
    assert (rows["convolution"].weights, rows["convolution"].biases, rows["convolution"].weight_uses) == (400, 16, 784)
    assert rows["locally-connected"].parameters == 28 * 28 * 16 * 26
    assert rows["fully-connected"].parameters == 785 * 12_544


@pytest.mark.parametrize(
    "geometry",
    [{}, {"padding": 0}, {"kernel_size": 3, "stride": 2, "padding": 1, "filters": 3, "features": 7},
     {"kernel_size": 8, "stride": 4, "padding": 0, "filters": 2}],
    ids=str,
)  # fmt: skip
def test_every_cost_is_what_a_forward_and_a_backward_pass_count(geometry, rng, monkeypatch):
    """An instrumented pass: each matrix product is counted as it is called."""
    small = geometry | {"filters": min(geometry.get("filters", 16), 3)}  # lest the full connection be large
    rows = rows_of(**small)
    window = {"stride": pair_of(small.get("stride", 1)), "padding": pair_of(small.get("padding", 2))}
    kernel, filters, features = small.get("kernel_size", 5), small["filters"], small.get("features", 500)
    _, height, width = rows["convolution"].output_shape
    draw = lambda *shape: rng.standard_normal(shape, dtype=np.float32)  # noqa: E731
    layers = {
        "perceptron": Linear(draw(features, *MNIST), draw(features)),
        "fully-connected": Linear(draw(filters * height * width, *MNIST), draw(filters * height * width)),
        "locally-connected": LocallyConnected2d(
            draw(height, width, filters, 1, kernel, kernel), draw(height, width, filters), **window
        ),
        "convolution": Conv2d(draw(filters, 1, kernel, kernel), draw(filters), **window),
    }
    products = []
    multiply = np.matmul

    def counting(a, b, *rest, **options):
        product = multiply(a, b, *rest, **options)
        products.append(product.size * a.shape[-1])
        return product

    for name, layer in layers.items():
        row = rows[name]
        monkeypatch.setattr(np, "matmul", counting)
        products.clear()
        y, context = layer.forward(draw(1, *MNIST))
        in_forward = sum(products)
        monkeypatch.setattr(np, "matmul", multiply)
        _dx, gradients = layer.backward(np.ones_like(y), context, needs_dx=False)

        assert row.outputs == y.size
        assert row.parameters == sum(array.size for array in layer.parameters.values())
        assert row.biases == layer.parameters["bias"].size
        assert row.multiply_adds == row.gradient_products == in_forward
        assert row.weight_uses == in_forward / layer.parameters["weight"].size
        assert row.inputs_per_output == in_forward / y.size
        assert row.gradients == sum(array.size for array in gradients.values())


def test_large_rows_cost_no_memory():
    row = rows_of(filters=64)["fully-connected"]

    assert row.parameters == 785 * 64 * 784
    assert math.prod(row.output_shape) == row.outputs


def test_kernel_that_does_not_fit_raises_an_error():
    with pytest.raises(ShapeError, match="kernel is 29 px but the padded input is only 28 px"):
        rows_of(kernel_size=29, padding=0)
