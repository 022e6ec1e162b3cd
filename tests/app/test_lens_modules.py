"""The lens computes what the API and the model compute: tests/js/oracle/lens.js runs its modules without a page."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from app.settings import ROOT
from model.artifact import Artifact, load_artifact
from model.description import LayerDescription, describe_layers
from model.geometry import Box
from model.receptive_field import receptive_field_of
from tests.servers import started

NODE = Path(sys.executable).parent / "node"
COMPARED = ["cnn", "locally-connected", "mlp-500"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with started() as running:
        yield running.address


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return load_artifact(ROOT / "model" / "artifacts" / "cnn")


def run_modules(server: str, model: str, **wanted: Any) -> dict[str, Any]:
    """What the modules compute for a model; ``wanted`` as the script describes it."""
    description = httpx.get(f"{server}/api/v1/models/{model}").json()
    command = [NODE, ROOT / "tests" / "js" / "oracle" / "lens.js"]
    body = json.dumps({"server": server, "model": description, **wanted})
    completed = subprocess.run(command, input=body, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    result: dict[str, Any] = json.loads(completed.stdout)
    return result


def random_neurons(rng: np.random.Generator, artifact: Artifact, count: int) -> list[dict[str, Any]]:
    """Neurons of layers that have a section; ReLU and softmax belong to the section of the layer before."""
    layers = [layer for layer in describe_layers(artifact.network) if layer.kind not in ("relu", "softmax")]
    chosen = [layers[rng.integers(len(layers))] for _ in range(count)]
    return [
        {"layer": layer.name}
        | {
            axis: int(rng.integers(extent))
            for axis, extent in zip(("filter", "row", "column"), layer.output_shape, strict=True)
        }
        for layer in chosen
    ]


def test_a_thousand_neurons_have_the_values_of_the_maps(server: str, artifact: Artifact, rng: np.random.Generator):
    digits = [{"sample": int(rng.integers(10_000)), "neurons": random_neurons(rng, artifact, 50)} for _ in range(20)]

    results = run_modules(server, "cnn", digits=digits)["digits"]

    for digit, written in zip(digits, results, strict=True):
        for neuron, result in zip(digit["neurons"], written, strict=True):
            terms = np.abs([*(result["products"] or []), result["bias"]]).sum() if result["products"] else 1
            # Relative to the terms: a sum near zero may have large ones.
            tolerance = 1e-5 * max(abs(result["stored"]), 0.01 * terms)
            assert abs(result["computed"] - result["stored"]) <= tolerance, neuron
            if result["after"] and result["after"]["kind"] == "relu":
                assert result["after"]["stored"] == max(0, result["stored"])
            if result["after"] and result["after"]["kind"] == "softmax":
                assert result["after"]["computed"] == pytest.approx(result["after"]["stored"], rel=1e-5)


@pytest.mark.parametrize("model", COMPARED)
def test_arithmetic_is_that_of_the_neuron_operation(server: str, model: str, rng: np.random.Generator):
    network = load_artifact(ROOT / "model" / "artifacts" / model)
    digits = [{"sample": int(rng.integers(10_000)), "neurons": random_neurons(rng, network, 5)} for _ in range(8)]

    results = run_modules(server, model, digits=digits)["digits"]

    with httpx.Client() as client:
        bodies = [[{"sample": digit["sample"], **neuron} for neuron in digit["neurons"]] for digit in digits]
        url = f"{server}/api/v1/models/{model}/neuron"
        expected = [[client.post(url, json=body).json() for body in each] for each in bodies]
    for own, written in zip(expected, results, strict=True):
        for api, result in zip(own, written, strict=True):
            assert result["span"] == {key: api["reads"][key] for key in ("top", "left", "height", "width")}
            np.testing.assert_array_equal(np.float32(result["patch"]), np.float32(api["patch"]).ravel())
            assert result["stored"] == pytest.approx(api["stored"], rel=1e-7)
            assert result["computed"] == pytest.approx(api["computed"], rel=1e-12, abs=1e-14)
            if api["products"]:
                # A product of two single-precision numbers is exact in double precision.
                assert result["products"] == np.array(api["products"]).ravel().tolist()
                np.testing.assert_allclose(result["sums"], api["channel_sums"], rtol=1e-12, atol=1e-14)
            else:
                assert result["winner"] == api["winner"]["row"] * 2 + api["winner"]["column"]


def test_contributions_and_the_bias_add_up_to_the_feature_map(server: str):
    layers, number = ["conv1", "conv2", "conv4", "linear"], 5

    maps = run_modules(server, "cnn", maps=[{"layer": layer, "filter": number} for layer in layers])["maps"]

    address = f"{server}/api/v1/models/cnn/feature-maps?layers={','.join(layers)}"
    response = httpx.post(address, json={"sample": 0}).json()
    for layer, summed in zip(response["layers"], maps, strict=True):
        np.testing.assert_allclose(summed, np.ravel(layer["feature_maps"][number]), atol=2e-6, err_msg=layer["name"])


def test_receptive_fields_are_those_of_the_model(server: str, artifact: Artifact):
    layers = describe_layers(artifact.network)
    neurons = [
        {"later": later, "row": row, "column": column}
        for later, layer in enumerate(layers)
        for _, height, width in [layer.output_shape]
        for row, column in [(0, 0), (height - 1, 0), (height // 2, width - 1)]
    ]

    result = run_modules(server, "cnn", fields=neurons)

    assert result["inputFields"] == [
        [
            as_box(receptive_field_of(layer, row, column, (1, 28, 28)).inside(28, 28))
            for row in range(layer.output_shape[1])
            for column in range(layer.output_shape[2])
        ]
        for layer in layers
    ]
    for neuron, fields in zip(neurons, result["fields"], strict=True):
        assert fields == fields_by_steps(layers, **neuron), neuron


def fields_by_steps(layers: list[LayerDescription], later: int, row: int, column: int) -> list[dict[str, int]]:
    """A neuron's field in every earlier layer, by going back one layer at a time."""
    rows, columns = {row}, {column}
    fields = []
    for layer in reversed(layers[1 : later + 1]):
        rows, columns = read_positions(rows, layer, axis=0), read_positions(columns, layer, axis=1)
        fields.append(as_box(Box(min(rows), min(columns), len(rows), len(columns))))
    return fields[::-1]


def read_positions(positions: set[int], layer: LayerDescription, axis: int) -> set[int]:
    """The input positions along one axis, without padding, of the windows at these positions."""
    window, extent = layer.window, layer.input_shape[1 + axis]
    if window is None:
        return set(range(extent))
    starts = {position * window.stride[axis] - window.padding[axis] for position in positions}
    return {start + i for start in starts for i in range(window.size[axis])} & set(range(extent))


def as_box(box: Box) -> dict[str, int]:
    return {"top": box.top, "left": box.left, "height": box.height, "width": box.width}
