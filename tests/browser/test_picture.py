"""The connected picture of the network, used as a person would use it."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw, expect_reading

OVERVIEW = re.compile(
    r"^(?P<digit>\d) leads by (?P<lead>[\d.]+) over \d\. Strongest: (?P<strongest>\w+ map \d+), [+−][\d.]+\. "
    r"Its logit is (?P<total>[\d.]+) above a blank page’s: (?P<shown>−?[\d.]+) shown, "
    r"(?P<rest>−?[\d.]+) in weaker links\.$"
)


def picture(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("^The whole network"))


def overview(page: Page, digit: int) -> dict[str, str]:
    """What the sentence under the picture says once it is about a digit."""
    said = picture(page).locator(".evidence")
    expect(said).to_have_text(re.compile(rf"^\s*{digit} leads by .* above a blank page’s: "))
    found = OVERVIEW.match(" ".join(said.inner_text().split()))
    assert found, said.inner_text()
    return found.groupdict()


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_contributions_shown_and_left_over_add_up_to_the_difference_from_a_blank_page(open_page, server: str):
    page = open_page("/#n=0")
    expect_reading(page, 7)
    evidence = httpx.post(f"{server}/api/v1/models/cnn/evidence", json={"sample": 0}).json()

    said = overview(page, 7)

    # As they are written, with one decimal.
    assert round(number(said["shown"]) + number(said["rest"]), 1) == number(said["total"])
    assert number(said["total"]) == pytest.approx(evidence["difference"], abs=0.051)
    into_class = evidence["layers"][-1]["links"][7]
    strongest = max(range(len(into_class)), key=lambda map_: abs(into_class[map_]))
    assert said["strongest"] == f"conv5 map {strongest}"


def test_links_follow_the_pen(page: Page):
    overview(page, 3)

    page.get_by_role("button", name="Clear").click()
    expect(picture(page).get_by_text("Draw a digit: links show what supports its class.")).to_be_visible()
    expect(picture(page).locator("g.link")).to_have_count(0)
    draw(page, SEVEN, lift=False)

    overview(page, 7)
    expect(
        picture(page).get_by_role("button", name=re.compile(r"^conv5 map \d+ adds [\d.]+ to class 7$")).first
    ).to_be_attached()
    assert 10 < picture(page).locator("g.link").count() <= 64
    page.mouse.up()


def test_map_that_is_pointed_at_shows_its_contributions_and_dims_the_rest(page: Page):
    overview(page, 3)
    map_ = (
        picture(page)
        .get_by_role("button", name=re.compile(r"^conv4 map \d+ (adds|takes) [\d.]+ (to|from) class 3$"))
        .first
    )

    map_.hover()

    name = map_.get_attribute("aria-label")
    assert name
    expect(picture(page).locator(".evidence")).to_contain_text(f"{name}. It comes from pool2 map")
    expect(picture(page).locator("g.link:not(.dim)").first).to_be_attached()
    expect(picture(page).locator("g.link.dim").first).to_be_attached()
    expect(map_).not_to_have_class(re.compile("dim"))


def test_class_that_is_pointed_at_shows_what_supports_it(page: Page):
    overview(page, 3)

    picture(page).get_by_role("button", name="class 8", exact=True).hover()

    expect(picture(page).locator(".evidence")).to_contain_text(re.compile(r"8 is [\d.]+ behind 3\."))


def test_keyboard_walks_along_the_links_and_opens_a_map_below(page: Page):
    overview(page, 3)
    class_ = picture(page).get_by_role("button", name="class 3", exact=True)
    expect(class_).to_have_attribute("tabindex", "0")
    page.get_by_role("link", name="linear", exact=True).focus()
    page.keyboard.press("Tab")
    expect(class_).to_be_focused()

    page.keyboard.press("ArrowLeft")
    link = page.locator(":focus")
    expect(link).to_have_accessible_name(re.compile(r"^conv5 map \d+ adds [\d.]+ to class 3$"))
    page.keyboard.press("ArrowLeft")
    map_ = page.locator(":focus")
    expect(map_).to_have_accessible_name(re.compile(r"^conv5 map \d+ adds [\d.]+ to class 3$"))
    number_ = re.findall(r"map (\d+)", map_.get_attribute("aria-label") or "")[0]
    page.keyboard.press("Enter")

    lens = page.get_by_role("region", name="Lens", exact=True)
    expect(lens.get_by_label("Layer", exact=True)).to_have_value("conv5")
    expect(lens.get_by_label("map", exact=True)).to_have_value(number_)
    expect(page.get_by_label(f"conv5, map {number_}", exact=True)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("layer", ["conv4", "conv5"])
def test_layer_chosen_in_the_picture_is_where_the_page_lands(page: Page, layer: str):
    picture(page).get_by_role("link", name=layer, exact=True).click()

    page.wait_for_function(
        """layer => {
          const header = document.querySelector(".site-header").getBoundingClientRect().bottom;
          const { top } = document.querySelector(`#layer-${layer}`).getBoundingClientRect();
          return top >= header - 1 && top < header + 60;
        }""",
        arg=layer,
    )


def test_perceptron_shows_its_strongest_neurons(open_page):
    page = open_page("/?model=mlp-500")
    expect_reading(page, 3)

    said = overview(page, 3)

    assert said["strongest"].startswith("linear1 map ")
    expect(picture(page).get_by_text("8 of 500")).to_be_visible()


@pytest.mark.parametrize("model", ["wide-32", "pool-before-relu"])
def test_networks_of_other_shapes_have_a_picture(open_page, imported_models: str, model: str):
    page = open_page(f"{imported_models}/?model={model}")

    expect(picture(page).locator(".evidence")).to_contain_text(re.compile(r"leads by [\d.]+ over \d"))
    expect(picture(page).locator("g.link").first).to_be_attached()


def test_on_a_phone_the_picture_scrolls_inside_itself(open_page):
    page = open_page(width=390, height=844, has_touch=True)
    expect_reading(page, 3)
    overview(page, 3)

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    class_ = picture(page).get_by_role("button", name="class 3", exact=True)
    class_.scroll_into_view_if_needed()
    expect(class_).to_be_in_viewport(ratio=0.9)
