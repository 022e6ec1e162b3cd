"""A network from elsewhere on the pages: other extents, colors, other classes, average pooling."""

import json
import re
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.people import copied_link, draw, expect_live, percent
from tests.browser.test_accessibility import violations
from tests.browser.test_lens import click_cell, expect_numbers, lens
from tests.builders import encode
from tests.onnx_files import small_network, unusual_network
from tests.servers import started

DIGIT = 15

LINE = [[(0.5, 0.2), (0.5, 0.8)]]


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models")
    small_network(np.random.default_rng(3), channels=3, input_size=48, classes=5).save(folder / "colored.onnx")
    with started(KERNELSCOPE_MODELS=str(folder), KERNELSCOPE_DEFAULT_MODEL="colored") as server:
        yield server.address


@pytest.fixture
def own_page(open_page, own_server: str) -> Page:
    page = open_page(own_server)
    page.locator("#prediction li[aria-current]").wait_for()
    return page


def test_workbench_shows_its_extents_its_classes_and_what_it_makes_of_a_drawing(own_page: Page, own_server: str):
    expect_live(own_page)
    own_page.get_by_role("button", name="Clear").click()
    draw(own_page, LINE)

    expect(own_page.locator("#input-digit")).to_have_js_property("width", 48)
    expect(own_page.get_by_text("48×48 input")).to_be_visible()
    expect(own_page.locator("#framing-note")).to_have_text("fitted to 34×34, centered")
    expect(own_page.locator("#prediction .digit")).to_have_text(["0", "1", "2", "3", "4"])
    expect(own_page.locator("#layer-pool1 .facts")).to_contain_text("the mean of each 2×2")
    expect(own_page.locator("#layer-conv1 .facts")).to_contain_text("4 maps of 48×48")
    # A kernel has a plane for each color.
    expect(own_page.locator("#layer-conv1 .facts")).to_contain_text("4 kernels of 3×5×5")


def test_lens_writes_out_its_average_pooling(own_page: Page, own_server: str):
    click_cell(own_page, "pool1", 2, 10, 12)
    expect_numbers(own_page)

    copied_link(own_page)
    strokes = own_page.evaluate(
        "import('/static/js/shell/url.js').then((m) => m.fromFragment(location.hash).digit.strokes)"
    )
    place = {"layer": "pool1", "filter": 2, "row": 10, "column": 12}
    shown = httpx.post(f"{own_server}/api/v1/models/colored/neuron", json={"strokes": strokes, **place}).json()
    expect(lens(own_page)).to_contain_text("The mean of the 2×2 patch outlined in map 2 of relu1.")
    expect(lens(own_page)).to_contain_text(f"mean: {shown['computed']:.3f}, of 4 values")


def expect_prediction(page: Page, server: str, model: str) -> None:
    """Wait until the page shows the prediction of this model for the digit, in all of its classes."""
    digit = httpx.post(f"{server}/api/v1/models/{model}/feature-maps", json={"sample": DIGIT}).json()
    probabilities = digit["layers"][-1]["feature_maps"]
    current = page.locator("#prediction li[aria-current]")
    expect(current.locator(".digit")).to_have_text(str(digit["prediction"]["digit"]))
    for row, ((probability,),) in zip(page.locator("#prediction .probability").all(), probabilities, strict=True):
        expect(row).to_have_text(percent(probability))


@pytest.mark.parametrize("path", ["/", "/saliency", "/editor"])
@pytest.mark.parametrize("model", ["colored", "cnn"])
def test_every_page_opens_on_it(open_page, own_server: str, path: str, model: str):
    query = "" if model == "colored" else f"?model={model}"
    page = open_page(f"{own_server}{path}{query}#n={DIGIT}")

    expect(page.locator("#shown-model")).to_have_text(model)
    expect_prediction(page, own_server, model)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#problem")).to_be_hidden()


def upload_red_stroke(page: Page) -> None:
    """Upload a red stroke on white paper."""
    paper = Image.new("RGB", (80, 100), "white")
    paper.paste((255, 51, 0), (35, 20, 47, 80))
    page.locator("#upload").set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": encode(paper)})


def test_an_image_is_read_and_shown_in_its_colors(own_page: Page):
    upload_red_stroke(own_page)

    for canvas in ["#input-digit", "#pad"]:
        expect_pixels_at_middle(own_page, canvas, [255, 51, 0, 255])
    click_cell(own_page, "conv1", 2, 24, 24)
    expect_numbers(own_page)
    contributions = lens(own_page).get_by_role("region", name="What adds up to the sum")
    expect(contributions.get_by_role("rowheader", name="red")).to_be_visible()
    row = contributions.get_by_role("row").filter(has=own_page.get_by_role("rowheader", name="red"))
    expect(row.locator(".number").first).to_have_text("0.000")
    expect(lens(own_page)).to_contain_text(re.compile("patch of (green|blue)"))
    own_page.get_by_role("button", name="Copy link").click()
    expect(own_page.get_by_role("button", name=re.compile("Copied in gray|In address bar"))).to_be_visible()


def expect_pixels_at_middle(page: Page, canvas: str, expected: list[int]) -> None:
    page.wait_for_function(
        """([canvas, expected]) => {
            const { width, height } = document.querySelector(canvas);
            const data = document.querySelector(canvas).getContext("2d").getImageData(width / 2, height / 2, 1, 1).data;
            return data.every((value, i) => Math.abs(value - expected[i]) <= 2);
        }""",
        arg=[canvas, expected],
    )


def test_kernels_are_edited_color_by_color(open_page, own_server: str):
    page = open_page(f"{own_server}/editor")
    expect(page.get_by_role("application", name="Weights of kernel 0, input map 0").locator("td")).to_have_count(25)
    page.get_by_role("combobox", name="Input map").select_option("2")
    url = f"{own_server}/api/v1/models/colored/layers/conv1/kernels"
    learned = np.array(httpx.get(url).json()["kernels"])
    kernel = page.get_by_role("application", name="Weights of kernel 0, input map 2")
    expect(kernel.locator("td").first).to_have_text(f"{learned[0, 2, 0, 0]:.3f}".replace("-", "−"))

    page.get_by_role("button", name="Zero").click()

    expect(page.locator(".editor")).to_have_attribute("data-edits", "1")
    expect(page.locator('#sheets [data-layer="relu1"] .sheet-note')).to_contain_text("largest change")
    page.get_by_role("combobox", name="Input map").select_option("1")
    expect(page.get_by_role("application", name="Weights of kernel 0, input map 1").locator("td").first).to_have_text(
        f"{learned[0, 1, 0, 0]:.3f}".replace("-", "−")
    )


def test_saliency_shows_its_logit(open_page, own_server: str):
    page = open_page(f"{own_server}/saliency#n={DIGIT}")

    response = httpx.post(f"{own_server}/api/v1/experiments/saliency", json={"sample": DIGIT}).json()
    sentence = page.locator("#class-sentence")
    expect(sentence).to_contain_text(f"The network predicts {response['prediction']['digit']} (")
    expect(sentence).to_contain_text("Logit of")
    shown = re.search(rf"Logit of {response['label']}: (\S+?)\.?$", sentence.inner_text())
    assert shown
    assert float(shown[1].replace("−", "-")) == pytest.approx(response["logit"], abs=0.005)


def test_orientation_measures_its_filters(open_page, own_server: str):
    page = open_page(f"{own_server}/orientation")

    tuning = httpx.get(f"{own_server}/api/v1/experiments/orientation-tuning").json()
    filters = tuning["layers"][0]["filters"]
    expect(page.locator("#shown-model")).to_have_text("colored")
    assert tuning["model"] == "colored"
    expect(page.locator("#tuning-cards > li")).to_have_count(len(filters))
    for each in filters:
        shown = each["verdict"] if each["preferred"] is None else f"{each['verdict']} {each['selectivity']:.2f}"
        expect(page.locator(f'#tuning-cards [data-filter="{each["filter"]}"] .verdict')).to_have_text(shown)


def test_filters_says_that_its_filters_were_not_measured(open_page, own_server: str):
    page = open_page(f"{own_server}/filters")

    expect(page.locator("#other-model")).to_contain_text("there is none for colored")
    expect(page.locator("#shown-model")).to_have_text("cnn")


@pytest.mark.parametrize("path", ["/tour", "/local-and-global"])
def test_comparison_says_which_networks_it_shows(open_page, own_server: str, path: str):
    page = open_page(f"{own_server}{path}#n={DIGIT}")

    expect(page.locator("#comparison code")).to_have_text(["mlp-500", "locally-connected", "cnn"])
    expect(page.locator("#shown-model")).to_have_count(0)
    for model in ("mlp-500", "locally-connected", "cnn"):
        prediction = httpx.post(f"{own_server}/api/v1/models/{model}/feature-maps", json={"sample": DIGIT}).json()
        shown = page.locator(f'#model-predictions [data-model="{model}"] .digit')
        expect(shown).to_have_text(str(prediction["prediction"]["digit"]))


def test_gallery_shows_no_predictions_of_another_network(own_page: Page):
    own_page.get_by_role("button", name="Test digits").click()
    dialog = own_page.get_by_role("dialog", name="MNIST test digits")

    expect(dialog.get_by_role("button", name="Test digit 4, a 4", exact=True)).to_be_visible()
    expect(dialog.get_by_label("Classified", exact=True)).to_be_hidden()


def test_default_network_names_the_others(open_page, tmp_path):
    small_network(np.random.default_rng(4)).save(tmp_path / "mine.onnx")
    with started(KERNELSCOPE_MODELS=str(tmp_path)) as server:
        page = open_page(server.address)
        page.get_by_text("Other networks:").get_by_role("link", name="mine").click()

        expect(page.locator("#layer-pool1 .facts")).to_contain_text("the mean of each 2×2")
        page.get_by_role("navigation", name="Networks").get_by_role("link", name="cnn").click()
        expect(page.locator("#layer-conv1 .facts")).to_contain_text("16 kernels of 5×5")


def test_other_networks_are_a_link_away(open_page, own_server: str):
    page = open_page(f"{own_server}/?model=cnn")

    page.get_by_role("navigation", name="Networks").get_by_role("link", name="colored").click()

    page.locator("#prediction li[aria-current]").wait_for()
    expect(page.locator("#layer-conv1 .facts")).to_contain_text("3×5×5")
    assert violations(page) == []


# --- Kinds and orders of layers that the project's own networks do not have -------------------------------------------

LETTERS = [chr(97 + number) for number in range(25)] + ["a long name"]


@pytest.fixture(scope="module")
def unusual_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("unusual")
    unusual_network(np.random.default_rng(4)).save(folder / "unusual.onnx")
    (folder / "unusual.json").write_text(json.dumps({"classes": LETTERS, "std": 0.5}))
    (folder / "broken.onnx").write_text("no network")
    with started(KERNELSCOPE_MODELS=str(folder), KERNELSCOPE_DEFAULT_MODEL="unusual") as server:
        yield server.address


def test_workbench_shows_an_unusual_network(open_page, unusual_server: str):
    page = open_page(f"{unusual_server}/#n={DIGIT}")
    page.locator("#prediction li[aria-current]").wait_for()

    expect(page.locator("#prediction .digit")).to_have_text(LETTERS)
    expect(
        page.get_by_text("Expects inputs normalized by mean 0 and deviation 0.5, as its file states.")
    ).to_be_visible()
    expect(page.get_by_text("broken.onnx is not an ONNX model")).to_be_visible()
    expect(page.get_by_role("button", name="Before activation")).to_be_visible()
    expect(page.locator("#sweep-title")).to_have_text("One kernel slides over your digit")
    facts = {
        "normalize": "each map times one number, plus another",
        "conv1": "6 kernels of 3×3, each for one map",
        "pool1": "the largest value of each 3×3",
        "pad1": "each map with padding around it",
        "relu1": "ReLU of each value",
        "linear1": "26 maps of 1×1",
    }
    for layer, fact in facts.items():
        expect(page.locator(f"#layer-{layer} .facts")).to_contain_text(fact)
    assert violations(page) == []


def test_lens_writes_out_every_kind_of_layer_as_the_server_does(open_page, unusual_server: str):
    page = open_page(f"{unusual_server}/#n={DIGIT}")
    page.locator("#prediction li[aria-current]").wait_for()

    for layer, filter_number, row, column, then in [
        ("normalize", 2, 9, 9, ""),
        ("conv1", 5, 0, 18, "LeakyReLU(0.1) of"),
        ("pool1", 5, 0, 9, "largest:"),
        ("conv2", 5, 0, 9, "ELU(1) of"),
        ("scale2", 5, 0, 9, "sum"),
        ("pad1", 5, 0, 11, "copied: −0.500"),
        ("pool2", 5, 0, 5, "of 6 values"),
        ("conv3", 5, 0, 3, "Tanh("),
        ("relu1", 5, 2, 2, "computed:"),
    ]:
        click_cell(page, layer, filter_number, row, column)
        expect_numbers(page)
        place = {"layer": layer, "filter": filter_number, "row": row, "column": column}
        body = {"sample": DIGIT, **place}
        shown = httpx.post(f"{unusual_server}/api/v1/models/unusual/neuron", json=body).json()
        expect(lens(page)).to_contain_text(f"{shown['computed']:.3f}".replace("-", "−"))
        expect(lens(page)).to_contain_text(then)
        if len(shown["patch"][0]) == 3:
            expect(lens(page).locator(".number-grid").first.locator("td")).to_have_count(9)
        page.keyboard.press("Escape")


def test_classes_have_their_names_on_every_page(open_page, unusual_server: str):
    predicted = httpx.post(f"{unusual_server}/api/v1/models/unusual/feature-maps", json={"sample": DIGIT}).json()
    name = LETTERS[predicted["prediction"]["digit"]]

    page = open_page(f"{unusual_server}/#n={DIGIT}")
    expect(page.locator(".network-picture .evidence")).to_contain_text(re.compile(f"^{name} leads by .* over [a-z]"))
    expect(page.get_by_role("button", name=f"class {name}", exact=True)).to_be_visible()

    page.goto(f"{unusual_server}/saliency#n={DIGIT}&c=25")
    sentence = re.compile(rf"^The network predicts {name} \(.*\)\. Logit of {LETTERS[25]}:")
    expect(page.locator("#class-sentence")).to_have_text(sentence)
    expect(page.locator("#classes").get_by_role("button")).to_have_text(LETTERS)

    page.goto(f"{unusual_server}/gradients#n={DIGIT}")
    expect(page.locator("#loss")).to_contain_text(f"of the probability of {name}; the prediction")
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#step-predictions tbody th")).to_have_text(LETTERS)
    expect(page.locator("#step-sentence")).to_contain_text(re.compile(rf"prediction {name} \("))

    page.goto(f"{unusual_server}/layers#n={DIGIT}")
    expect(page.get_by_text(re.compile(rf"The network predicts {name} \("))).to_be_visible()

    page.goto(f"{unusual_server}/editor#n={DIGIT}")
    expect(page.locator("#prediction-sentence")).to_contain_text(f"learned kernels: {name} (")


def test_gradients_of_depthwise_kernels_behind_a_normalization_add_up(open_page, unusual_server: str):
    page = open_page(f"{unusual_server}/gradients#n={DIGIT}")

    upload_red_stroke(page)

    expect(page.locator("#assembly")).to_contain_text("those of conv1, read the maps of scale1")
    expect_pixels_at_middle(page, "#input-digit", [255, 51, 0, 255])
    expect(page.locator("#assembly-residual")).to_contain_text("complete")
    assert float(page.locator("#assembly").get_attribute("data-residual") or 1) < 1e-5


@pytest.mark.parametrize("path", ["/editor", "/saliency", "/gradients", "/orientation"])
def test_every_page_opens_on_an_unusual_network(open_page, unusual_server: str, path: str):
    page = open_page(f"{unusual_server}{path}#n={DIGIT}")

    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator("#problem")).to_be_hidden()
