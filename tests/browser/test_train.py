"""A network of one's own, trained and explored as a visitor would."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import SEVEN, draw, expect_reading
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations


@pytest.fixture
def page(open_page) -> Page:
    page = open_page("/train")
    page.get_by_role("slider", name="Digits").fill("1000")
    page.get_by_role("slider", name="Filters").fill("4")
    return page


def state(page: Page):
    return page.locator("#train")


def test_network_is_trained_and_explored(page: Page):
    page.get_by_role("slider", name="Kernel size").fill("7")
    expect(page.locator("#train-cost")).to_contain_text("Convolution: 200 weights and biases")
    page.get_by_role("button", name="Train", exact=True).click()

    expect(state(page)).to_have_attribute("data-state", "done", timeout=60_000)
    expect(page.locator("#train-status")).to_contain_text(
        re.compile(r"It classifies \d+\.\d% of 1,000 other digits correctly\.")
    )
    kernels = page.get_by_role("list", name="Kernels").get_by_role("img")
    expect(kernels).to_have_count(4)
    expect(kernels.first).to_have_js_property("width", 7)
    expect(page.locator("#train-curves svg")).to_have_accessible_name(re.compile(r"After 75 of 75 steps"))

    page.get_by_role("link", name="Explore your network").click()
    expect(page.locator(".other-models")).to_contain_text("Trained here: 4 kernels of 7×7, 1,000 digits")
    expect(page.locator("#layer-conv1 .unit")).to_have_count(4)
    expect(page.get_by_role("button", name="Training history", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    draw(page, SEVEN)
    expect(page.locator("#prediction li[aria-current]")).to_have_count(1)
    page.get_by_role("button", name="Test digits").click()
    expect(page.locator("#samples button").first).to_be_visible()


def test_page_fills_a_wide_screen(open_page):
    page = open_page("/train", width=1440, height=900)

    expect(page.get_by_role("list", name="Kernels").get_by_role("img").first).to_be_visible()
    expect(page.locator("#train-curves svg")).to_be_visible()
    right = page.locator("#train-curves svg").bounding_box()
    assert right is not None
    assert right["x"] + right["width"] > 0.9 * 1440
    expect(page.get_by_role("heading", name="Five trials")).to_be_in_viewport()


def test_trial_sets_the_sliders(page: Page):
    trial = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Few digits"))

    trial.get_by_role("button", name="Set the sliders").click()

    expect(page.get_by_role("slider", name="Digits")).to_have_value("500")
    expect(page.get_by_role("slider", name="Passes")).to_have_value("20")
    expect(page.get_by_role("slider", name="Filters")).to_have_value("8")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_focused()


def test_training_is_canceled(page: Page):
    for name, most in (("Digits", "5000"), ("Passes", "20"), ("Filters", "32"), ("Kernel size", "9")):
        page.get_by_role("slider", name=name).fill(most)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(state(page)).to_have_attribute("data-state", "running")

    page.get_by_role("button", name="Cancel").click()

    expect(state(page)).to_have_attribute("data-state", "canceled")
    expect(page.locator("#train-status")).to_have_text("Canceled and deleted.")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def test_others_watch_by_its_address_and_cannot_cancel(page: Page, browser: Browser, server: str):
    page.get_by_role("slider", name="Passes").fill("20")
    page.get_by_role("checkbox", name="All kernels equal at the start").check()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page).to_have_url(re.compile(r"#run=v[0-9a-f]{7}-"))

    other = browser.new_context(base_url=server).new_page()
    other.goto(page.url)

    expect(other.get_by_role("slider", name="Passes")).to_have_value("20")
    expect(other.get_by_role("checkbox", name="All kernels equal at the start")).to_be_checked()
    expect(other.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(state(other)).to_have_attribute("data-state", "done", timeout=60_000)
    expect(other.get_by_role("list", name="Kernels").get_by_role("img")).to_have_count(4)
    expect(other.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    other.context.close()


def test_a_reload_shows_the_run_with_its_settings_and_it_can_still_be_canceled(page: Page):
    for name, most in (("Digits", "5000"), ("Passes", "20"), ("Filters", "32"), ("Kernel size", "9")):
        page.get_by_role("slider", name=name).fill(most)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page).to_have_url(re.compile("#run="))

    page.reload()

    expect(page.get_by_role("slider", name="Filters")).to_have_value("32")
    page.get_by_role("button", name="Cancel").click()
    expect(state(page)).to_have_attribute("data-state", "canceled")


@on_each_screen
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page("/train", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    page.get_by_role("slider", name="Digits").fill("500")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(state(page)).to_have_attribute("data-state", "done", timeout=60_000)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
