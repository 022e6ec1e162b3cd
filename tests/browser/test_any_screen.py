"""Every page at every width: nothing is cut off, nothing scrolls sideways, no label is too small to read."""

import pytest
from playwright.sync_api import Page, expect

from app.comparison import COMPARED_MODELS

WIDTHS = [320, 390, 720, 820, 1024, 1180, 1280, 1440, 2560]
READY = "#prediction li[aria-current]"
PAGES = {
    "/": READY,
    **{f"/?model={model}": READY for model in COMPARED_MODELS},
    "/tour": "main",
    "/local-and-global": "#layer-costs [data-column=outputs] a:not(:text-is('–'))",
    "/orientation": "#tuning-cards > li",
    "/gradients": "#delta-maps > li",
    "/editor": "#editor-kernels > li",
    "/saliency": READY,
    "/filters": "section[data-painted]",
    "/filters/cnn/conv3/5": "body[data-painted]",
    "/train": "#train-kernels > li",
    "/docs": "main",
    "/problems/image-too-large": "main",
    "/no-such-page": "main",
}

# What lies beyond the right edge of the window, or of a box that only scrolls down. In a box that scrolls sideways,
# such as a wide table, things may lie beyond its edge.
BEYOND = """() => {
  const name = (e) => e.localName + (e.id && "#" + e.id) + [...e.classList].map((c) => "." + c).join("");
  const edge = document.documentElement.clientWidth;
  const scrolls = (e) => {
    for (let box = e.parentElement; box && box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible") return true;
    }
    return false;
  };
  const beyond = [...document.body.querySelectorAll("*")].filter((e) => {
    const { right, width, height } = e.getBoundingClientRect();
    return width && height && right > edge + 0.5 && !e.closest(".visually-hidden, .skip-link") && !scrolls(e);
  });
  const cut = [...document.querySelectorAll(".bench, .site-header")].filter((e) => e.scrollWidth > e.clientWidth + 1);
  const sideways = document.documentElement.scrollWidth > edge ? [document.documentElement] : [];
  return [...sideways, ...beyond, ...cut].slice(0, 5).map(name);
}"""

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

    small = {width: resized(page, width).evaluate(SMALL) for width in (1280, 390)}

    assert {width: names for width, names in small.items() if names} == {}
    expect(page.locator("body")).to_have_css("font-size", "16px")
