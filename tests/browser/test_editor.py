"""The kernel editor, used as a person would use it."""

import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw, expect_reading, expect_repainted, pixels
from tests.browser.test_accessibility import WIDTHS, violations

PATH = "/editor#n=15"


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(PATH)
    expect_ready(page)
    return page


def expect_ready(page: Page, edits: int = 0) -> None:
    expect(page.locator(".editor")).to_have_attribute("data-edits", str(edits))
    expect(page.locator("#paint td")).to_have_count(25)


def kernel(page: Page) -> Locator:
    return page.get_by_role("application", name="Weights of kernel")


def weights(page: Page) -> list[float]:
    return [float(text.replace("−", "-")) for text in kernel(page).locator("td").all_text_contents()]


def learned(server: str, layer: str = "conv1") -> np.ndarray:
    return np.array(httpx.get(f"{server}/api/v1/models/cnn/layers/{layer}/kernels").json()["kernels"])


def edited_maps(server: str, edits: list[dict], layer: str = "relu1") -> np.ndarray:
    body = {"sample": 15, "edits": edits}
    url = f"{server}/api/v1/experiments/edit?layers={layer}"
    return np.array(httpx.post(url, json=body).json()["layers"][0]["feature_maps"])


def changed(page: Page) -> Locator:
    return page.locator(".editor")


def test_page_opens_with_the_learned_kernel(page: Page, server: str):
    assert weights(page) == pytest.approx(learned(server)[0, 0].ravel(), rel=0.06, abs=1e-6)
    expect(page.locator("#accuracy-sentence")).to_contain_text("(4 errors instead of 4)")
    expect(page.get_by_role("button", name="Reset all")).to_be_disabled()


def test_painted_cells_change_the_map_as_the_api_says(page: Page, server: str):
    before = pixels(page.locator("#map-edited"))
    cells = kernel(page).locator("td")
    cells.nth(0).hover()
    page.mouse.down()
    for cell in (1, 2):
        cells.nth(cell).hover()
    page.mouse.up()

    expect_ready(page, 1)
    expect_repainted(page.locator("#map-edited"), before)
    own = learned(server)
    most = np.abs(own).max()
    painted = own[0].copy()
    painted[0, 0, :3] = most
    assert weights(page) == pytest.approx(painted.ravel(), rel=0.06, abs=1e-6)
    difference = edited_maps(server, [{"layer": "conv1", "filter": 0, "kernel": painted.tolist()}]) - edited_maps(
        server, []
    )
    assert not difference[1:].any()
    # The page compares half precision, the API's JSON single: a few tiny differences may vanish.
    count = int(changed(page).get_attribute("data-changed") or 0)
    assert count == pytest.approx(np.count_nonzero(difference[0]), rel=0.05)
    expect(page.locator("#tie-sentence")).to_contain_text(f"{count} of 784 values")

    # One stroke of the brush is one edit.
    page.get_by_role("button", name="Undo edit").click()
    expect_ready(page, 0)
    expect(changed(page)).to_have_attribute("data-changed", "0")
    page.get_by_role("button", name="Redo edit").click()
    expect_ready(page, 1)


def test_kernel_is_painted_by_keys_and_undone_by_keys(page: Page, server: str):
    kernel(page).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")

    expect_ready(page, 1)
    shown = weights(page)
    assert shown[5 * 1 + 2] == 0
    assert shown[5 * 1 + 1] == pytest.approx(np.abs(learned(server)).max(), rel=0.06)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_ready(page, 0)


@pytest.mark.parametrize("name", ["Sobel |", "Sobel —", "Blur", "Center", "Gabor", "Random", "Zero"])
def test_loaded_kernels_are_what_they_are_called_and_as_strong_as_the_learned(page: Page, server: str, name: str):
    page.get_by_role("button", name=name, exact=True).click()
    expect_ready(page, 1)

    shown = np.array(weights(page)).reshape(5, 5)
    if name == "Zero":
        assert not shown.any()
        return
    assert np.linalg.norm(shown) == pytest.approx(np.linalg.norm(learned(server)[0]), rel=0.05)
    if name == "Sobel |":
        np.testing.assert_allclose(shown, -shown[:, ::-1], atol=0.01)
        np.testing.assert_allclose(shown[:, 2], 0, atol=1e-6)
    if name == "Sobel —":
        np.testing.assert_allclose(shown, -shown[::-1], atol=0.01)
    if name == "Blur":
        assert shown.min() > 0
        assert shown.argmax() == 12
    if name == "Gabor":
        # 45° rises to the right: the same along each rising diagonal's two ends, and more than across it.
        assert shown[1, 3] == shown[3, 1]
        assert shown[1, 3] > 0 > shown[1, 1]


def test_gabors_angle_turns_it(page: Page):
    page.get_by_role("slider", name="Gabor's angle").fill("0")
    expect_ready(page, 1)

    shown = np.array(weights(page)).reshape(5, 5)
    assert shown[2, 1] > 0 > shown[0, 2]
    page.get_by_role("slider", name="Gabor's angle").fill("90")
    expect(kernel(page).locator("td").nth(2)).not_to_have_text(re.compile("−"))
    np.testing.assert_allclose(np.array(weights(page)).reshape(5, 5), shown.T, atol=1e-6)


def test_silenced_filter_costs_accuracy_and_comes_back(page: Page, server: str):
    page.get_by_role("button", name="Kernel 0", exact=True).click()
    page.get_by_role("button", name="Silence it").click()

    expect_ready(page, 1)
    expect(page.get_by_role("button", name="Kernel 0, silenced")).to_be_visible()
    assert set(pixels(page.locator("#map-edited"))[:4]) == set(pixels(page.locator("#map-edited"))[-4:])
    edits = [{"layer": "conv1", "filter": 0, "silence": True}]
    answer = httpx.post(f"{server}/api/v1/experiments/edit/accuracy", json={"edits": edits}, timeout=30).json()
    assert answer["errors"] > answer["unedited_errors"]
    expect(page.locator("#accuracy-sentence")).to_contain_text(
        f"({answer['errors']} errors instead of {answer['unedited_errors']})"
    )

    page.get_by_role("button", name="Silence it").click()
    expect_ready(page, 0)


def test_untied_edit_changes_one_neuron_alone(page: Page):
    page.get_by_role("button", name="One neuron alone").click()
    page.get_by_role("spinbutton", name="Row").fill("12")
    page.get_by_role("spinbutton", name="Column").fill("14")
    page.get_by_role("button", name="Blur").click()

    expect_ready(page, 1)
    expect(changed(page)).to_have_attribute("data-changed", "1")
    expect(page.locator("#tie-sentence")).to_have_text(
        "Untied: the edit changes the neuron at row 12, column 14, and no other. "
        "1 of 784 values of this map differ from the learned ones."
    )
    page.get_by_role("button", name="All neurons of the map").click()
    assert weights(page) != []
    page.get_by_role("button", name="Blur").click()
    expect(changed(page)).not_to_have_attribute("data-changed", "1")


def test_neuron_is_chosen_on_the_map(page: Page):
    page.get_by_role("button", name="One neuron alone").click()
    canvas = page.locator("#map-edited")
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": 5.5 * box["width"] / 28, "y": 20.5 * box["height"] / 28})

    expect(page.get_by_role("spinbutton", name="Row")).to_have_value("20")
    expect(page.get_by_role("spinbutton", name="Column")).to_have_value("5")


def test_deeper_layers_follow_and_show_the_difference(page: Page):
    sheet = page.get_by_label("Maps of relu3")
    page.get_by_role("button", name="Difference").click()
    expect(sheet).to_have_attribute("data-painted", "difference")
    blank = pixels(sheet)
    expect(page.locator('#sheets [data-layer="relu3"] .sheet-note')).to_have_text("unchanged")

    page.get_by_role("button", name="Zero").click()

    expect_repainted(sheet, blank)
    expect(page.locator('#sheets [data-layer="relu3"] .sheet-note')).to_contain_text("largest change")


def test_kernel_of_a_deeper_layer_is_edited_by_input_map(page: Page, server: str):
    page.get_by_role("button", name="conv2", exact=True).click()
    expect(page.locator("#paint td")).to_have_count(9)
    page.get_by_role("button", name="Kernel 5", exact=True).click()
    page.locator("#channel").select_option("7")

    expect(kernel(page)).to_have_accessible_name("Weights of kernel 5, input map 7")
    own = learned(server, "conv2")
    assert weights(page) == pytest.approx(own[5, 7].ravel(), rel=0.06, abs=1e-6)
    page.get_by_role("button", name="Zero").click()

    expect(page.locator(".editor")).to_have_attribute("data-edits", "1")
    edited = own[5].copy()
    edited[7] = 0
    before, after = (
        edited_maps(server, edits, "relu2")
        for edits in ([], [{"layer": "conv2", "filter": 5, "kernel": edited.tolist()}])
    )
    largest = np.abs(after - before).max()
    expect(page.locator('#sheets [data-layer="relu2"] .sheet-note')).to_have_text(f"largest change {largest:.2g}")
    expect(page.locator('#sheets [data-layer="relu1"] .sheet-note')).to_have_text("unchanged")


def test_address_restores_edits_and_digit(page: Page, open_page):
    page.get_by_role("button", name="Gabor", exact=True).click()
    page.get_by_role("button", name="Kernel 3", exact=True).click()
    page.get_by_role("button", name="Silence it").click()
    page.get_by_role("button", name="Kernel 0, edited").click()
    page.get_by_role("button", name="One neuron alone").click()
    page.get_by_role("button", name="Zero").click()
    expect_ready(page, 3)
    expect(page).to_have_url(re.compile(r"#n=15&e=[\w-]{200,}$"))

    again = open_page(page.url[page.url.index("/editor") :])

    expect_ready(again, 3)
    assert weights(again) == weights_tied(page)
    expect(again.get_by_role("button", name="Kernel 3, silenced")).to_be_visible()
    again.get_by_role("button", name="Reset all").click()
    expect_ready(again, 0)


def weights_tied(page: Page) -> list[float]:
    page.get_by_role("button", name="All neurons of the map").click()
    return weights(page)


@pytest.mark.parametrize("damaged", ["e=%%%", "e=AAAE", "e=CQAB", "e=AP8B"])
def test_damaged_address_edits_nothing(open_page, damaged: str):
    page = open_page(f"{PATH}&{damaged}")

    expect_ready(page, 0)


def test_edits_stay_while_another_digit_is_drawn(page: Page):
    page.get_by_role("button", name="Blur").click()
    expect_ready(page, 1)
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)

    expect_reading(page, 7)
    expect_ready(page, 1)
    expect(page.locator("#reading-sentence")).to_contain_text("Learned, the network reads 7")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(PATH, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_ready(page)
    page.get_by_role("button", name="One neuron alone").click()
    page.get_by_role("button", name="Gabor", exact=True).click()
    expect_ready(page, 1)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
