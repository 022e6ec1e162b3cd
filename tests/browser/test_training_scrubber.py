"""The training history on the workbench, used as a person would use it."""

import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import (
    SEVEN,
    draw,
    expect_live,
    expect_reading,
    expect_repainted,
    expect_shown,
    feature_map,
    pixels,
)
from tests.browser.test_accessibility import WIDTHS, violations
from tests.browser.test_lens import click_cell, expect_numbers, ledger

MODEL = "/api/v1/models/cnn"
STEPS = [0, 1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 99, 157, 249, 394, 625, 989, 1567, 2482, 3930, 6225, 9858, 15613, 24728]


def training(page: Page) -> Locator:
    return page.get_by_role("region", name="Training history")


def slider(page: Page) -> Locator:
    return training(page).get_by_role("slider", name="Step of training")


def kernel(page: Page, layer: str, number: int) -> Locator:
    return page.get_by_role("img", name=f"{layer}, kernel {number}", exact=True)


def open_training(page: Page) -> None:
    page.get_by_role("button", name="Training", exact=True).click()
    expect(slider(page)).to_be_focused()


def go_to(page: Page, step: int) -> None:
    slider(page).fill(str(STEPS.index(step)))
    expect_step(page, step)


def expect_step(page: Page, step: int) -> None:
    """Wait until the maps are those of a step; the finished network is the last."""
    expect(training(page)).to_contain_text(re.compile(rf"Step {step:,}\b"))
    expect(
        page.get_by_text("the finished network" if step == 24728 else f"at step {step:,}", exact=True)
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
    answer = httpx.post(f"{server}{MODEL}/feature-maps", params=query, json={"sample": 0}).json()
    return np.array(answer["layers"][0]["feature_maps"])


@pytest.fixture
def page(open_page) -> Page:
    """The workbench with a test digit before ReLU, its training history open."""
    page = open_page("/#n=0&pre=1")
    expect_reading(page, 7)
    open_training(page)
    return page


# --- What is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, 625])
def test_kernels_and_maps_are_those_of_the_checkpoint_on_the_finished_networks_scale(
    page: Page, server: str, step: int
):
    go_to(page, step)

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

    expect(training(page)).to_contain_text(f"Untrained: test accuracy {100 * accuracy:.2f} %")
    expect(training(page)).to_contain_text("no better than guessing")
    assert accuracy == pytest.approx(0.1, abs=0.01)


def test_every_checkpoint_says_its_step_and_its_accuracy(page: Page, server: str):
    checkpoints = httpx.get(f"{server}{MODEL}/history").json()["checkpoints"]
    assert [checkpoint["step"] for checkpoint in checkpoints] == STEPS

    for checkpoint in checkpoints[::-1]:
        go_to(page, checkpoint["step"])
        accuracy = f"{100 * checkpoint['test_accuracy']:.2f} %"
        expect(training(page)).to_contain_text(f"test accuracy {accuracy}")
        expect(slider(page)).to_have_attribute("aria-valuetext", re.compile(re.escape(accuracy)))


def test_back_and_forth_gives_the_same_pixels(page: Page):
    def shown():
        return [pixels(feature_map(page, layer, 3)) for layer in ("conv1", "pool1", "conv5")] + [
            pixels(kernel(page, "conv1", 3))
        ]

    finished = shown()
    go_to(page, 157)
    first = shown()
    go_to(page, 3)
    assert shown() != first

    go_to(page, 157)
    assert shown() == first
    go_to(page, 24728)
    expect_repainted(feature_map(page, "conv1", 3), first[0])
    assert shown() == finished


def test_layer_that_comes_near_shows_the_checkpoints_kernels(page: Page, server: str):
    go_to(page, 99)

    page.locator("#layer-conv5").scroll_into_view_if_needed()

    expect(kernel(page, "conv5", 0)).to_be_visible()
    bound = np.abs(kernels_of(server, "conv5")).max()
    shown = values_shown(page, kernel(page, "conv5", 0), bound)
    weights = kernels_of(server, "conv5", 99)[0]
    # Channels lie in a sheet, eight to a row, a clear cell between them.
    sheet = shown.reshape(8 * 4 - 1, 8 * 4 - 1)
    np.testing.assert_allclose(sheet[:3, :3], weights[0].clip(-bound, bound), atol=bound / 100)
    np.testing.assert_allclose(sheet[4:7, 4:7], weights[9].clip(-bound, bound), atol=bound / 100)


def test_each_steps_own_scale_shows_kernels_that_the_finished_scale_cuts_off(page: Page, server: str):
    go_to(page, 0)
    weights = kernels_of(server, "conv1", 0)
    bound = np.abs(weights).max()

    page.get_by_role("button", name="Own kernel scale").click()

    expect(page.locator("#layer-conv1 .legends")).not_to_contain_text("they reach")
    shown = values_shown(page, kernel(page, "conv1", 2), bound)
    np.testing.assert_allclose(shown, weights[2, 0].ravel(), atol=bound / 100)


# --- Drawing and looking while it is open ----------------------------------------------------------------------------


def test_drawing_at_a_checkpoint_repaints_by_that_checkpoint_and_leaving_restores_the_live_connection(page: Page):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "feature-maps" in request.url else None)
    go_to(page, 989)
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
    expect_step(page, 989)
    assert any("checkpoint=989" in address for address in asked)
    assert all("checkpoint=" in address for address in asked)

    training(page).get_by_role("button", name="Close").click()

    expect(training(page)).to_be_hidden()
    expect_live(page)
    asked.clear()
    earlier = pixels(feature_map(page, "conv1", 3))
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    expect_repainted(feature_map(page, "conv1", 3), earlier)
    assert asked == []


def test_lens_writes_out_the_checkpoints_arithmetic(page: Page, server: str):
    go_to(page, 249)

    click_cell(page, "conv2", 3, 5, 6)
    expect(page.get_by_role("region", name="Lens", exact=True)).to_contain_text("After step 249 of training.")
    expect_numbers(page)

    asked = {"sample": 0, "layer": "conv2", "filter": 3, "row": 5, "column": 6}
    stored = httpx.post(f"{server}{MODEL}/neuron", params={"checkpoint": 249}, json=asked).json()["stored"]
    assert float(ledger(page)["sum"][1]) == pytest.approx(stored, abs=0.00051)

    slider(page).press("ArrowRight")
    expect(page.get_by_role("region", name="Lens", exact=True)).to_contain_text("After step 394 of training.")
    slider(page).press("End")
    expect(page.get_by_role("region", name="Lens", exact=True)).not_to_contain_text("of training.")


def test_held_digit_is_not_compared_across_networks(page: Page):
    hold = page.get_by_role("button", name="Hold this digit")

    go_to(page, 10)
    expect(hold).to_be_disabled()

    go_to(page, 24728)
    expect(hold).to_be_enabled()


# --- Two checkpoints -------------------------------------------------------------------------------------------------


def test_pinned_step_differs_from_itself_by_nothing(page: Page):
    go_to(page, 625)

    training(page).get_by_role("button", name="Pin this step").click()

    expect(training(page)).to_contain_text("Step 625 − step 625 No difference")
    expect(page.locator("#layer-conv1 .mark").first).to_have_text("same")
    expect_shown(page, "conv1", "conv4")
    for canvas in (feature_map(page, "conv1", 0), feature_map(page, "conv4", 7), kernel(page, "conv1", 0)):
        assert len({tuple(color) for color in np.reshape(pixels(canvas), (-1, 4))}) == 1


def test_pinned_step_is_subtracted_from_the_other(page: Page, server: str):
    go_to(page, 40)
    training(page).get_by_role("button", name="Pin this step").click()

    go_to(page, 2482)

    expect(training(page)).to_contain_text("Step 2,482 − step 40")
    limit = display_limit(server, "conv1")
    before, after = maps_of(server, "conv1", 40), maps_of(server, "conv1", 2482)
    shown = values_shown(page, feature_map(page, "conv1", 4), limit)
    np.testing.assert_allclose(shown, (after - before)[4].clip(-limit, limit).ravel(), atol=limit / 100)
    bound = np.abs(kernels_of(server, "conv1")).max()
    difference = kernels_of(server, "conv1", 2482) - kernels_of(server, "conv1", 40)
    shown = values_shown(page, kernel(page, "conv1", 4), bound)
    np.testing.assert_allclose(shown, difference[4, 0].clip(-bound, bound).ravel(), atol=bound / 100)

    between = pixels(feature_map(page, "conv1", 4))
    for name, maps in (("A: step 40", before), ("B: step 2,482", after)):
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
    expect_step(page, 1)
    slider(page).press("ArrowLeft")
    expect_step(page, 0)

    training(page).get_by_role("button", name="Play").press("Enter")
    expect(training(page).get_by_role("button", name="Pause")).to_be_visible()
    expect(slider(page)).not_to_have_value("0")
    training(page).get_by_role("button", name="Pause").press("Enter")
    expect(training(page).get_by_role("button", name="Play")).to_be_visible()

    training(page).get_by_role("button", name="Pin this step").press("Enter")
    expect(training(page).get_by_role("button", name="B − A")).to_have_attribute("aria-pressed", "true")
    training(page).get_by_role("button", name="Unpin").press("Enter")
    expect(training(page).get_by_role("button", name="B − A")).to_be_hidden()
    training(page).get_by_role("button", name="Close").press("Enter")
    expect(training(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Training", exact=True)).to_be_focused()


def test_playing_visits_every_checkpoint_and_ends_at_the_finished_network(page: Page):
    go_to(page, 6225)
    page.evaluate(
        """() => {
          window.seen = [];
          const moment = document.querySelector(".training .moment b");
          const note = () => window.seen.push(moment.textContent.split(" ")[1]);
          new MutationObserver(note).observe(moment, { childList: true, characterData: true, subtree: true });
        }"""
    )

    training(page).get_by_role("button", name="Play").click()

    expect_step(page, 24728)
    expect(training(page).get_by_role("button", name="Play")).to_be_visible()
    assert page.evaluate("window.seen") == ["9,858", "15,613", "24,728"]


def test_reduced_motion_steps_instead_of_playing(open_page):
    page = open_page("/#n=0", reduced_motion="reduce")
    expect_reading(page, 7)
    open_training(page)

    training(page).get_by_role("button", name="Step", exact=True).click()
    expect_step(page, 0)
    training(page).get_by_role("button", name="Step", exact=True).click()
    expect_step(page, 1)


def test_pointing_at_the_curves_moves_there(page: Page):
    curves = training(page).get_by_role("img", name=re.compile("^Training curves"))
    box = curves.bounding_box()
    mark = curves.locator(".tick").nth(5).bounding_box()

    page.mouse.click(mark["x"] + mark["width"] / 2, box["y"] + 50)

    expect_step(page, 6)


def test_shared_link_restores_the_step_and_the_pinned_one(page: Page, open_page):
    go_to(page, 63)
    training(page).get_by_role("button", name="Pin this step").click()
    go_to(page, 625)
    shown = pixels(feature_map(page, "conv1", 0))
    page.get_by_role("button", name="Copy link").click()
    assert "t=625.63" in page.url

    again = open_page(page.url)

    expect_reading(again, 7)
    expect(training(again)).to_contain_text("Step 625 − step 63")
    expect(slider(again)).to_have_value(str(STEPS.index(625)))
    assert pixels(feature_map(again, "conv1", 0)) == shown


def test_link_to_a_step_that_was_not_kept_opens_the_nearest(open_page):
    page = open_page("/#n=0&t=600")

    expect_step(page, 625)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_step_leaves_with_the_link_that_named_it(open_page):
    page = open_page("/#n=0&t=6")
    expect_step(page, 6)

    page.evaluate("location.hash = 'n=0'")

    expect_step(page, 24728)
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


def test_scrubbing_repaints_within_fifty_milliseconds(page: Page):
    # Steps that were never asked for; those that were take less.
    times = page.evaluate(
        """async () => {
          const slider = document.querySelector(".scrubber");
          const shown = document.querySelector(".training .moment b");
          const times = [];
          for (const value of [...Array(23).keys()].reverse()) {
            const before = shown.textContent;
            const begin = performance.now();
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
            while (shown.textContent === before && performance.now() - begin < 2000) {
              await new Promise((resolve) => requestAnimationFrame(resolve));
            }
            times.push(performance.now() - begin);
            await new Promise((resolve) => setTimeout(resolve, 30));
          }
          return times;
        }"""
    )

    assert np.median(times) < 50


def test_what_is_kept_is_bounded(page: Page):
    sizes = page.evaluate(
        """async () => {
          const { createCheckpointStore } = await import("/static/js/state/checkpoint-store.js");
          const store = createCheckpointStore();
          const digits = Array.from({ length: 10 }, (_, index) => ({ kind: "sample", index }));
          for (const digit of digits) {
            for (let step = 0; step < 24; step += 1) store.keepAnswer(step, { digit, tensors: {} });
          }
          return [store.size, Boolean(store.answerAt(digits[9], 0)), Boolean(store.answerAt(digits[0], 0))];
        }"""
    )

    assert sizes == [64, True, False]


# --- For everyone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_open_history_breaks_no_rule(open_page, width: str, theme: str):
    page = open_page("/#n=0&t=625.63", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect(training(page)).to_contain_text("Step 625 − step 63")
    expect_reading(page, 7)

    assert violations(page) == []


def test_phone_needs_no_sideways_scrolling_and_keeps_the_slider_in_reach(open_page):
    page = open_page("/#n=0&t=625.63", width=390, height=844, has_touch=True)
    expect(training(page)).to_contain_text("Step 625 − step 63")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#layer-conv2").evaluate("section => section.scrollIntoView()")
    # The page scrolls smoothly: once the map is here, it has arrived.
    expect(feature_map(page, "conv2", 0)).to_be_in_viewport(ratio=1)
    expect(slider(page)).to_be_in_viewport(ratio=1)
    expect(page.locator("#pad")).to_be_in_viewport(ratio=1)


def test_history_prediction_and_first_layer_fit_one_screen(page: Page):
    go_to(page, 625)

    expect(page.locator("#prediction")).to_be_in_viewport(ratio=1)
    for unit in page.locator("#layer-conv1 .unit").all():
        expect(unit).to_be_in_viewport(ratio=1)


def test_theme_chosen_at_a_checkpoint_keeps_its_kernels(page: Page):
    go_to(page, 0)
    light = pixels(kernel(page, "conv1", 0))

    page.get_by_label("Theme").select_option("dark")
    expect_repainted(kernel(page, "conv1", 0), light)
    page.get_by_label("Theme").select_option("light")

    page.wait_for_function(
        """([canvas, before]) => {
          const now = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return now.every((value, i) => value === before[i]);
        }""",
        arg=[kernel(page, "conv1", 0).element_handle(), light],
    )
