"""What breaks a network, as a visitor sees it."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import SEVEN, draw, pad, percent, pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

ROBUSTNESS = "/api/v1/experiments/robustness"


@pytest.fixture
def robustness(open_page) -> Page:
    page = open_page("/robustness#n=15&kind=noise&level=0.4")
    expect_perturbed(page, "noise/0.4")
    return page


def expect_perturbed(page: Page, what: str) -> None:
    """The response for a kind and a level is painted."""
    expect(page.locator("body")).to_have_attribute("data-perturbed", what)


def turn(page: Page, level: float) -> None:
    page.locator("#dial").evaluate(
        "(dial, level) => { dial.valueAsNumber = level; dial.dispatchEvent(new Event('input', { bubbles: true })); }",
        level,
    )


def test_networks_are_shown_as_the_api_has_them(robustness: Page, server: str):
    body = {"sample": 15, "kind": "noise", "level": 0.4}
    found = {each["id"]: each for each in httpx.post(f"{server}{ROBUSTNESS}", json=body).json()["models"]}

    assert set(found) == {"cnn", "locally-connected", "mlp-500"}
    for model, each in found.items():
        verdict = robustness.locator(f'#verdicts [data-model="{model}"]')
        expect(verdict.locator(".digit")).to_have_text(str(each["after"]["digit"]))
        expect(verdict.locator(".probability")).to_have_text(percent(each["after"]["probability"]))
        changes = {change["name"]: change["change"] for change in each["changes"]}
        for row in robustness.locator(f'#networks [data-model="{model}"] .layer-changes li').all():
            name = row.locator("span").inner_text()
            assert row.locator("b").inner_text() == f"{100 * changes[name]:.0f}%"


def test_dial_changes_picture_predictions_and_maps(robustness: Page, server: str):
    picture = pixels(robustness.locator("#perturbed"))
    sheets = robustness.locator('#networks [data-model="cnn"] .sheets canvas')
    before, after, difference = [pixels(sheets.nth(number)) for number in range(3)]

    turn(robustness, 0.8)

    expect_perturbed(robustness, "noise/0.8")
    expect(robustness.locator("#dial-value")).to_have_text("σ 0.80")
    assert pixels(robustness.locator("#perturbed")) != picture
    assert pixels(sheets.nth(0)) == before
    assert pixels(sheets.nth(1)) != after
    assert pixels(sheets.nth(2)) != difference
    robustness.get_by_role("button", name="Reset").click()
    expect_perturbed(robustness, "noise/0")
    assert pixels(robustness.locator("#perturbed")) == pixels(robustness.locator("#input-digit"))


def test_sentences_state_what_was_measured(robustness: Page, server: str):
    curve = httpx.get(f"{server}{ROBUSTNESS}", params={"kind": "noise"}).json()
    at = curve["levels"].index(0.4)
    shares = {each["id"]: each["accuracy"][at] for each in curve["models"]}

    sentence = robustness.locator("#accuracy-sentence")

    expect(sentence).to_contain_text(f"Convolutional {100 * shares['cnn']:.1f}%")
    expect(sentence).to_contain_text(f"Perceptron of 500 {100 * shares['mlp-500']:.1f}%")
    least = min(shares, key=lambda model: shares[model])
    assert least == "cnn"
    expect(robustness.locator("#ranking-sentence")).to_contain_text("Convolutional is the least accurate at")
    expect(robustness.locator("#why-convolution")).to_be_visible()
    robustness.get_by_role("button", name="Rotate").click()
    expect_perturbed(robustness, "rotate/30")
    expect(robustness.locator("#why-convolution")).to_be_hidden()


def test_best_score_is_kept_and_forgotten(open_page):
    page = open_page("/robustness#n=15&kind=fgsm&level=0.3")
    expect_perturbed(page, "fgsm/0.3")
    own = page.locator('#verdicts [data-model="mlp-500"]')
    expect(own).to_have_class("fooled")
    expect(own.locator(".best")).to_have_text("Your best: ε 0.30")

    turn(page, 0.2)

    expect(own.locator(".best")).to_have_text("Your best: ε 0.20")
    page.wait_for_url("**level=0.2")
    page.reload()
    expect_perturbed(page, "fgsm/0.2")
    expect(page.locator("#fooled-count")).to_have_text("2 of 33")
    page.get_by_role("button", name="Forget my scores").click()
    expect(page.locator("#fooled-count")).to_have_text("0 of 33")


def test_any_two_networks_can_be_compared_by_keyboard(robustness: Page, open_page):
    button = robustness.get_by_role("button", name="Locally connected")
    button.focus()

    robustness.keyboard.press("Enter")

    expect(robustness.locator("body")).to_have_attribute("data-networks", "mlp-500,cnn")
    expect(robustness.locator("#verdicts li")).to_have_count(2)
    expect(robustness.locator("#ranking-sentence")).not_to_contain_text("Locally")
    robustness.locator("#dial").focus()
    robustness.keyboard.press("ArrowRight")
    expect_perturbed(robustness, "noise/0.42")
    address = "/robustness#v=1&n=15&kind=noise&level=0.42&nets=mlp-500,cnn"
    robustness.wait_for_url(f"**{address}")
    expect_perturbed(open_page(address), "noise/0.42")


def test_drawing_is_perturbed_while_the_pen_moves(robustness: Page):
    robustness.get_by_role("button", name="Clear").click()
    expect(robustness.locator("#verdicts .was").first).to_have_text(
        "The pad is blank: there is no prediction to change."
    )

    draw(robustness, SEVEN)

    expect(robustness.locator('#model-predictions [data-model="cnn"] .digit')).to_have_text("7")


def test_uploaded_network_has_a_curve_of_its_own(open_page, imported_models: str):
    page = open_page(f"{imported_models}/robustness#n=15")

    expect(page.locator("body")).to_have_attribute("data-networks", "wide-32")
    expect(page.locator("#curve-digits")).to_contain_text("test digits, computed now.")
    assert page.locator("#perturbed").evaluate("canvas => canvas.width") == 32


@on_each_screen
def test_page_breaks_no_rule(open_page, width: str, theme: str):
    page = open_page("/robustness#n=15", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_perturbed(page, "rotate/30")
    expect(pad(page)).to_be_visible()

    assert violations(page) == []
