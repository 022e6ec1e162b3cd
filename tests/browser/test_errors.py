"""What networks get wrong, as a visitor sees it."""

import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

API = "/api/v1/experiments"


@pytest.fixture
def errors(open_page) -> Page:
    page = open_page("/errors")
    expect_compared(page)
    return page


def expect_compared(page: Page, digit: str = "") -> None:
    """A misread digit is shown beside another one, with the maps of a layer."""
    expect(page.locator("body")).to_have_attribute("data-compared", re.compile(rf"^{digit}.*/relu\d$"))


def test_matrix_is_that_of_the_api(errors: Page, server: str):
    expected = httpx.get(f"{server}{API}/confusion").json()

    cells = errors.locator("#confusion tbody button").all_inner_texts()

    assert cells == [str(count) if count else "·" for row in expected["matrix"] for count in row]
    expect(errors.locator("#errors-sentence")).to_contain_text("10,000 test digits, 40 errors (99.60%")
    share = 100 * expected["expected_calibration_error"]
    expect(errors.locator("#calibration-sentence")).to_contain_text(f"differ by {share:.2f}% on average")
    filled = sum(each["digits"] > 0 for each in expected["calibration"])
    assert errors.locator("#calibration-plot circle").count() == filled


def test_another_network_and_step_has_another_matrix_and_is_kept_in_the_address(errors: Page, open_page, server: str):
    errors.get_by_role("button", name="Perceptron of 500").click()
    expect(errors.locator("body")).to_have_attribute("data-network", "mlp-500/")
    errors.get_by_role("button", name="After 134 steps").click()
    expect(errors.locator("body")).to_have_attribute("data-network", "mlp-500/134")
    errors.get_by_role("button", name="of class 4, predicted as 9").click()
    expected = httpx.get(f"{server}{API}/confusion?model=mlp-500&checkpoint=134").json()["matrix"][4][9]

    expect(errors.locator("#cell-title")).to_have_text(f"{expected} digits of class 4, predicted as 9")
    errors.wait_for_url(re.compile(r"#net=mlp-500&step=134&cell=4\.9&digit=\d+$"))
    again = open_page(f"/errors{errors.url.partition('/errors')[2]}")
    expect(again.locator("#cell-title")).to_have_text(f"{expected} digits of class 4, predicted as 9")


def test_tiles_show_label_and_prediction(errors: Page, server: str):
    expected = httpx.get(f"{server}{API}/confusion/digits?label=9&predicted=4").json()["digits"]

    tiles = errors.locator("#digits button")

    expect(tiles).to_have_count(len(expected))
    for tile, digit in zip(tiles.all(), expected, strict=True):
        expect(tile).to_contain_text("a 9, not 4")
        expect(tile).to_have_accessible_name(re.compile(rf"^Test digit {digit['index']}, a 9, predicted as 4 with"))


def test_misread_digit_is_compared_and_the_evidence_adds_up(errors: Page, server: str):
    errors.locator("#digits button").nth(1).click()
    index = httpx.get(f"{server}{API}/confusion/digits?label=9&predicted=4").json()["digits"][1]["index"]
    expected = httpx.get(f"{server}{API}/misread-digit?sample={index}").json()

    expect_compared(errors, str(index))

    expect(errors.locator(".compared").nth(0)).to_contain_text(f"Test digit {index}, a 9, predicted as 4")
    expect(errors.locator(".compared").nth(1)).to_contain_text(f"Test digit {expected['similar'][0]['index']}, a 9")
    columns = np.array(
        [
            [float(text.replace("−", "-")) for text in row.locator("td .number").all_inner_texts()]
            for row in errors.locator(".evidence tbody tr").all()
        ]
    )
    assert columns.shape == (9, 2)
    np.testing.assert_allclose(columns[:-1].sum(axis=0), columns[-1], atol=0.06)
    assert columns[-1][0] == pytest.approx(expected["digit"]["evidence"]["margin"], rel=0.01)
    assert columns[-1][1] == pytest.approx(expected["similar"][0]["evidence"]["margin"], rel=0.01)
    errors.get_by_role("button", name="The most similar 4").click()
    expect(errors.locator(".compared").nth(1)).to_contain_text(f"Test digit {expected['similar'][1]['index']}, a 4")
    errors.get_by_role("link", name="Explore this digit").click()
    errors.wait_for_url(re.compile(rf"/#.*n={index}"))


def test_maps_of_another_layer_are_compared(errors: Page):
    errors.get_by_label("Maps of", exact=True).select_option("relu4")

    expect(errors.locator("body")).to_have_attribute("data-compared", re.compile("/relu4$"))
    for canvas in errors.locator("canvas.maps").all():
        expect(canvas).to_be_visible()


def test_matrix_is_read_by_keys(errors: Page):
    cell = errors.get_by_role("button", name="of class 9, predicted as 4")
    cell.focus()
    errors.keyboard.press("ArrowUp")
    errors.keyboard.press("ArrowRight")
    expect(errors.get_by_role("button", name="of class 8, predicted as 5")).to_be_focused()

    errors.keyboard.press("Enter")

    expect(errors.locator("#cell-title")).to_have_text("1 digit of class 8, predicted as 5")


def test_digits_on_the_diagonal_lead_to_the_workbench(errors: Page):
    errors.get_by_role("button", name="1,134 digits of class 1").click()

    expect(errors.locator("#digits a")).to_have_count(60)
    errors.get_by_role("button", name="Show more digits").click()
    expect(errors.locator("#digits a")).to_have_count(120)
    expect(errors.locator("#comparison")).to_be_hidden()
    errors.locator("#digits a").first.click()
    errors.wait_for_url(re.compile(r"/#.*n=2\b"))


def test_uploaded_network_comes_first(open_page, imported_models: str):
    page = open_page(f"{imported_models}/errors")

    expect(page.get_by_role("button", name="wide-32")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#errors-sentence")).to_contain_text("1,000 test digits")


@on_each_screen
def test_page_breaks_no_rule(open_page, width: str, theme: str):
    page = open_page("/errors", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_compared(page)

    assert violations(page) == []
