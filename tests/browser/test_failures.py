"""When something fails, people read sentences, and the page recovers by itself."""

import io
import re
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.people import SEVEN, draw, expect_reading
from tests.browser.test_accessibility import violations
from tests.browser.test_workbench import picture_of, upload
from tests.servers import free_port, started

UNREACHABLE = "The server cannot be reached. The page shows the last response"
OLDER_PAGE = "This page is from another version of Kernelscope than the server."
TECHNICAL = re.compile(r"https?:|\.js|\.css|module|undefined|fetch|TypeError", re.IGNORECASE)
RECOVERY = 30_000
"""Milliseconds: pages wait up to 8 s between two attempts, and the server starts."""


def expect_sentence(page: Page, text: str) -> None:
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(text)
    expect(alert).not_to_contain_text(TECHNICAL)


def expect_recovered(page: Page) -> None:
    expect(page.get_by_role("alert")).to_be_hidden(timeout=RECOVERY)


def clear_and_draw(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)


def prediction_is(digit: int) -> Callable[[Page], None]:
    return lambda page: expect(page.locator("#prediction li[aria-current] .digit")).to_have_text(
        str(digit), timeout=RECOVERY
    )


def networks_predict_seven(page: Page) -> None:
    expect(page.locator("#model-predictions tbody tr .digit").first).to_have_text("7", timeout=RECOVERY)


def test_every_page_says_that_the_server_is_gone_and_continues_when_it_is_back(open_page):
    """One server for all pages, stopped and started once."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    pages: dict[str, Page] = {}
    after = {
        "/": prediction_is(7),
        "/gradients": prediction_is(7),
        "/saliency": prediction_is(7),
        "/editor": prediction_is(7),
        "/local-and-global": networks_predict_seven,
    }
    with ExitStack() as first:
        first.enter_context(started(port=port))
        for path in after:
            pages[path] = open_page(f"{address}{path}#v=1&n=15")
            expect(pages[path].locator(".input-digit")).to_contain_text("test digit 15")
        pages["/orientation"] = open_page(f"{address}/orientation")
        expect(pages["/orientation"].locator("[data-measure][aria-pressed=true]")).to_be_visible()

    for path in after:
        clear_and_draw(pages[path])
    pages["/orientation"].locator("[data-measure='center']").click()
    for page in pages.values():
        expect_sentence(page, UNREACHABLE)

    with started(port=port):
        for path, expect_shown in after.items():
            expect_shown(pages[path])
            expect_recovered(pages[path])
        expect_recovered(pages["/orientation"])
        # The digit is still there in a page that is loaded anew.
        pages["/"].reload()
        expect_reading(pages["/"], 7)


def answer_404(route: Route) -> None:
    route.fulfill(status=404, content_type="application/problem+json", body='{"title": "Not found", "status": 404}')


def test_part_that_a_newer_server_no_longer_has_is_no_module_address(page: Page):
    clear_and_draw(page)
    expect_reading(page, 7)
    page.route("**/js/drawing/sample-gallery.js", answer_404)

    page.get_by_role("button", name="Test digits").click()
    expect_sentence(page, OLDER_PAGE)
    page.unroute("**/js/drawing/sample-gallery.js")
    page.get_by_role("button", name="Reload").click()

    expect_reading(page, 7)
    page.get_by_role("button", name="Test digits").click()
    expect(page.get_by_role("dialog", name="MNIST test digits")).to_be_visible()


def test_style_that_a_newer_server_no_longer_has_is_no_address(page: Page):
    upload(page, picture_of(SEVEN))
    expect_reading(page, 7)
    page.route("**/css/components/adjust-image.css", answer_404)

    page.get_by_role("button", name="Adjust image").click()

    expect_sentence(page, OLDER_PAGE)


def test_part_is_unreachable_as_long_as_the_server_is(page: Page):
    page.route("**/js/drawing/sample-gallery.js", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())

    page.get_by_role("button", name="Test digits").click()
    expect_sentence(page, UNREACHABLE)

    page.unroute("**/healthz")
    expect_recovered(page)


@pytest.mark.parametrize("missing", ["pages/workbench.js", "network/selectors.js"])
def test_page_whose_modules_cannot_be_loaded_loads_again(open_page, missing: str):
    page = open_page("about:blank")
    attempts: list[str] = []

    def fail_once(route: Route) -> None:
        attempts.append(route.request.url)
        answer_404(route) if len(attempts) == 1 else route.continue_()

    page.route(f"**/js/{missing}", fail_once)

    page.goto("/")

    expect_reading(page, 3)
    assert len(attempts) == 2


def test_page_whose_modules_stay_away_says_so(open_page):
    page = open_page("about:blank")
    page.route("**/js/network/selectors.js", answer_404)

    page.goto("/")

    expect_sentence(page, "A part of this page is missing on the server")
    expect(page.get_by_role("button", name="Reload")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/saliency"])
def test_rejected_upload_is_named_and_the_digit_before_it_stays(open_page, path: str):
    page = open_page(f"{path}#v=1&n=15")
    expect_reading(page, 5)

    upload(page, b"these are no pixels", "notes.png")

    expect_sentence(page, "notes.png: ")
    expect_sentence(page, "PNG, JPEG, WebP, GIF")
    expect(page.locator(".input-digit")).to_contain_text("test digit 15")
    page.reload()
    expect_reading(page, 5)
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/saliency"])
def test_blank_image_says_why(open_page, path: str):
    page = open_page(f"{path}#v=1&n=15")
    expect_reading(page, 5)
    file = io.BytesIO()
    Image.new("RGB", (200, 200), "white").save(file, "PNG")

    upload(page, file.getvalue(), "paper.png")

    expect_reading(page, None)
    expect_sentence(
        page, "paper.png is blank for the network: nothing in it is clearly darker or lighter than its ground."
    )


def test_sentence_can_be_read_and_dismissed_in_an_open_dialog(page: Page):
    page.route("**/api/v1/samples*", lambda route: route.abort())
    page.route("**/api/v1/samples/**", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())

    page.get_by_role("button", name="Test digits").click()
    dialog = page.get_by_role("dialog", name="MNIST test digits")

    expect(dialog.get_by_role("alert")).to_contain_text(UNREACHABLE)
    dialog.get_by_role("button", name="Dismiss").click()
    expect(dialog.get_by_role("alert")).to_be_hidden()
    page.unroute("**/api/v1/samples*")
    page.unroute("**/api/v1/samples/**")
    page.unroute("**/healthz")
    expect(dialog.get_by_role("button", name=re.compile("^Test digit 0, a 7")).first).to_be_visible(timeout=RECOVERY)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sentence_breaks_no_rule(open_page, theme: str):
    page = open_page("/#v=7&n=1", color_scheme=theme)
    expect_reading(page, 3)
    expect_sentence(page, "This link has version 7")

    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_adjustment_dialog_breaks_no_rule(open_page, width: int, theme: str):
    page = open_page("/", width=width, height=800, color_scheme=theme)
    upload(page, picture_of(SEVEN))
    expect_reading(page, 7)

    page.get_by_role("button", name="Adjust image").click()
    expect(page.get_by_role("dialog", name="Adjust image").get_by_text("cropped, centered")).to_be_visible()

    assert violations(page) == []


def test_what_was_not_dismissed_is_not_replaced_by_what_the_next_response_hides(page: Page):
    page.evaluate(
        """async () => {
          const { createProblemNote } = await import("/static/js/shell/problem-note.js");
          const { Notice } = await import("/static/js/shell/failures.js");
          const note = createProblemNote();
          await note.show(new Notice("This stays.", { lasts: true }));
          await note.show(new Notice("This goes with the next response."));
          note.hide();
        }"""
    )

    expect(page.get_by_role("alert")).to_have_text(re.compile("This stays."))
