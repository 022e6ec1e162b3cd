"""Every page at every width: nothing is cut off, nothing scrolls sideways, no label is too small to read."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.pages import BEYOND, PAGES, READ

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


@pytest.mark.parametrize("width", [320, 390, 820, 1024, 1180, 1280, 1440])
@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_numbers_of_the_lens_are_large_enough_and_fit(open_page, layer: str, width: int):
    page = open_page(f"/#n=0&k={layer}.3.5.6", width=width, height=900)
    arithmetic = page.get_by_role("region", name="The neuron's arithmetic")
    expect(arithmetic.get_by_role("table", name="products")).to_be_visible()
    expect(arithmetic).not_to_contain_text("…")

    assert page.evaluate(SMALL) == []
    assert arithmetic.evaluate("body => body.scrollWidth - body.clientWidth") <= 0
    sums = arithmetic.get_by_role("region", name="What adds up to the sum")
    assert sums.evaluate("sums => sums.scrollWidth - sums.clientWidth") <= 0
    assert page.evaluate(BEYOND) == []


@pytest.mark.parametrize("width", [390, 820, 1180, 1280, 1440])
def test_titles_of_the_picture_do_not_touch(open_page, width: int):
    page = open_page(width=width)
    expect(page.locator(READ)).to_be_attached()
    titles = page.locator(".network-picture .columns li")

    boxes = titles.evaluate_all("titles => titles.map((title) => title.getBoundingClientRect().toJSON())")

    assert [one["right"] < other["left"] for one, other in pairwise(boxes)] == [True] * (len(boxes) - 1)


@pytest.mark.parametrize("path", ["/", "/?model=mlp-500"])
def test_number_and_largest_value_of_a_map_fit_beside_it(open_page, path: str):
    page = open_page(path)
    expect(page.locator(READ)).to_be_attached()
    last = page.locator("section.layer").last
    last.scroll_into_view_if_needed()
    expect(last).not_to_have_attribute("data-stale", "")

    cut = page.evaluate("""() => [...document.querySelectorAll(".unit:not([hidden]) .numbers")]
      .filter((each) => each.scrollWidth > each.closest(".side").clientWidth).map((each) => each.textContent)""")

    assert cut == []


def test_what_the_digit_really_is_can_be_said_in_a_low_window(open_page):
    page = open_page("/gradients", width=1280, height=720)
    expect(page.locator(READ)).to_be_attached()

    expect(page.locator("#true-label")).to_be_in_viewport(ratio=1)
