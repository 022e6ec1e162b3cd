"""KERNELSCOPE_MODELS: networks from elsewhere are served as the service's own are, by every operation."""

import base64
import html
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnxruntime
import pytest
from fastapi import FastAPI
from onnx import helper, numpy_helper
from PIL import Image
from safetensors.numpy import load
from threadpoolctl import threadpool_info, threadpool_limits

from app.main import create_app
from app.settings import Settings
from model.artifact import load_artifact
from model.calibration import LayerCalibration, calibrate
from model.errors import ArtifactError
from model.network import Network
from model.onnx.writer import to_onnx
from tests.builders import SEVEN, encode
from tests.model.onnx.test_zoo import unpacked
from tests.onnx_files import OnnxFile, small_network, unusual_network
from tests.servers import client_of

pytestmark = pytest.mark.anyio

TENSORS = {"Accept": "application/x-safetensors"}
COLORED = "/api/v1/models/colored"


@pytest.fixture
def models(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A folder with a network that reads colors, one of three classes, and something else."""
    small_network(rng, channels=3, input_size=32).save(tmp_path / "colored.onnx")
    small_network(rng, channels=1, input_size=28, classes=3).save(tmp_path / "three-classes.onnx")
    (tmp_path / "notes.txt").write_text("no network")
    return tmp_path


@pytest.fixture
def settings(artifacts: Path, models: Path) -> Settings:
    return Settings(artifacts=artifacts, models=models)


async def start(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        pass


async def test_they_are_listed_described_and_ready(client: httpx.AsyncClient):
    listed = (await client.get("/api/v1/models")).json()["models"]
    described = (await client.get(COLORED)).json()

    assert [model["id"] for model in listed] == ["cnn", "colored", "three-classes"]
    assert (await client.get("/readyz")).json()["models"] == ["cnn", "colored", "three-classes"]
    assert described["input"]["shape"] == [3, 32, 32]
    assert [layer["name"] for layer in described["layers"]][:4] == ["conv1", "relu1", "pool1", "conv2"]
    assert described["layers"][2]["kind"] == "avg_pool2d"
    assert described["layers"][0]["display_range"][1] > 0


async def test_they_are_calibrated_on_one_thread(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    threads = []

    def record_threads(network: Network, *arguments: Any) -> dict[str, LayerCalibration]:
        threads.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return calibrate(network, *arguments)

    monkeypatch.setattr("app.model_catalog.calibrate", record_threads)
    with threadpool_limits(limits=2, user_api="blas"):
        await start(settings)

    assert len(threads) >= 2
    assert set(threads) == {1}


async def test_maps_are_those_of_onnx_runtime(client: httpx.AsyncClient, models: Path):
    response = await client.post(f"{COLORED}/feature-maps", json={"strokes": SEVEN}, headers=TENSORS)

    tensors = load(response.content)
    pictures = np.repeat(tensors["input"][np.newaxis, np.newaxis], 3, axis=1)
    session = onnxruntime.InferenceSession(models / "colored.onnx")
    names = [output.name for output in session.get_outputs()]
    theirs = dict(zip(names, session.run(names, {"picture": pictures}), strict=True))
    assert tensors["input"].shape == (32, 32)
    for layer, node in {"conv1": "t1", "pool1": "t3", "pool2": "t7"}.items():
        np.testing.assert_allclose(tensors[layer], theirs[node][0], atol=1e-5, err_msg=layer)
    np.testing.assert_allclose(tensors["probabilities"], theirs["t10"][0], atol=1e-5)


async def test_a_digit_is_framed_in_proportion(client: httpx.AsyncClient):
    small, large = [
        (await client.post(f"/api/v1/models/{model}/feature-maps?layers=conv1", json={"strokes": SEVEN})).json()[
            "input"
        ]
        for model in ("cnn", "colored")
    ]

    assert max(small["framing"]["placed"]["height"], small["framing"]["placed"]["width"]) == 20
    assert max(large["framing"]["placed"]["height"], large["framing"]["placed"]["width"]) == round(20 / 28 * 32)
    assert np.shape(large["pixels"]) == (32, 32)


@pytest.mark.parametrize("digit", [{"sample": 3}, {"pixels": [[0.5] * 28] * 28}, {"strokes": SEVEN, "framing": "none"}])
async def test_what_is_not_framed_is_scaled(client: httpx.AsyncClient, digit: dict):
    small, large = [
        np.array((await client.post(f"/api/v1/models/{model}/feature-maps", json=digit)).json()["input"]["pixels"])
        for model in ("cnn", "colored")
    ]

    assert large.shape == (32, 32)
    assert large.mean() == pytest.approx(small.mean(), rel=0.03)


def red_page() -> dict[str, str]:
    """A request's image: a red stroke on white paper."""
    page = Image.new("RGB", (80, 100), "white")
    page.paste((255, 51, 0), (35, 20, 47, 80))
    return {"image": base64.b64encode(encode(page)).decode()}


async def test_the_colors_of_an_image_go_into_the_channels(client: httpx.AsyncClient, models: Path):
    response = await client.post(f"{COLORED}/feature-maps", json=red_page(), headers=TENSORS)

    tensors = load(response.content)
    colors = tensors["input/colors"]
    session = onnxruntime.InferenceSession(models / "colored.onnx")
    theirs = session.run(["t1", "t10"], {"picture": colors[np.newaxis]})
    row, column = np.unravel_index(tensors["input"].argmax(), (32, 32))
    np.testing.assert_allclose(colors[:, row, column], [0, 0.8, 1], atol=1e-6)
    np.testing.assert_allclose(tensors["conv1"], theirs[0][0], atol=1e-5)
    np.testing.assert_allclose(tensors["probabilities"], theirs[1][0], atol=1e-5)


async def test_networks_that_read_gray_get_gray(client: httpx.AsyncClient):
    in_gray, in_color = [
        (await client.post(f"/api/v1/models/{model}/feature-maps", json=red_page())).json()["input"]
        for model in ("cnn", "colored")
    ]
    drawn = (await client.post(f"{COLORED}/feature-maps", json={"strokes": SEVEN})).json()["input"]

    assert in_gray["colors"] is None
    assert drawn["colors"] is None
    assert np.shape(in_color["colors"]) == (3, 32, 32)


async def test_a_neuron_multiplies_each_color_with_its_own_slice(client: httpx.AsyncClient):
    place = {"layer": "conv1", "filter": 1, "row": 15, "column": 15}
    maps = (await client.post(f"{COLORED}/feature-maps?layers=conv1", json=red_page())).json()
    neuron = (await client.post(f"{COLORED}/neuron", json={**red_page(), **place})).json()

    patch = np.array(maps["input"]["colors"])[:, 13:18, 13:18]
    np.testing.assert_allclose(neuron["patch"], patch, atol=1e-6)
    assert neuron["channel_sums"][0] == 0
    assert neuron["channel_sums"][1:] == pytest.approx((patch * neuron["kernel"]).sum(axis=(1, 2))[1:].tolist())
    assert neuron["stored"] == pytest.approx(maps["layers"][0]["feature_maps"][1][15][15], abs=1e-6)


async def test_saliency_and_evidence_are_about_the_colors(client: httpx.AsyncClient, app: FastAPI):
    saliency = (await client.post("/api/v1/experiments/saliency?model=colored", json=red_page())).json()
    evidence = (await client.post(f"{COLORED}/evidence", json=red_page())).json()
    network = app.state.context.models["colored"].artifact.network
    colors = np.array(saliency["input"]["colors"])
    logits = network.forward(np.float32(np.stack([np.zeros_like(colors), colors])))[0][:, saliency["label"]]

    np.testing.assert_allclose(np.sum(saliency["by_channel"], axis=0), saliency["gradient"], atol=1e-12)
    assert saliency["logit"] == pytest.approx(logits[1], abs=1e-5)
    assert evidence["label"] == saliency["label"]
    assert evidence["difference"] == pytest.approx(logits[1] - logits[0], abs=1e-5)
    assert np.sum(evidence["pixels"]) == pytest.approx(evidence["difference"], abs=1e-4)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("experiments/occlusion?model=colored", {"size": 8, "stride": 8}),
        ("experiments/gradients?models=colored", {}),
        ("experiments/gradient-descent?model=colored", {}),
        ("experiments/gradient-check?model=colored", {"parameter": "conv1.weight", "index": [0, 2, 1, 1]}),
        ("experiments/perturb-pixel?models=colored", {"row": 1, "column": 1}),
        ("experiments/translation?models=colored", {"down": 1, "right": 2}),
        ("experiments/layer-map?model=colored", {}),
    ],
)
async def test_operations_on_a_digit_take_colors(client: httpx.AsyncClient, path: str, body: dict):
    response = await client.post(f"/api/v1/{path}", json={**red_page(), **body})

    assert response.status_code == 200, response.text[:500]


async def test_labels_of_test_digits_are_no_classes_of_other_networks(client: httpx.AsyncClient):
    predicted = (await client.post("/api/v1/models/three-classes/feature-maps", json={"sample": 0})).json()

    explained = (await client.post("/api/v1/experiments/gradients?models=three-classes", json={"sample": 0})).json()

    assert explained["label_from"] == "prediction"
    assert explained["label"] == predicted["prediction"]["digit"]


async def test_gradients_begin_with_kernels_and_not_with_a_normalization(artifacts: Path, tmp_path: Path, rng):
    small_network(rng, channels=1, input_size=28).save(tmp_path / "normalized.onnx")
    (tmp_path / "normalized.json").write_text('{"mean": 0.1307, "std": 0.3081}')
    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        response = (await client.post("/api/v1/experiments/gradients?models=normalized", json={"sample": 0})).json()
        layers = (await client.get("/api/v1/models/normalized")).json()["layers"]

    assert layers[0]["name"] == "normalize"
    assert [layer["name"] for layer in response["models"][0]["layers"]] == ["conv1"]


async def test_holes_of_a_dilated_kernel_are_no_weights(artifacts: Path, tmp_path: Path):
    kernels = np.ones((2, 1, 3, 3), np.float32)
    file = OnnxFile(1, 28).add("Conv", kernels, np.zeros(2, np.float32), dilations=[2, 3])
    file.add("Flatten").add("Gemm", np.ones((10, 2 * 24 * 22), np.float32), np.zeros(10, np.float32), transB=1)
    file.save(tmp_path / "dilated.onnx")
    hole = {"sample": 0, "parameter": "conv1.weight", "index": [0, 0, 1, 0]}
    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        conv1 = (await client.get("/api/v1/models/dilated")).json()["layers"][0]
        kernel = (await client.get("/api/v1/models/dilated/layers/conv1/kernels")).json()["kernels"][0][0]
        gradients = (await client.post("/api/v1/experiments/gradients?models=dilated", json={"sample": 0})).json()
        checked = await client.post("/api/v1/experiments/gradient-check?model=dilated", json=hole)

    assert (conv1["kernel_size"], conv1["dilation"]) == ([5, 7], [2, 3])
    assert (conv1["weights"], conv1["biases"], conv1["weight_uses"]) == (18, 2, 24 * 22)
    assert conv1["multiply_adds"] == 18 * 24 * 22
    assert kernel == [[1, 0, 0, 1, 0, 0, 1], [0] * 7] * 2 + [[1, 0, 0, 1, 0, 0, 1]]
    gradient = np.array(gradients["models"][0]["layers"][0]["weight"])[0, 0]
    assert np.count_nonzero(gradient) == np.count_nonzero(gradient[::2, ::3]) == 9
    assert checked.status_code == 404
    assert "There is a hole at [0, 0, 1, 0] in conv1.weight; its dilation is [2, 3]" in checked.text


OPERATIONS = [
    ("GET", f"{COLORED}/layers/conv1/kernels", None),
    ("GET", f"{COLORED}/history", None),
    ("GET", f"{COLORED}/weights", None),
    ("POST", f"{COLORED}/code", {"of": "prediction", "digit": {"strokes": SEVEN}}),
    ("POST", f"{COLORED}/neuron", {"sample": 0, "layer": "pool1", "filter": 1, "row": 2, "column": 3}),
    ("POST", f"{COLORED}/neuron", {"sample": 0, "layer": "conv1", "filter": 1, "row": 0, "column": 31}),
    ("POST", "/api/v1/experiments/perturb-pixel?models=colored", {"sample": 0, "row": 30, "column": 31}),
    ("POST", "/api/v1/experiments/translation?models=colored", {"sample": 0, "down": 1, "right": -2}),
    (
        "POST",
        "/api/v1/experiments/translation-curve?models=colored",
        {"strokes": SEVEN, "direction": "right", "max_offset": 2},
    ),
    ("POST", "/api/v1/experiments/gradients?models=colored", {"strokes": SEVEN}),
    ("POST", "/api/v1/experiments/gradients?models=cnn,three-classes", {"sample": 0, "label": 2}),
    ("POST", "/api/v1/experiments/backward-pass?model=colored", {"sample": 0, "layer": "input", "check": True}),
    ("POST", "/api/v1/experiments/backward-pass?model=colored", {"sample": 0, "layer": "relu1", "filter": 1}),
    ("POST", "/api/v1/experiments/saliency?model=colored", {"sample": 0}),
    ("POST", "/api/v1/experiments/occlusion?model=colored", {"sample": 0, "size": 8, "stride": 4}),
    ("GET", "/api/v1/experiments/orientation-tuning?model=colored", None),
    ("GET", "/api/v1/experiments/layer-map?model=colored&layer=conv1", None),
    ("POST", "/api/v1/experiments/layer-map?model=colored", {"strokes": SEVEN}),
    ("POST", "/api/v1/experiments/layer-map?model=three-classes", {"sample": 0}),
    ("GET", "/api/v1/experiments/confusion?model=colored", None),
    ("GET", "/api/v1/experiments/confusion/digits?model=colored&label=3", None),
    ("GET", "/api/v1/experiments/misread-digit?model=colored", None),
    ("GET", "/api/v1/experiments/robustness?models=colored&kind=fgsm", None),
    ("POST", "/api/v1/experiments/robustness?models=colored", {"strokes": SEVEN, "kind": "fgsm", "level": 0.1}),
    ("POST", "/api/v1/experiments/robustness?models=cnn,three-classes", {"sample": 0, "kind": "blur", "level": 2}),
    ("GET", f"{COLORED}/filter-names", None),
    ("GET", "/api/v1/models/three-classes/filter-names", None),
    (
        "POST",
        "/api/v1/experiments/kernel-edits?model=colored",
        {"sample": 0, "edits": [{"layer": "conv1", "filter": 0, "ablate": True}]},
    ),
    (
        "POST",
        "/api/v1/experiments/kernel-edits/accuracy?model=colored",
        {"edits": [{"layer": "conv1", "filter": 0, "ablate": True}]},
    ),
]


PAGES_OF_ANY_MODEL = (
    "/",
    "/orientation",
    "/gradients",
    "/editor",
    "/saliency",
    "/layers",
    "/errors",
    "/robustness",
    "/tour",
    "/local-and-global",
)


@pytest.mark.parametrize(
    ("method", "path", "body"), OPERATIONS, ids=[path.partition("v1/")[2] for _, path, _ in OPERATIONS]
)
async def test_every_operation_works_on_them(client: httpx.AsyncClient, method: str, path: str, body: dict | None):
    response = await client.request(method, path, json=body)

    assert response.status_code == 200, response.text[:500]


async def test_saliency_is_the_change_that_ink_makes_in_all_channels(client: httpx.AsyncClient, app: FastAPI):
    response = (await client.post("/api/v1/experiments/saliency?model=colored", json={"strokes": SEVEN})).json()
    network = app.state.context.models["colored"].artifact.network
    pixels = np.array(response["input"]["pixels"])
    gradient = np.array(response["gradient"])
    row, column = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
    nudged = np.stack([pixels, pixels]).astype(np.float32)
    nudged[1, row, column] += 2.0**-10

    logits = network.forward(network.images_of(nudged))[0][:, response["label"]]

    assert (logits[1] - logits[0]) * 2**10 == pytest.approx(gradient[row, column], rel=0.02)


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        (
            "/api/v1/experiments/perturb-pixel?models=cnn,colored",
            {"sample": 0, "row": 1, "column": 1},
            "All models get the same digit, but their inputs differ: cnn 28×28, colored 32×32. Name fewer models.",
        ),
        (
            "/api/v1/experiments/perturb-pixel?models=cnn",
            {"sample": 0, "row": 28, "column": 1},
            "There is no pixel at row 28, column 1: these models read 28×28 pixels, counted from 0.",
        ),
        (
            "/api/v1/experiments/gradients?models=three-classes",
            {"sample": 0, "label": 3},
            "Model three-classes has no class 3; its classes are 0 to 2.",
        ),
        (
            "/api/v1/experiments/saliency?model=three-classes",
            {"sample": 0, "label": 9},
            "Model three-classes has no class 9; its classes are 0 to 2.",
        ),
    ],
)
async def test_what_does_not_fit_them_is_told(client: httpx.AsyncClient, path: str, body: dict, detail: str):
    response = await client.post(path, json=body)

    assert response.status_code == 422
    assert response.json()["detail"] == detail


@pytest.mark.parametrize("path", ["confusion", "confusion/digits", "misread-digit"])
async def test_errors_are_counted_of_networks_with_ten_classes_alone(client: httpx.AsyncClient, path: str):
    response = await client.get(f"/api/v1/experiments/{path}?model=three-classes")

    assert response.status_code == 422
    assert response.json()["detail"] == (
        "Model three-classes has 3 classes; predictions are compared with the labels of the test digits, which are ten "
        "digits."
    )


async def test_layers_behind_no_relu_have_no_tuning(artifacts: Path, tmp_path: Path, rng: np.random.Generator):
    weights = rng.normal(0, 0.1, (10, 1, 12, 12)).astype(np.float32)
    OnnxFile(1, 12).add("Conv", weights).save(tmp_path / "linear.onnx")
    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        response = await client.get("/api/v1/experiments/orientation-tuning?model=linear")

    assert response.status_code == 422
    assert response.json()["detail"] == "Model linear has no ReLU; tuning curves can be drawn of layers behind one."


async def test_one_of_them_can_be_the_default(artifacts: Path, models: Path):
    async with client_of(Settings(artifacts=artifacts, models=models, default_model="colored")) as client:
        for path in PAGES_OF_ANY_MODEL:
            assert (await client.get(path)).status_code == 200


async def test_folder_that_is_none_stops_the_start(artifacts: Path, tmp_path: Path):
    with pytest.raises(ArtifactError, match=r"KERNELSCOPE_MODELS is .*/none, which is not a folder"):
        await start(Settings(artifacts=artifacts, models=tmp_path / "none"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cnn", "has the name of a model that is already served: cnn"),
        ("my network", "has no valid name: use up to 40 letters, digits, - and _ before .onnx"),
    ],
)
async def test_file_with_a_name_that_cannot_be_used_is_reported(
    artifacts: Path, tmp_path: Path, rng: np.random.Generator, name: str, message: str
):
    small_network(rng).save(tmp_path / f"{name}.onnx")

    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        models = (await client.get("/api/v1/models")).json()

    assert [model["id"] for model in models["models"]] == ["cnn"]
    assert models["rejected"] == [{"file": f"{name}.onnx", "reason": message}]


async def test_files_that_cannot_be_shown_are_reported_and_the_others_served(
    artifacts: Path, tmp_path: Path, rng: np.random.Generator, caplog: pytest.LogCaptureFixture
):
    small_network(rng).save(tmp_path / "good.onnx")
    OnnxFile().add("Sin").save(tmp_path / "net.onnx")
    (tmp_path / "text.onnx").write_text("no network")

    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        models = (await client.get("/api/v1/models")).json()
        page = (await client.get("/")).text

    assert [model["id"] for model in models["models"]] == ["cnn", "good"]
    net, text = models["rejected"]
    assert (net["file"], text["file"]) == ("net.onnx", "text.onnx")
    assert net["reason"].startswith("cannot be shown: operator Sin 'n0' is not supported; supported are Abs, Add,")
    assert text["reason"].startswith("is not an ONNX model: ")
    assert str(tmp_path) not in net["reason"] + text["reason"] + page
    assert "net.onnx</b> cannot be shown: operator Sin" in page
    assert {record.reason for record in caplog.records if hasattr(record, "reason")} == {net["reason"], text["reason"]}


async def test_error_in_this_program_does_not_stop_the_start(
    artifacts: Path, models: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(path: Path) -> None:
        raise ZeroDivisionError(path)

    monkeypatch.setattr("app.model_catalog.load_onnx", fail)
    async with client_of(Settings(artifacts=artifacts, models=models)) as client:
        response = (await client.get("/api/v1/models")).json()

    assert [model["id"] for model in response["models"]] == ["cnn"]
    assert response["rejected"][0] == {
        "file": "colored.onnx",
        "reason": "cannot be read because of an error in this program, which is in the log",
    }


async def test_default_model_that_cannot_be_shown_stops_the_start_with_the_reason(artifacts: Path, tmp_path: Path):
    OnnxFile().add("Sin").save(tmp_path / "net.onnx")

    with pytest.raises(ArtifactError, match=r"these models are served: cnn. net.onnx cannot be shown: operator Sin"):
        await start(Settings(artifacts=artifacts, models=tmp_path, default_model="net"))


async def test_network_whose_activations_overflow_is_reported(artifacts: Path, tmp_path: Path):
    huge = np.full((4, 1, 3, 3), 3e38, np.float32)
    OnnxFile(1, 28).add("Conv", huge).add("Conv", np.full((4, 4, 26, 26), 3e38, np.float32)).save(tmp_path / "net.onnx")

    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        (rejected,) = (await client.get("/api/v1/models")).json()["rejected"]

    assert rejected["reason"] == "cannot be shown: for a test digit, some of its activations are not finite numbers"


def shipped_network_behind(path: Path, scale: float, shift: float) -> Path:
    """The shipped network as a file that expects ``scale · pixel + shift``."""
    model = to_onnx(load_artifact(SHIPPED / "cnn"))
    for name, value in (("shift", shift), ("scale", scale)):
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    model.graph.node[0].input[0] = "pixels"
    model.graph.node.insert(0, helper.make_node("Sub", ["input", "shift"], ["shifted"]))
    model.graph.node.insert(1, helper.make_node("Div", ["shifted", "scale"], ["pixels"]))
    path.write_bytes(model.SerializeToString())
    return path


SHIPPED = Path(__file__).resolve().parents[2] / "model" / "artifacts"

CONVENTIONS = {
    "normalized": (1 / 0.3081, -0.1307 / 0.3081, "inputs normalized by mean 0.1307 and deviation 0.3081"),
    "inverted": (-1, 1, "pixels from 1 (paper) to 0 (ink)"),
}


async def test_input_convention_is_found_by_the_test_digits(tmp_path: Path):
    for name, (scale, shift, _) in CONVENTIONS.items():
        shipped_network_behind(tmp_path / f"{name}.onnx", scale, shift)

    async with client_of(Settings(artifacts=SHIPPED, models=tmp_path)) as client:
        summaries = (await client.get("/api/v1/models")).json()["models"]
        maps = [
            (await client.post(f"/api/v1/models/{name}/feature-maps?layers=relu1", json={"sample": 3})).json()
            for name in ("cnn", *CONVENTIONS)
        ]
        page = (await client.get("/?model=normalized")).text

    found = {summary["id"]: summary["convention"] for summary in summaries}
    assert found["cnn"] is None
    for name, (scale, shift, words) in CONVENTIONS.items():
        convention = found[name]
        assert words in convention["sentence"], name
        assert 1 / convention["deviation"][0] == pytest.approx(scale, rel=1e-3)
        assert -convention["mean"][0] / convention["deviation"][0] == pytest.approx(shift, abs=1e-3)
        assert convention["accuracy"] > 0.99
        assert not convention["is_stated"]
    assert found["normalized"]["sentence"].endswith("without.")
    assert html.escape(found["normalized"]["sentence"]) in page
    for each in maps[1:]:
        np.testing.assert_allclose(
            each["layers"][0]["feature_maps"], maps[0]["layers"][0]["feature_maps"], atol=2e-4, err_msg=each["model"]
        )


async def test_file_beside_it_states_normalization_and_classes(
    artifacts: Path, tmp_path: Path, rng: np.random.Generator
):
    small_network(rng, channels=3, input_size=28, classes=3).save(tmp_path / "net.onnx")
    settings = {"mean": [0.1, 0.2, 0.3], "std": 0.5, "classes": ["ant", "bee", "cat"]}
    (tmp_path / "net.json").write_text(json.dumps(settings))

    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        described = (await client.get("/api/v1/models/net")).json()
        page = (await client.get("/?model=net")).text
        terms = (
            await client.post(
                "/api/v1/models/net/neuron",
                json={"sample": 0, "layer": "normalize", "filter": 1, "row": 14, "column": 14},
            )
        ).json()

    assert described["classes"] == ["ant", "bee", "cat"]
    assert described["input"]["convention"] == {
        "mean": [0.1, 0.2, 0.3],
        "deviation": [0.5, 0.5, 0.5],
        "is_stated": True,
        "digits": 0,
        "accuracy": None,
        "accuracy_without": None,
        "sentence": "Expects inputs normalized by mean 0.1, 0.2, 0.3 and deviation 0.5, as its file states.",
    }
    assert described["layers"][0]["name"] == "normalize"
    assert described["layers"][0]["groups"] == 3
    assert '<span class="digit" title="bee">bee</span>' in page
    assert terms["activation"] == pytest.approx((terms["patch"][0][0][0] - 0.2) / 0.5, abs=1e-6)


async def test_network_of_other_classes_is_not_measured(client: httpx.AsyncClient):
    described = (await client.get("/api/v1/models/three-classes")).json()

    assert described["input"]["convention"]["sentence"] == (
        "Expects pixels from 0 (paper) to 1 (ink), which was not measured: it has not ten classes."
    )
    assert described["layers"][0]["name"] == "conv1"


async def test_settings_that_are_wrong_are_reported(artifacts: Path, tmp_path: Path, rng: np.random.Generator):
    small_network(rng).save(tmp_path / "net.onnx")
    (tmp_path / "model.json").write_text('{"std": 0}')

    async with client_of(Settings(artifacts=artifacts, models=tmp_path)) as client:
        (rejected,) = (await client.get("/api/v1/models")).json()["rejected"]

    assert rejected["reason"] == "cannot be shown: its std is 0; pixels are divided by it"


# --- Every operation on networks from PyTorch and Keras -------------------------------------------------------------

EXPORTED = ["mobile-script", "letters", "pools-that-overlap", "leaky-and-elu", "batchnorm-after-relu", "keras-example"]


@pytest.fixture
def exported(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A folder with networks of the zoo, and one of unusual kinds and orders of layers."""
    folder = tmp_path / "exported"
    folder.mkdir()
    for name in EXPORTED:
        unpacked(name, folder)
    unusual_network(rng).save(folder / "unusual.onnx")
    return folder


def operations_on(model: dict[str, Any]) -> list[tuple[str, str, dict | None]]:
    """Method, path and body of every operation on a model; its own kernels are edited where it has a convolution."""
    name, own, experiments = model["id"], f"/api/v1/models/{model['id']}", "/api/v1/experiments"
    height, width = model["input"]["shape"][1:]
    weighted = [layer["name"] for layer in model["layers"] if layer["weights"]]
    edits = [
        {"layer": layer["name"], "filter": 0, "ablate": True} for layer in model["layers"] if layer["kind"] == "conv2d"
    ]
    return [
        ("GET", own, None),
        ("POST", f"{own}/feature-maps", {"strokes": SEVEN}),
        *[("GET", f"{own}/layers/{layer}/kernels", None) for layer in weighted],
        *[
            (
                "POST",
                f"{own}/neuron",
                {"sample": 3, "layer": layer["name"], "filter": filters - 1, "row": row, "column": 0},
            )
            for layer in model["layers"]
            for filters, row in [(layer["output_shape"][0], layer["output_shape"][1] - 1)]
        ],
        ("GET", f"{own}/filter-names", None),
        ("POST", f"{own}/evidence", {"sample": 3}),
        ("POST", f"{experiments}/saliency?model={name}", {"sample": 3}),
        ("POST", f"{experiments}/occlusion?model={name}", {"sample": 3, "size": 8, "stride": 4}),
        ("POST", f"{experiments}/gradients?models={name}", {"strokes": SEVEN}),
        ("POST", f"{experiments}/perturb-pixel?models={name}", {"sample": 3, "row": height - 1, "column": width // 2}),
        ("POST", f"{experiments}/translation?models={name}", {"sample": 3, "down": 1, "right": -2}),
        *([("POST", f"{experiments}/kernel-edits?model={name}", {"sample": 3, "edits": edits[:1]})] if edits else []),
    ]


async def test_every_operation_works_on_exported_networks(artifacts: Path, exported: Path):
    async with client_of(Settings(artifacts=artifacts, models=exported)) as client:
        listed = (await client.get("/api/v1/models")).json()
        assert [each["id"] for each in listed["models"]] == ["cnn", *sorted([*EXPORTED, "unusual"])]
        for each in listed["models"][1:]:
            model = (await client.get(f"/api/v1/models/{each['id']}")).json()
            for method, path, body in operations_on(model):
                response = await client.request(method, path, json=body)

                assert response.status_code == 200, f"{path} {body}: {response.text[:500]}"
                if path.endswith("/neuron"):
                    terms = response.json()
                    assert terms["stored"] == pytest.approx(terms["computed"], rel=1e-4, abs=1e-4), f"{path} {body}"
                if path.endswith("/evidence"):
                    _require_that_it_adds_up(response.json(), path)


def _require_that_it_adds_up(evidence: dict[str, Any], path: str) -> None:
    """In every layer, the contributions of all maps are the logit's difference from a blank page."""
    for layer in evidence["layers"]:
        total = sum(layer["contributions"])
        assert total == pytest.approx(evidence["difference"], rel=0.01, abs=0.01), f"{path} {layer['name']}"


async def test_activation_of_a_neuron_is_behind_the_function_that_follows(artifacts: Path, exported: Path):
    place = {"sample": 3, "layer": "conv1", "filter": 2, "row": 9, "column": 9}
    async with client_of(Settings(artifacts=artifacts, models=exported)) as client:
        maps = await client.post("/api/v1/models/unusual/feature-maps?layers=conv1,act1", json={"sample": 3})
        terms = (await client.post("/api/v1/models/unusual/neuron", json=place)).json()

    before, after = ((np.array(layer["feature_maps"])[2, 9, 9]) for layer in maps.json()["layers"])
    assert before != after
    assert terms["pre_activation"] == pytest.approx(before, abs=1e-6)
    assert terms["activation"] == pytest.approx(after, abs=1e-6)
