"""Everything that a pointer does, by keyboard."""

from playwright.sync_api import Page, expect

from tests.browser.people import expect_reading, pad


def test_digit_is_drawn_with_the_arrow_keys(page: Page):
    pad(page).focus()
    page.keyboard.press("Delete")
    expect_reading(page, None)

    for _ in range(4):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Space")

    expect_reading(page, 1)


def test_screen_reader_hears_the_prediction_and_the_pen(page: Page):
    expect(page.locator("#announcer")).to_contain_text("Looks like 3")

    pad(page).focus()
    page.keyboard.press("Space")

    expect(page.locator("#pen-announcer")).to_have_text("Pen down at 50 across, 50 down")


def test_tab_reaches_the_tools_in_reading_order(page: Page):
    pad(page).focus()

    names = []
    for _ in range(3):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.id"))

    assert names == ["tool-pen", "tool-eraser", "pen-width"]


def test_skip_link_leads_to_the_content(page: Page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_gallery_closes_with_escape_and_focus_returns(page: Page):
    opener = page.get_by_role("button", name="Test digits")
    opener.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
