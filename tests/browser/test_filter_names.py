"""What each filter of the first layer responds to, in words, on the workbench."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import expect_reading, kernel
from tests.browser.test_lens import click_cell, expect_numbers, lens
from tests.browser.test_training_scrubber import EARLY, FINISHED, MIDDLE, go_to, open_training

NAMES = "/api/v1/models/cnn/filter-names"


def names_of(server: str, step: int | None = None, model: str = "cnn") -> list[str]:
    """The API's names; empty for a filter that no stimulus activates, which has none on the page."""
    query = {} if step is None else {"checkpoint": step}
    filters = httpx.get(f"{server}/api/v1/models/{model}/filter-names", params=query).json()["filters"]
    return ["" if each["kind"] == "inactive" else each["name"] for each in filters]


def expect_named(page: Page, names: list[str]) -> None:
    """Wait until every kernel of conv1 has its name: for screen readers, under the pointer and under the pair."""
    labels = [f"conv1, kernel {number}{name and f': {name}'}" for number, name in enumerate(names)]
    units = page.locator("#layer-conv1 .unit")
    expect(units.last.locator(".kernel")).to_have_attribute("aria-label", labels[-1])
    assert units.locator(".kernel").evaluate_all("all => all.map((each) => each.ariaLabel)") == labels
    assert units.locator(".side").evaluate_all("all => all.map(({ title }) => title)") == names
    assert units.locator(".unit-name").all_text_contents() == names


def sweep_name(page: Page) -> Locator:
    return page.locator("#sweep .sweep-filter")


@pytest.fixture
def still(open_page) -> Page:
    """The workbench with a test digit; its sweep does not begin by itself."""
    page = open_page("/#n=0", reduced_motion="reduce")
    expect_reading(page, 7)
    return page


def test_kernels_sweep_and_lens_have_the_names_of_the_api(still: Page, server: str):
    names = names_of(server)
    assert len(set(names)) > 8

    expect_named(still, names)
    for _ in range(3):
        number = int(still.locator("#sweep-filter").inner_text().removeprefix("Filter "))
        expect(sweep_name(still)).to_have_text(f"Filter {number}: {names[number]}")
        still.locator("#sweep").get_by_role("button", name="Next").click()

    click_cell(still, "conv1", 11, 9, 14)
    link = lens(still).get_by_role("link", name=f"Filter 11: {names[11]}", exact=True)
    link.click()
    expect(still.get_by_role("heading", level=1)).to_have_text("conv1, filter 11")
    expect(still.locator("#filter-name")).to_contain_text(f"Strongest stimulus: {names[11]}.")


def test_names_are_requested_once_and_after_the_first_maps(open_page):
    page = open_page("about:blank")
    page.add_init_script(
        """const send = window.fetch;
        window.areMapsPainted = []; // At each request for names.
        window.fetch = (address, ...options) => {
          const isStale = document.querySelector("#layer-conv1[data-stale]")
            || !document.querySelector("#prediction [aria-current]");
          if (String(address).includes("/filter-names")) areMapsPainted.push(!isStale);
          return send(address, ...options);
        };"""
    )

    page.goto("/")
    expect(kernel(page, "conv1", 15)).to_have_accessible_name(re.compile(": "))
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    page.get_by_role("button", name="Undo").click()
    expect_reading(page, 3)

    assert page.evaluate("areMapsPainted") == [True]


@pytest.mark.parametrize("model", ["mlp-500", "locally-connected"])
def test_network_that_does_not_begin_with_a_convolution_has_no_names(open_page, model: str):
    page = open_page(f"/?model={model}#n=0", reduced_motion="reduce")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/filter-names") else None)
    expect_reading(page, 7)
    first = page.locator("section.layer").first.get_attribute("data-layer") or ""

    click_cell(page, first, 1, 0, 0)
    expect_numbers(page)

    expect(lens(page).locator(".says a")).to_be_hidden()
    expect(kernel(page, first, 1)).to_have_accessible_name(f"{first}, kernel 1")
    expect(sweep_name(page)).to_have_text(re.compile(r"^(Neuron|Filter) \d+$"))
    assert page.locator(".unit-name").count() == 0
    assert asked == []


def test_later_layers_have_no_names(still: Page, server: str):
    expect_named(still, names_of(server))

    click_cell(still, "conv2", 3, 5, 6)
    expect_numbers(still)

    expect(lens(still).locator(".says a")).to_be_hidden()
    expect(kernel(still, "conv2", 3)).to_have_accessible_name("conv2, kernel 3")


def test_names_are_those_of_the_training_step_that_is_shown(still: Page, server: str):
    finished, early = names_of(server), names_of(server, EARLY)
    number = next(n for n in range(16) if finished[n] != early[n] and finished[n] and early[n])
    expect_named(still, finished)
    click_cell(still, "conv1", number, 9, 14)
    expect(lens(still)).to_contain_text(f"Filter {number}: {finished[number]}")
    open_training(still)

    go_to(still, EARLY)

    expect_named(still, early)
    shown = int(still.locator("#sweep-filter").inner_text().removeprefix("Filter "))
    expect(sweep_name(still)).to_have_text(f"Filter {shown}{early[shown] and f': {early[shown]}'}")
    expect(lens(still).get_by_text(f"Filter {number}: {early[number]}", exact=True)).to_be_visible()
    # The page of a filter is about the finished network.
    expect(lens(still).locator(".says").get_by_role("link")).to_have_count(0)
    go_to(still, FINISHED)
    expect_named(still, finished)


def test_step_whose_names_are_not_known_has_none(still: Page, server: str):
    expect_named(still, names_of(server))
    still.route(f"**{NAMES}?checkpoint=*", lambda route: route.abort())
    open_training(still)

    go_to(still, MIDDLE)

    expect_named(still, [""] * 16)
    expect(sweep_name(still)).to_have_text(re.compile(r"^Filter \d+$"))


def test_difference_of_two_steps_has_no_names(open_page, server: str):
    page = open_page(f"/#n=0&t={MIDDLE}", reduced_motion="reduce")
    expect_named(page, names_of(server, MIDDLE))

    page.get_by_role("button", name="Pin this step").click()
    go_to_difference = page.get_by_role("slider", name="Step of training")
    go_to_difference.press("ArrowLeft")

    expect(page.get_by_role("button", name="B − A")).to_have_attribute("aria-pressed", "true")
    expect_named(page, [""] * 16)
    page.get_by_role("group", name="Kernels and maps show").get_by_role("button", name=re.compile("^A: ")).click()
    expect_named(page, names_of(server, MIDDLE))


def test_filters_of_another_network_have_names_but_no_pages(open_page, imported_models: str):
    page = open_page(f"{imported_models}/?model=pool-before-relu#n=0", reduced_motion="reduce")
    names = names_of(imported_models, model="pool-before-relu")
    assert any(names)
    number = next(n for n, name in enumerate(names) if name)
    layer = page.locator("section.layer").first.get_attribute("data-layer") or ""
    expect(kernel(page, layer, number)).to_have_accessible_name(f"{layer}, kernel {number}: {names[number]}")

    click_cell(page, layer, number, 9, 14)

    expect(lens(page).get_by_text(f"Filter {number}: {names[number]}", exact=True)).to_be_visible()
    expect(lens(page).locator(".says").get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390, 1280, 1440])
def test_name_has_its_line_from_the_start_and_no_letter_is_cut(open_page, server: str, width: int):
    page = open_page("about:blank", width=width, height=800)
    page.route(f"**{NAMES}*", lambda route: None)
    page.goto("/")
    layer = page.locator("#layer-conv1")
    layer.scroll_into_view_if_needed()
    expect(layer.locator("canvas.kernels")).not_to_have_js_property("width", 1)
    height = layer.evaluate("layer => layer.offsetHeight")

    page.unroute(f"**{NAMES}*")
    page.reload()
    layer.scroll_into_view_if_needed()
    expect_named(page, names_of(server))

    expect(layer).to_have_js_property("offsetHeight", height)
    # The first part of each name is on its line, whole.
    cut = """all => all.filter((name) => name.firstElementChild.offsetHeight > name.offsetHeight)
      .map(({ textContent }) => textContent)"""
    assert page.locator("#layer-conv1 .unit-name").evaluate_all(cut) == []
