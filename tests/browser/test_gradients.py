"""The page of gradients, used as a person would use it."""

import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw, expect_repainted, pixels
from tests.browser.test_accessibility import WIDTHS, violations

# A test digit that is a 5, called a 3, so that the gradients are large.
PATH = "/gradients#n=8&l=3"


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(PATH)
    expect_label(page, 3)
    return page


@pytest.fixture(scope="session")
def answer(server: str) -> dict:
    """What the API says of the same digit."""
    body = {"sample": 8, "label": 3}
    return httpx.post(f"{server}/api/v1/experiments/gradients", json=body, timeout=30).json()


def expect_label(page: Page, label: int) -> None:
    expect(page.locator("#loss")).to_have_attribute("data-label", str(label))
    expect(page.get_by_role("group", name="Right answer").get_by_role("button", pressed=True)).to_have_text(str(label))


def assembly(page: Page) -> Locator:
    return page.locator("#assemble")


def first_layer(answer: dict, model: str) -> dict:
    return next(each for each in answer["models"] if each["id"] == model)["layers"][0]


def text_of(value: float, digits: int = 2) -> str:
    """As the page writes numbers."""
    return "0" if value == 0 else f"{float(f'{value:.{digits - 1}e}'):g}".replace("-", "−")


def numbers(table: Locator) -> list[float]:
    return [float(text.replace("−", "-")) for text in table.locator("td").all_text_contents()]


def test_strongest_map_is_chosen_and_its_gradient_is_backpropagations(page: Page, answer: dict):
    layer = first_layer(answer, "cnn")
    delta = np.array(layer["delta"])
    strongest = int(np.abs(delta).max(axis=(1, 2)).argmax())

    expect(page.get_by_role("button", name=f"δ on map {strongest}", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    shown = numbers(page.locator("#assembly-gradient"))
    assert shown == pytest.approx(np.ravel(layer["weight"][strongest]), rel=0.06, abs=1e-6)
    assert float(assembly(page).get_attribute("data-residual") or "nan") < 1e-6


def test_contribution_is_delta_times_patch(page: Page, answer: dict):
    page.get_by_role("button", name="δ on map 4", exact=True).click()
    neurons = page.get_by_role("application", name="δ of every neuron of the map")
    box = neurons.bounding_box()
    assert box is not None
    zoom = box["width"] / 28
    neurons.hover(position={"x": 12.5 * zoom, "y": 9.5 * zoom})
    expect(assembly(page)).to_have_attribute("data-neuron", "4,9,12")

    delta = first_layer(answer, "cnn")["delta"][4][9][12]
    patch = np.array(answer["input"]["pixels"])[7:12, 10:15]
    grids = page.locator("#assembly-product table")
    assert numbers(grids.first) == pytest.approx(patch.ravel(), rel=0.06, abs=0.005)
    assert numbers(grids.last) == pytest.approx((delta * patch).ravel(), rel=0.06, abs=1e-6)
    expect(page.locator("#assembly-product .factor")).to_have_text(f"δ {text_of(delta, 3)} ×")


def test_neurons_pour_in_one_after_the_other(page: Page):
    page.get_by_role("button", name="From the start").click()
    expect(page.locator("#assembly-sentence")).to_have_text(
        "0 of 784 neurons have poured in: 0 products, 25 numbers kept."
    )
    assert set(numbers(page.locator("#assembly-gradient"))) == {0.0}

    page.get_by_role("button", name="Play").click()

    expect(assembly(page)).to_have_attribute("data-poured", "784", timeout=20_000)
    expect(page.locator("#assembly-sentence")).to_contain_text("19,600 products")
    expect(page.locator("#assembly-residual")).to_contain_text("complete: off from backpropagation's own by")
    assert max(map(abs, numbers(page.locator("#assembly-gradient")))) > 0


def test_neurons_are_visited_by_keys(page: Page):
    neurons = page.get_by_role("application", name="δ of every neuron of the map")
    neurons.focus()
    before = assembly(page).get_attribute("data-neuron") or ""
    number, row, column = map(int, before.split(","))

    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")

    expect(assembly(page)).to_have_attribute("data-neuron", f"{number},{row - 1},{column - 1}")


def test_any_weight_is_checked_by_finite_differences(page: Page, answer: dict):
    page.get_by_role("button", name="δ on map 7", exact=True).click()
    page.locator("#assembly-gradient td").nth(5 * 3 + 1).click()
    page.get_by_role("button", name="Check this weight").click()

    result = page.locator("#check-result")
    expect(result).to_contain_text("Kernel 7, row 3, column 1: weight")
    gradient = first_layer(answer, "cnn")["weight"][7][0][3][1]
    expect(result).to_contain_text(f"backpropagation says {text_of(gradient, 6)}")
    assert float(result.get_attribute("data-relative") or "nan") < 1e-3

    page.locator("#assembly-gradient td").nth(0).click()
    expect(result).to_contain_text("Choose a number of the gradient")


def test_tiles_tell_products_and_what_is_kept(page: Page, answer: dict):
    for model, layer in ((each["id"], each["layers"][0]) for each in answer["models"]):
        tile = page.locator(f'#tiles [data-model="{model}"]')
        expect(tile.locator(".products")).to_have_text(f"{layer['products']:,}")
        expect(tile.locator(".kept")).to_have_text(f"{layer['kept']:,}")
    local = page.locator('#tiles [data-model="locally-connected"] canvas')
    expect(local).to_have_js_property("width", 140)
    # Unshared gradients stand where their neurons do; their largest is the end of the scale.
    page.get_by_role("button", name="δ on map 2", exact=True).click()
    largest = np.abs(np.array(first_layer(answer, "locally-connected")["weight"][2])).max()
    expect(page.locator('#tiles [data-model="locally-connected"] .hint')).to_contain_text(f"±{text_of(largest, 3)}.")


def test_steps_go_downhill_and_are_taken_back(page: Page, server: str):
    canvas = page.get_by_label("16 kernels of conv1, difference")
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_have_attribute("data-steps", "1")
    first = pixels(canvas)
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_have_attribute("data-steps", "2")
    expect_repainted(canvas, first)

    body = {"sample": 8, "label": 3, "rate": 0.01, "steps": 2}
    step = httpx.post(f"{server}/api/v1/experiments/step", json=body, timeout=30).json()
    before, after = step["losses"]
    assert after < before
    expect(page.locator("#step-sentence")).to_contain_text(f"loss {text_of(before, 3)} → {text_of(after, 3)} nats")
    three = page.locator("#step-readings tbody tr").nth(3)
    expect(three).to_contain_text(f"{100 * step['probabilities'][1][3]:.1f} %")

    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#step-sentence")).to_have_text("No step taken.")
    expect(canvas).to_be_hidden()


def test_too_large_a_rate_goes_uphill_and_says_so(open_page, server: str):
    page = open_page("/gradients#n=33&l=4")
    expect_label(page, 4)
    body = {"sample": 33, "label": 4, "rate": 0.32}
    before, after = httpx.post(f"{server}/api/v1/experiments/step", json=body, timeout=30).json()["losses"]
    assert after > before

    page.get_by_role("slider", name="Learning rate").fill("-0.5")
    page.get_by_role("button", name="Take a step").click()

    expect(page.locator("#step-sentence")).to_contain_text(f"loss {text_of(before, 3)} → {text_of(after, 3)} nats")
    expect(page.locator("#step-sentence")).to_contain_text("Uphill: the rate is too large.")


def test_another_right_answer_changes_the_gradients_and_the_address(page: Page):
    shown = page.locator("#assembly-delta")
    before = pixels(shown)

    page.get_by_role("button", name="8", exact=True).click()

    expect_label(page, 8)
    expect_repainted(shown, before)
    expect(page).to_have_url(re.compile(r"#n=8&l=8$"))
    page.get_by_role("button", name="8", exact=True).click()
    expect_label(page, 5)
    expect(page.locator("#loss")).to_contain_text("its label")


def test_drawing_keeps_the_right_answer_and_a_test_digit_brings_its_own(page: Page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect(page.locator('#readings [data-model="cnn"] .digit')).to_have_text("7")
    expect_label(page, 3)

    page.get_by_role("button", name="Test digits").click()
    page.get_by_role("button", name="Test digit 2, a 1").click()
    expect_label(page, 1)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(PATH, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_label(page, 3)
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_have_attribute("data-steps", "1")
    page.get_by_role("button", name="Check this weight").click()
    expect(page.locator("#check-result")).to_contain_text("slope")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
