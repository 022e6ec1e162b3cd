"""The header of every page: five entries, a menu of experiments, the display; also by keys and without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.navigation import EXPERIMENTS, NAVIGATION
from tests.browser.people import open_experiment
from tests.browser.test_accessibility import violations


def header(page: Page) -> Locator:
    return page.get_by_role("banner")


def test_header_has_five_entries(open_page):
    page = open_page("/docs")

    entries = header(page).get_by_role("navigation", name="Pages").locator("> ul > li > :is(a, button)")
    expect(entries).to_have_text([entry.name for entry in NAVIGATION])
    assert len(NAVIGATION) == 5


def test_menu_says_a_line_about_each_experiment(open_page):
    page = open_page("/docs")
    menu = header(page).locator(".page-menu")
    expect(menu).to_be_hidden()

    header(page).get_by_role("button", name="Experiments").click()

    for link in EXPERIMENTS.links:
        expect(menu.get_by_role("link", name=link.name)).to_have_accessible_description(link.summary)
        expect(menu.get_by_text(link.summary)).to_be_in_viewport(ratio=1)
    button, opened = header(page).get_by_role("button", name="Experiments").bounding_box(), menu.bounding_box()
    assert button is not None
    assert opened is not None
    assert opened["x"] <= button["x"] < opened["x"] + 100
    assert violations(page) == []


def test_menu_is_operated_by_keys(open_page):
    page = open_page("/docs")
    button = header(page).get_by_role("button", name="Experiments")
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(header(page).get_by_role("link", name=EXPERIMENTS.links[0].name)).to_be_focused()

    page.keyboard.press("Escape")

    expect(header(page).locator(".page-menu")).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("path", "name"), [("/gradients", "Gradients"), ("/train", "Train your own")])
def test_current_page_is_visible(open_page, path: str, name: str, width: int):
    page = open_page(path, width=width)

    expect(header(page).get_by_text(name).locator("visible=true").first).to_be_in_viewport(ratio=1)


def test_digit_goes_along_with_the_menus_links(open_page):
    page = open_page("/gradients#n=15")
    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text("5")

    open_experiment(page, "Saliency")

    expect(page).to_have_url(re.compile("/saliency#v=1&n=15"))
    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text("5")


def test_phone_opens_all_pages_and_the_display_from_one_button(open_page):
    page = open_page("/train", width=390, height=844)
    expect(header(page).get_by_role("link", name="Tour")).to_be_hidden()

    header(page).get_by_role("button", name="Menu, page Train your own").click()

    for name in ["Explore", "Tour", "API", *(link.name for link in EXPERIMENTS.links)]:
        expect(header(page).get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(page.get_by_label("Theme")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(header(page).get_by_role("link", name="Tour")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_can_be_reached_without_scripts(browser: Browser, server: str, width: int):
    context = browser.new_context(base_url=server, java_script_enabled=False, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto("/docs")

    header(page).get_by_role("button", name="Menu" if width == 390 else "Experiments").click()
    header(page).get_by_role("link", name="Filters").click()

    expect(page).to_have_url(re.compile("/filters$"))
    context.close()


def test_projector_mode_enlarges_type_and_is_remembered(open_page):
    page = open_page("/train")
    lead = page.locator(".lead")
    expect(lead).to_have_css("font-size", "16px")

    page.get_by_role("button", name="Projector").click()

    expect(lead).to_have_css("font-size", "20px")
    assert violations(page) == []
    page.goto("/docs")
    expect(page.get_by_role("button", name="Projector")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("html")).to_have_attribute("data-projector", "")
    page.get_by_role("button", name="Projector").click()
    page.reload()
    expect(page.locator("html")).not_to_have_attribute("data-projector", "")


def test_reference_has_an_index_at_its_side(open_page):
    page = open_page("/docs", width=1440, height=900)
    index = page.get_by_role("navigation", name="Operations")

    index.get_by_role("link", name="Compute feature maps", exact=True).click()

    expect(page.get_by_role("heading", name="Compute feature maps", exact=True)).to_be_in_viewport(ratio=1)
    expect(index.get_by_role("link", name="List the models")).to_be_in_viewport(ratio=1)
