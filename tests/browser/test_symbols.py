"""A visitor's own symbols: drawn, trained and tried, as in a classroom."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import draw, pad
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

CROSS = [[(0.3, 0.3), (0.7, 0.7)], [(0.7, 0.3), (0.3, 0.7)]]
RING = [[(0.5, 0.25), (0.75, 0.5), (0.5, 0.75), (0.25, 0.5), (0.5, 0.25)]]


@pytest.fixture
def page(open_page) -> Page:
    return open_page("/symbols")


def classes(page: Page):
    return page.locator("#symbol-list > li")


def teach_two_symbols(page: Page) -> None:
    """A cross and a ring, three drawings each."""
    page.get_by_role("button", name="Remove class heart").click()
    for number, (name, shape) in enumerate((("cross", CROSS), ("ring", RING))):
        page.get_by_role("textbox", name=f"Name of class {number + 1}").fill(name)
        page.get_by_role("button", name=f"Draw {name}").click()
        for shift in (0, 0.04, 0.08):
            draw(page, [[(x + shift, y - shift) for x, y in stroke] for stroke in shape])
            page.get_by_role("button", name=f"Add to {name}").click()


def test_two_symbols_are_taught_tried_and_explored(page: Page):
    expect(page.locator("#train-status")).to_have_text(
        "Draw heart 3 more times, star 3 more times, house 3 more times."
    )
    teach_two_symbols(page)
    expect(page.locator("#train-status")).to_have_text("Ready to train.")

    page.get_by_role("button", name="Train", exact=True).click()

    expect(page.locator("#symbols")).to_have_attribute("data-state", "done", timeout=60_000)
    expect(page.get_by_role("button", name="2 Try it")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#result-status")).to_contain_text(re.compile(r"It classifies [012] of 2 drawings correctly"))
    draw(page, RING)
    expect(page.locator("#symbol-result .sentence")).to_have_text(re.compile("^Looks like ring, "))
    expect(page.get_by_role("list", name="Maps of your digit").get_by_role("img", name="Map")).to_have_count(8)

    page.get_by_role("link", name="Explore every product").click()
    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text("ring")
    expect(page.get_by_text(re.compile("ring leads by .* over cross"))).to_be_visible()


def test_drawings_survive_a_reload_and_are_removed_one_by_one(page: Page):
    draw(page, CROSS)
    pad(page).press("Enter")
    draw(page, RING)
    pad(page).press("Enter")
    page.reload()

    drawings = page.get_by_role("list", name="Drawings of heart").get_by_role("img")
    expect(drawings).to_have_count(2)
    page.get_by_role("button", name="Remove drawing 1 of heart").click()
    expect(drawings).to_have_count(1)
    expect(classes(page).first).to_contain_text("1 of 10")


def test_symbols_are_drawn_by_keyboard(page: Page):
    page.get_by_role("button", name="Draw star").press("Enter")
    expect(pad(page)).to_be_focused()
    for key in ("Space", "Shift+ArrowRight", "Shift+ArrowDown", "Space", "Enter"):
        page.keyboard.press(key)

    expect(page.get_by_role("img", name="Drawing 1 of star")).to_be_visible()
    expect(page.get_by_role("button", name="Add to star")).to_be_disabled()
    page.get_by_role("button", name="Add a class").click()
    expect(page.get_by_role("textbox", name="Name of class 4")).to_be_focused()
    page.keyboard.type("moon")
    expect(page.get_by_role("button", name="Draw moon")).to_have_attribute("aria-pressed", "true")


@on_each_screen
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    size = {"width": WIDTHS[width][0], "height": WIDTHS[width][1]}
    page = open_page("/symbols", **size, color_scheme=theme, reduced_motion="reduce")
    teach_two_symbols(page)
    assert violations(page) == []

    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#symbols")).to_have_attribute("data-state", "done", timeout=60_000)
    draw(page, CROSS)
    expect(page.locator("#symbol-result li[aria-current]")).to_have_count(1)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
