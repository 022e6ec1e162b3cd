"""A network of one's own, trained and explored as a visitor would."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import SEVEN, draw, expect_reading
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

EVENTS = """event: start
data: {}

event: place
data: {"state": "running", "place": null}

event: update
data: {"digits": 1000, "held_out": 1000}

event: update
data: {"step": 3, "steps": 75, "epoch": 0, "loss": 2.1, "accuracy": 0.3, "kernels": [[[0.1]], [[0.2]]], "dead": [1]}

"""


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
    expect(page.locator("#train-curves svg")).to_have_accessible_name(
        re.compile(r"After 75 of 75 steps: loss 0\.\d+ nats, accuracy \d\d\.\d%\.")
    )

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
    expect(page).to_have_url(re.compile(r"[#&]run=v[0-9a-f]{7}-"))

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
    expect(page).to_have_url(re.compile("[#&]run="))

    page.reload()

    expect(page.get_by_role("slider", name="Filters")).to_have_value("32")
    page.get_by_role("button", name="Cancel").click()
    expect(state(page)).to_have_attribute("data-state", "canceled")


def test_two_runs_are_compared_and_the_address_restores_both(page: Page, open_page):
    trial = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Equal or random"))

    trial.get_by_role("button", name="Train both").click()

    b = page.get_by_role("list", name="Kernels of run B")
    expect(page.locator("#digit-B .train-maps li")).to_have_count(8, timeout=120_000)
    expect(page.locator("#run-difference")).to_have_text(
        "A and B differ only in start (A: random, B: all kernels equal)."
    )
    expect(page.locator("#train-curves svg")).to_have_accessible_name(
        re.compile(r"A after 390 of 390 .* B after 390 of 390")
    )
    pictures = b.get_by_role("img").evaluate_all("all => all.map(each => each.toDataURL())")
    assert len(pictures) == 8
    assert len(set(pictures)) == 1, "kernels that began equal stay equal"
    expect(page.locator("#digit-A .sentence")).to_have_text(re.compile("Looks like"))

    expect(page).to_have_url(re.compile("run=v.*compare=v"))
    other = open_page(page.url)
    expect(other.locator("#digit-B .train-maps li")).to_have_count(8)
    expect(other.get_by_role("checkbox", name="All kernels equal at the start")).not_to_be_checked()
    other.get_by_role("group", name="Settings of run").get_by_role("button", name="B").click()
    expect(other.get_by_role("checkbox", name="All kernels equal at the start")).to_be_checked()
    other.get_by_role("button", name="End the comparison").click()
    expect(other.locator("#run-B")).to_be_hidden()
    expect(other.locator("#digit-A .train-maps li")).to_have_count(8)


def test_a_run_of_somebody_else_is_shown_beside_ones_own(page: Page):
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page).to_have_url(re.compile("[#&]run="))
    link = page.url
    page.get_by_role("button", name="Compare with another run").click()
    page.get_by_role("textbox", name="Link of a run").fill("https://school.example/train")
    page.get_by_role("button", name="Show as B").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no link of a run")

    page.get_by_role("textbox", name="Link of a run").fill(link)
    page.get_by_role("button", name="Show as B").click()

    expect(page.locator("#run-B .run-status")).to_have_text(re.compile("of other digits correct"), timeout=60_000)
    expect(page.locator("#run-difference")).to_contain_text("A and B have the same settings")


def test_dead_filter_is_marked(page: Page):
    page.route("**/trainings/*/events", lambda route: route.fulfill(content_type="text/event-stream", body=EVENTS))

    page.get_by_role("button", name="Train", exact=True).click()

    expect(page.get_by_role("img", name="Kernel 1, dead")).to_be_visible()
    expect(page.get_by_role("img", name="Kernel 0", exact=True)).to_be_visible()
    expect(page.locator("#run-A .run-dead")).to_have_text(re.compile("^Filter 1 is dead: .* on each of 100 digits"))


@on_each_screen
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page("/train", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    page.get_by_role("slider", name="Digits").fill("500")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(state(page)).to_have_attribute("data-state", "done", timeout=60_000)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
