"""The page of gradients, used as a person would use it."""

import re
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw, expect_repainted, pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations
from tests.recorder.models import write_models
from tests.servers import started

# A test digit that is a 5, with 3 as the correct class, so that the gradients are large.
PATH = "/gradients#n=8&l=3"


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(PATH)
    expect_label(page, 3)
    return page


@pytest.fixture(scope="session")
def response(server: str) -> dict:
    """The API's response for the same digit."""
    body = {"sample": 8, "label": 3}
    return httpx.post(f"{server}/api/v1/experiments/gradients", json=body, timeout=30).json()


def expect_label(page: Page, label: int) -> None:
    expect(page.locator("#loss")).to_have_attribute("data-label", str(label))


def assembly(page: Page) -> Locator:
    return page.locator("#assembly")


def first_layer(response: dict, model: str) -> dict:
    return next(each for each in response["models"] if each["id"] == model)["layers"][0]


def text_of(value: float, digits: int = 2) -> str:
    """As the page writes numbers."""
    return "0" if value == 0 else f"{float(f'{value:.{digits - 1}e}'):g}".replace("-", "−")


def unit_of(title: str) -> float:
    """The power of ten that the numbers of a table share: 0.001 of "gradient × 10⁻³"."""
    exponent = title.partition(" × 10")[2].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return 10.0 ** int(exponent or 0)


def numbers(table: Locator) -> np.ndarray:
    unit = unit_of(table.locator("caption").text_content() or "")
    return unit * np.array([float(text.replace("−", "-")) for text in table.locator("td").all_text_contents()])


def test_map_with_the_largest_delta_is_chosen_and_its_sum_is_the_gradient(page: Page, response: dict):
    layer = first_layer(response, "cnn")
    delta = np.array(layer["delta"])
    strongest = int(np.abs(delta).max(axis=(1, 2)).argmax())

    expect(page.get_by_role("button", name=f"δ on map {strongest}", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    shown = numbers(page.locator("#assembly-gradient"))
    gradient = np.ravel(layer["weight"][strongest])
    # Two decimals in units of the largest number's power of ten.
    np.testing.assert_allclose(shown, gradient, rtol=0, atol=0.0051 * 10 ** np.floor(np.log10(np.abs(gradient).max())))
    assert float(assembly(page).get_attribute("data-residual") or "nan") < 1e-6


def test_contribution_is_delta_times_patch(page: Page, response: dict):
    page.get_by_role("button", name="δ on map 4", exact=True).click()
    neurons = page.get_by_role("application", name="δ of every neuron of the map")
    box = neurons.bounding_box()
    assert box is not None
    zoom = box["width"] / 28
    neurons.hover(position={"x": 12.5 * zoom, "y": 9.5 * zoom})
    expect(assembly(page)).to_have_attribute("data-neuron", "4,9,12")

    delta = first_layer(response, "cnn")["delta"][4][9][12]
    patch = np.array(response["input"]["pixels"])[7:12, 10:15]
    grids = page.locator("#assembly-product table")
    unit = 10 ** np.floor(np.log10(abs(delta))) if 0 < abs(delta) < 0.1 else 1
    np.testing.assert_allclose(numbers(grids.first), patch.ravel(), rtol=0, atol=0.0051)
    np.testing.assert_allclose(numbers(grids.last), (delta * patch).ravel(), rtol=0, atol=0.0051 * unit)
    factor = page.locator("#assembly-product .factor").text_content() or ""
    assert float(factor.split()[1].replace("−", "-")) * unit == pytest.approx(delta, abs=0.0051 * unit)
    assert unit_of(factor.removesuffix(" ×")) == pytest.approx(unit)


@pytest.mark.parametrize("width", [390, 820, 1024, 1280, 1440])
def test_contribution_is_written_on_one_line(open_page, width: int):
    page = open_page(PATH, width=width)
    expect(page.locator("#assembly-product td").first).to_be_visible()

    parts = [page.locator("#assembly-product .factor"), *page.locator("#assembly-product table").all()]

    boxes = [part.bounding_box() for part in parts]
    middles = [box["y"] + box["height"] / 2 for box in boxes if box is not None]
    assert len(middles) == 3
    assert max(middles) - min(middles) < 20


def test_play_and_the_map_that_it_fills_are_in_sight_together(open_page):
    page = open_page(PATH, width=1280, height=720)
    expect(page.locator("#assembly-product td").first).to_be_visible()

    expect(page.get_by_role("button", name="Play")).to_be_in_viewport(ratio=1)
    expect(page.locator("#assembly-delta")).to_be_in_viewport(ratio=0.9)


def test_contributions_are_added_up_one_after_the_other(page: Page):
    page.get_by_role("button", name="From the start").click()
    expect(page.locator("#assembly-sentence")).to_have_text("0 of 784 contributions are added up: 0 products, 25 sums.")
    assert not numbers(page.locator("#assembly-gradient")).any()

    page.get_by_role("button", name="Play").click()

    expect(assembly(page)).to_have_attribute("data-added", "784")
    expect(page.locator("#assembly-sentence")).to_contain_text("19,600 products")
    expect(page.locator("#assembly-residual")).to_contain_text(
        "complete: differs from the gradient by backpropagation by"
    )
    assert np.abs(numbers(page.locator("#assembly-gradient"))).max() > 0


def test_neurons_are_visited_by_keys(page: Page):
    neurons = page.get_by_role("application", name="δ of every neuron of the map")
    neurons.focus()
    before = assembly(page).get_attribute("data-neuron") or ""
    number, row, column = map(int, before.split(","))

    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")

    expect(assembly(page)).to_have_attribute("data-neuron", f"{number},{row - 1},{column - 1}")


def test_any_weight_is_checked_by_finite_differences(page: Page, response: dict):
    page.get_by_role("button", name="δ on map 7", exact=True).click()
    page.locator("#assembly-gradient td").nth(5 * 3 + 1).click()
    page.get_by_role("button", name="Check this weight").click()

    result = page.locator("#check-result")
    expect(result).to_contain_text("Kernel 7, row 3, column 1: weight")
    gradient = first_layer(response, "cnn")["weight"][7][0][3][1]
    expect(result).to_contain_text(f"gradient by backpropagation {text_of(gradient, 6)}")
    assert float(result.get_attribute("data-relative") or "nan") < 1e-3

    page.locator("#assembly-gradient td").nth(0).click()
    expect(result).to_contain_text("Choose a number of the gradient")


def test_tiles_show_products_and_gradients(page: Page, response: dict):
    for model, layer in ((each["id"], each["layers"][0]) for each in response["models"]):
        tile = page.locator(f'#tiles [data-model="{model}"]')
        expect(tile.locator(".products")).to_have_text(f"{layer['products']:,}")
        expect(tile.locator(".gradients")).to_have_text(f"{layer['gradients']:,}")
    local = page.locator('#tiles [data-model="locally-connected"] canvas')
    expect(local).to_have_js_property("width", 140)
    # Unshared gradients are at the position of their neuron; their largest is the end of the scale.
    page.get_by_role("button", name="δ on map 2", exact=True).click()
    largest = np.abs(np.array(first_layer(response, "locally-connected")["weight"][2])).max()
    expect(page.locator('#tiles [data-model="locally-connected"] .hint')).to_contain_text(f"±{text_of(largest, 3)}.")


def test_steps_lower_the_loss_and_are_reset(page: Page, server: str):
    canvas = page.get_by_label("16 kernels of conv1, difference")
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_have_attribute("data-steps", "1")
    first = pixels(canvas)
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_have_attribute("data-steps", "2")
    expect_repainted(canvas, first)

    body = {"sample": 8, "label": 3, "learning_rate": 0.01, "steps": 2}
    step = httpx.post(f"{server}/api/v1/experiments/gradient-descent", json=body, timeout=30).json()
    before, after = step["losses"]
    assert after < before
    expect(page.locator("#step-sentence")).to_contain_text(f"loss {text_of(before, 3)} → {text_of(after, 3)} nats")
    three = page.locator("#step-predictions tbody tr").nth(3)
    expect(three).to_contain_text(f"{100 * step['probabilities'][1][3]:.1f}%")

    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#step-sentence")).to_have_text("No step taken.")
    expect(canvas).to_be_hidden()


def test_too_large_a_learning_rate_raises_the_loss_and_the_page_says_so(open_page, server: str):
    page = open_page("/gradients#n=33&l=8")  # a 4
    expect_label(page, 8)
    body = {"sample": 33, "label": 8, "learning_rate": 0.32}
    before, after = httpx.post(f"{server}/api/v1/experiments/gradient-descent", json=body, timeout=30).json()["losses"]
    assert after > before

    page.get_by_role("slider", name="Learning rate").fill("-0.5")
    page.get_by_role("button", name="Take a step").click()

    expect(page.locator("#step-sentence")).to_contain_text(f"loss {text_of(before, 3)} → {text_of(after, 3)} nats")
    expect(page.locator("#step-sentence")).to_contain_text("The loss rose: the learning rate is too large.")


def test_another_class_changes_the_gradients_and_the_address(page: Page):
    shown = page.locator("#assembly-delta")
    before = pixels(shown)

    page.get_by_role("button", name="8", exact=True).click()

    expect_label(page, 8)
    expect_repainted(shown, before)
    expect(page).to_have_url(re.compile(r"#v=1&n=8&l=8$"))
    page.get_by_role("button", name="8", exact=True).click()
    expect_label(page, 5)
    expect(page.locator("#loss")).to_contain_text("its label")


def test_another_digit_begins_without_the_label_and_a_test_digit_brings_its_own(page: Page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text("7")
    expect_label(page, 7)
    expect(page.locator("#loss")).to_contain_text("the prediction")

    page.get_by_role("button", name="Test digits").click()
    page.get_by_role("button", name="Test digit 2, a 1").click()
    expect_label(page, 1)


def test_model_of_the_address_is_shown_and_says_what_it_has_no_sum_of(open_page, server: str):
    page = open_page("/gradients?model=mlp-500#n=8&l=3")
    expect_label(page, 3)

    expect(page.locator("#no-assembly")).to_contain_text(
        "There is nothing to add up in mlp-500: its first layer, linear1"
    )
    body = {"sample": 8, "label": 3}
    loss = httpx.post(f"{server}/api/v1/experiments/gradients?models=mlp-500", json=body, timeout=30).json()["models"][
        0
    ]
    expect(page.locator("#loss")).to_contain_text(f"loss {text_of(loss['loss'], 3)} nats")
    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text(str(loss["prediction"]["digit"]))
    expect(page.locator('#tiles [data-model="cnn"] .products')).to_have_text("313,600")
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_have_attribute("data-steps", "1")
    # 16 templates of 28×28, four in a row, with a line between.
    expect(page.get_by_label("16 of 500 kernels of linear1, difference")).to_have_js_property("width", 115)
    expect(page.get_by_label("their activations, after")).to_have_js_property("width", 7)


def test_unshared_weights_have_nothing_to_add_up(open_page):
    page = open_page("/gradients?model=locally-connected#n=8&l=3")
    expect_label(page, 3)

    expect(page.locator("#no-assembly")).to_contain_text("the neurons of its first layer, local1, share no weights")
    page.get_by_role("button", name="Take a step").click()
    expect(page.get_by_label("16 kernels of local1, after")).to_have_js_property("width", 23)


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a 32×32 network by default, and one whose pooling comes before its ReLU."""
    folder = write_models(tmp_path_factory.mktemp("models"))
    with started(KERNELSCOPE_MODELS=str(folder), KERNELSCOPE_DEFAULT_MODEL="wide-32") as server:
        yield server.address


@pytest.mark.parametrize(("query", "size"), [("", 32), ("?model=pool-before-relu", 28)])
def test_convolutions_of_other_networks_are_added_up(open_page, other_server: str, query: str, size: int):
    page = open_page(f"{other_server}/gradients{query}#n=8&l=3")
    expect_label(page, 3)

    expect(page.locator("#assembly-input")).to_have_js_property("width", size)
    expect(page.locator("#assembly-residual")).to_contain_text("complete: differs from the gradient by backpropagation")
    assert float(assembly(page).get_attribute("data-residual") or "nan") < 1e-6
    # The compared networks read 28×28 pixels, whatever the page's model reads.
    expect(page.locator('#tiles [data-model="mlp-500"] canvas')).to_have_js_property("width", 28)
    page.get_by_role("button", name="Check this weight").click()
    expect(page.locator("#check-result")).to_contain_text("finite difference")
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#step-sentence")).to_contain_text("1 step at learning rate 0.01")
    expect(page.locator("#problem")).to_be_hidden()


@on_each_screen
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(PATH, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_label(page, 3)
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_have_attribute("data-steps", "1")
    page.get_by_role("button", name="Check this weight").click()
    expect(page.locator("#check-result")).to_contain_text("finite difference")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


def expect_followed(page: Page, layer: str, neuron: str | None = None) -> None:
    root = page.locator("#backward")
    expect(root).to_have_attribute("data-layer", layer)
    if neuron:
        expect(root).to_have_attribute("data-neuron", neuron)


def test_delta_is_followed_from_the_loss_to_the_pixels(page: Page, server: str):
    expect_followed(page, "linear")
    expect(page.locator("#delta-readers")).to_contain_text("probability of 3")
    layers = page.locator("#backward [data-layer]").all_inner_texts()
    assert (layers[0], layers[-1]) == ("linear", "input")

    for layer in layers[1:]:
        page.locator("#delta-further").click()
        expect_followed(page, layer)
        body = {"sample": 8, "label": 3, "layer": layer}
        found = httpx.post(f"{server}/api/v1/experiments/backward-pass", json=body).json()
        rows = page.locator("#delta-parts tbody tr")
        expect(rows.last.locator("td").last).to_have_text(text_of(found["neuron"]["delta"], 4))
        # The displayed parts, the others and their sum.
        assert rows.nth(-2).locator("td").last.inner_text() == rows.last.locator("td").last.inner_text()

    expect(page.locator("#delta-further")).to_be_disabled()


def test_part_leads_to_the_neuron_it_comes_from(open_page):
    page = open_page(f"{PATH}&g=pool1.9.8.6")
    expect_followed(page, "pool1", "9.8.6")
    part = page.locator(".part-link").first
    _, _, number, place = part.inner_text().split(" ", 3)
    row, column = place.strip("()").split(", ")

    part.click()

    expect_followed(page, "conv2", f"{number}.{row}.{column}")
    page.wait_for_url(f"**&g=conv2.{number}.{row}.{column}")
    page.locator("#delta-check").click()
    expect(page.locator("#delta-check-result")).to_contain_text("Finite difference")
    page.locator("#delta-map").focus()
    page.keyboard.press("ArrowRight")
    expect_followed(page, "conv2", f"{number}.{row}.{min(11, int(column) + 1)}")
