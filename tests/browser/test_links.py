"""Links that people have shared keep working: each of the collection shows what it showed when it was made.

A link is never changed or removed here; a new kind of link gets an entry of its own.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.people import expect_reading

LINKS = json.loads((Path(__file__).parents[1] / "specimens/links.json").read_text())


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link["name"])
def test_link_shows_what_it_was_made_for(open_page, link: dict[str, Any]):
    page = open_page(link["address"])

    if "scroll" in link:
        page.locator(link["scroll"]).scroll_into_view_if_needed()
    for where, value in link.get("fields", {}).items():
        expect(page.locator(where)).to_have_value(value)
    if "predicts" in link:
        expect_reading(page, link["predicts"])
    for name in link.get("pressed", []):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    for name, value in link.get("sliders", {}).items():
        expect(page.get_by_role("slider", name=name, exact=True)).to_have_value(value)
    for where, text in link.get("texts", {}).items():
        expect(page.locator(where).first).to_contain_text(text)
    if "problem" in link:
        expect(page.get_by_role("alert")).to_contain_text(link["problem"])
    else:
        expect(page.get_by_role("alert")).to_be_hidden()


def test_link_opened_while_the_page_writes_its_own_address_is_shown(open_page):
    page = open_page("/#n=0")
    expect_reading(page, 7)

    # As when the pause after the last change ends between the visitor's navigation and the page's hearing of it.
    page.evaluate("() => { location.hash = 'v=1&n=1'; history.replaceState(null, '', '#v=1&n=0'); }")

    expect_reading(page, 2)
