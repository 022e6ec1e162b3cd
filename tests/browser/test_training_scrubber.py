"""The training history on the workbench, used as a person would use it."""

import json
import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from app.settings import Settings
from model.artifact import REPORT_FILE
from tests.browser.people import (
    SEVEN,
    copied_link,
    draw,
    expect_live,
    expect_one_color,
    expect_pixels,
    expect_reading,
    expect_repainted,
    expect_shown,
    feature_map,
    kernel,
    pixels,
    show_all,
)
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations
from tests.browser.test_lens import click_cell, expect_numbers, ledger

MODEL = "/api/v1/models/cnn"
REPORT = Settings().artifacts / "cnn" / REPORT_FILE
STEPS = [checkpoint["step"] for checkpoint in json.loads(REPORT.read_text(encoding="utf-8"))["history"]]
EARLY, MIDDLE, LATE, FINISHED = STEPS[6], STEPS[10], STEPS[-5], STEPS[-1]


def training(page: Page) -> Locator:
    return page.get_by_role("region", name="Training history")


def slider(page: Page) -> Locator:
    return training(page).get_by_role("slider", name="Step of training")


def open_training(page: Page) -> None:
    page.get_by_role("button", name="Training history", exact=True).click()
    expect(slider(page)).to_be_focused()


def go_to(page: Page, step: int) -> None:
    slider(page).fill(str(STEPS.index(step)))
    expect_step(page, step)


def expect_step(page: Page, step: int) -> None:
    """Wait until the maps are those of a step; the finished network is the last."""
    expect(training(page)).to_contain_text(re.compile(rf"Step {step:,}\b"))
    expect(
        page.get_by_text("the finished network" if step == FINISHED else f"at step {step:,}", exact=True)
    ).to_be_visible()


def values_shown(page: Page, canvas: Locator, limit: float) -> np.ndarray:
    """What a canvas' colors say, as values; what lies beyond the scale is at its end."""
    stops = page.evaluate("JSON.parse(document.querySelector('#page-data').text).colormaps.light.stops")
    table = np.linspace(-1, 1, 511)
    colors = np.stack([np.interp(table, [at for at, _ in stops], [rgb[i] for _, rgb in stops]) for i in range(3)], 1)
    shown = np.array(pixels(canvas)).reshape(-1, 4)[:, :3]
    nearest = ((shown[:, np.newaxis, :] - colors) ** 2).sum(axis=2).argmin(axis=1)
    return table[nearest] * limit


def display_limit(server: str, layer: str) -> float:
    layers = httpx.get(server + MODEL).json()["layers"]
    return next(each["display_range"][1] for each in layers if each["name"] == layer)


def kernels_of(server: str, layer: str, step: int | None = None) -> np.ndarray:
    query = {} if step is None else {"checkpoint": step}
    return np.array(httpx.get(f"{server}{MODEL}/layers/{layer}/kernels", params=query).json()["kernels"])


def maps_of(server: str, layer: str, step: int) -> np.ndarray:
    query = {"layers": layer, "checkpoint": step}
    response = httpx.post(f"{server}{MODEL}/feature-maps", params=query, json={"sample": 0}).json()
    return np.array(response["layers"][0]["feature_maps"])


@pytest.fixture
def page(open_page) -> Page:
    """The workbench with a test digit before ReLU, its training history open."""
    page = open_page("/#n=0&pre=1")
    expect_reading(page, 7)
    open_training(page)
    return page


# --- What is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, MIDDLE])
def test_on_one_range_for_all_steps_kernels_have_the_finished_networks(page: Page, server: str, step: int):
    go_to(page, step)
    page.get_by_role("button", name="One range for all steps").click()
    expect(page.locator("#layer-conv1 .legends")).to_contain_text("they reach")

    limit = display_limit(server, "conv1")
    maps = maps_of(server, "conv1", step)
    weights, bound = kernels_of(server, "conv1", step), np.abs(kernels_of(server, "conv1")).max()
    for number in (0, 5, 11):
        shown = values_shown(page, feature_map(page, "conv1", number), limit)
        np.testing.assert_allclose(shown, maps[number].clip(-limit, limit).ravel(), atol=limit / 100)
        shown = values_shown(page, kernel(page, "conv1", number), bound)
        np.testing.assert_allclose(shown, weights[number, 0].clip(-bound, bound).ravel(), atol=bound / 100)
    reach = np.abs(weights).max()
    expect(page.locator("#layer-conv1 .legends")).to_contain_text(f"they reach ±{reach:.3g}")


def test_untrained_network_is_said_to_guess(page: Page, server: str):
    accuracy = httpx.get(f"{server}{MODEL}/history").json()["checkpoints"][0]["test_accuracy"]

    go_to(page, 0)

    expect(training(page)).to_contain_text(f"Untrained: test accuracy {100 * accuracy:.2f}%")
    expect(training(page)).to_contain_text("no better than guessing")
    assert accuracy == pytest.approx(0.1, abs=0.01)


def test_every_checkpoint_says_its_step_and_its_accuracy(page: Page, server: str):
    checkpoints = httpx.get(f"{server}{MODEL}/history").json()["checkpoints"]
    assert [checkpoint["step"] for checkpoint in checkpoints] == STEPS

    for checkpoint in checkpoints[::-1]:
        go_to(page, checkpoint["step"])
        accuracy = f"{100 * checkpoint['test_accuracy']:.2f}%"
        expect(training(page)).to_contain_text(f"test accuracy {accuracy}")
        expect(slider(page)).to_have_attribute("aria-valuetext", re.compile(re.escape(accuracy)))


def test_back_and_forth_gives_the_same_pixels(page: Page):
    def shown():
        expect_shown(page, "conv1", "pool1")
        maps = [pixels(feature_map(page, layer, 3)) for layer in ("conv1", "pool1")]
        return [*maps, pixels(kernel(page, "conv1", 3))]

    expect(page.locator("#layer-conv1 canvas.kernels")).not_to_have_js_property("width", 1)
    finished = shown()
    go_to(page, MIDDLE)
    first = shown()
    go_to(page, STEPS[3])
    assert shown() != first

    go_to(page, MIDDLE)
    assert shown() == first
    go_to(page, FINISHED)
    expect_repainted(feature_map(page, "conv1", 3), first[0])
    assert shown() == finished


def test_layer_that_comes_near_shows_the_checkpoints_kernels(page: Page, server: str):
    go_to(page, EARLY)
    page.get_by_role("button", name="One range for all steps").click()

    page.locator("#layer-conv5").scroll_into_view_if_needed()
    show_all(page, "conv5")

    expect(kernel(page, "conv5", 0)).to_be_visible()
    bound = np.abs(kernels_of(server, "conv5")).max()
    shown = values_shown(page, kernel(page, "conv5", 0), bound)
    weights = kernels_of(server, "conv5", EARLY)[0]
    # Channels lie in a sheet, eight to a row, a clear cell between them.
    sheet = shown.reshape(8 * 4 - 1, 8 * 4 - 1)
    np.testing.assert_allclose(sheet[:3, :3], weights[0].clip(-bound, bound), atol=bound / 100)
    np.testing.assert_allclose(sheet[4:7, 4:7], weights[9].clip(-bound, bound), atol=bound / 100)


def test_kernels_of_a_step_are_on_the_range_of_the_weights_shown(page: Page, server: str):
    go_to(page, 0)
    weights = kernels_of(server, "conv1", 0)
    bound = np.abs(weights).max()

    expect(page.locator("#layer-conv1 .legends")).to_contain_text(f"{bound:.3g}")
    expect(page.locator("#layer-conv1 .legends")).not_to_contain_text("they reach")
    shown = values_shown(page, kernel(page, "conv1", 2), bound)
    np.testing.assert_allclose(shown, weights[2, 0].ravel(), atol=bound / 100)


# --- Drawing and looking while it is open ----------------------------------------------------------------------------


def test_drawing_at_a_checkpoint_repaints_by_that_checkpoint_and_leaving_restores_the_live_connection(page: Page):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "feature-maps" in request.url else None)
    go_to(page, MIDDLE)
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    blank = pixels(feature_map(page, "conv1", 3))
    asked.clear()

    draw(page, [SEVEN[0][:3]], lift=False)
    expect_repainted(feature_map(page, "conv1", 3), blank)
    page.mouse.up()
    page.get_by_role("button", name="Undo").click()
    draw(page, SEVEN)

    expect_reading(page, 7)
    expect_step(page, MIDDLE)
    assert any(f"checkpoint={MIDDLE}" in address for address in asked)
    assert all("checkpoint=" in address for address in asked)

    training(page).get_by_role("button", name="Close").click()

    expect(training(page)).to_be_hidden()
    expect_live(page)
    asked.clear()
    earlier = pixels(feature_map(page, "conv1", 3))
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    expect_repainted(feature_map(page, "conv1", 3), earlier)
    # The maps are in half precision; the sweep of the first screen requests the values of its sums in single precision.
    assert [address for address in asked if "dtype=float16" in address] == []


def test_lens_writes_out_the_checkpoints_arithmetic(page: Page, server: str):
    go_to(page, MIDDLE)

    click_cell(page, "conv2", 3, 5, 6)
    expect(page.get_by_role("region", name="Lens", exact=True)).to_contain_text(f"After step {MIDDLE:,} of training.")
    expect_numbers(page)

    asked = {"sample": 0, "layer": "conv2", "filter": 3, "row": 5, "column": 6}
    stored = httpx.post(f"{server}{MODEL}/neuron", params={"checkpoint": MIDDLE}, json=asked).json()["stored"]
    assert float(ledger(page)["sum"][1]) == pytest.approx(stored, abs=0.00051)

    slider(page).press("ArrowRight")
    expect(page.get_by_role("region", name="Lens", exact=True)).to_contain_text(
        f"After step {STEPS[11]:,} of training."
    )
    slider(page).press("End")
    expect(page.get_by_role("region", name="Lens", exact=True)).not_to_contain_text("of training.")


def test_held_digit_is_not_compared_across_networks(page: Page):
    hold = page.get_by_role("button", name="Hold this digit")

    go_to(page, EARLY)
    expect(hold).to_be_disabled()

    go_to(page, FINISHED)
    expect(hold).to_be_enabled()


# --- Two checkpoints -------------------------------------------------------------------------------------------------


def test_pinning_a_step_keeps_its_maps_until_the_slider_moves(page: Page):
    go_to(page, MIDDLE)
    shown = [pixels(canvas) for canvas in (feature_map(page, "conv1", 0), kernel(page, "conv1", 0))]

    training(page).get_by_role("button", name="Pin this step").click()

    expect(training(page)).to_contain_text("Move the slider to choose B.")
    expect_shown(page, "conv1")
    assert [pixels(canvas) for canvas in (feature_map(page, "conv1", 0), kernel(page, "conv1", 0))] == shown


def test_pinned_step_differs_from_itself_by_nothing(page: Page):
    go_to(page, MIDDLE)
    training(page).get_by_role("button", name="Pin this step").click()

    training(page).get_by_role("button", name="B − A").click()

    expect(training(page)).to_contain_text(f"Step {MIDDLE:,} − step {MIDDLE:,} No difference")
    expect(page.locator("#layer-conv1 .mark").first).to_have_text("same")
    expect_shown(page, "conv1")
    # Layers far from the screen are not requested while the history is shown.
    page.locator("#layer-conv4").scroll_into_view_if_needed()
    show_all(page, "conv4")
    expect_shown(page, "conv4")
    for canvas in (feature_map(page, "conv1", 0), feature_map(page, "conv4", 7), kernel(page, "conv1", 0)):
        expect_one_color(canvas)


def test_pinned_step_is_subtracted_from_the_other(page: Page, server: str):
    go_to(page, EARLY)
    training(page).get_by_role("button", name="Pin this step").click()

    go_to(page, LATE)

    expect(training(page)).to_contain_text(f"Step {LATE:,} − step {EARLY}")
    limit = display_limit(server, "conv1")
    before, after = maps_of(server, "conv1", EARLY), maps_of(server, "conv1", LATE)
    shown = values_shown(page, feature_map(page, "conv1", 4), limit)
    np.testing.assert_allclose(shown, (after - before)[4].clip(-limit, limit).ravel(), atol=limit / 100)
    difference = kernels_of(server, "conv1", LATE) - kernels_of(server, "conv1", EARLY)
    bound = np.abs(difference).max()
    shown = values_shown(page, kernel(page, "conv1", 4), bound)
    np.testing.assert_allclose(shown, difference[4, 0].clip(-bound, bound).ravel(), atol=bound / 100)

    between = pixels(feature_map(page, "conv1", 4))
    for name, maps in ((f"A: step {EARLY}", before), (f"B: step {LATE:,}", after)):
        training(page).get_by_role("button", name=name).click()
        expect_repainted(feature_map(page, "conv1", 4), between)
        between = pixels(feature_map(page, "conv1", 4))
        shown = values_shown(page, feature_map(page, "conv1", 4), limit)
        np.testing.assert_allclose(shown, maps[4].clip(-limit, limit).ravel(), atol=limit / 100)


# --- Ways to move ----------------------------------------------------------------------------------------------------


def test_keyboard_moves_plays_pins_and_closes(page: Page):
    slider(page).press("Home")
    expect_step(page, 0)
    slider(page).press("ArrowRight")
    expect_step(page, STEPS[1])
    slider(page).press("ArrowLeft")
    expect_step(page, 0)

    training(page).get_by_role("button", name="Play").press("Enter")
    expect(training(page).get_by_role("button", name="Pause")).to_be_visible()
    expect(slider(page)).not_to_have_value("0")
    training(page).get_by_role("button", name="Pause").press("Enter")
    expect(training(page).get_by_role("button", name="Play")).to_be_visible()

    training(page).get_by_role("button", name="Pin this step").press("Enter")
    expect(training(page).get_by_role("button", name=re.compile("^B: step"))).to_have_attribute("aria-pressed", "true")
    training(page).get_by_role("button", name="Unpin").press("Enter")
    expect(training(page).get_by_role("button", name="B − A")).to_be_hidden()
    training(page).get_by_role("button", name="Close").press("Enter")
    expect(training(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Training history", exact=True)).to_be_focused()


def test_playing_visits_every_checkpoint_and_ends_at_the_finished_network(page: Page):
    go_to(page, STEPS[-4])
    page.evaluate(
        """() => {
          window.seen = [];
          const moment = document.querySelector(".training .moment b");
          const note = () => window.seen.push(moment.textContent.split(" ")[1]);
          new MutationObserver(note).observe(moment, { childList: true, characterData: true, subtree: true });
        }"""
    )

    training(page).get_by_role("button", name="Play").click()

    expect_step(page, FINISHED)
    expect(training(page).get_by_role("button", name="Play")).to_be_visible()
    assert page.evaluate("window.seen") == [f"{step:,}" for step in STEPS[-3:]]


def test_reduced_motion_steps_instead_of_playing(open_page):
    page = open_page("/#n=0", reduced_motion="reduce")
    expect_reading(page, 7)
    open_training(page)

    training(page).get_by_role("button", name="Step", exact=True).click()
    expect_step(page, 0)
    training(page).get_by_role("button", name="Step", exact=True).click()
    expect_step(page, STEPS[1])


def test_pointing_at_the_curves_moves_there(page: Page):
    curves = training(page).get_by_role("img", name=re.compile("^Training curves"))
    box = curves.bounding_box()
    mark = curves.locator(".tick").nth(6).bounding_box()

    page.mouse.click(mark["x"] + mark["width"] / 2, box["y"] + 50)

    expect_step(page, EARLY)


def test_shared_link_restores_the_step_and_the_pinned_one(page: Page, open_page):
    go_to(page, EARLY)
    training(page).get_by_role("button", name="Pin this step").click()
    go_to(page, MIDDLE)
    shown = pixels(feature_map(page, "conv1", 0))
    address = copied_link(page)
    assert f"t={MIDDLE}.{EARLY}" in address

    again = open_page(address)

    expect_reading(again, 7)
    expect(training(again)).to_contain_text(f"Step {MIDDLE:,} − step {EARLY}")
    expect(slider(again)).to_have_value(str(STEPS.index(MIDDLE)))
    expect_pixels(feature_map(again, "conv1", 0), shown)


def test_link_to_a_step_that_was_not_kept_opens_the_nearest(open_page):
    page = open_page(f"/#n=0&t={MIDDLE - 25}")

    expect_step(page, MIDDLE)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_step_leaves_with_the_link_that_named_it(open_page):
    page = open_page(f"/#n=0&t={EARLY}")
    expect_step(page, EARLY)

    page.evaluate("location.hash = 'n=0'")

    expect_step(page, FINISHED)
    expect_reading(page, 7)


# --- Economy ---------------------------------------------------------------------------------------------------------


def test_steps_that_were_seen_are_not_asked_for_again_and_never_two_at_once(page: Page):
    asked, under_way, most = [], set(), []

    def begin(request):
        if "feature-maps" in request.url:
            asked.append(request.url)
            under_way.add(request)
            most.append(len(under_way))

    page.on("request", begin)
    page.on("requestfinished", lambda request: under_way.discard(request))
    page.on("requestfailed", lambda request: under_way.discard(request))
    for number in range(len(STEPS) - 1, -1, -1):
        slider(page).fill(str(number))
    expect_step(page, 0)
    for step in STEPS[:12]:
        go_to(page, step)
    assert max(most) == 1
    page.wait_for_load_state("networkidle")
    asked.clear()

    for step in STEPS[:9][::-1]:
        go_to(page, step)

    assert asked == []


def test_every_step_that_the_slider_reaches_is_shown(page: Page):
    # Steps that were never requested before; the slider moves on as soon as the step before is on the screen.
    shown = page.evaluate(
        """async (earlier) => {
          const slider = document.querySelector(".scrubber");
          const moment = document.querySelector(".training .moment b");
          const shown = [];
          for (const value of [...Array(earlier).keys()].reverse()) {
            const before = moment.textContent;
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
            while (moment.textContent === before) await new Promise((resolve) => requestAnimationFrame(resolve));
            shown.push(moment.textContent);
          }
          return shown;
        }""",
        len(STEPS) - 1,
    )

    assert [int("".join(filter(str.isdigit, text.partition(" of ")[0]))) for text in shown] == STEPS[-2::-1]


# --- For everyone ----------------------------------------------------------------------------------------------------


@on_each_screen
def test_open_history_breaks_no_rule(open_page, width: str, theme: str):
    page = open_page(f"/#n=0&t={MIDDLE}.{EARLY}", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect(training(page)).to_contain_text(f"Step {MIDDLE:,} − step {EARLY}")
    expect_reading(page, 7)

    assert violations(page) == []


def test_phone_needs_no_sideways_scrolling_and_keeps_the_slider_in_reach(open_page):
    page = open_page(f"/#n=0&t={MIDDLE}.{EARLY}", width=390, height=844, has_touch=True)
    expect(training(page)).to_contain_text(f"Step {MIDDLE:,} − step {EARLY}")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#layer-conv2").evaluate("section => section.scrollIntoView()")
    # The page scrolls smoothly: once the map is here, it has arrived.
    expect(feature_map(page, "conv2", 0)).to_be_in_viewport(ratio=1)
    expect(slider(page)).to_be_in_viewport(ratio=1)
    expect(page.locator("#pad")).to_be_in_viewport(ratio=1)


def test_history_prediction_and_first_layer_fit_one_screen(page: Page):
    go_to(page, MIDDLE)

    expect(page.locator("#prediction")).to_be_in_viewport(ratio=1)
    for unit in page.locator("#layer-conv1 .unit").all():
        expect(unit).to_be_in_viewport(ratio=1)


def test_theme_chosen_at_a_checkpoint_keeps_its_kernels(page: Page):
    go_to(page, 0)
    light = pixels(kernel(page, "conv1", 0))

    page.get_by_label("Theme").select_option("dark")
    expect_repainted(kernel(page, "conv1", 0), light)
    page.get_by_label("Theme").select_option("light")

    expect_pixels(kernel(page, "conv1", 0), light)
