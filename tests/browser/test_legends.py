"""What legends and captions say of their numbers, on every page that has some."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import expect_reading, percent
from tests.browser.test_training_scrubber import go_to, open_training
from tests.pages import READ


def api_layer(server: str, name: str) -> dict:
    layers = httpx.get(f"{server}/api/v1/models/cnn").json()["layers"]
    return next(each for each in layers if each["name"] == name)


def rounded(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}".replace("-", "−")


def legend(page: Page, root: str, title: str):
    return page.locator(f"{root} .legend").filter(has_text=re.compile(f"^{title}"))


def test_legend_of_maps_says_that_larger_values_have_its_last_color(open_page, server: str):
    page = open_page("/#n=0")
    expect_reading(page, 7)
    high = rounded(api_layer(server, "relu1")["display_range"][1])
    expect(legend(page, "#layer-conv1", "maps")).to_have_text(f"maps0{high} and above")
    expect(legend(page, "#layer-conv1", "kernels")).to_have_text(re.compile(r"^kernels−0\.\d+0\.\d+$"))

    page.get_by_role("button", name="Before ReLU").click()

    high = rounded(api_layer(server, "conv1")["display_range"][1])
    expect(legend(page, "#layer-conv1", "maps")).to_have_text(f"maps−{high} and below{high} and above")


def test_legend_of_kernels_says_so_where_some_lie_beyond_it(open_page):
    page = open_page("/#n=0")
    expect_reading(page, 7)
    open_training(page)
    go_to(page, 0)
    expect(legend(page, "#layer-conv1", "kernels")).not_to_contain_text("and above")

    page.get_by_role("button", name="One range for all steps").click()

    expect(legend(page, "#layer-conv1", "kernels")).to_have_text(re.compile(r"^kernels−\S+ and below\S+ and above$"))


def test_number_of_a_map_is_named_its_maximum(open_page, server: str):
    page = open_page("/#n=0")
    expect_reading(page, 7)
    response = httpx.post(f"{server}/api/v1/models/cnn/feature-maps?layers=relu1", json={"sample": 0}).json()
    maps = response["layers"][0]["feature_maps"]
    number = next(n for n, each in enumerate(maps) if max(map(max, each)) > 0.1)
    largest = max(map(max, maps[number]))

    expect(page.locator("#layer-conv1 .unit").nth(number).locator(".mark")).to_have_text(
        f"max {float(f'{largest:.2g}'):g}"
    )


@pytest.mark.parametrize(
    ("path", "root", "title"),
    [
        ("/editor", "#kernel-legends", "maps"),
        ("/editor", "#sheets [data-layer=relu1]", "maps"),
        ("/orientation", "#tuning-legends", "maps"),
        ("/local-and-global", "#templates-legend", "weights"),
    ],
)
def test_legend_of_a_fixed_range_says_that_larger_values_have_its_last_color(
    open_page, path: str, root: str, title: str
):
    page = open_page(path)
    if path == "/local-and-global":
        page.locator("#feature-comparison, #templates-legend").first.scroll_into_view_if_needed()

    expect(legend(page, root, title)).to_contain_text(re.compile(r"\d and above$"))


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/editor", "#kernel-legends .legend >> nth=0"),
        ("/orientation", "#tuning-legends .legend >> nth=0"),
        ("/saliency#n=15", "#saliency-legend"),
        ("/gradients#n=8", "#assembly-legends"),
        ("/filters/cnn/conv1/3", "#kernel-legend"),
    ],
)
def test_legend_of_all_values_says_nothing_of_others(open_page, path: str, root: str):
    page = open_page(path)

    expect(page.locator(root)).to_contain_text(re.compile(r"−\d"))
    expect(page.locator(root)).not_to_contain_text("above")


def test_maps_of_the_orientation_page_are_labeled_with_their_maximum(open_page):
    page = open_page("/orientation")

    expect(page.locator("#tuning-cards .side span").first).to_have_text(re.compile(r"^(max\s\d|\s*inactive)"))


def test_probability_of_the_predicted_digit_is_not_rounded_to_half_precision(open_page, server: str):
    # 0.99947, which is 0.99951 in half precision: above the least that is written as ">99.9%".
    exact = httpx.post(f"{server}/api/v1/models/cnn/feature-maps?layers=conv1", json={"sample": 7}).json()
    page = open_page("/#n=7")

    shown = page.locator("#prediction li[aria-current] .probability")

    expect(shown).to_have_text(percent(exact["prediction"]["probability"]))


def test_a_locally_connected_layer_shows_one_kernel_of_each_filter(open_page):
    page = open_page("/?model=locally-connected")
    expect(page.locator(READ)).to_be_attached()

    expect(page.locator("#layer-local1 .facts")).to_contain_text("that of the middle is shown")
    expect(page.locator("#layer-local1 .kernel").first).to_have_css("height", "50px")


def test_maps_that_move_and_neurons_that_are_wired_have_legends_with_numbers(open_page):
    page = open_page("/local-and-global#n=0")
    expect(page.locator("#wiring-legend")).to_contain_text(re.compile(r"0.*\d\.\d+ and above"))

    page.locator("#translation-claim").scroll_into_view_if_needed()

    expect(page.locator('.translated-maps [data-layer="conv1"] .legends')).to_have_text(
        re.compile(r"−\d\.\d+.*\d\.\d+")
    )
