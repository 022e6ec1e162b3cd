"""A network from elsewhere on the pages: other extents, colors, other classes, average pooling."""

from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.browser.people import draw, expect_live, feature_map
from tests.browser.test_accessibility import violations
from tests.browser.test_lens import click_cell, expect_numbers, lens
from tests.onnx_files import small_network

LINE = [[(0.5, 0.2), (0.5, 0.8)]]


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models")
    small_network(np.random.default_rng(3), channels=3, side=48, classes=5).save(folder / "colored.onnx")
    with serving(KERNELSCOPE_MODELS=str(folder), KERNELSCOPE_DEFAULT_MODEL="colored") as address:
        yield address


@pytest.fixture
def own_page(open_page, own_server: str) -> Page:
    page = open_page(own_server)
    page.locator("#prediction li[aria-current]").wait_for()
    return page


def test_workbench_shows_its_extents_its_classes_and_what_it_makes_of_a_drawing(own_page: Page, own_server: str):
    expect_live(own_page)
    own_page.get_by_role("button", name="Clear").click()
    draw(own_page, LINE)

    expect(own_page.locator("#input-digit")).to_have_js_property("width", 48)
    expect(own_page.get_by_text("48×48 input")).to_be_visible()
    expect(own_page.locator("#framing-note")).to_have_text("fitted to 34×34, centered")
    assert own_page.locator("#prediction .digit").all_text_contents() == ["0", "1", "2", "3", "4"]
    expect(own_page.locator("#layer-pool1 .facts")).to_contain_text("the mean of each 2×2")
    expect(feature_map(own_page, "conv1", 0)).to_have_js_property("width", 48)
    # A kernel has a plane for each color.
    expect(own_page.locator("#layer-conv1 .facts")).to_contain_text("4 kernels of 3×5×5")


def test_lens_writes_out_its_average_pooling(own_page: Page, own_server: str):
    click_cell(own_page, "pool1", 2, 10, 12)
    expect_numbers(own_page)

    own_page.get_by_role("button", name="Copy link").click()
    strokes = own_page.evaluate(
        "import('/static/js/state/url.js').then((m) => m.fromFragment(location.hash).digit.strokes)"
    )
    place = {"layer": "pool1", "filter": 2, "row": 10, "column": 12}
    told = httpx.post(f"{own_server}/api/v1/models/colored/neuron", json={"strokes": strokes, **place}).json()
    expect(lens(own_page)).to_contain_text("Passes on the mean of the 2×2 outlined in map 2 of relu1.")
    expect(lens(own_page)).to_contain_text(f"mean: {told['computed']:.3f}, of 4 values")


@pytest.mark.parametrize("path", ["/orientation", "/gradients", "/editor", "/saliency", "/filters", "/tour"])
def test_every_page_opens_on_it(open_page, own_server: str, path: str):
    page = open_page(f"{own_server}{path}")

    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#problem")).to_be_hidden()


def test_default_network_names_the_others(open_page, tmp_path):
    small_network(np.random.default_rng(4)).save(tmp_path / "mine.onnx")
    with serving(KERNELSCOPE_MODELS=str(tmp_path)) as address:
        page = open_page(address)
        page.locator("#lead").get_by_role("link", name="mine").click()

        expect(page.locator("#layer-pool1 .facts")).to_contain_text("the mean of each 2×2")
        page.get_by_role("navigation", name="Networks").get_by_role("link", name="cnn").click()
        expect(page.locator("#layer-conv1 .facts")).to_contain_text("16 kernels of 5×5")


def test_other_networks_are_a_link_away(open_page, own_server: str):
    page = open_page(f"{own_server}/?model=cnn")

    page.get_by_role("navigation", name="Networks").get_by_role("link", name="colored").click()

    page.locator("#prediction li[aria-current]").wait_for()
    expect(page.locator("#layer-conv1 .facts")).to_contain_text("3×5×5")
    assert violations(page) == []
