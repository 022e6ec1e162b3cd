"""Feature visualization and saliency, as a visitor sees them."""

import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, a_digit, draw, expect_reading, expect_repainted, pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

FILTER = "/filters/cnn/conv3/5"
SALIENCY = "/saliency#n=15"


def api_filter(server: str, layer: str, number: int) -> dict:
    return httpx.get(f"{server}/api/v1/models/cnn/layers/{layer}/filters/{number}").json()


def expect_painted(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-painted", "true")


def inks(canvas) -> np.ndarray:
    """How dark each cell is, 0 the lightest, 1 the darkest; the light theme's paper is white."""
    red = np.array(pixels(canvas)[0::4], dtype=float)
    return (red.max() - red) / (red.max() - red.min())


# --- Filters -------------------------------------------------------------------------------------------------------


def test_every_layers_filters_are_pictured_and_lead_to_their_pages(open_page, server: str):
    page = open_page("/filters")
    section = page.get_by_role("region", name="conv2 sees 10×10 pixels")
    section.scroll_into_view_if_needed()
    expect(section).to_have_attribute("data-painted", "true")

    mean = httpx.get(f"{server}/api/v1/models/cnn/layers/conv2/filters").json()["mean_patches"][3]
    shown = inks(section.locator("canvas").nth(3))
    expected = np.ravel(mean)
    assert np.corrcoef(shown, expected)[0, 1] > 0.999
    section.get_by_role("link", name="3", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("conv2, filter 3")


def test_first_filters_have_names_with_the_measured_values(open_page, server: str):
    names = httpx.get(f"{server}/api/v1/models/cnn/filter-names").json()["filters"]
    named = next(each for each in names if each["kind"] == "edge")

    page = open_page("/filters")
    section = page.get_by_role("region", name="conv1 sees 5×5 pixels")
    active = [each["name"] for each in names if each["kind"] != "inactive"]
    expect(section.locator(".filter-name")).to_have_text(active)

    section.get_by_role("link").nth(named["filter"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"conv1, filter {named['filter']}")
    expect(page.locator("#filter-name")).to_contain_text(f"Strongest stimulus: {named['name']}.")
    expect(page.locator("#filter-name")).to_contain_text(f"selectivity is {named['selectivity']:.2f}")


def test_filter_shows_its_patches_where_they_are(open_page, server: str):
    page = open_page(FILTER)
    expect_painted(page)

    patches = api_filter(server, "conv3", 5)["strongest"]
    items = page.locator("#favorites li")
    expect(items).to_have_count(9)
    for number, patch in enumerate(patches):
        item = items.nth(number)
        expect(item.get_by_role("link")).to_have_text(f"{a_digit(patch['label'])}, #{patch['sample']}")
        expect(item.locator("small")).to_contain_text(f"row {patch['row']}, column {patch['column']}")
        whole, cut = (inks(item.locator(name)) for name in (".whole", ".patch"))
        box = patch["box"]
        padded = np.pad(whole.reshape(28, 28), 14)
        top, left = box["top"] + 14, box["left"] + 14
        np.testing.assert_allclose(cut.reshape(14, 14), padded[top : top + 14, left : left + 14], atol=0.02)


def test_patch_opens_its_neuron_under_the_lens(open_page, server: str):
    page = open_page(FILTER)
    expect_painted(page)
    first = api_filter(server, "conv3", 5)["strongest"][0]

    page.locator("#favorites a").first.click()

    expect_reading(page, first["label"])
    expect(page).to_have_url(re.compile(rf"/#v=1&n={first['sample']}&k=conv3\.5\.{first['row']}\.{first['column']}$"))
    expect(page.locator(".lens")).to_contain_text("conv3")


def test_neighboring_filters_are_reached_by_links_and_keys(open_page):
    page = open_page(FILTER)
    expect_painted(page)

    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("conv3, filter 6")
    page.get_by_role("link", name="← 5").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("conv3, filter 5")


def test_receptive_field_is_said_in_pixels(open_page):
    page = open_page(FILTER)

    expect(page.locator(".lead")).to_contain_text("Each of its neurons sees 14×14 pixels.")
    expect(page.locator("#mean-patch")).to_have_js_property("width", 14)


def test_filters_of_another_model_are_said_to_be_missing(open_page):
    page = open_page("/filters?model=mlp-500")

    expect(page.locator("#other-model")).to_contain_text("These are the filters of cnn.")
    expect(page.locator("#other-model")).to_contain_text("there is none for mlp-500")
    expect(page.locator("[data-layer]").first).to_have_attribute("data-painted", "true")


def test_unknown_filter_is_a_page_that_says_what_there_is(open_page):
    page = open_page("/filters/cnn/conv1/99")

    expect(page.locator("main")).to_contain_text("its 16 filters are 0 to 15")


# --- Saliency ------------------------------------------------------------------------------------------------------


@pytest.fixture
def saliency(open_page) -> Page:
    page = open_page(SALIENCY)
    expect_explained(page, 5)
    return page


def expect_explained(page: Page, label: int) -> None:
    expect(page.locator("body")).to_have_attribute("data-label", str(label))


def hover_cell(canvas: Locator, row: int, column: int) -> None:
    """Point at the middle of a cell of 28×28."""
    box = canvas.bounding_box()
    assert box is not None
    canvas.hover(position={"x": (column + 0.5) * box["width"] / 28, "y": (row + 0.5) * box["height"] / 28})


def test_maps_are_the_apis(saliency: Page, server: str):
    response = httpx.post(f"{server}/api/v1/experiments/saliency", json={"sample": 15}).json()
    gradient = np.array(response["gradient"])
    expect(saliency.locator("#saliency-legend")).to_contain_text(f"{np.abs(gradient).max():.3g}")
    row, column = np.unravel_index(np.abs(gradient).argmax(), (28, 28))
    hover_cell(saliency.locator("#saliency-map"), row, column)
    expected = f"{gradient[row, column]:.3g}".replace("-", "−")
    expect(saliency.locator("#pointed-sentence")).to_contain_text(f"Row {row}, column {column}")
    expect(saliency.locator("#pointed-sentence")).to_contain_text(f"by {expected} for each unit of ink")

    covered = np.array(
        httpx.post(f"{server}/api/v1/experiments/occlusion", json={"sample": 15}).json()["logit_changes"]
    )
    top, left = np.unravel_index(covered.argmin(), covered.shape)
    hover_cell(saliency.locator("#occlusion-map"), top + 2, left + 2)
    expected = f"{-covered.min():.3g}"
    expect(saliency.locator("#pointed-sentence")).to_contain_text(f"lowers the logit of 5 by {expected}.")
    expect(saliency.locator("#class-sentence")).to_contain_text(f"Logit of 5: {response['logit']:.3g}")


def test_prediction_and_logit_are_those_of_the_model_of_the_address(open_page, server: str):
    page = open_page("/saliency?model=mlp-500#n=15&c=3")
    expect_explained(page, 3)

    body = {"sample": 15, "label": 3}
    response = httpx.post(f"{server}/api/v1/experiments/saliency?model=mlp-500", json=body).json()
    other = httpx.post(f"{server}/api/v1/experiments/saliency?model=cnn", json=body).json()
    logit, others = (f"{each['logit']:.3g}".replace("-", "−") for each in (response, other))
    assert logit != others
    expect(page.locator("#class-sentence")).to_contain_text(f"The network predicts {response['prediction']['digit']} (")
    expect(page.locator("#class-sentence")).to_contain_text(f"Logit of 3: {logit}, probability")
    expect(page.locator(".lead")).to_contain_text("mlp-500")


def test_digit_is_outlined_on_both_maps(saliency: Page):
    expect(saliency.locator("#pointed")).to_be_visible()
    pixels_of_ink = np.array(pixels(saliency.locator("#pointed"))).reshape(28, 28, 4)[:, :, 0] < 128

    # Borders between ink and paper, seen along rows and along columns.
    borders = sum(np.abs(np.diff(np.pad(pixels_of_ink, 1).astype(int), axis=axis)).sum() for axis in (0, 1))
    for outline in saliency.locator(".outline path").all():
        expect(outline).to_have_attribute("d", re.compile("M"))
        assert (outline.get_attribute("d") or "").count("M") == pytest.approx(borders, abs=8)


def test_orange_supports_the_class_on_both_maps(saliency: Page, server: str):
    covered = httpx.post(f"{server}/api/v1/experiments/occlusion", json={"sample": 15}).json()["logit_changes"]
    top, left = np.unravel_index(np.argmin(covered), np.shape(covered))
    gradient = httpx.post(f"{server}/api/v1/experiments/saliency", json={"sample": 15}).json()["gradient"]
    row, column = np.unravel_index(np.argmax(gradient), np.shape(gradient))

    # Covering the square lowers the logit most; ink on the pixel raises it most. Both are orange: more red than blue.
    for canvas, at in (("#occlusion-map", (top + 2, left + 2)), ("#saliency-map", (row, column))):
        red, _green, blue, _alpha = np.reshape(pixels(saliency.locator(canvas)), (28, 28, 4))[at]
        assert red > blue + 40


def test_another_class_is_explained_and_kept_in_the_address(saliency: Page, open_page):
    before = pixels(saliency.locator("#saliency-map"))

    saliency.get_by_role("button", name="3", exact=True).click()
    saliency.get_by_role("slider", name="Square").fill("7")

    expect_explained(saliency, 3)
    expect_repainted(saliency.locator("#saliency-map"), before)
    expect(saliency).to_have_url(re.compile("#v=1&n=15&c=3&q=7$"))
    again = open_page("/saliency#v=1&n=15&c=3&q=7")
    expect_explained(again, 3)


def test_gradient_times_ink_is_zero_on_paper(saliency: Page):
    saliency.get_by_role("button", name="Gradient × ink").click()
    expect(saliency.locator("body")).to_have_attribute("data-shown", "gradient-times-ink")

    shown = pixels(saliency.locator("#saliency-map"))
    corner = shown[:4]
    assert [shown[4 * i : 4 * i + 4] for i in range(28)] == [corner] * 28, "no ink in the first row"


def test_pixels_are_visited_by_keys(saliency: Page):
    saliency.locator("#occlusion-map").focus()
    saliency.keyboard.press("ArrowUp")
    expect(saliency.locator("#pointed-sentence")).to_contain_text("Row 13, column 14: covering 5×5 pixels")
    for _ in range(13):
        saliency.keyboard.press("ArrowUp")
    expect(saliency.locator("#pointed-sentence")).to_have_text("Row 0, column 14: no whole square has its middle here.")


def test_drawn_digit_is_explained(saliency: Page):
    saliency.get_by_role("button", name="Clear").click()
    draw(saliency, SEVEN)

    expect_reading(saliency, 7)
    expect_explained(saliency, 7)


# --- All of them ---------------------------------------------------------------------------------------------------


@on_each_screen
@pytest.mark.parametrize("path", ["/filters", FILTER, SALIENCY])
def test_pages_break_no_rule_and_need_no_sideways_scrolling(open_page, path: str, width: str, theme: str):
    page = open_page(path, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    if path == FILTER:
        expect_painted(page)
    elif path == SALIENCY:
        expect_explained(page, 5)
    else:
        expect(page.locator("[data-layer]").first).to_have_attribute("data-painted", "true")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


def test_a_tap_on_a_saliency_map_says_what_the_pixel_does(open_page):
    page = open_page("/saliency#n=15", width=390, height=844, has_touch=True)
    expect(page.locator("body[data-label]")).to_be_attached()

    page.get_by_role("application", name="Occlusion").tap()

    expect(page.locator("#pointed-sentence")).to_contain_text("covering 5×5 pixels")
