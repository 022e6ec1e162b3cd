"""A visitor's own network: dropped or chosen, explored, deleted, and seen by nobody who does not have its address."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import draw, expect_live
from tests.browser.test_accessibility import violations
from tests.onnx_files import small_network

LINE = [[(0.5, 0.2), (0.5, 0.8)]]

DROP = """([files]) => {
    const transfer = new DataTransfer();
    for (const { name, content } of files) {
        transfer.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
    }
    for (const type of ["dragenter", "dragover", "drop"]) {
        document.querySelector("#pad").dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true }));
    }
}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of five classes that reads 20×20 pixels."""
    network = small_network(np.random.default_rng(5), input_size=20, classes=5)
    return network.save(tmp_path_factory.mktemp("own") / "homework.onnx")


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    page.evaluate(DROP, [[{"name": name, "content": base64.b64encode(content).decode()} for name, content in files]])


def expect_own(page: Page) -> None:
    expect(page.get_by_text("Your own network, from homework.onnx")).to_be_visible()
    expect(page.locator("#shown-model")).to_have_text("your own")
    expect(page.locator("#prediction .digit")).to_have_text(["0", "1", "2", "3", "4"])


def test_a_network_dropped_on_the_page_is_explored_and_deleted(page: Page, server: str, file: Path):
    page.get_by_role("button", name="Clear").click()
    draw(page, LINE)

    drop(page, ("homework.onnx", file.read_bytes()))

    expect_own(page)
    expect_live(page)
    expect(page).to_have_url(re.compile(r"/\?model=v[0-9a-f]{7}-[a-z2-7]{26}"))
    expect(page.get_by_text("Only whoever has this address can see it; it is deleted on")).to_be_visible()
    expect(page.locator("#layer-conv1 .facts")).to_contain_text("4 maps of 20×20")
    expect(page.locator("#prediction li[aria-current]")).to_be_visible()  # the digit came along
    address = page.url

    page.get_by_role("button", name="Delete it now").click()

    expect(page.locator("#shown-model")).to_have_text("cnn")
    page.goto(address)
    expect(page.get_by_text("There is no such network")).to_be_visible()


def test_others_see_it_only_with_its_address_and_cannot_delete_it(
    browser: Browser, page: Page, server: str, file: Path
):
    page.locator("#open-network").set_input_files(file)
    expect_own(page)

    other = browser.new_context(base_url=server).new_page()
    other.goto("/")
    expect(other.locator("#shown-model")).to_have_text("cnn")
    expect(other.get_by_text("homework.onnx")).to_have_count(0)
    other.goto(page.url)

    expect_own(other)
    expect(other.locator("#prediction li[aria-current]")).to_be_visible()
    expect(other.get_by_role("button", name="Delete it now")).to_be_hidden()
    other.context.close()


def test_a_file_that_is_no_network_is_refused_in_a_sentence(page: Page):
    address = page.url

    drop(page, ("holiday.onnx", b"nothing of the kind"))

    expect(page.locator("#problem")).to_contain_text("holiday.onnx is not an ONNX model:")
    assert page.url.partition("#")[0] == address.partition("#")[0]


def test_two_networks_at_once_are_one_too_many(page: Page):
    drop(page, ("one.onnx", b"x"), ("two.onnx", b"x"))

    expect(page.locator("#problem")).to_contain_text("Open one network at a time: one.onnx and two.onnx are two.")


def test_on_a_phone_by_keyboard_in_the_dark(open_page, file: Path):
    page = open_page(width=390, height=844, color_scheme="dark")
    page.locator("#prediction li[aria-current]").wait_for()
    chooser = page.get_by_label("Open your own network")  # the browser's own, which opens with Enter
    chooser.focus()
    expect(chooser).to_be_focused()
    chooser.set_input_files(file)

    expect_own(page)
    expect(page.locator("#prediction li[aria-current]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert violations(page) == []
    page.get_by_role("button", name="Delete it now").press("Enter")
    expect(page.locator("#shown-model")).to_have_text("cnn")
