"""Maps of activation space: coordinates, directions and neighbors."""

import numpy as np
import pytest

from model.architectures import ARCHITECTURES
from model.artifact import EXPERIMENTS_FOLDER, LAYER_MAPS_FILE, load_artifact, read_tensors, write_tensors
from model.data.training_subset import ARTIFACTS
from model.errors import ArtifactError
from model.experiments.layer_maps import (
    BATCH,
    COMPONENTS,
    INPUT,
    LayerMap,
    activations_of,
    directions_of,
    load_layer_maps,
    map_indexes,
    mapped_layers,
    nearest_points,
    principal_coordinates,
    save_layer_maps,
)
from tests.builders import tiny_cnn


def test_points_on_a_line_have_one_coordinate():
    along = np.array([-3, -1, 0, 4], dtype=np.float32)
    activations = along[:, np.newaxis] * np.array([0.6, 0, 0.8], dtype=np.float32) + np.float32(5)

    coordinates, variance = principal_coordinates(activations)

    # The largest coordinate is positive, whichever way the eigenvector points.
    np.testing.assert_allclose(coordinates[:, 0], along, atol=1e-5)
    np.testing.assert_allclose(coordinates[:, 1:], 0, atol=1e-2)
    np.testing.assert_allclose(variance, [1, 0, 0], atol=1e-5)


def test_coordinates_are_those_of_a_singular_value_decomposition(rng):
    activations = rng.normal(0, np.linspace(3, 0.5, 50), (40, 50)).astype(np.float32)
    centered = activations.astype(np.float64) - activations.mean(axis=0, dtype=np.float64)
    left, values, _right = np.linalg.svd(centered, full_matrices=False)

    coordinates, variance = principal_coordinates(activations)

    assert coordinates.shape == (40, COMPONENTS)
    np.testing.assert_allclose(np.abs(coordinates), np.abs(left * values)[:, :COMPONENTS], atol=1e-3)
    np.testing.assert_allclose(variance, (values**2 / (values**2).sum())[:COMPONENTS], rtol=1e-3)


def test_directions_from_the_coordinates_give_the_coordinates_back(rng):
    network = tiny_cnn()
    images = rng.random((BATCH + 30, 1, 28, 28), dtype=np.float32)
    layers = [INPUT, "relu1", "linear"]
    points = {}
    for layer in layers:
        values = np.concatenate([each[layer] for _begin, each in activations_of(network, [layer], images)])
        points[layer] = principal_coordinates(values)[0].astype(np.float32)

    directions = directions_of(network, points, images)

    outputs = {INPUT: images, **network.trace(images).outputs}
    for layer in layers:
        flat = np.ascontiguousarray(outputs[layer]).reshape(len(images), -1)
        axes = directions[layer].axes
        scale = np.abs(points[layer]).max()
        np.testing.assert_allclose(directions[layer].project(flat), points[layer], atol=2e-3 * scale)
        used = np.linalg.norm(axes, axis=0) > 0
        np.testing.assert_allclose((axes.T @ axes)[used][:, used], np.eye(used.sum()), atol=5e-3)


def test_directions_do_not_turn_towards_the_mean_when_rounded_coordinates_do_not_add_up_to_zero(rng):
    images = rng.random((60, 1, 28, 28), dtype=np.float32) + np.float32(3)
    points = principal_coordinates(images.reshape(60, -1))[0].astype(np.float32)

    exact = directions_of(tiny_cnn(), {INPUT: points}, images)[INPUT].axes
    rounded = directions_of(tiny_cnn(), {INPUT: points + np.float32(0.1)}, images)[INPUT].axes

    cosines = (exact * rounded).sum(axis=0) / np.linalg.norm(exact, axis=0) / np.linalg.norm(rounded, axis=0)
    np.testing.assert_allclose(cosines, 1, atol=1e-3)


def test_nearest_points_are_those_of_brute_force(rng):
    coordinates = rng.normal(0, 1, (200, COMPONENTS)).astype(np.float32)
    point = rng.normal(0, 1, COMPONENTS).astype(np.float32)

    rows, distances = nearest_points(coordinates, point, 7)

    one_by_one = sorted(
        (sum((float(a) - float(b)) ** 2 for a, b in zip(each, point, strict=True)) ** 0.5, row)
        for row, each in enumerate(coordinates)
    )[:7]
    assert [row for _distance, row in one_by_one] == rows.tolist()
    np.testing.assert_allclose(distances, [distance for distance, _row in one_by_one])


def test_of_equally_near_points_the_first_comes_first():
    coordinates = np.array([[2, 0], [0, 1], [1, 0], [0, -1]], dtype=np.float32)

    rows, distances = nearest_points(coordinates, np.zeros(2, np.float32), 3)

    assert rows.tolist() == [1, 2, 3]
    assert distances.tolist() == [1, 1, 1]


def test_file_keeps_each_component_to_a_254th_of_its_range(tmp_path, rng):
    points = rng.normal(0, [10, 1, 0.1], (50, 3)).astype(np.float32)
    points[:, 2] = 0  # a direction without variance
    path = tmp_path / "maps.safetensors.gz"

    save_layer_maps(path, {"cnn/0/relu1": LayerMap(points, np.array([0.9, 0.1, 0]), map_indexes(50))})
    loaded = load_layer_maps(path)

    assert list(loaded) == ["cnn/0/relu1"]
    kept = loaded["cnn/0/relu1"]
    assert kept.coordinates.dtype == np.float32
    assert (np.abs(kept.coordinates - points) <= np.abs(points).max(axis=0) / 253).all()
    np.testing.assert_allclose(kept.variance, [0.9, 0.1, 0], atol=1e-6)
    np.testing.assert_array_equal(kept.indexes, np.arange(50))


def test_a_file_without_maps_is_an_artifact_error(tmp_path):
    path = tmp_path / "maps.safetensors.gz"
    write_tensors(path, {"cnn/0/relu1": np.zeros((3, 2), np.int8)}, {"indexes": "[0, 1, 2]"})

    with pytest.raises(ArtifactError, match="holds no maps of layers"):
        load_layer_maps(path)


def test_mapped_layers_are_the_rectified_ones():
    networks = {name: build(np.random.default_rng(0)) for name, build in ARCHITECTURES.items()}

    assert mapped_layers(networks["cnn"]) == ["relu1", "relu2", "relu3", "relu4", "relu5"]
    assert mapped_layers(networks["mlp-500"]) == ["relu1"]
    assert mapped_layers(networks["cnn"], most=3) == ["relu1", "relu3", "relu5"]


def test_committed_maps_are_those_of_the_committed_networks():
    maps = load_layer_maps(ARTIFACTS / EXPERIMENTS_FOLDER / LAYER_MAPS_FILE)
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    shown = maps["mlp-500/17984/relu1"]
    images = tensors["images"][shown.indexes][:, np.newaxis].astype(np.float32) / np.float32(255)
    network = load_artifact(ARTIFACTS / "mlp-500").network

    directions = directions_of(network, {"relu1": shown.coordinates, INPUT: maps[INPUT].coordinates}, images)

    outputs = {INPUT: images, **network.trace(images).outputs}
    for layer, each in ((INPUT, maps[INPUT]), ("relu1", shown)):
        found = directions[layer].project(outputs[layer].reshape(len(images), -1))
        spread = each.coordinates.std(axis=0)
        # Eight bits for each coordinate: a hundredth of the spread.
        assert np.sqrt(np.mean((found - each.coordinates) ** 2, axis=0) / spread**2).max() < 0.05
