"""The tour: each claim is guessed and then measured, as a visitor sees it."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw
from tests.browser.test_accessibility import WIDTHS, violations

DIGIT = 15
CLAIMS = range(1, 8)
POSITION_CLAIM = 5
RIGHT = {1: 500, 2: 15, 3: 25, 4: 0, 7: 400}
WRONG = {1: 25, 2: 0, 3: 784, 4: 1000, 7: 12544}
"""Guesses at the claims whose number is not the digit's own."""


@pytest.fixture
def page(open_page) -> Page:
    page = open_page(f"/tour#n={DIGIT}")
    expect_measured(page)
    return page


def expect_measured(page: Page) -> None:
    """Wait for the figure of each claim."""
    for number in CLAIMS:
        expect(page.locator(f"#claim-{number} .claim-figure figcaption").first).not_to_be_empty()


def claim(page: Page, number: int) -> Locator:
    return page.locator(f"#claim-{number}")


def guess(section: Locator, number: int) -> None:
    section.get_by_role("button", name=f"{number:,}", exact=True).click()
    expect(section.locator(".verdict")).to_contain_text(re.compile("Right|Not"))


def guess_everything(page: Page) -> None:
    for number, wrong in WRONG.items():
        guess(claim(page, number), wrong)
    guess(claim(page, 6), 500)
    digit_of_figure(page).click()
    expect(claim(page, POSITION_CLAIM).locator(".verdict")).to_contain_text("row")


def digit_of_figure(page: Page) -> Locator:
    return claim(page, POSITION_CLAIM).get_by_role("application", name="Your digit: click where")


def click_cell(canvas: Locator, row: int, column: int) -> None:
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": (column + 0.5) * box["width"] / 28, "y": (row + 0.5) * box["height"] / 28})


def api(server: str, path: str, **body) -> dict:
    return httpx.post(f"{server}/api/v1/experiments/{path}", json={"sample": DIGIT, **body}, timeout=30).json()


def largest_activation(server: str) -> tuple[int, int]:
    """Row and column."""
    features = api(server, "feature-comparison")["convolution"]
    row, column = features["positions"][features["strongest"].index(max(features["strongest"]))]
    return row, column


def measured(server: str) -> dict[int, str]:
    """What the API says of every claim, as the summary writes it."""
    perturbed = {each["id"]: each["layers"][0] for each in api(server, "perturb-pixel", row=14, column=14)["models"]}
    tuning = httpx.get(f"{server}/api/v1/experiments/orientation-tuning").json()["layers"][0]["filters"]
    translation = api(server, "translation?models=cnn", right=2, down=0)["models"][0]["layers"][0]
    inside = translation["inside"]
    first = httpx.get(f"{server}/api/v1/models/cnn").json()["layers"][0]
    features = api(server, "feature-comparison")["perceptron"]
    row, column = largest_activation(server)
    assert translation["residual"] == 0
    return {
        1: f"{perturbed['mlp-500']['changed']} of {perturbed['mlp-500']['neurons']}",
        2: f"{sum(each['verdict'] == 'selective' for each in tuning)} of {len(tuning)}",
        3: f"{max(perturbed['cnn']['changed_per_filter'])} of 784",
        4: f"0 of {16 * inside['height'] * inside['width']:,}",
        5: f"row {row}, column {column}",
        6: f"{features['active']} of {len(features['activations'])}",
        7: f"{first['weights']} weights, {first['weight_uses']} uses each",
    }


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("is_right", [True, False])
def test_verdict_number_and_why_follow_right_and_wrong_guesses(page: Page, server: str, number: int, is_right: bool):
    section = claim(page, number)
    expect(section.get_by_text("Why?")).to_be_hidden()
    expect(section.locator(".verdict")).to_have_text("")

    guess(section, (RIGHT if is_right else WRONG)[number])

    expect(section.locator(".verdict")).to_contain_text("Right:" if is_right else f"Not {WRONG[number]:,}:")
    expect(section.locator(".verdict")).to_contain_text(measured(server)[number].split(",")[0])
    expect(section.get_by_text("Why?")).to_be_visible()
    expect(section.get_by_text("Try it.")).to_be_visible()
    mark = page.get_by_role("navigation", name="Claims").get_by_role("link").nth(number - 1)
    expect(mark).to_have_accessible_name(re.compile("right$" if is_right else "wrong$"))
    expect(page.locator("#score")).to_have_text(f"{int(is_right)} of 1 guessed right")


def test_only_the_first_guess_counts(page: Page):
    section = claim(page, 1)
    guess(section, WRONG[1])

    section.get_by_role("button", name=str(RIGHT[1]), exact=True).focus()
    page.keyboard.press("Enter")

    expect(section.locator(".verdict")).to_contain_text(f"Not {WRONG[1]}:")
    expect(page.locator("#score")).to_have_text("0 of 1 guessed right")


def test_another_digit_is_measured_again(page: Page, server: str):
    section = claim(page, 6)
    guess(section, 500)
    before = f"{measured(server)[6]} neurons"
    expect(section.locator(".verdict")).to_contain_text(before)

    page.get_by_role("button", name="Clear", exact=True).click()
    draw(page, SEVEN)

    expect(section.locator(".verdict")).not_to_contain_text(before)
    expect(section.locator(".verdict")).to_contain_text("of 500 neurons are activated")


def test_position_is_guessed_on_the_digit_and_the_map_appears(page: Page, server: str):
    section = claim(page, POSITION_CLAIM)
    row, column = largest_activation(server)
    expect(section.get_by_text("the map, after your guess")).to_be_visible()

    click_cell(digit_of_figure(page), row, column)

    expect(section.locator(".verdict")).to_contain_text("Right, exactly there.")
    expect(section.locator(".verdict")).to_contain_text(f"at row {row}, column {column}")
    expect(section.get_by_text("the frame is at the maximum")).to_be_visible()


def test_position_is_guessed_by_keys(page: Page):
    digit_of_figure(page).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect(claim(page, POSITION_CLAIM).locator(".verdict")).to_contain_text(re.compile("away|exactly"))


def test_same_kernel_is_applied_at_two_positions(page: Page, server: str):
    section = claim(page, 4)
    a, b = section.locator("#figure-4-a"), section.locator("#figure-4-b")
    expect(a.get_by_role("cell")).to_have_count(25)
    before = b.inner_text()

    click_cell(section.get_by_role("application"), 20, 9)

    expect(b.get_by_text("B: 25 products at row 20, column 9")).to_be_visible()
    assert b.inner_text() != before
    filter_number = int(re.findall(r"kernel (\d+)", section.locator("#figure-4-kernel").inner_text())[0])
    neuron = {"sample": DIGIT, "layer": "conv1", "filter": filter_number, "row": 20, "column": 9}
    computed = httpx.post(f"{server}/api/v1/models/cnn/neuron", json=neuron).json()["pre_activation"]
    shown = b.locator(".sum").inner_text().replace("−", "-").split()[-1]
    assert float(shown) == pytest.approx(computed, rel=5e-3)


def test_pointing_at_a_neuron_shows_its_square(page: Page):
    section = claim(page, 3)

    section.get_by_role("application").hover(position={"x": 2, "y": 2})

    expect(section.get_by_text("at row 0, column 0 sees 9 pixels and 16 zeros of padding")).to_be_visible()


def test_term_highlights_what_it_names(page: Page):
    weights = page.locator("#figure-1-weights")
    term = claim(page, 1).get_by_role("link", name="weight", exact=True)

    term.hover()
    expect(weights).to_have_attribute("data-named", "")
    page.locator("h1").hover()
    expect(weights).not_to_have_attribute("data-named", "")
    term.focus()
    expect(weights).to_have_attribute("data-named", "")


def test_every_term_names_something(page: Page):
    targets = page.locator("a.term").evaluate_all("terms => terms.map((term) => term.hash)")

    assert len(targets) > 20
    for target in targets:
        expect(page.locator(target)).to_have_count(1)


def test_place_and_score_survive_a_reload_and_the_back_button(page: Page):
    guess(claim(page, 3), RIGHT[3])
    page.get_by_role("navigation", name="Claims").get_by_role("link", name="Claim 4").click()
    expect(page).to_have_url(re.compile(rf"n={DIGIT}&claim=4$"))

    page.reload()
    expect_measured(page)
    expect(page.locator("#score")).to_have_text("1 of 1 guessed right")
    expect(page.locator("#title-4")).to_be_in_viewport()

    guess(claim(page, 4), RIGHT[4])
    claim(page, 4).get_by_role("link", name="Drag the digit").click()
    expect(page).to_have_url(re.compile("/local-and-global"))
    page.go_back()
    expect(page.locator("#score")).to_have_text("2 of 2 guessed right")
    expect(page.locator("#title-4")).to_be_in_viewport()
    expect(page).to_have_url(re.compile(rf"n={DIGIT}&claim=4$"))


def test_claims_are_walked_by_keys(page: Page, server: str):
    page.keyboard.press("ArrowRight")
    expect(page.locator("#title-2")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#title-3")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#title-2")).to_be_focused()
    expect(page.locator("#title-2")).to_be_in_viewport()

    claim(page, 2).get_by_role("button", name="15", exact=True).focus()
    page.keyboard.press("Enter")
    expect(claim(page, 2).get_by_role("status")).to_contain_text(measured(server)[2])


def test_summary_holds_the_numbers_of_the_api_once_they_are_guessed(page: Page, server: str):
    row = page.locator("[data-summary='7'] .measured")
    expect(row).to_have_text("guess first")

    guess_everything(page)

    for number, short in measured(server).items():
        expect(page.locator(f"[data-summary='{number}'] .measured")).to_have_text(short)
    page.get_by_role("button", name="Start over", exact=True).click()
    expect(row).to_have_text("guess first")
    expect(page.locator("#title-1")).to_be_focused()


def test_printed_tour_is_light_and_holds_text_and_figures_alone(open_page):
    page = open_page(f"/tour#n={DIGIT}", color_scheme="dark")
    expect_measured(page)
    page.evaluate("window.print = () => document.body.setAttribute('data-printed', '')")
    page.get_by_role("button", name="Print the tour", exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-printed", "")

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")

    expect(page.locator("#pad")).to_be_hidden()
    expect(page.locator(".claims-nav")).to_be_hidden()
    expect(page.locator("#input-digit")).to_be_visible()
    for number in CLAIMS:
        expect(claim(page, number).locator("canvas, svg").first).to_be_visible()
    corner = "c => [...c.getContext('2d').getImageData(0, 0, 1, 1).data]"
    assert page.locator("#figure-1-input canvas").evaluate(corner) == [255, 255, 255, 255]
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#figure-1-input canvas").evaluate(corner) != [255, 255, 255, 255]


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_pad_stays_small_and_in_sight(open_page, width: int):
    page = open_page(f"/tour#n={DIGIT}", width=width, height=700)
    expect_measured(page)

    claim(page, 5).evaluate("section => section.scrollIntoView()")

    expect(page.locator("#pad")).to_be_in_viewport(ratio=1)
    expect(page.locator("#title-5")).to_be_in_viewport(ratio=1)
    bench = page.get_by_role("region", name="Your digit").bounding_box()
    assert bench is not None
    assert bench["height"] < 160
    guess_everything(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_guessed_tour_breaks_no_rule_and_needs_no_sideways_scrolling(open_page, width: str, theme: str):
    page = open_page(f"/tour#n={DIGIT}", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_measured(page)
    assert violations(page) == []

    guess_everything(page)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


def test_each_claim_is_printed_on_one_page(page: Page):
    guess_everything(page)

    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 with margins of 1 cm.

    # Chromium leaves out the end of a document with a part that must not be broken and is longer than a page.
    heights = page.locator(".claim, .summary").evaluate_all("parts => parts.map((part) => part.offsetHeight)")
    assert len(heights) == 8
    assert max(heights) < 1047
