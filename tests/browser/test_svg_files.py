"""Drawings saved as SVG files, which stand alone and are light in every theme of the page."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator, Page, expect

SVG = "{http://www.w3.org/2000/svg}"
PAPER, INK = "rgb(255, 255, 255)", "rgb(20, 23, 26)"
"""Of the light theme."""


def saved(page: Page, button: Locator) -> tuple[str, ElementTree.Element]:
    """The name of the file that a button saves, and its contents."""
    with page.expect_download() as download:
        button.click()
    path = Path(download.value.path())
    return download.value.suggested_filename, ElementTree.fromstring(path.read_text())  # noqa: S314 - the page itself has written it


def require_stands_alone(drawing: ElementTree.Element) -> None:
    assert drawing.find(f"{SVG}rect").attrib["fill"] == PAPER
    for element in drawing.iter():
        assert "class" not in element.attrib
        assert "style" not in element.attrib
    assert {text.attrib["fill"] for text in drawing.iter(f"{SVG}text")} <= {INK, "rgb(86, 93, 102)"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_connected_picture_is_saved_with_its_maps_links_and_names(open_page, theme: str):
    page = open_page("/", color_scheme=theme)
    expect(page.locator(".network-picture .link").first).to_be_attached()
    links = page.locator(".network-picture .link").count()

    name, drawing = saved(page, page.locator(".network-picture").get_by_role("button", name="Download SVG"))

    assert name == "network.svg"
    require_stands_alone(drawing)
    assert drawing.find(f".//{SVG}image").attrib["href"].startswith("data:image/png;base64,")
    lines = [
        path for path in drawing.iter(f"{SVG}path") if path.attrib["stroke"] in ("rgb(201, 93, 9)", "rgb(34, 127, 205)")
    ]
    assert len(lines) == links
    words = [text.text for text in drawing.iter(f"{SVG}text")]
    assert [word for word in words if word in ("conv1", "linear", "9")] == ["conv1", "linear", "9"]
    assert page.evaluate("document.documentElement.dataset.theme") is None, "the page has its own theme again"


def test_training_curves_are_saved(open_page):
    page = open_page("/train", color_scheme="dark")

    name, drawing = saved(page, page.get_by_role("button", name="Download SVG"))

    assert name == "training.svg"
    require_stands_alone(drawing)
    assert drawing.find(f"{SVG}title").text == "No step taken yet."
    assert "loss on the training digits, in nats" in [text.text for text in drawing.iter(f"{SVG}text")]


def test_tuning_curves_are_saved(open_page):
    page = open_page("/orientation")
    expect(page.locator("#tuning-cards > li")).to_have_count(16)

    name, drawing = saved(page, page.get_by_role("button", name="Download SVG").first)

    assert name == "tuning-curves.svg"
    require_stands_alone(drawing)
    assert len(list(drawing.iter(f"{SVG}image"))) >= 16
    assert sum(text.text == "90°" for text in drawing.iter(f"{SVG}text")) == 16
