"""The kernel editor, used as a person would use it."""

import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw, expect_one_color, expect_reading, expect_repainted, percent, pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

PATH = "/editor#n=15"

BUSY = 60
"""Seconds in which even a busy machine measures an accuracy; a quiet one takes one."""


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(PATH)
    expect_ready(page)
    return page


def expect_ready(page: Page, edits: int = 0) -> None:
    expect(page.locator(".editor")).to_have_attribute("data-edits", str(edits))
    expect(page.locator("#paint td")).to_have_count(25)


def expect_errors(page: Page, edited: int, learned: int) -> None:
    """Wait until the accuracy is there: the page waits for a pause, then the server classifies 1,000 digits twice."""
    accuracy = page.locator("#accuracy-sentence")
    expect(accuracy).to_contain_text(
        re.compile(rf"edited kernels: [\d.]+% \({edited} errors?\); .*learned kernels: [\d.]+% \({learned} errors?\)"),
        timeout=1000 * BUSY,
    )


def kernel(page: Page) -> Locator:
    return page.get_by_role("application", name="Weights of kernel")


def weights(page: Page) -> list[float]:
    return [float(text.replace("−", "-")) for text in kernel(page).locator("td").all_text_contents()]


def learned(server: str, layer: str = "conv1") -> np.ndarray:
    return np.array(httpx.get(f"{server}/api/v1/models/cnn/layers/{layer}/kernels").json()["kernels"])


def edited_maps(server: str, edits: list[dict], layer: str = "relu1") -> np.ndarray:
    body = {"sample": 15, "edits": edits}
    url = f"{server}/api/v1/experiments/kernel-edits?layers={layer}"
    return np.array(httpx.post(url, json=body).json()["layers"][0]["feature_maps"])


def changed(page: Page) -> Locator:
    return page.locator(".editor")


def test_page_opens_with_the_learned_kernel(page: Page, server: str):
    assert weights(page) == pytest.approx(learned(server)[0, 0].ravel(), abs=0.0006)
    learned_errors = httpx.post(
        f"{server}/api/v1/experiments/kernel-edits/accuracy", json={"edits": []}, timeout=BUSY
    ).json()
    expect_errors(page, learned_errors["errors"], learned_errors["errors"])
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
    expect(cells.nth(2)).to_have_text(f"{most:.3f}")
    assert weights(page) == pytest.approx(painted.ravel(), abs=0.0006)
    difference = edited_maps(server, [{"layer": "conv1", "filter": 0, "kernel": painted.tolist()}]) - edited_maps(
        server, []
    )
    assert not difference[1:].any()
    # The page compares half precision, the API's JSON single: a few tiny differences may vanish.
    different = np.count_nonzero(difference[0])
    close = "|".join(map(str, range(int(0.95 * different), int(1.05 * different) + 1)))
    expect(changed(page)).to_have_attribute("data-changed", re.compile(f"^({close})$"))
    count = changed(page).get_attribute("data-changed")
    expect(page.locator("#scope-sentence")).to_contain_text(f"{count} of 784 values")

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
    cells = kernel(page).locator("td")
    expect(cells.nth(5 * 1 + 2)).to_have_text("0")
    expect(cells.nth(5 * 1 + 1)).to_have_text(f"{np.abs(learned(server)).max():.3f}")
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
    page.get_by_role("slider", name="Gabor angle").fill("0")
    expect_ready(page, 1)

    shown = np.array(weights(page)).reshape(5, 5)
    assert shown[2, 1] > 0 > shown[0, 2]
    page.get_by_role("slider", name="Gabor angle").fill("90")
    expect(kernel(page).locator("td").nth(2)).not_to_have_text(re.compile("−"))
    np.testing.assert_allclose(np.array(weights(page)).reshape(5, 5), shown.T, atol=1e-6)


def test_filter_that_is_turned_off_costs_accuracy_and_comes_back(page: Page, server: str):
    page.get_by_role("button", name="Kernel 0", exact=True).click()
    page.get_by_role("button", name="Turn off").click()

    expect_ready(page, 1)
    expect(page.get_by_role("button", name="Kernel 0, turned off")).to_be_visible()
    expect(page.get_by_text("turned off: 0 everywhere")).to_be_visible()
    expect(page.get_by_role("heading", name="Kernel 0 of conv1, turned off")).to_be_visible()
    expect_one_color(page.locator("#map-edited"))
    edits = [{"layer": "conv1", "filter": 0, "ablate": True}]
    url = f"{server}/api/v1/experiments/kernel-edits/accuracy"
    response = httpx.post(url, json={"edits": edits}, timeout=BUSY).json()
    assert response["errors"] > response["unedited_errors"]
    expect_errors(page, response["errors"], response["unedited_errors"])

    page.get_by_role("button", name="Turn off").click()
    expect_ready(page, 0)


def test_edit_of_one_neuron_changes_one_value(page: Page):
    page.get_by_role("button", name="One neuron").click()
    page.get_by_role("spinbutton", name="Row").fill("12")
    page.get_by_role("spinbutton", name="Column").fill("14")
    page.get_by_role("button", name="Blur").click()

    expect_ready(page, 1)
    expect(changed(page)).to_have_attribute("data-changed", "1")
    expect(page.locator("#scope-sentence")).to_have_text(
        "The weights are not shared: an edit changes the neuron at row 12, column 14, and no other. "
        "1 of 784 values of this map differ from the learned ones."
    )
    page.get_by_role("button", name="All neurons").click()
    expect(changed(page)).not_to_have_attribute("data-changed", "1")
    expect_ready(page, 1)


def test_neuron_is_chosen_on_the_map(page: Page):
    page.get_by_role("button", name="One neuron").click()
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
    assert weights(page) == pytest.approx(own[5, 7].ravel(), abs=0.0006)
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
    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("button", name="Kernel 0, edited").click()
    page.get_by_role("button", name="One neuron").click()
    page.get_by_role("button", name="Zero").click()
    expect_ready(page, 2)
    expect(page).to_have_url(re.compile(r"#v=1&n=15&.*e=[\w-]{150,}"))

    again = open_page(page.url[page.url.index("/editor") :])

    expect_ready(again, 2)
    expect(again.get_by_role("button", name="One neuron")).to_have_attribute("aria-pressed", "true")
    assert weights(again) == weights(page)
    expect(again.get_by_role("button", name="Kernel 3, turned off")).to_be_visible()
    again.get_by_role("button", name="Reset all").click()
    expect_ready(again, 0)


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
    expect(page.locator("#prediction-sentence")).to_contain_text("Prediction with the learned kernels: 7")


# --- Other networks ------------------------------------------------------------------------------------------------


def maps_of(server: str, model: str, edits: list[dict], layer: str, sample: int = 15) -> np.ndarray:
    url = f"{server}/api/v1/experiments/kernel-edits?model={model}&layers={layer}"
    response = httpx.post(url, json={"sample": sample, "edits": edits}).json()
    return np.array(response["layers"][0]["feature_maps"])


def expect_prediction(page: Page, server: str, model: str) -> None:
    """Wait until the page shows what this model predicts for its digit."""
    maps = httpx.post(f"{server}/api/v1/models/{model}/feature-maps", json={"sample": 15}).json()
    expect_reading(page, maps["prediction"]["digit"])
    probability = page.locator("#prediction li[aria-current] .probability")
    expect(probability).to_have_text(percent(maps["prediction"]["probability"]))


def test_network_with_32_by_32_input_is_edited_as_the_default(open_page, imported_models: str):
    page = open_page(f"{imported_models}{PATH}")
    expect_ready(page)

    expect(page.locator(".lead")).to_contain_text("Change the kernels of wide-32")
    expect_prediction(page, imported_models, "wide-32")
    page.get_by_role("button", name="Kernel 2", exact=True).click()
    page.get_by_role("button", name="Zero").click()
    expect_ready(page, 1)
    zero = [{"layer": "conv1", "filter": 2, "kernel": np.zeros((1, 5, 5)).tolist()}]
    difference = maps_of(imported_models, "wide-32", zero, "relu2") - maps_of(imported_models, "wide-32", [], "relu2")
    note = page.locator('#sheets [data-layer="relu2"] .sheet-note')
    expect(note).to_have_text(f"largest change {np.abs(difference).max():.2g}")
    expect(page.locator("#scope-sentence")).to_contain_text("of 1024 values")

    page.get_by_role("button", name="One neuron").click()
    page.get_by_role("spinbutton", name="Row").fill("31")
    page.get_by_role("spinbutton", name="Column").fill("31")
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator("#scope-sentence")).to_contain_text("the neuron at row 31, column 31")


def test_map_before_pooling_is_shown_where_the_relu_comes_after_it(open_page, imported_models: str):
    model = "pool-before-relu"
    page = open_page(f"{imported_models}/editor?model={model}#n=15")
    expect_ready(page)

    expect_prediction(page, imported_models, model)
    expect(page.get_by_role("heading", name="Its map in conv1")).to_be_visible()
    expect(page.locator("#sheets > li")).to_have_count(2)
    assert page.locator("#sheets > li").evaluate_all("items => items.map((i) => i.dataset.layer)") == ["conv1", "relu1"]
    page.get_by_role("button", name="Zero").click()
    expect_ready(page, 1)
    zero = [{"layer": "conv1", "filter": 0, "kernel": np.zeros((1, 5, 5)).tolist()}]
    for layer in ("conv1", "relu1"):
        difference = maps_of(imported_models, model, zero, layer) - maps_of(imported_models, model, [], layer)
        note = page.locator(f'#sheets [data-layer="{layer}"] .sheet-note')
        expect(note).to_have_text(f"largest change {np.abs(difference).max():.2g}")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("mlp-500", "In its first layer, linear1, each neuron has one weight for every one of the 28×28 input pixels"),
        ("locally-connected", "local1, has separate weights for each of its 28×28 positions"),
    ],
)
def test_network_without_kernels_says_why_and_shows_its_prediction(open_page, server: str, model: str, reason: str):
    page = open_page(f"/editor?model={model}#n=15")

    expect(page.locator("#no-kernels")).to_contain_text(f"{model} has no kernels to edit.")
    expect(page.locator("#no-kernels")).to_contain_text(reason)
    expect_prediction(page, server, model)
    assert violations(page) == []
    page.locator("#no-kernels").get_by_role("link", name="cnn").click()
    expect_ready(page)
    expect(page).to_have_url(re.compile("/editor#v=1&n=15$"))


def test_whole_kernel_is_visible_in_projector_mode(open_page):
    page = open_page(PATH, width=1280, height=720)
    expect_ready(page)

    page.get_by_role("button", name="Projector").click()

    expect(page.locator("html")).to_have_attribute("data-projector", "")
    assert page.locator("#paint").evaluate("box => box.scrollWidth <= box.clientWidth")


# --- Every width ---------------------------------------------------------------------------------------------------


@on_each_screen
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(PATH, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_ready(page)
    page.get_by_role("button", name="One neuron").click()
    page.get_by_role("button", name="Gabor", exact=True).click()
    expect_ready(page, 1)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
