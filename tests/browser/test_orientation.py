"""Hubel and Wiesel's experiment, used as a person would use it."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import expect_repainted, pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

PATH = "/orientation"


@pytest.fixture
def page(open_page) -> Page:
    """The page on a desktop, its filters measured."""
    page = open_page(PATH)
    expect_measured(page, "trained")
    return page


def expect_measured(page: Page, group: str) -> None:
    expect(cards(page)).to_have_attribute("data-group", group)
    expect(cards(page).get_by_role("listitem")).to_have_count(16)


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Tuning of each filter")


def bar(page: Page) -> Locator:
    return page.locator("#bar")


def api_tuning(server: str, **query) -> dict:
    return httpx.get(f"{server}/api/v1/experiments/orientation-tuning", params=query).json()


@pytest.mark.parametrize(
    "query",
    [
        {"angle": 0},
        {"angle": 45},
        {"angle": 127, "length": 9, "width": 1.5, "row": 8.5, "column": 20},
        {"angle": 30, "width": 4, "grating": True},
        {"angle": 75, "dark": True},
    ],
)
def test_bar_drawn_in_the_page_is_the_one_that_is_measured(page: Page, server: str, query: dict):
    response = httpx.get(f"{server}/api/v1/experiments/bar", params=query).json()

    drawn = page.evaluate(
        """async ([bar, angle]) => {
          const { drawBar } = await import("/static/js/experiments/orientation-tuning/bar.js");
          return [...drawBar(bar, angle).data];
        }""",
        [response["bar"], response["angle"]],
    )

    expected = [value for row in response["pixels"] for value in row]
    assert drawn == pytest.approx(expected, abs=1e-6)
    assert max(drawn) > 0.9


def test_every_card_shows_the_numbers_of_the_api(page: Page, server: str):
    before, pooled = api_tuning(server)["layers"]

    for number, (own, after) in enumerate(zip(before["filters"], pooled["filters"], strict=True)):
        card = cards(page).get_by_role("listitem").nth(number)
        if own["verdict"] == "inactive":
            expect(card.locator(".verdict")).to_have_text("inactive")
            expect(card.locator("small")).to_have_text("no activation at any angle")
            continue
        expect(card.locator(".verdict")).to_have_text(f"{own['verdict']} {own['selectivity']:.2f}")
        expect(card.locator("small")).to_contain_text(f"prefers {round(own['preferred']) % 180}°")
        expect(card.locator("small")).to_contain_text(
            f"pooled: {round(after['preferred']) % 180}°, {after['selectivity']:.2f}"
        )
    count = [filter_["verdict"] for filter_ in before["filters"]].count
    verbs = {verdict: "is" if count(verdict) == 1 else "are" for verdict in ("not selective", "inactive")}
    expect(page.locator("#tuning-sentence")).to_have_text(
        f"{count('selective')} of 16 filters are selective for the bar’s angle, "
        f"{count('not selective')} {verbs['not selective']} not, "
        f"{count('inactive')} {verbs['inactive']} never activated by it."
    )


def test_groups_share_one_axis(page: Page, server: str):
    counts = []
    for query in ({}, {"checkpoint": 0}, {"model": "mlp-500"}):
        filters = api_tuning(server, **query)["layers"][0]["filters"]
        verdicts = [each["verdict"] for each in filters]
        active = len(verdicts) - verdicts.count("inactive")
        counts.append(f"{verdicts.count('selective')} of {active} selective")

    plot = page.locator("#selectivity-plot svg")
    expect(plot.locator(".count")).to_have_text(counts)
    assert counts[1] != counts[0]
    expect(plot).to_have_accessible_name(
        re.compile(f"Untrained: {counts[1].replace(' selective', ' active ones are selective')}")
    )


def test_filter_without_a_preference_is_called_so(page: Page, server: str):
    page.get_by_role("button", name="Untrained").click()
    expect_measured(page, "untrained")

    filters = api_tuning(server, checkpoint=0)["layers"][0]["filters"]
    indifferent = next(each["filter"] for each in filters if each["verdict"] == "not selective")
    card = cards(page).get_by_role("listitem").nth(indifferent)
    expect(card.locator(".verdict")).to_contain_text("not selective")


def test_strongest_neurons_of_the_compared_model_are_shown_with_their_templates(page: Page, server: str):
    page.get_by_role("button", name="mlp-500").click()
    expect_measured(page, "compared")

    filters = api_tuning(server, model="mlp-500")["layers"][0]["filters"]
    strongest = max(filters, key=lambda each: max(each["activations"]))["filter"]
    first = cards(page).get_by_role("listitem").first
    expect(first.locator("b")).to_have_text(str(strongest))
    expect(first.get_by_label(f"Weights of neuron {strongest}")).to_have_js_property("width", 28)
    expect(page.locator("#tuning-sentence")).to_contain_text("Below: the 16 with the largest activations.")


def test_turning_repaints_the_maps_and_leaves_the_curves(page: Page):
    card = cards(page).get_by_role("listitem").first
    shown = card.get_by_label(re.compile(r"^Map of filter 0\b"))
    expect(cards(page)).to_have_attribute("data-bar", re.compile("."))
    before, curve = pixels(shown), card.locator(".tuned").get_attribute("points")

    page.get_by_role("slider", name="Angle").fill("0")

    expect_repainted(shown, before)
    assert card.locator(".tuned").get_attribute("points") == curve
    # A horizontal bar: the marker runs from one side to the other.
    expect(card.locator(".bar-angle")).to_have_attribute("y1", "74.0")


def test_bar_is_dragged_and_measured_where_it_then_is(page: Page, server: str):
    box = bar(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 140, box["y"] + 140)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 160, steps=5)
    page.mouse.up()

    expect(bar(page)).to_have_accessible_name("Bar of light at 45 degrees, center row 16, column 9")
    expect(cards(page)).to_have_attribute("data-bar", re.compile('"row":16.*"column":9'.replace(":", ": ?")))


def test_handle_turns_the_bar(page: Page):
    box = bar(page).bounding_box()
    handle = page.locator("#turn-handle").bounding_box()
    assert box is not None
    assert handle is not None
    page.mouse.move(handle["x"] + 12, handle["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 20, steps=6)
    page.mouse.up()

    expect(bar(page)).to_have_accessible_name(re.compile("at 90 degrees"))


def test_bar_is_moved_and_turned_by_keys(page: Page):
    bar(page).focus()
    for key in ("ArrowUp", "ArrowRight", "PageUp", "PageUp"):
        page.keyboard.press(key)

    expect(bar(page)).to_have_accessible_name("Bar of light at 55 degrees, center row 13, column 15")


def test_it_turns_by_itself_until_it_is_stopped(page: Page):
    page.get_by_role("button", name="Turn it").click()
    expect(bar(page)).to_have_accessible_name(re.compile("at (1[0-9][0-9]|9[0-9]) degrees"))

    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Turn it")).to_be_visible()


def test_address_restores_bar_and_view(page: Page, open_page):
    page.get_by_role("button", name="Grating").click()
    page.get_by_role("button", name="Hold it still").click()
    page.get_by_role("button", name="Untrained").click()
    page.get_by_role("slider", name="Width").fill("5")
    expect(page).to_have_url(re.compile(r"#v=1&bar=45,20,5,14,14&grating=1&still=1&of=untrained$"))

    again = open_page(page.url.removeprefix(page.url.split(PATH)[0]))

    expect_measured(again, "untrained")
    expect(cards(again)).to_have_attribute("data-measure", "center")
    expect(bar(again)).to_have_accessible_name(re.compile("^Grating at 45 degrees"))
    expect(again.get_by_role("slider", name="Length")).to_be_disabled()


def test_damaged_address_shows_the_opening_bar(open_page):
    page = open_page(f"{PATH}#bar=9,9&of=nobody")

    expect_measured(page, "trained")
    expect(bar(page)).to_have_accessible_name("Bar of light at 45 degrees, center row 14, column 14")


def test_model_of_the_address_is_measured_and_compared_with_a_convolution(open_page, server: str):
    page = open_page(f"{PATH}?model=mlp-500")
    expect_measured(page, "trained")

    filters = api_tuning(server, model="mlp-500")["layers"][0]["filters"]
    strongest = max(filters, key=lambda each: max(each["activations"]))["filter"]
    expect(page.locator(".lead")).to_contain_text("shown to the network mlp-500")
    expect(cards(page)).to_have_attribute("data-model", "mlp-500")
    expect(cards(page).get_by_role("listitem").first.locator("b")).to_have_text(str(strongest))
    expect(page.get_by_role("group", name="Whose filters").get_by_role("button")).to_have_text(
        ["Trained", "Untrained", "cnn"]
    )


@on_each_screen
def test_page_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(PATH, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_measured(page, "trained")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
