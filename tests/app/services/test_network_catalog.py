from pathlib import Path

import numpy as np
import pytest

from app.errors import LayerWithoutKernels, UnknownFilter, UnknownLayer, UnknownModel
from app.services.network_catalog import NetworkCatalog, ServedNetwork
from model.errors import ArtifactError
from model.network import Network
from tests.builders import DEAD_FILTER


@pytest.fixture
def served(artifacts: Path) -> ServedNetwork:
    return NetworkCatalog.load(artifacts)["cnn"]


def test_an_unknown_model_is_refused_with_the_known_ones(artifacts: Path):
    with pytest.raises(UnknownModel, match="There is no model 'resnet'; the models are: cnn"):
        NetworkCatalog.load(artifacts)["resnet"]


def test_a_folder_without_networks_stops_the_start(tmp_path: Path):
    with pytest.raises(ArtifactError, match="holds no trained network"):
        NetworkCatalog.load(tmp_path)


def test_kernels_are_the_layers_own(served: ServedNetwork, tiny_network: Network):
    kernels = served.kernels("conv1")

    np.testing.assert_array_equal(kernels.kernels, tiny_network.parameters["conv1.weight"])
    np.testing.assert_array_equal(kernels.biases, tiny_network.parameters["conv1.bias"])
    assert kernels.range == (kernels.kernels.min(), kernels.kernels.max())


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
