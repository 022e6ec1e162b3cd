"""The Python client against the real service, and against servers that are busy or broken."""

import ast
import base64
import csv
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

import app.client
from app.client import ApiError, AsyncClient, Client
from app.settings import Settings
from tests.builders import SEVEN, encode, page_with_line
from tests.servers import serving

MODEL = "/api/v1/models/cnn"


@pytest.fixture(scope="module")
def address(artifacts: Path) -> Iterator[str]:
    with serving(Settings(artifacts=artifacts)) as server:
        yield f"http://{server.address}"


@pytest.fixture
def kernelscope(address: str) -> Iterator[Client]:
    with Client(address) as kernelscope:
        yield kernelscope


@pytest.fixture
async def asynchronous(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient("http://localhost", transport=httpx.ASGITransport(app)) as asynchronous:
        yield asynchronous


def test_feature_maps_are_the_apis(kernelscope: Client, address: str):
    maps = kernelscope.feature_maps(strokes=[np.array(stroke) for stroke in SEVEN], layers=["relu1", "conv1"])

    response = httpx.post(f"{address}{MODEL}/feature-maps?layers=relu1,conv1", json={"strokes": SEVEN}).json()
    assert list(maps) == ["relu1", "conv1"]
    for layer in response["layers"]:
        np.testing.assert_array_equal(maps[layer["name"]], np.array(layer["feature_maps"], dtype=np.float32))
    assert (maps.digit, maps.probability) == (response["prediction"]["digit"], response["prediction"]["probability"])
    np.testing.assert_array_equal(maps.logits, np.array(response["prediction"]["logits"], dtype=np.float32))
    np.testing.assert_array_equal(maps.probabilities, np.array(response["prediction"]["probabilities"], np.float32))
    np.testing.assert_array_equal(maps.input, np.array(response["input"]["pixels"], dtype=np.float32))
    assert maps.framing == response["input"]["framing"]
    assert maps.model == "cnn"


def test_half_precision_travels_and_single_precision_arrives(kernelscope: Client):
    exact = kernelscope.feature_maps(sample=0, layers=["conv1"])
    rounded = kernelscope.feature_maps(sample=0, layers=["conv1"], dtype="float16")

    assert rounded["conv1"].dtype == np.float32
    np.testing.assert_array_equal(rounded["conv1"], exact["conv1"].astype(np.float16).astype(np.float32))


def test_an_image_is_cropped_turned_and_thresholded(kernelscope: Client, address: str):
    data = encode(Image.fromarray(page_with_line()))
    adjustment = {"crop": (0.1, 0.0, 0.8, 1.0), "rotate": 90.0, "threshold": 0.4}

    maps = kernelscope.feature_maps(image=data, layers=["conv1"], **adjustment)
    neuron = kernelscope.neuron("conv1", (0, 14, 14), image=data, **adjustment)

    body = {"image": base64.b64encode(data).decode(), **adjustment}
    answer = httpx.post(f"{address}{MODEL}/feature-maps?layers=conv1", json=body).json()
    np.testing.assert_array_equal(maps.input, np.array(answer["input"]["pixels"], dtype=np.float32))
    assert neuron["patch"] == [maps.input[12:17, 12:17].tolist()]
    assert not np.array_equal(maps.input, kernelscope.feature_maps(image=data, layers=["conv1"]).input)


def test_an_image_is_given_as_bytes_or_as_a_path(kernelscope: Client, tmp_path: Path):
    data = encode(Image.fromarray(page_with_line()))
    (tmp_path / "line.png").write_bytes(data)

    from_bytes = kernelscope.feature_maps(image=data, layers=["conv1"])
    from_path = kernelscope.feature_maps(image=tmp_path / "line.png", layers=["conv1"])

    assert from_bytes.framing["polarity"] == "dark-on-light"
    np.testing.assert_array_equal(from_bytes.input, from_path.input)


def test_a_blank_pad_is_read_as_nothing(kernelscope: Client):
    maps = kernelscope.feature_maps(pixels=np.zeros((28, 28)))

    assert maps.digit is None
    assert maps.probability is None
    assert len(maps) == len(kernelscope.model()["layers"])


def test_kernels_and_biases_come_as_arrays(kernelscope: Client, address: str):
    learned = kernelscope.kernels("conv1")

    response = httpx.get(f"{address}{MODEL}/layers/conv1/kernels").json()
    np.testing.assert_array_equal(learned.kernels, np.array(response["kernels"], dtype=np.float32))
    np.testing.assert_array_equal(learned.biases, np.array(response["biases"], dtype=np.float32))


def test_a_neuron_adds_up_to_what_the_map_holds(kernelscope: Client):
    neuron = kernelscope.neuron("conv1", (1, 5, 6), sample=0)

    stored = kernelscope.feature_maps(sample=0, layers=["conv1"])["conv1"][1, 5, 6]
    assert np.sum(neuron["products"]) + neuron["bias"] == pytest.approx(float(stored), abs=1e-5)


def test_samples_come_with_labels_and_places(kernelscope: Client, address: str):
    wrong = kernelscope.samples(correct=False, limit=3)

    response = httpx.get(f"{address}/api/v1/samples?correct=false&limit=3").json()
    assert wrong.indexes.tolist() == [sample["index"] for sample in response["samples"]]
    assert wrong.labels.tolist() == [sample["label"] for sample in response["samples"]]
    assert wrong.total == response["total"]
    assert wrong.images.shape[1:] == (28, 28)


def test_models_are_listed(kernelscope: Client):
    assert [model["id"] for model in kernelscope.models()] == ["cnn"]


def test_a_refusal_says_what_the_server_said(kernelscope: Client):
    with pytest.raises(ApiError, match=r"Unknown layer \(404\): Model cnn has no layer 'conv9'") as refusal:
        kernelscope.feature_maps(sample=0, layers=["conv9"])

    assert (refusal.value.status, refusal.value.type) == (404, "/problems/unknown-layer")
    assert "conv1" in refusal.value.problem["layers"]


def test_two_digits_at_once_are_refused_by_the_server(kernelscope: Client):
    with pytest.raises(ApiError) as refusal:
        kernelscope.feature_maps(sample=0, pixels=np.zeros((28, 28)))

    assert refusal.value.status == 422


def test_without_a_model_the_servers_default_is_used_and_looked_up_once():
    paths: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json={"default": "a b", "models": []})

    client = Client(transport=httpx.MockTransport(respond))
    client.model()
    client.model()
    client.model("other")

    assert paths == ["/api/v1/models", "/api/v1/models/a b", "/api/v1/models/a b", "/api/v1/models/other"]


def test_both_clients_have_the_same_documented_methods():
    for name in ("models", "model", "kernels", "feature_maps", "neuron", "samples"):
        assert getattr(Client, name).__doc__
        assert getattr(Client, name).__doc__ == getattr(AsyncClient, name).__doc__


@pytest.mark.anyio
async def test_the_asynchronous_client_answers_the_same(asynchronous: AsyncClient, kernelscope: Client):
    maps = await asynchronous.feature_maps(sample=0)
    expected = kernelscope.feature_maps(sample=0)
    for layer in expected:
        np.testing.assert_array_equal(maps[layer], expected[layer])

    np.testing.assert_array_equal((await asynchronous.kernels("conv1")).kernels, kernelscope.kernels("conv1").kernels)
    assert await asynchronous.neuron("conv1", (0, 0, 0), sample=0) == kernelscope.neuron("conv1", (0, 0, 0), sample=0)
    assert await asynchronous.models() == kernelscope.models()
    assert await asynchronous.model() == kernelscope.model()
    assert (await asynchronous.samples(label=7)).indexes.tolist() == kernelscope.samples(label=7).indexes.tolist()
    with pytest.raises(ApiError, match="Unknown model"):
        await asynchronous.model("unknown")


# --- Servers that are busy, or no Kernelscope ------------------------------------------------------------------------


class Answers:
    """Says these things one after the other, the last of them for ever, and counts."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def busy(retry_after: str) -> httpx.Response:
    problem = {"type": "/problems/server-busy", "title": "Server busy", "status": 503, "detail": "65 wait."}
    return httpx.Response(503, json=problem, headers={"Retry-After": retry_after})


def test_a_busy_server_is_asked_again_after_its_pause(monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    monkeypatch.setattr("app.client.time.sleep", pauses.append)
    answers = Answers(busy("3"), httpx.Response(200, json={"models": [{"id": "cnn"}]}))

    assert Client(transport=httpx.MockTransport(answers)).models() == [{"id": "cnn"}]
    assert pauses == [3.0]


@pytest.mark.parametrize(("retry_after", "asked"), [("0", 3), ("11", 1), ("-1", 1), ("soon", 1), ("nan", 1)])
def test_a_server_that_stays_busy_is_believed(retry_after: str, asked: int):
    answers = Answers(busy(retry_after))

    with pytest.raises(ApiError, match=r"Server busy \(503\): 65 wait\."):
        Client(transport=httpx.MockTransport(answers)).models()

    assert answers.asked == asked


@pytest.mark.anyio
async def test_the_asynchronous_client_asks_again_too():
    answers = Answers(busy("0"), httpx.Response(200, json={"models": []}))

    async with AsyncClient(transport=httpx.MockTransport(answers)) as client:
        assert await client.models() == []
    assert answers.asked == 2


@pytest.mark.parametrize("body", [b"<h1>Bad gateway</h1>", b"[1]", b""])
def test_an_answer_of_something_else_on_the_way_is_told_by_its_status(body: bytes):
    client = Client(transport=httpx.MockTransport(lambda request: httpx.Response(502, content=body)))

    with pytest.raises(ApiError, match=r"^HTTP 502 \(502\)$"):
        client.models()


def test_the_file_can_be_copied_elsewhere():
    tree = ast.parse(Path(app.client.__file__).read_text())

    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in modules if name.partition(".")[0] in ("app", "model")]


def test_a_folder_of_images_becomes_a_table_and_maps(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    folder, maps = tmp_path / "scans", tmp_path / "maps.npz"
    (folder / "class b").mkdir(parents=True)
    (folder / "one.png").write_bytes(encode(Image.fromarray(page_with_line()), "PNG"))
    (folder / "class b" / "two.PNG").write_bytes(encode(Image.fromarray(page_with_line()), "PNG"))
    (folder / "blank.png").write_bytes(encode(Image.new("L", (40, 40), 255), "PNG"))
    (folder / "broken.jpg").write_bytes(b"no image")
    (folder / "notes.txt").write_text("no image either")
    options = [str(folder), f"--url={address}", f"--maps={maps}", "--layers=conv1"]
    monkeypatch.setattr("sys.argv", ["client", *options])

    status = app.client.main()

    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    with Client(address) as kernelscope:
        line = kernelscope.feature_maps(image=folder / "one.png")
    assert status == 1
    assert rows[0] == ["file", "digit", "probability", "problem"]
    assert rows[1] == ["blank.png", "", "", "blank"]
    assert rows[2][:3] == ["broken.jpg", "", ""]
    assert rows[2][3].startswith("The file is of an unknown kind")
    for row, name in zip(rows[3:], ("class b/two.PNG", "one.png"), strict=True):
        assert row == [name, str(line.digit), str(line.probability), ""]
    saved = np.load(maps)
    assert saved["files"].tolist() == ["blank.png", "class b/two.PNG", "one.png"]
    np.testing.assert_array_equal(saved["conv1"][2], line["conv1"])


def test_a_folder_without_images_is_an_error_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.argv", ["client", str(tmp_path)])

    with pytest.raises(SystemExit):
        app.client.main()

    assert f"{tmp_path} has no images: no file in it ends in .png, .jpg" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_an_error_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "one.png").write_bytes(encode(Image.new("L", (40, 40), 255), "PNG"))
    monkeypatch.setattr("sys.argv", ["client", str(tmp_path), "--url=http://127.0.0.1:1"])

    with pytest.raises(SystemExit):
        app.client.main()

    assert "there is no server at http://127.0.0.1:1 (" in capsys.readouterr().err
