"""The page of experiments: the templates, the dragged digit and the scrambled pixels."""

import json
import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import pixels
from tests.browser.test_accessibility import WIDTHS, violations
from tests.browser.test_local_and_global import expect_readings

PATH = "/local-and-global"
DIGIT = f"{PATH}#n=0"
"""MNIST's first test digit, a seven, so that the API can be asked for the same."""


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(DIGIT)
    expect_readings(page, 7)
    return page


def section(page: Page, name: str) -> Locator:
    """A section that has asked the server and shows the answer."""
    root = page.locator(f"#{name}")
    root.scroll_into_view_if_needed()
    # What lies above it grows as it comes near, and pushes it away again.
    page.wait_for_function("name => { document.getElementById(name).scrollIntoView(); return true; }", arg=name)
    return root


def ask(server: str, operation: str, **body: object) -> dict:
    return httpx.post(f"{server}/api/v1/experiments/{operation}", json={"sample": 0, **body}).json()


# --- Templates -----------------------------------------------------------------------------------------------------


@pytest.fixture
def templates(page: Page) -> Locator:
    root = section(page, "templates")
    expect(root).to_have_attribute("data-active", re.compile(r"\d+"))
    return root


def test_strongest_template_is_the_apis_and_enlarged_with_its_numbers(templates: Locator, server: str):
    answer = ask(server, "responses")["templates"]
    first = answer["order"][0]

    expect(templates.get_by_role("heading", name=f"Template {first}")).to_be_visible()
    expect(templates).to_have_attribute("data-active", str(answer["active"]))
    expect(templates.locator("#templates-sentence")).to_contain_text(f"{answer['active']} of 500 answer it")
    expect(templates.locator("#templates-numbers")).to_contain_text(
        f"after the ReLU {answer['activations'][first]:.3g}"
    )
    expect(templates.locator("#templates-numbers")).to_contain_text("The strongest of 500")


def test_enlarged_template_is_the_one_on_the_sheet(templates: Locator, page: Page):
    sheet, enlarged = templates.get_by_label("500 templates"), templates.get_by_label("Weights of the template")
    sheet.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")

    width = sheet.evaluate("canvas => canvas.width")
    data = pixels(sheet)
    left = 3 * 30
    rows = [data[4 * (row * width + left) : 4 * (row * width + left + 28)] for row in range(28)]
    assert [value for row in rows for value in row] == pixels(enlarged)


def test_fixed_places_stand_by_number_and_keys_go_through_them(templates: Locator, page: Page):
    templates.get_by_role("button", name="Fixed places").click()
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
    templates.get_by_role("button", name="Fixed places").click()

    templates.get_by_label("500 templates").hover(position={"x": 2 * 30 + 10, "y": 33 + 10})

    expect(templates.get_by_role("heading", name="Template 27", exact=True)).to_be_visible()


def test_kernel_says_where_it_answers_most(templates: Locator, server: str):
    kernels = ask(server, "responses")["kernels"]
    number = max(range(16), key=kernels["strongest"].__getitem__)
    row, column = kernels["places"][number]

    said = templates.locator("#templates-kernel")
    expect(said).to_contain_text(f"Kernel {number} answers most")
    expect(said).to_contain_text(f"at row {row}, column {column}")
    silent = kernels["strongest"].index(0)
    templates.get_by_role("button", name=f"Kernel {silent}", exact=True).click()
    expect(said).to_have_text(f"Kernel {silent} answers nowhere on this digit.")


# --- The dragged digit ---------------------------------------------------------------------------------------------


@pytest.fixture
def shift(page: Page) -> Locator:
    root = section(page, "shift")
    expect(root).to_have_attribute("data-shift", "0,0")
    return root


def press(page: Page, shift: Locator, *keys: str) -> None:
    shift.get_by_label("Your digit, to be moved").focus()
    for key in keys:
        page.keyboard.press(key)


def row_of(shift: Locator, layer: str) -> Locator:
    return shift.locator(f'tr[data-layer="{layer}"]')


def test_by_two_pixels_everything_up_to_the_second_pooling_moves_along(page: Page, shift: Locator):
    press(page, shift, "ArrowRight", "ArrowRight")

    expect(shift).to_have_attribute("data-shift", "0,2")
    expect(shift.get_by_role("status")).to_have_text("Moved 2 right")
    for layer in ("conv1", "relu1", "pool1", "conv3"):
        expect(row_of(shift, layer).locator(".residual")).to_have_text("0")
        expect(row_of(shift, layer)).to_contain_text("moved along exactly")
    expect(row_of(shift, "local1")).to_contain_text("weights of its own")
    shift.get_by_label("Deeper layer").select_option("pool2")
    expect(row_of(shift, "pool2")).to_contain_text("2 pixels are 0.5 of its cells")


def test_by_three_pixels_pooling_cannot_move_along(page: Page, shift: Locator, server: str):
    press(page, shift, "ArrowLeft", "ArrowLeft", "ArrowLeft")

    expect(shift).to_have_attribute("data-shift", "0,-3")
    answer = ask(server, "shift", right=-3)
    layers = {layer["name"]: layer for layer in answer["models"][0]["layers"]}
    expect(row_of(shift, "conv1")).to_have_attribute("data-residual", "0")
    expect(row_of(shift, "pool1")).to_have_attribute("data-residual", str(layers["pool1"]["residual"]))
    expect(row_of(shift, "pool1")).to_contain_text("3 pixels are 1.5 of its cells")
    # A map that moved along leaves a difference of one color.
    difference = pixels(row_of(shift, "conv1").get_by_label("Difference"))
    assert len({tuple(difference[i : i + 4]) for i in range(0, len(difference), 4)}) == 1
    now, old = (pixels(row_of(shift, "conv1").get_by_label(name)) for name in ("Map now", "Old map, moved along"))
    assert now == pytest.approx(old, abs=3)


def test_dragging_by_hand_is_moving_by_keys(page: Page, shift: Locator):
    canvas = shift.get_by_label("Your digit, to be moved")
    page.wait_for_load_state("networkidle")  # experiments that come late move those below them
    canvas.drag_to(
        canvas, source_position={"x": 100, "y": 100}, target_position={"x": 100 + 4 * 7, "y": 100 - 2 * 7}, steps=5
    )
    expect(shift).to_have_attribute("data-shift", "-2,4")
    dragged = pixels(canvas)

    shift.get_by_role("button", name="Back to the middle").click()
    expect(shift).to_have_attribute("data-shift", "0,0")
    press(page, shift, *["ArrowRight"] * 4, *["ArrowUp"] * 2)

    expect(shift).to_have_attribute("data-shift", "-2,4")
    assert pixels(canvas) == dragged


def test_readings_of_the_moved_digit_are_the_apis(page: Page, shift: Locator, server: str):
    press(page, shift, *["ArrowDown"] * 6)
    expect(shift).to_have_attribute("data-shift", "6,0")

    for model in ask(server, "shift", down=6)["models"]:
        row = shift.locator(f'#shift-readings tr[data-model="{model["id"]}"]')
        expect(row.locator(".digit")).to_have_text(str(model["after"]["digit"]))


def plotted(shift: Locator) -> dict[str, list[float]]:
    return json.loads(shift.locator("#shift-plot").get_attribute("data-series") or "{}")


def test_curves_are_the_apis_in_both_directions_for_one_digit_and_for_many(shift: Locator, server: str):
    plot = shift.locator("#shift-plot")
    for direction, name in (("right", "Sideways"), ("down", "Up and down")):
        shift.get_by_role("button", name=name).click()
        shift.get_by_role("button", name="This digit").click()
        expect(plot).to_have_attribute("data-direction", direction)
        expect(plot.get_by_role("img")).to_have_accessible_name("Probability of 7, against the shift in pixels")
        one = {model["id"]: model for model in ask(server, "shift-curve", direction=direction)["models"]}
        shown = plotted(shift)
        for model in one.values():
            assert shown[model["id"]] == pytest.approx(model["probability"])
        hidden = next(layer for layer in one["mlp-500"]["layers"] if layer["name"] == "relu1")
        assert shown["cosine"] == pytest.approx(hidden["cosine"])

        shift.get_by_role("button", name="1,000 test digits").click()
        expect(plot.get_by_role("img")).to_have_accessible_name(re.compile("Share of 1,000 test digits"))
        many = httpx.get(f"{server}/api/v1/experiments/shift-curve").json()["directions"][direction]
        shown = plotted(shift)
        for model in many["models"]:
            assert shown[model["id"]] == pytest.approx(model["accuracy"])


def test_blank_pad_has_no_answer_to_follow(page: Page, shift: Locator):
    page.get_by_role("button", name="Clear").click()

    expect(shift.locator("#shift-sentence")).to_have_text("The pad is blank: there is no answer to follow.")


# --- The scrambled pixels ------------------------------------------------------------------------------------------


def test_scrambled_digit_has_the_same_pixels_in_the_places_of_the_permutation(page: Page, server: str):
    root = section(page, "scramble")
    expect(root).to_have_attribute("data-painted", "true")
    permutation = httpx.get(f"{server}/api/v1/experiments/scramble").json()["permutation"]

    plain, scrambled = (pixels(root.get_by_label(name, exact=True))
                        for name in ("Your digit", "Your digit, its pixels scrambled"))  # fmt: skip

    cells = [plain[4 * i : 4 * i + 4] for i in range(784)]
    assert scrambled == [value for source in permutation for value in cells[source]]


def test_figures_of_the_control_are_the_measured_ones(page: Page, server: str):
    record = httpx.get(f"{server}/api/v1/experiments/scramble").json()
    root = section(page, "scramble")

    for model in record["models"]:
        row = root.locator(f'tr[data-model="{model["id"]}"]')
        expect(row).to_contain_text(f"{100 * model['plain']['mean']:.2f} %")
        expect(row).to_contain_text(f"{100 * model['scrambled']['mean']:.2f} %")
    expect(root.locator("#scramble-verdict")).to_have_text(
        "Perceptron of 500: loses 0.11 points, about as much as another seed would do. "
        "Convolutional: loses 2.71 points, 25 times as much."
    )
    expect(root.locator("svg circle.dot")).to_have_count(3 * 3 + 1)
    expect(root.locator("#scramble-training")).to_contain_text("3 passes, without augmentation")


# --- All of them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_filled_sections_break_no_rule_and_need_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(DIGIT, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_readings(page, 7)
    expect(section(page, "templates")).to_have_attribute("data-active", re.compile(r"\d+"))
    expect(section(page, "shift")).to_have_attribute("data-shift", "0,0")
    expect(page.locator("#shift-plot svg")).to_be_visible()
    expect(section(page, "scramble")).to_have_attribute("data-painted", "true")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
