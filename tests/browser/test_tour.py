"""The tour: each claim is guessed and then measured, as a visitor sees it."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw
from tests.browser.test_accessibility import WIDTHS, violations

DIGIT = 15


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(f"/tour#n={DIGIT}")
    expect(page.locator('#readings [data-model="cnn"] .digit')).to_have_text("5")
    return page


def stop(page: Page, number: int) -> Locator:
    page.get_by_role("navigation", name="Stops").get_by_role("button").nth(number - 1).click()
    section = page.locator(f"#stop-{number}")
    expect(section).to_be_visible()
    return section


def guess(section: Locator, number: int) -> None:
    section.get_by_role("button", name=f"{number:,}", exact=True).click()


def api(server: str, path: str, **body) -> dict:
    return httpx.post(f"{server}/api/v1/experiments/{path}", json={"sample": DIGIT, **body}, timeout=30).json()


def test_there_is_a_stop_for_each_of_the_seven_claims(page: Page):
    for number in range(1, 8):
        section = stop(page, number)
        expect(section.get_by_role("link").first).to_be_visible()
        expect(page.locator(".stop:visible")).to_have_count(1)
    expect(page.get_by_role("button", name="Next stop")).to_be_disabled()


def test_nothing_is_told_before_the_guess(page: Page):
    section = page.locator("#stop-1")
    expect(section.locator(".verdict")).to_have_text("")
    expect(section.locator(".exhibit")).to_be_hidden()


def measured(server: str) -> dict[int, int]:
    """What the API says of every stop where a number is guessed."""
    poke = {each["id"]: each["layers"][0] for each in api(server, "poke", row=14, column=14)["models"]}
    tuning = httpx.get(f"{server}/api/v1/experiments/tuning").json()["layers"][0]["filters"]
    shift = api(server, "shift?models=cnn", right=2, down=0)["models"][0]["layers"][0]
    gradients = api(server, "gradients?models=cnn&weights=false", label=0)["models"][0]["layers"][0]
    assert shift["residual"] == 0
    return {
        1: poke["mlp-500"]["changed"],
        2: sum(each["verdict"] == "selective" for each in tuning),
        3: max(poke["cnn"]["changed_per_filter"]),
        4: 0,
        6: api(server, "responses")["templates"]["active"],
        7: gradients["kept"],
    }


@pytest.mark.parametrize(
    ("number", "right", "wrong"), [(1, 500, 25), (2, 15, 0), (3, 25, 784), (4, 0, 1000), (7, 416, 12544)]
)
def test_guess_is_held_against_the_number_that_the_api_measures(
    page: Page, server: str, number: int, right: int, wrong: int
):
    section = stop(page, number)
    guess(section, wrong)

    expect(section).to_have_attribute("data-measured", str(measured(server)[number]))
    expect(section).to_have_attribute("data-right", "false")
    expect(section.locator(".verdict")).to_contain_text(f"You said {wrong:,}.")
    expect(section.locator(".exhibit")).to_be_visible()
    expect(page.locator("#score")).to_have_text("0 of 1 guessed right")

    guess(section, right)
    expect(section.locator(".verdict")).to_contain_text("Right.")
    expect(page.locator("#score")).to_have_text("1 of 1 guessed right")


def test_number_of_answering_templates_is_the_digits_own(page: Page, server: str):
    section = stop(page, 6)
    guess(section, 500)

    expect(section).to_have_attribute("data-measured", str(measured(server)[6]))
    first = section.get_attribute("data-measured")
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect(section).not_to_have_attribute("data-measured", first or "")


def test_place_is_guessed_on_the_digit(page: Page, server: str):
    section = stop(page, 5)
    canvas = section.get_by_role("application", name="Your digit: click where")
    told = api(server, "responses")["kernels"]
    row, column = told["places"][told["strongest"].index(max(told["strongest"]))]

    canvas.click(position={"x": 10 * column + 5, "y": 10 * row + 5})

    expect(section.locator(".verdict")).to_contain_text("Right, 0.0 pixels off.")
    expect(section.locator(".verdict")).to_contain_text(f"at row {row}, column {column}")
    canvas.click(position={"x": 275, "y": 275})
    expect(section.locator(".verdict")).not_to_contain_text("Right")


def test_place_is_guessed_by_keys(page: Page):
    section = stop(page, 5)
    canvas = section.get_by_role("application", name="Your digit: click where")
    canvas.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect(section.locator(".verdict")).to_contain_text("pixels off.")


def test_stops_are_walked_and_kept_in_the_address(page: Page, open_page):
    page.get_by_role("button", name="Next stop").click()
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    page.get_by_role("button", name="Next stop").click()
    expect(page).to_have_url(re.compile(rf"#n={DIGIT}&stop=3$"))
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#stop-2")).to_be_visible()

    again = open_page(f"/tour#n={DIGIT}&stop=6")
    expect(again.locator("#stop-6")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_stop_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(f"/tour#n={DIGIT}", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    for number in range(1, 8):
        section = stop(page, number)
        if number == 5:
            section.get_by_role("application").click()
        else:
            section.locator("[data-guess]").first.click()
        expect(section).to_have_attribute("data-measured", re.compile(r"\d+"))

        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
