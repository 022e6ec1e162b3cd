"""The pages under a path of a proxy: no request goes to an address outside of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.network import requested_paths
from tests.browser.people import SEVEN, draw, expect_live, expect_reading, open_experiment
from tests.browser.test_lens import click_cell, expect_numbers
from tests.servers import started

ROOT_PATH = "/kernelscope"


@pytest.fixture(scope="module")
def rooted_server() -> Iterator[str]:
    with started(KERNELSCOPE_ROOT_PATH=ROOT_PATH) as server:
        yield server.address


@pytest.fixture
def visit(open_page, rooted_server: str):
    """Open a page under the root path; fails the test if any request leaves it."""
    visited: list[list[str]] = []

    def open_(path: str) -> Page:
        page = open_page("about:blank")
        visited.append(requested_paths(page))
        page.goto(f"{rooted_server}{ROOT_PATH}{path}")
        return page

    yield open_
    paths = [path for each in visited for path in each]
    assert paths
    assert [path for path in paths if not path.startswith(f"{ROOT_PATH}/")] == []


def test_workbench_draws_live_and_opens_lens_gallery_and_history(visit):
    page = visit("/")
    expect_live(page)
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)

    click_cell(page, "conv1", 2, 10, 12)
    expect_numbers(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Training history", exact=True).click()
    expect(page.get_by_role("slider", name="Step of training")).to_be_visible()
    page.get_by_role("button", name="Test digits").click()
    page.get_by_role("button", name="Test digit 4, a 4", exact=False).click()
    expect_reading(page, 4)


def test_pages_follow_their_links_and_compute(visit):
    page = visit("/saliency#n=15")
    expect_reading(page, 5)
    open_experiment(page, "Local and global")
    expect(page.locator("[data-model] .digit").first).to_have_text("5")
    open_experiment(page, "Orientation")
    expect(page.locator("#tuning-cards > li")).to_have_count(16)
    open_experiment(page, "Filters")
    page.locator("section[data-painted] a").first.click()
    expect(page.locator("body[data-painted]")).to_be_attached()
    page.get_by_role("link", name="Train your own").click()
    expect(page.get_by_text("No network trained yet.")).to_be_visible()


def test_reference_names_addresses_that_work(visit, rooted_server: str):
    page = visit("/docs")

    expect(page.locator("pre", has_text=f"curl {rooted_server}{ROOT_PATH}/api/v1/models").first).to_be_visible()
    page.get_by_role("link", name="openapi.json").click()
    expect(page.locator("body")).to_contain_text('"servers":[{"url":"/kernelscope"}]')


def test_icon_of_the_narrow_header_is_found(open_page, rooted_server: str):
    page = open_page("about:blank", width=390)
    with page.expect_response(f"**{ROOT_PATH}/static/*/icons/kernelscope.svg") as icon:
        page.goto(f"{rooted_server}{ROOT_PATH}/saliency")

    assert icon.value.status == 200
