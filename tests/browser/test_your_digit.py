"""A visitor's digit, and what it really is, stay theirs: on every way out of a page and back to it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw, expect_reading
from tests.browser.test_workbench import picture_of, upload

FRAMED = re.compile(r"#v=1&p=[\w-]{50,}")


@pytest.fixture
def drawn(open_page) -> Page:
    """The workbench, with a seven drawn."""
    page = open_page()
    expect_reading(page, 3)
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)
    return page


def visit(page: Page, path: str) -> None:
    """Go to a page by an address without a digit, as a bookmark does."""
    page.goto(path)


WAYS: dict[str, Callable[[Page], object]] = {
    "reload": lambda page: page.reload(),
    "a section": lambda page: page.locator("a[href='#layer-conv4']").first.click(),
    "a section and reload": lambda page: (page.locator("a[href='#layer-conv4']").first.click(), page.reload()),
    "the name of the site": lambda page: page.locator(".site-name").click(),
    "a page without a pad and back": lambda page: (visit(page, "/docs"), page.go_back()),
    "a page without a pad and on": lambda page: (visit(page, "/orientation"), visit(page, "/")),
    "an address without a digit": lambda page: (visit(page, "about:blank"), visit(page, "/")),
    "another network": lambda page: visit(page, "/?model=mlp-500"),
    "a page of experiments and back": lambda page: (visit(page, "/saliency"), page.go_back()),
}


@pytest.mark.parametrize("way", WAYS)
def test_digit_survives(drawn: Page, way: str):
    WAYS[way](drawn)

    expect_reading(drawn, 7)


def test_link_to_a_section_scrolls_there_and_leaves_the_address(drawn: Page):
    drawn.get_by_role("button", name="Copy link").click()  # writes the address at once
    before = drawn.url
    assert "#v=1&s=" in before

    drawn.locator("a[href='#layer-conv4']").first.click()

    expect(drawn.locator("#layer-conv4")).to_be_in_viewport()
    assert drawn.url == before


def test_digit_of_the_page_that_was_left_is_there_on_the_way_back(drawn: Page):
    drawn.goto("/saliency")
    expect_reading(drawn, 7)
    drawn.get_by_role("button", name="Test digits").click()
    drawn.get_by_role("button", name="Test digit 2, a 1").click()
    expect_reading(drawn, 1)

    drawn.go_back()

    expect_reading(drawn, 1)


def test_what_the_digit_really_is_goes_with_it_and_ends_with_it(open_page):
    page = open_page("/gradients#v=1&n=8")
    expect(page.locator("#loss")).to_contain_text("of 5; its label")
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect(page.locator("#loss")).to_contain_text("of 7; the prediction")

    label = page.get_by_role("group", name="It is really a").get_by_role("button", name="1", exact=True)
    label.press("Enter")
    expect(page.locator("#loss")).to_contain_text("of 1; your choice")
    page.goto("/local-and-global")
    expect(page.locator("#true-label button[aria-pressed=true]")).to_have_text("1")
    page.goto("/gradients")
    expect(page.locator("#loss")).to_contain_text("of 1; your choice")
    expect(page).to_have_url(re.compile("&l=1$"))

    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect(page.locator("#loss")).to_contain_text("of 7; the prediction")


def really(page: Page) -> Locator:
    """What the workbench says that the digit is; the buttons for it are shown on demand."""
    return page.locator(".true-label summary")


def test_workbench_asks_on_demand_what_the_digit_really_is(drawn: Page):
    buttons = drawn.get_by_role("group", name="It is really a").last
    expect(really(drawn)).to_have_text("It is really a …")
    expect(buttons).to_be_hidden()

    really(drawn).press("Enter")
    buttons.get_by_role("button", name="1", exact=True).press("Enter")

    expect(really(drawn)).to_have_text("It is really a 1")
    expect(buttons).to_be_hidden()
    expect(really(drawn)).to_be_focused()
    expect_reading(drawn, 7)
    expect(drawn).to_have_url(re.compile("&l=1"))
    drawn.reload()
    expect(really(drawn)).to_have_text("It is really a 1")
    drawn.goto("/gradients")
    expect(drawn.locator("#loss")).to_contain_text("of 1; your choice")
    drawn.goto("/")
    expect(really(drawn)).to_have_text("It is really a 1")
    drawn.get_by_role("button", name="Clear").click()
    expect(really(drawn)).to_have_text("It is really a …")


def test_label_of_a_test_digit_is_known_and_can_be_contradicted(open_page):
    page = open_page("/#v=1&n=8")
    expect(really(page)).to_have_text("It is really a 5")
    really(page).click()
    pressed = page.locator("#true-label button[aria-pressed=true]")
    expect(pressed).to_have_text("5")

    page.locator("#true-label button", has_text="6").click()
    expect(really(page)).to_have_text("It is really a 6")
    expect(page).to_have_url(re.compile("#v=1&n=8&l=6$"))

    really(page).click()
    pressed.click()
    expect(really(page)).to_have_text("It is really a 5")
    page.goto("/gradients#v=1&n=8")
    expect(pressed).to_have_text("5")


def test_upload_survives_whole_and_its_link_holds_what_the_network_received(open_page):
    page = open_page()
    expect_reading(page, 3)
    upload(page, picture_of(SEVEN))
    expect_reading(page, 7)
    expect(page).to_have_url(FRAMED)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name=re.compile("^(Copied as 28×28|In address bar)$"))).to_be_visible()
    address = page.url

    page.goto("/saliency")
    expect_reading(page, 7)
    page.goto("/")
    expect_reading(page, 7)
    # The tab still has the image.
    expect(page.get_by_role("button", name="Adjust image")).to_be_visible()

    elsewhere = open_page(address)
    expect_reading(elsewhere, 7)
    expect(elsewhere.locator(".input-digit")).to_contain_text("as uploaded")
    expect(elsewhere.get_by_role("button", name="Adjust image")).to_be_hidden()


def test_copied_is_never_said_of_a_link_without_the_image(open_page):
    page = open_page()
    expect_reading(page, 3)
    page.route("**/feature-maps*", lambda route: None)  # never gets a response
    page.route_web_socket("**/live", lambda socket: None)
    page.reload()
    upload(page, picture_of(SEVEN))
    expect(page.get_by_role("button", name="Adjust image")).to_be_visible()

    page.get_by_role("button", name="Copy link").click()

    expect(page.get_by_role("alert")).to_contain_text("The link cannot hold this image yet")
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()


def test_link_opened_in_another_tab_brings_its_own_digit(drawn: Page):
    drawn.goto("about:blank")
    drawn.goto("/#v=1&n=15")

    expect_reading(drawn, 5)
    expect(drawn.locator(".input-digit")).to_contain_text("test digit 15")


def test_eraser_on_a_test_digit_says_why_nothing_happens(open_page):
    page = open_page("/#v=1&n=15")
    expect_reading(page, 5)

    page.get_by_role("button", name="Eraser").click()
    draw(page, [[(0.3, 0.3), (0.6, 0.6)]])

    expect(page.get_by_role("alert")).to_contain_text("a test digit has no strokes")
    expect_reading(page, 5)
