"""What each layer knows, as a visitor sees it."""

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import SEVEN, draw, expect_reading, pad, pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

MAP = "/api/v1/experiments/layer-map"


@pytest.fixture
def layers(open_page) -> Page:
    page = open_page("/layers#n=15")
    expect_placed(page, "null/relu5")
    expect(page.locator("body")).to_have_attribute("data-sheet", "true")
    return page


def expect_placed(page: Page, at: str) -> None:
    """The digit's place in a map, of a training step and a layer, is painted."""
    expect(page.locator("body")).to_have_attribute("data-placed", at)
    expect(page.locator("body")).to_have_attribute("data-mapped", at)


def neighbors(page: Page) -> list[str]:
    return [button.get_attribute("aria-label") or "" for button in page.locator("#neighbors button").all()]


def names_of(neighbors: list[dict]) -> list[str]:
    """As the page writes them."""
    words = "Test digit {index}, a {label}, at distance {distance:.3g}"
    return [words.format_map(each) for each in neighbors]


def test_nearest_digits_are_those_of_the_api(layers: Page, server: str):
    placed = httpx.post(f"{server}{MAP}", json={"sample": 15}).json()

    assert neighbors(layers) == names_of(placed["layers"][-1]["neighbors"])
    expect(layers.locator("#neighbor-sentence")).to_have_text(
        "In relu5, all 6 nearest digits are 5s. The network predicts 5 (>99.9%)."
    )
    layers.locator("#layer-strip button", has_text="relu2").click()
    expect_placed(layers, "null/relu2")
    assert neighbors(layers) == names_of(placed["layers"][2]["neighbors"])


def test_drawing_moves_the_digit_through_the_map(layers: Page):
    before = layers.locator("#map-stage svg").get_attribute("data-at")
    small = layers.locator("#layer-strip .ring").first.get_attribute("style")
    layers.get_by_role("button", name="Clear").click()

    draw(layers, SEVEN)

    expect_reading(layers, 7)
    expect(layers.locator("#neighbor-sentence")).to_contain_text("nearest digits are 7s. The network predicts 7")
    assert layers.locator("#map-stage svg").get_attribute("data-at") != before
    assert layers.locator("#layer-strip .ring").first.get_attribute("style") != small


def test_digit_that_is_pointed_at_is_shown_and_opens_on_a_click(layers: Page, server: str):
    found = httpx.get(f"{server}{MAP}", params={"layer": "relu5"}).json()
    canvas = layers.locator("#map-stage > canvas")
    size = canvas.evaluate("canvas => canvas.clientWidth")
    at = place_of(np.array(found["coordinates"])[:, :2], size)
    # The one that is farthest from every other, so that none else is nearer to the pointer.
    number = int(np.argmax([np.partition(np.linalg.norm(at - each, axis=1), 1)[1] for each in at]))

    canvas.hover(position={"x": at[number][0], "y": at[number][1]})

    words = f"Test digit {found['indexes'][number]}, a {found['labels'][number]}"
    expect(layers.locator("#map-tip span")).to_have_text(words)
    shown = np.array(pixels(layers.locator("#map-tip canvas"))).reshape(28, 28, 4)[:, :, 0] / 255
    sample = httpx.get(f"{server}/api/v1/samples/{found['indexes'][number]}").json()
    np.testing.assert_allclose(shown, sample["pixels"], atol=0.01)
    canvas.click(position={"x": at[number][0], "y": at[number][1]})
    expect(layers.locator("#framing-note")).to_have_text(f"test digit {found['indexes'][number]}")


def place_of(points: np.ndarray, size: float) -> np.ndarray:
    """The page's places of a map's points: one scale for both axes, a margin of a twentieth."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 0.9 * size / (high - low).max()
    return size / 2 + (points - (low + high) / 2) * scale * [1, -1]


def test_other_steps_have_other_maps_and_are_kept_in_the_address(layers: Page, open_page, server: str):
    before = pixels(layers.locator("#map-stage > canvas"))
    layers.get_by_role("button", name="Untrained").click()
    expect_placed(layers, "0/relu5")

    placed = httpx.post(f"{server}{MAP}", params={"checkpoint": 0}, json={"sample": 15}).json()

    assert neighbors(layers) == names_of(placed["layers"][-1]["neighbors"])
    assert pixels(layers.locator("#map-stage > canvas")) != before
    layers.locator("#layer-strip button", has_text="relu3").click()
    layers.wait_for_url("**/layers#v=1&n=15&layer=relu3&step=0")
    expect_placed(open_page("/layers#v=1&n=15&layer=relu3&step=0"), "0/relu3")


def test_map_is_read_by_keys(layers: Page):
    canvas = layers.locator("#map-stage > canvas")
    canvas.focus()
    layers.keyboard.press("ArrowUp")
    expect(layers.locator("#map-tip")).to_be_visible()
    first = layers.locator("#map-tip span").inner_text()
    layers.keyboard.press("ArrowLeft")
    expect(layers.locator("#map-tip span")).not_to_have_text(first)
    chosen = layers.locator("#map-tip span").inner_text().split(",")[0].lower()

    layers.keyboard.press("Enter")

    expect(layers.locator("#framing-note")).to_have_text(chosen)


def test_neighbor_can_be_put_on_the_pad(layers: Page):
    index = neighbors(layers)[0].split(",")[0].lower()

    layers.locator("#neighbors button").first.click()

    expect(layers.locator("#framing-note")).to_have_text(index)


def test_table_has_the_measured_figures(layers: Page, server: str):
    measured = httpx.get(f"{server}/api/v1/experiments/layer-knowledge").json()
    [cnn] = [model for model in measured["models"] if model["id"] == "cnn"]

    rows = layers.locator(".figures tbody tr").all()

    assert len(rows) == 6
    cells = rows[3].locator("td").all_inner_texts()[1:]
    figures = [step["layers"][2] for step in cnn["steps"]]
    assert cells == [f"{100 * each[name]:.1f}%" for each in figures for name in ("nearest_neighbor", "linear_probe")]


def test_uploaded_network_has_maps_and_says_what_was_not_measured(open_page, imported_models: str):
    page = open_page(f"{imported_models}/layers#n=15")

    expect(page.locator("body")).to_have_attribute("data-sheet", "true")
    expect(page.locator("#map-caption")).to_contain_text("500 test digits.")
    expect(page.locator("main")).to_contain_text("not for wide-32: only for the networks that come with Kernelscope")
    assert page.get_by_role("button", name="Untrained").count() == 0


@on_each_screen
def test_page_breaks_no_rule(open_page, width: str, theme: str):
    page = open_page("/layers#n=15", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_placed(page, "null/relu5")
    expect(pad(page)).to_be_visible()

    assert violations(page) == []
