from pathlib import Path

import numpy as np
import pytest

from app.errors import LayerWithoutKernels, UnknownFilter, UnknownLayer, UnknownModel, UnknownNeuron
from app.model_catalog import ModelCatalog
from app.served_network import ServedNetwork
from app.settings import Settings
from model.errors import ArtifactError
from model.network import Network
from tests.builders import DEAD_FILTER


@pytest.fixture
def served(artifacts: Path) -> ServedNetwork:
    return ModelCatalog.load(artifacts)["cnn"]


def test_an_unknown_model_is_refused_with_the_known_ones(artifacts: Path):
    with pytest.raises(UnknownModel, match="There is no model 'resnet'; the models are: cnn"):
        ModelCatalog.load(artifacts)["resnet"]


def test_a_folder_without_networks_stops_the_start(tmp_path: Path):
    with pytest.raises(ArtifactError, match="holds no trained network"):
        ModelCatalog.load(tmp_path)


def test_kernels_are_the_layers_own(served: ServedNetwork, tiny_network: Network):
    kernels = served.kernels("conv1")

    np.testing.assert_array_equal(kernels.kernels, tiny_network.parameters["conv1.weight"])
    np.testing.assert_array_equal(kernels.biases, tiny_network.parameters["conv1.bias"])
    assert kernels.range == (kernels.kernels.min(), kernels.kernels.max())


def test_kernels_of_a_place_are_the_same_everywhere_in_a_convolution(served: ServedNetwork):
    everywhere = served.kernels("conv1").kernels

    for place in [(0, 0), (27, 3)]:
        np.testing.assert_array_equal(served.kernels("conv1", place).kernels, everywhere)
    with pytest.raises(UnknownNeuron, match="its maps are 28×28"):
        served.kernels("conv1", (28, 0))


def test_kernels_of_a_place_differ_where_none_are_shared():
    served = ModelCatalog.load(Settings().artifacts)["locally-connected"]
    weight, bias = (served.artifact.network.parameters[f"local1.{name}"] for name in ("weight", "bias"))

    everywhere, here = served.kernels("local1"), served.kernels("local1", (3, 20))

    assert everywhere.kernels.shape == (16, 28, 28, 1, 5, 5)
    assert everywhere.biases.shape == (16, 28, 28)
    np.testing.assert_array_equal(here.kernels, weight[3, 20])
    np.testing.assert_array_equal(here.biases, bias[3, 20])
    np.testing.assert_array_equal(everywhere.kernels[:, 3, 20], here.kernels)
    assert not np.array_equal(served.kernels("local1", (3, 21)).kernels, here.kernels)


def test_a_layer_without_weights_is_refused_with_those_that_have_some(served: ServedNetwork):
    with pytest.raises(LayerWithoutKernels, match=r"relu1 of model cnn is a relu .* these have: conv1, linear"):
        served.kernels("relu1")


def test_an_unknown_layer_is_refused_with_the_known_ones(served: ServedNetwork):
    with pytest.raises(UnknownLayer, match="its layers are: conv1, relu1, pool1, linear, softmax"):
        served.kernels("conv9")


@pytest.mark.parametrize("number", [-1, 4])
def test_filters_are_counted_from_zero(served: ServedNetwork, number: int):
    served.require_filter("conv1", 0)
    served.require_filter("conv1", 3)

    with pytest.raises(UnknownFilter, match="its 4 filters are 0 to 3"):
        served.require_filter("conv1", number)


def test_a_filter_that_never_fires_is_dead_after_the_relu_and_only_there(served: ServedNetwork):
    assert served.dead_filters("relu1") == [DEAD_FILTER]
    assert served.dead_filters("conv1") == []
