"""No rule of axe-core is broken, on a desktop in light colors and on a phone in dark ones."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.people import draw, expect_reading

WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}

# Colors depend on the theme and the layout on the width, so two sweeps see each of them.
on_each_screen = pytest.mark.parametrize(("width", "theme"), [("desktop", "light"), ("phone", "dark")])


def violations(page: Page) -> list[str]:
    results = Axe().run(page).response["violations"]
    found = [(rule["id"], node) for rule in results for node in rule["nodes"]]
    return [f"{rule}: {node['html'][:120]} {node['failureSummary']}" for rule, node in found]


@on_each_screen
@pytest.mark.parametrize("path", ["/", "/docs", "/problems/image-too-large", "/no-such-page"])
def test_page_breaks_no_rule(open_page, path: str, width: str, theme: str):
    page = open_page(path, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    if path == "/":
        expect_reading(page, 3)

    assert violations(page) == []


def test_open_gallery_breaks_no_rule(page: Page):
    page.get_by_role("button", name="Test digits").click()
    expect(page.locator("#samples button").first).to_be_visible()

    assert violations(page) == []


@pytest.mark.parametrize("path", ["/", "/docs", "/no-such-page"])
def test_phone_needs_no_sideways_scrolling(open_page, path: str):
    page = open_page(path, width=390, height=844)

    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_phone_pad_and_maps_are_visible_together(open_page):
    page = open_page(width=390, height=844, has_touch=True)
    expect_reading(page, 3)
    # What is loaded after the first maps stands above the layers and moves them.
    expect(page.get_by_role("button", name="Pause").or_(page.get_by_role("button", name="Play"))).to_be_enabled()
    expect(page.locator(".network-picture .evidence")).to_contain_text("leads by")

    page.locator("#layer-conv2").evaluate("section => section.scrollIntoView()")

    expect(page.locator("#pad")).to_be_in_viewport(ratio=1)
    expect(page.locator("#layer-conv2 .unit[style*='order: 0;'] .map")).to_be_in_viewport(ratio=1)


def test_pad_prediction_and_picture_fit_one_screen(open_page):
    page = open_page(width=1280, height=720)
    expect_reading(page, 3)

    for name in ("#pad", "#prediction", "#network-picture"):
        expect(page.locator(name)).to_be_in_viewport(ratio=1)


def test_finger_draws_and_the_page_does_not_scroll(open_page):
    page = open_page(width=390, height=844, has_touch=True)
    expect_reading(page, 3)
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)

    draw(page, [[(0.5, 0.15), (0.5, 0.5), (0.5, 0.85)]])

    expect_reading(page, 1)
    assert page.evaluate("getComputedStyle(document.querySelector('#pad')).touchAction") == "none"
    assert page.evaluate("scrollY") == 0
