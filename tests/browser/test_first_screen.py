"""The first screen: what it says, and the kernel that sweeps over the digit."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.people import SEVEN, draw, expect_reading, expect_same_pixels, feature_map, pad
from tests.browser.test_accessibility import violations


def sweep(page: Page) -> Locator:
    return page.locator("#sweep")


def large_map(page: Page) -> Locator:
    return sweep(page).get_by_role("application")


def open_still(open_page, path: str = "/#n=0", **options) -> Page:
    """The page where motion is reduced: the sweep has not begun by itself."""
    page = open_page(path, reduced_motion="reduce", **options)
    expect(sweep(page).locator(".sweep-sum b")).to_have_text(re.compile(r"\d"))
    return page


def cell_position(map_: Locator, row: int, column: int) -> dict[str, float]:
    rows, columns, height, width = map_.evaluate("c => [c.height, c.width, c.offsetHeight, c.offsetWidth]")
    return {"x": (column + 0.5) * width / columns, "y": (row + 0.5) * height / rows}


def test_first_screen_says_what_it_is_and_what_to_do(open_page):
    page = open_page(width=1280, height=720)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    for visible in (
        page.get_by_role("heading", level=1, name="See what a convolutional network sees"),
        page.get_by_text("each filter slides its kernel"),
        page.get_by_role("link", name="New here? Take the tour"),
        pad(page),
        page.get_by_role("list", name="Probability of each digit"),
        large_map(page),
        page.get_by_text("Point at any cell to see its arithmetic"),
    ):
        expect(visible).to_be_in_viewport(ratio=1)


def test_one_kernel_paints_its_map_by_itself_and_rests_at_the_strongest_cell(open_page):
    page = open_page()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(sweep(page).get_by_role("status")).to_have_text("Filter 11 moves over your digit.")

    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=30_000)

    expect(sweep(page).get_by_role("status")).to_have_text("The map of filter 11 is painted.")
    expect_same_pixels(large_map(page), feature_map(page, "conv1", 11))
    peak = page.locator("#layer-conv1 .unit").nth(11).locator(".mark")
    strongest = float(sweep(page).locator(".sweep-sum b").inner_text())
    expect(peak).to_have_text(f"max {strongest:.2g}")


def test_pen_stops_the_sweep_and_the_map_follows_it(open_page):
    page = open_page()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    draw(page, SEVEN)

    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    number = int(sweep(page).locator("#sweep-filter").inner_text().removeprefix("Filter "))
    expect_same_pixels(large_map(page), feature_map(page, "conv1", number))


def test_nothing_moves_by_itself_where_motion_is_reduced_but_play_plays(open_page):
    page = open_still(open_page)
    number = int(sweep(page).locator("#sweep-filter").inner_text().removeprefix("Filter "))
    expect_same_pixels(large_map(page), feature_map(page, "conv1", number))

    page.get_by_role("button", name="Play").click()

    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


@pytest.mark.parametrize("model", ["cnn", "mlp-500", "locally-connected"])
def test_sum_is_the_one_of_the_api(open_page, server: str, model: str):
    page = open_still(open_page, f"/?model={model}#n=0")
    described = httpx.get(f"{server}/api/v1/models/{model}").json()["layers"][0]
    number = int(sweep(page).locator("#sweep-filter").inner_text().split()[-1])
    columns = large_map(page).evaluate("c => c.width")

    for row, column in ((0, 0), (7, 14), (12, 9)):
        large_map(page).hover(position=cell_position(large_map(page), row, column))
        if described["kind"] == "linear":
            neuron = {"filter": row * columns + column, "row": 0, "column": 0}
        else:
            neuron = {"filter": number, "row": row, "column": column}
        response = httpx.post(
            f"{server}/api/v1/models/{model}/neuron", json={"sample": 0, "layer": described["name"], **neuron}
        ).json()
        rounded = round(response["computed"], 3) + 0.0  # + 0.0: no negative zero
        expect(sweep(page).locator(".sweep-sum b")).to_have_text(f"{rounded:.3f}".replace("-", "−"))


def test_values_of_the_sums_are_requested_once_however_often_the_sweep_is_seen(open_page):
    page = open_page("about:blank")
    held: list[Route] = []
    page.route("**/feature-maps?*dtype=float32*", lambda route: held.append(route))
    with page.expect_request("**/feature-maps?*dtype=float32*"):
        page.goto("/")

    page.locator("#layer-conv5").scroll_into_view_if_needed()
    expect(sweep(page)).not_to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    expect(sweep(page)).to_be_in_viewport(ratio=1)
    held[0].continue_()

    expect(sweep(page).locator(".sweep-sum b")).to_have_text(re.compile(r"\d"))
    assert len(held) == 1


def test_filters_can_be_stepped_through(open_page):
    page = open_still(open_page)
    number = int(sweep(page).locator("#sweep-filter").inner_text().removeprefix("Filter "))

    sweep(page).get_by_role("button", name="Next").click()
    expect(sweep(page).locator("#sweep-filter")).to_have_text(f"Filter {(number + 1) % 16}")
    sweep(page).get_by_role("button", name="Previous").click()
    sweep(page).get_by_role("button", name="Previous").click()

    expect(sweep(page).locator("#sweep-filter")).to_have_text(f"Filter {(number - 1) % 16}")


def test_click_on_the_large_map_opens_the_lens_beside_it(open_page):
    page = open_still(open_page, width=1280, height=720)

    large_map(page).click(position=cell_position(large_map(page), 7, 14))

    lens = page.get_by_role("region", name="Lens", exact=True)
    expect(lens.get_by_label("row", exact=True)).to_have_value("7")
    expect(lens.get_by_label("column", exact=True)).to_have_value("14")
    panel, map_ = lens.bounding_box(), large_map(page).bounding_box()
    assert panel["y"] >= map_["y"] + map_["height"]


def test_sweep_by_keyboard(open_page):
    page = open_still(open_page)
    large_map(page).focus()
    for _ in range(28):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(sweep(page).get_by_role("status")).to_have_text(re.compile(r"^Filter \d+, row \d+, column 1: .* add up to"))
    expect(large_map(page)).to_have_accessible_description(re.compile("Arrow keys move the window"))

    page.keyboard.press("Enter")

    lens = page.get_by_role("region", name="Lens", exact=True)
    expect(lens.get_by_label("column", exact=True)).to_have_value("1")
    page.keyboard.press("Escape")
    expect(lens).to_be_hidden()


def test_dialog_pauses_the_sweep(open_page):
    page = open_page()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    page.get_by_role("button", name="Test digits").click()

    expect(page.locator("#sweep-play")).to_have_text("Play")
    expect(sweep(page).get_by_role("status")).not_to_have_text(re.compile("is painted"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 820, 1280, 2560])
def test_first_screen_breaks_no_rule_and_is_nowhere_cut_off(open_page, width: int, theme: str):
    page = open_still(open_page, width=width, height=800, color_scheme=theme)

    assert violations(page) == []
    beyond = """() => [...document.querySelectorAll(".workbench h1, .workbench .bench *, #sweep *")]
      .filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML)"""
    assert page.evaluate(beyond) == []


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_headline_is_one_line_and_the_pad_stays(open_page, width: int):
    page = open_still(open_page, width=width, height=844)
    heading = page.get_by_role("heading", level=1)
    assert heading.evaluate("h => h.offsetHeight < 1.6 * parseFloat(getComputedStyle(h).fontSize)")
    box, bars = pad(page).bounding_box(), page.get_by_role("list", name="Probability of each digit").bounding_box()
    assert bars["x"] >= box["x"] + box["width"]

    feature_map(page, "conv1", 11).scroll_into_view_if_needed()

    expect(pad(page)).to_be_in_viewport(ratio=1)
