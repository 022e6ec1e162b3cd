"""Large type, for the last row of a classroom: the first screen and the lens still fit."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import expect_reading
from tests.browser.test_any_screen import resized
from tests.pages import BEYOND, PAGES

SIZES = [(1280, 720), (1440, 900)]


def open_in_large_type(open_page, path: str = "/", *, width: int, height: int) -> Page:
    page = open_page("/no-such-page", width=width, height=height)
    page.get_by_role("button", name="Projector").click()
    page.goto(path)
    expect(page.get_by_role("button", name="Projector")).to_have_attribute("aria-pressed", "true")
    return page


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_first_screen_fits(open_page, width: int, height: int):
    page = open_in_large_type(open_page, width=width, height=height)
    expect_reading(page, 3)
    expect(page.locator(".network-picture .evidence")).to_contain_text("leads by")

    for name in ("h1", "#pad", "#prediction", ".sweep", ".network-picture .plot"):
        expect(page.locator(name)).to_be_in_viewport(ratio=1)
    boxes = [page.locator(name).bounding_box() for name in (".sweep-figure", ".sweep-text")]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    figures = page.locator(".sweep-figure").evaluate("figure => figure.scrollWidth - figure.clientWidth")
    assert figures <= 0


@pytest.mark.parametrize("path", PAGES)
def test_nothing_lies_beyond_the_right_edge(open_page, path: str):
    page = open_in_large_type(open_page, path, width=1280, height=720)
    expect(page.locator(PAGES[path]).first).to_be_attached()

    beyond = {width: resized(page, width).evaluate(BEYOND) for width in (1280, 1440)}

    assert {width: names for width, names in beyond.items() if names} == {}


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("neuron", ["conv1.3.9.12", "conv2.5.6.6", "conv4.3.3.4"])
def test_lens_shows_all_of_its_numbers(open_page, neuron: str, width: int, height: int):
    page = open_in_large_type(open_page, f"/#n=0&k={neuron}", width=width, height=height)
    arithmetic = page.get_by_role("region", name="The neuron's arithmetic")
    expect(arithmetic.get_by_role("table", name="products")).to_be_visible()
    expect(arithmetic).not_to_contain_text("…")

    assert arithmetic.evaluate("body => body.scrollWidth - body.clientWidth") <= 0
