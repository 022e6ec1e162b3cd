"""The page /local-and-global: the compared features, the moved digit and the permuted pixels."""

import json
import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations
from tests.browser.test_any_screen import resized
from tests.browser.test_local_and_global import expect_predictions
from tests.pages import BEYOND

PATH = "/local-and-global"
DIGIT = f"{PATH}#n=0"
"""MNIST's first test digit, a seven, so that the API can be sent the same."""


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(DIGIT)
    expect_predictions(page, 7)
    return page


def section(page: Page, name: str) -> Locator:
    """A section that has been loaded and shows a result."""
    root = page.locator(f"#{name}")
    root.scroll_into_view_if_needed()
    # What lies above it grows as it comes near, and pushes it away again.
    page.wait_for_function("name => { document.getElementById(name).scrollIntoView(); return true; }", arg=name)
    return root


def post(server: str, operation: str, **body: object) -> dict:
    return httpx.post(f"{server}/api/v1/experiments/{operation}", json={"sample": 0, **body}).json()


@pytest.mark.parametrize(
    ("name", "painted"),
    [("feature-comparison", "data-active"), ("translation", "data-offset"), ("pixel-permutation", "data-painted")],
)
def test_loaded_experiment_fits_small_phones(page: Page, name: str, painted: str):
    expect(section(page, name)).to_have_attribute(painted, re.compile("."))

    beyond = {width: resized(page, width).evaluate(BEYOND) for width in (375, 360, 320)}

    assert {width: names for width, names in beyond.items() if names} == {}


# --- Templates -------------------------------------------------------------------------------------------------------


@pytest.fixture
def templates(page: Page) -> Locator:
    root = section(page, "feature-comparison")
    expect(root).to_have_attribute("data-active", re.compile(r"\d+"))
    return root


def test_strongest_template_is_the_apis_and_enlarged_with_its_numbers(templates: Locator, server: str):
    response = post(server, "feature-comparison")["perceptron"]
    first = response["order"][0]

    expect(templates.get_by_role("heading", name=f"Template {first}", exact=True)).to_be_visible()
    expect(templates).to_have_attribute("data-active", str(response["active"]))
    expect(templates.locator("#features-sentence")).to_contain_text(f"{response['active']} of 500 are activated")
    expect(templates.locator("#template-numbers")).to_contain_text(
        f"after the ReLU {response['activations'][first]:.3g}"
    )
    expect(templates.locator("#template-numbers")).to_contain_text("The strongest of 500")


def test_enlarged_template_is_the_one_on_the_sheet(templates: Locator, page: Page, server: str):
    sheet, enlarged = templates.get_by_label("500 templates"), templates.get_by_label("Weights of the template")
    sheet.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    fourth = post(server, "feature-comparison")["perceptron"]["order"][3]
    expect(templates.get_by_role("heading", name=f"Template {fourth}", exact=True)).to_be_visible()

    width = sheet.evaluate("canvas => canvas.width")
    data = pixels(sheet)
    left = 3 * 30
    rows = [data[4 * (row * width + left) : 4 * (row * width + left + 28)] for row in range(28)]
    assert [value for row in rows for value in row] == pixels(enlarged)


def test_templates_by_number_and_keys_that_go_through_them(templates: Locator, page: Page):
    templates.get_by_role("button", name="By number").click()
    expect(templates.get_by_role("heading", name="Template 0", exact=True)).to_be_visible()

    templates.get_by_label("500 templates").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")

    expect(templates.get_by_role("heading", name="Template 26", exact=True)).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(templates.get_by_role("heading", name="Template 0", exact=True)).to_be_visible()


def test_pointing_at_a_template_enlarges_it(templates: Locator):
    templates.get_by_role("button", name="By number").click()

    templates.get_by_label("500 templates").hover(position={"x": 2 * 30 + 10, "y": 33 + 10})

    expect(templates.get_by_role("heading", name="Template 27", exact=True)).to_be_visible()


def test_kernel_is_described_with_its_largest_activation(templates: Locator, page: Page, server: str):
    kernels = post(server, "feature-comparison")["convolution"]
    number = max(range(16), key=kernels["strongest"].__getitem__)
    row, column = kernels["positions"][number]

    said = templates.locator("#local-kernel")
    expect(said).to_contain_text(f"The largest activation of kernel {number} is")
    expect(said).to_contain_text(f"at row {row}, column {column}")
    page.get_by_role("button", name="Clear").click()
    blank = httpx.post(f"{server}/api/v1/experiments/feature-comparison", json={"strokes": []}).json()
    inactive = blank["convolution"]["strongest"].index(0)
    templates.get_by_role("button", name=f"Kernel {inactive}", exact=True).click()
    expect(said).to_have_text(f"Kernel {inactive} is not activated anywhere on this digit.")


# --- The moved digit -------------------------------------------------------------------------------------------------


@pytest.fixture
def translation(page: Page) -> Locator:
    root = section(page, "translation")
    expect(root).to_have_attribute("data-offset", "0,0")
    return root


def press(page: Page, translation: Locator, *keys: str) -> None:
    translation.get_by_label("Your digit, to be moved").focus()
    for key in keys:
        page.keyboard.press(key)


def row_of(translation: Locator, layer: str) -> Locator:
    return translation.locator(f'tr[data-layer="{layer}"]')


def test_by_two_pixels_everything_up_to_the_second_pooling_moves_along(page: Page, translation: Locator):
    press(page, translation, "ArrowRight", "ArrowRight")

    expect(translation).to_have_attribute("data-offset", "0,2")
    expect(translation.get_by_role("status")).to_have_text("Moved 2 right")
    for layer in ("conv1", "relu1", "pool1", "conv3"):
        expect(row_of(translation, layer).locator(".residual")).to_have_text("0")
        expect(row_of(translation, layer)).to_contain_text("moved along exactly")
    expect(row_of(translation, "local1")).to_contain_text("weights of its own")
    translation.get_by_label("Deeper layer").select_option("pool2")
    expect(row_of(translation, "pool2")).to_contain_text("2 pixels are 0.5 of its cells")


def test_by_three_pixels_pooling_cannot_move_along(page: Page, translation: Locator, server: str):
    press(page, translation, "ArrowLeft", "ArrowLeft", "ArrowLeft")

    expect(translation).to_have_attribute("data-offset", "0,-3")
    response = post(server, "translation", right=-3)
    layers = {layer["name"]: layer for layer in response["models"][0]["layers"]}
    expect(row_of(translation, "conv1")).to_have_attribute("data-residual", "0")
    expect(row_of(translation, "pool1")).to_have_attribute("data-residual", str(layers["pool1"]["residual"]))
    expect(row_of(translation, "pool1")).to_contain_text("3 pixels are 1.5 of its cells")
    # A map that moved along leaves a difference of one color.
    difference = pixels(row_of(translation, "conv1").get_by_label("Difference"))
    assert len({tuple(difference[i : i + 4]) for i in range(0, len(difference), 4)}) == 1
    now, old = (pixels(row_of(translation, "conv1").get_by_label(name)) for name in ("Map now", "Old map, moved along"))
    assert now == pytest.approx(old, abs=3)


def test_dragging_by_hand_is_moving_by_keys(page: Page, translation: Locator):
    canvas = translation.get_by_label("Your digit, to be moved")
    page.wait_for_load_state("networkidle")  # experiments that come late move those below them
    canvas.drag_to(
        canvas, source_position={"x": 100, "y": 100}, target_position={"x": 100 + 4 * 7, "y": 100 - 2 * 7}, steps=5
    )
    expect(translation).to_have_attribute("data-offset", "-2,4")
    dragged = pixels(canvas)

    translation.get_by_role("button", name="Back to the middle").click()
    expect(translation).to_have_attribute("data-offset", "0,0")
    press(page, translation, *["ArrowRight"] * 4, *["ArrowUp"] * 2)

    expect(translation).to_have_attribute("data-offset", "-2,4")
    assert pixels(canvas) == dragged


def test_predictions_for_the_moved_digit_are_the_apis(page: Page, translation: Locator, server: str):
    press(page, translation, *["ArrowDown"] * 6)
    expect(translation).to_have_attribute("data-offset", "6,0")

    for model in post(server, "translation", down=6)["models"]:
        row = translation.locator(f'#translation-predictions tr[data-model="{model["id"]}"]')
        expect(row.locator(".digit")).to_have_text(str(model["after"]["digit"]))


def plotted(translation: Locator) -> dict[str, list[float]]:
    return json.loads(translation.locator("#translation-plot").get_attribute("data-series") or "{}")


def test_curves_are_the_apis_in_both_directions_for_one_digit_and_for_many(translation: Locator, server: str):
    plot = translation.locator("#translation-plot")
    for direction, name in (("right", "Sideways"), ("down", "Up and down")):
        translation.get_by_role("button", name=name).click()
        translation.get_by_role("button", name="This digit").click()
        expect(plot).to_have_attribute("data-direction", direction)
        expect(plot.get_by_role("img")).to_have_accessible_name("Probability of 7, against the translation in pixels")
        one = {model["id"]: model for model in post(server, "translation-curve", direction=direction)["models"]}
        shown = plotted(translation)
        for model in one.values():
            assert shown[model["id"]] == pytest.approx(model["probability"])
        hidden = next(layer for layer in one["mlp-500"]["layers"] if layer["name"] == "relu1")
        assert shown["cosine"] == pytest.approx(hidden["cosine"])

        translation.get_by_role("button", name="1,000 test digits").click()
        expect(plot.get_by_role("img")).to_have_accessible_name(re.compile("Share of 1,000 test digits"))
        many = httpx.get(f"{server}/api/v1/experiments/translation-curve").json()["directions"][direction]
        shown = plotted(translation)
        for model in many["models"]:
            assert shown[model["id"]] == pytest.approx(model["accuracy"])


def test_blank_pad_has_no_prediction_to_compare(page: Page, translation: Locator):
    page.get_by_role("button", name="Clear").click()

    expect(translation.locator("#translation-sentence")).to_have_text(
        "The pad is blank: there is no prediction to compare."
    )


# --- The permuted pixels ---------------------------------------------------------------------------------------------


def test_permuted_digit_has_the_same_pixels_at_the_positions_of_the_permutation(page: Page, server: str):
    root = section(page, "pixel-permutation")
    expect(root).to_have_attribute("data-painted", "true")
    permutation = httpx.get(f"{server}/api/v1/experiments/pixel-permutation").json()["permutation"]

    plain, permuted = (pixels(root.get_by_label(name, exact=True))
                        for name in ("Your digit", "Your digit, its pixels permuted"))  # fmt: skip

    cells = [plain[4 * i : 4 * i + 4] for i in range(784)]
    assert permuted == [value for source in permutation for value in cells[source]]


def test_accuracies_on_permuted_pixels_are_the_measured_ones(page: Page, server: str):
    record = httpx.get(f"{server}/api/v1/experiments/pixel-permutation").json()
    root = section(page, "pixel-permutation")

    for model in record["models"]:
        row = root.locator(f'tr[data-model="{model["id"]}"]')
        expect(row).to_contain_text(f"{100 * model['plain']['mean']:.2f}%")
        expect(row).to_contain_text(f"{100 * model['permuted']['mean']:.2f}%")
    expect(root.locator("#permutation-result")).to_have_text(
        "Perceptron of 500: loses 0.11 points, about as much as from seed to seed. "
        "Convolutional: loses 2.71 points, 25 times as much."
    )
    expect(root.locator("svg circle.dot")).to_have_count(3 * 3 + 1)
    expect(root.locator("#permutation-training")).to_contain_text("3 epochs without augmentation")


# --- All of them -----------------------------------------------------------------------------------------------------


@on_each_screen
def test_filled_sections_break_no_rule_and_need_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(DIGIT, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_predictions(page, 7)
    expect(section(page, "feature-comparison")).to_have_attribute("data-active", re.compile(r"\d+"))
    expect(section(page, "translation")).to_have_attribute("data-offset", "0,0")
    expect(page.locator("#translation-plot svg")).to_be_visible()
    expect(section(page, "pixel-permutation")).to_have_attribute("data-painted", "true")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
