"""What each layer knows: nearest neighbors, the probe, and the committed record."""

import json

import numpy as np
import pytest

from model.artifact import (
    EXPERIMENTS_FOLDER,
    LAYER_KNOWLEDGE_FILE,
    LAYER_MAPS_FILE,
    load_artifact,
    load_history,
    read_tensors,
)
from model.data.mnist import Digits
from model.data.training_subset import ARTIFACTS, load_training_subset
from model.experiments.layer_maps import INPUT, chosen_steps, load_layer_maps, mapped_layers
from model.measurements.layer_knowledge import (
    PENALTIES,
    NetworkAtStep,
    fit_probe,
    map_accuracy,
    measure_layer_knowledge,
    neighbor_classes,
)
from tests.builders import tiny_cnn


@pytest.fixture(scope="module")
def test_digits():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return Digits(tensors["images"], tensors["labels"])


@pytest.fixture(scope="module")
def record():
    return json.loads((ARTIFACTS / EXPERIMENTS_FOLDER / LAYER_KNOWLEDGE_FILE).read_text(encoding="utf-8"))


def test_nearest_neighbor_is_that_of_brute_force(rng):
    known, others = (rng.normal(0, 1, (count, 30)).astype(np.float32) for count in (60, 20))
    labels = rng.integers(0, 10, 60, dtype=np.uint8)

    found = neighbor_classes(known, labels, others)

    assert found.tolist() == [labels[np.linalg.norm(known - each, axis=1).argmin()] for each in others]


@pytest.mark.parametrize("neurons", [20, 300], ids=["fewer neurons than digits", "more neurons than digits"])
def test_probe_is_the_solution_of_the_ridge_equations(rng, neurons):
    x = rng.normal(0, 1, (100, neurons)).astype(np.float32)
    x -= x.mean(axis=0)
    labels = (np.arange(100) % 10).astype(np.uint8)

    weights, biases, penalty = fit_probe(x, labels)

    assert penalty in PENALTIES
    targets = np.eye(10)[labels]
    amount = penalty * np.mean((x.astype(np.float64) ** 2).sum(axis=1))
    expected = np.linalg.solve(
        x.T.astype(np.float64) @ x + amount * np.eye(neurons), x.T.astype(np.float64) @ (targets - 0.1)
    )
    np.testing.assert_allclose(weights, expected, atol=1e-4)
    np.testing.assert_allclose(biases, 0.1, atol=1e-6)


def test_probe_tells_separable_classes_apart(rng):
    labels = rng.integers(0, 10, 400, dtype=np.uint8)
    x = (np.eye(10)[labels] + rng.normal(0, 0.05, (400, 10))).astype(np.float32)
    x -= x.mean(axis=0)

    weights, biases, _penalty = fit_probe(x, labels)

    assert ((x @ weights + biases).argmax(axis=1) == labels).mean() == 1


def test_map_accuracy_leaves_each_digit_out_of_its_own_neighbors():
    points = np.array([[0.0], [1.0], [3.0], [10.0]])

    assert map_accuracy(points, np.array([7, 7, 7, 2], np.uint8)) == 0.75
    assert map_accuracy(points, np.array([1, 2, 3, 4], np.uint8)) == 0


def test_record_has_the_input_and_every_rectified_layer_of_each_step(test_digits):
    few = Digits(test_digits.images[:120], test_digits.labels[:120])
    training = Digits(test_digits.images[500:900], test_digits.labels[500:900])
    lines = []

    record, maps = measure_layer_knowledge(
        [NetworkAtStep("tiny", step, tiny_cnn(step)) for step in (0, 5)], training, few, lines.append
    )

    json.dumps(record)
    assert list(maps) == ["input", "tiny/0/relu1", "tiny/5/relu1"]
    assert [line.partition(":")[0] for line in lines] == list(maps)
    [model] = record["models"]
    assert [(each["step"], each["layers"][0]["neurons"]) for each in model["steps"]] == [(0, 3136), (5, 3136)]
    assert record["input"]["nearest_neighbor"] > 0.5, "400 digits are enough for more than half"
    assert (record["training_digits"], record["test_digits"], record["map_digits"]) == (400, 120, 120)


def test_committed_record_covers_every_network_at_three_steps(record):
    assert (record["training_digits"], record["test_digits"], record["map_digits"]) == (6_000, 10_000, 2_000)
    assert [model["id"] for model in record["models"]] == ["cnn", "mlp-500", "locally-connected"]
    maps = load_layer_maps(ARTIFACTS / EXPERIMENTS_FOLDER / LAYER_MAPS_FILE)
    expected = {INPUT}
    for model in record["models"]:
        steps = chosen_steps(list(load_history(ARTIFACTS / model["id"])))
        assert [each["step"] for each in model["steps"]] == steps
        layers = mapped_layers(load_artifact(ARTIFACTS / model["id"]).network)
        for each in model["steps"]:
            assert [layer["name"] for layer in each["layers"]] == layers
            expected |= {f"{model['id']}/{each['step']}/{layer}" for layer in layers}
    assert set(maps) == expected


def test_committed_figures_are_measured_again_from_committed_data(record, test_digits):
    network = load_artifact(ARTIFACTS / "mlp-500").network

    again, maps = measure_layer_knowledge(
        [NetworkAtStep("mlp-500", 17984, network, True)], load_training_subset(), test_digits
    )

    [model] = [each for each in record["models"] if each["id"] == "mlp-500"]
    kept = load_layer_maps(ARTIFACTS / EXPERIMENTS_FOLDER / LAYER_MAPS_FILE)
    pairs = [
        (record["input"], again["input"], "input"),
        (model["steps"][-1]["layers"][0], again["models"][0]["steps"][0]["layers"][0], "mlp-500/17984/relu1"),
    ]
    for old, new, name in pairs:
        assert old["neurons"] == new["neurons"]
        for figure in ("nearest_neighbor", "linear_probe", "map_neighbor"):
            assert old[figure] == pytest.approx(new[figure], abs=1e-3), f"{name}, {figure}"
        np.testing.assert_allclose(old["variance"], new["variance"], atol=1e-4)
        spread = maps[name].coordinates.std(axis=0)
        assert (np.abs(maps[name].coordinates - kept[name].coordinates)[:, :8] / spread[:8]).mean() < 0.05


def test_committed_map_accuracy_is_that_of_the_committed_coordinates(record, test_digits):
    maps = load_layer_maps(ARTIFACTS / EXPERIMENTS_FOLDER / LAYER_MAPS_FILE)

    for model in record["models"]:
        for step in model["steps"]:
            for layer in step["layers"]:
                found = maps[f"{model['id']}/{step['step']}/{layer['name']}"]
                accuracy = map_accuracy(found.coordinates, test_digits.labels[found.indexes])
                assert accuracy == pytest.approx(layer["map_neighbor"], abs=5e-3)
