"""Every page at every width: nothing is cut off, nothing scrolls sideways, no label is too small to read."""

import pytest
from playwright.sync_api import Page, expect

from tests.pages import BEYOND, PAGES

WIDTHS = [320, 390, 720, 820, 1024, 1180, 1280, 1440, 2560]

SMALL = """() => {
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, .visually-hidden")) continue;
    const zoom = element instanceof SVGElement ? element.getScreenCTM().a : 1;
    const size = zoom * parseFloat(getComputedStyle(element).fontSize);
    if (size < 11.99) found.add(`${element.localName}.${element.className.baseVal ?? element.className} ${size}px`);
  }
  return [...found];
}"""


def resized(page: Page, width: int) -> Page:
    """The page in a window of this width, after the page has been laid out again."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page


@pytest.mark.parametrize("path", PAGES)
def test_nothing_lies_beyond_the_right_edge(open_page, path: str):
    page = open_page(path, width=WIDTHS[0])
    expect(page.locator(PAGES[path]).first).to_be_attached()

    beyond = {width: resized(page, width).evaluate(BEYOND) for width in WIDTHS}

    assert {width: names for width, names in beyond.items() if names} == {}


@pytest.mark.parametrize("path", PAGES)
def test_no_label_is_smaller_than_12_pixels(open_page, path: str):
    page = open_page(path, width=1280)
    expect(page.locator(PAGES[path]).first).to_be_attached()

    small = {width: resized(page, width).evaluate(SMALL) for width in (1440, 1280, 390, 320)}

    assert {width: names for width, names in small.items() if names} == {}
    expect(page.locator("body")).to_have_css("font-size", "16px")


@pytest.mark.parametrize("width", [320, 390, 1280, 1440])
@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_numbers_of_the_lens_are_large_enough_and_fit(open_page, layer: str, width: int):
    page = open_page(f"/#n=0&k={layer}.3.5.6", width=width, height=900)
    arithmetic = page.get_by_role("region", name="The neuron's arithmetic")
    expect(arithmetic.get_by_role("table", name="products")).to_be_visible()
    expect(arithmetic).not_to_contain_text("…")

    assert page.evaluate(SMALL) == []
    assert arithmetic.evaluate("body => body.scrollWidth - body.clientWidth") <= 0
    assert page.evaluate(BEYOND) == []
