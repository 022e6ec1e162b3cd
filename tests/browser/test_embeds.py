"""Pieces in the frames of another site: live if it is listed, rejected if not, without storage, on any width."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser.test_accessibility import violations
from tests.servers import started


class OtherSite(BaseHTTPRequestHandler):
    """Responds with the HTML that the address holds."""

    def do_GET(self) -> None:
        body = f"<!doctype html><title>Course</title>{unquote(self.path.partition('?')[2])}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def school() -> Iterator[str]:
    site = ThreadingHTTPServer(("127.0.0.1", 0), OtherSite)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    site.server_close()


@pytest.fixture(scope="module")
def embedded(school: str) -> Iterator[str]:
    listed = f'["{school}"]'
    with started(KERNELSCOPE_EMBED_ORIGINS=listed, KERNELSCOPE_ORIGINS=listed) as server:
        yield server.address


def open_frame(
    open_page, school: str, address: str, attributes: str = "", width: int = 900
) -> tuple[Page, FrameLocator]:
    frame = f'<iframe src="{address}" width="{width}" height="700" style="border: 0" {attributes}></iframe>'
    page = open_page(f"{school}/?{quote(f'<body style=margin:0>{frame}')}", width=width, height=700)
    return page, page.frame_locator("iframe")


@pytest.mark.parametrize(
    ("attributes", "width"), [("", 320), ('sandbox="allow-scripts"', 900)], ids=["320 px", "sandboxed"]
)
def test_a_layer_is_live_in_a_frame(open_page, school: str, embedded: str, attributes: str, width: int):
    page, frame = open_frame(open_page, school, f"{embedded}/embed?layer=conv1#n=15", attributes, width)

    expect(frame.locator("#prediction li[aria-current] .digit")).to_have_text("5")
    expect(frame.get_by_role("heading", level=2).filter(visible=True)).to_have_text("conv1 → relu1")
    expect(frame.get_by_role("navigation")).to_have_count(0)
    frame.get_by_role("button", name="Clear").click()
    draw_line(page, frame)
    expect(frame.locator("#prediction li[aria-current] .digit")).to_have_text("1")
    inner = page.frames[-1]
    assert inner.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert inner.evaluate("origin") == ("null" if attributes else embedded)


def test_a_layer_under_a_path_of_a_proxy_is_live_and_requests_nothing_outside_of_it(open_page, school: str):
    listed = f'["{school}"]'
    with started(
        KERNELSCOPE_ROOT_PATH="/tools", KERNELSCOPE_EMBED_ORIGINS=listed, KERNELSCOPE_ORIGINS=listed
    ) as server:
        requested: list[str] = []
        page = open_page("about:blank")
        page.on("request", lambda request: requested.append(request.url))
        frame_code = f'<iframe src="{server.address}/tools/embed?layer=conv1#n=15" width="900" height="700"></iframe>'
        page.goto(f"{school}/?{quote(f'<body style=margin:0>{frame_code}')}")
        frame = page.frame_locator("iframe")

        expect(frame.locator("#prediction li[aria-current] .digit")).to_have_text("5")
        frame.get_by_role("button", name="Clear").click()
        draw_line(page, frame)
        expect(frame.locator("#prediction li[aria-current] .digit")).to_have_text("1")
        outside = [url for url in requested if not url.startswith((school, f"{server.address}/tools/"))]
        assert len(requested) > 10
        assert outside == []


def draw_line(page: Page, frame: FrameLocator) -> None:
    box = frame.locator("#pad").bounding_box()
    assert box is not None
    x, y, size = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.mouse.move(x, y + 0.2 * size)
    page.mouse.down()
    page.mouse.move(x, y + 0.8 * size, steps=6)
    page.mouse.up()


def test_one_filter_has_its_lens_and_an_experiment_its_theme(open_page, school: str, embedded: str):
    _, one = open_frame(open_page, school, f"{embedded}/embed?layer=conv1&amp;filter=3&amp;theme=dark#n=15")

    expect(one.locator(".unit").filter(visible=True)).to_have_count(1)
    expect(one.get_by_role("region", name="Lens", exact=True).get_by_label("map", exact=True)).to_have_value("3")
    expect(one.locator("html")).to_have_attribute("data-theme", "dark")

    _, experiment = open_frame(
        open_page, school, f"{embedded}/embed?experiment=perturb-pixel#n=15", 'sandbox="allow-scripts"'
    )

    expect(experiment.locator("[data-experiment]").filter(visible=True)).to_have_count(1)
    expect(experiment.get_by_text("neurons of linear1 changed")).to_be_visible()


@pytest.mark.parametrize("is_listed_elsewhere", [True, False], ids=["another site", "embedding off"])
def test_a_site_that_is_not_listed_shows_nothing(
    browser: Browser, school: str, embedded: str, server: str, is_listed_elsewhere: bool
):
    page = browser.new_page()
    address = embedded if is_listed_elsewhere else server
    other = school.replace("127.0.0.1", "localhost")

    page.goto(f"{other}/?{quote(f'<iframe src={address}/embed?layer=conv1></iframe>')}", wait_until="networkidle")

    assert page.frames[-1].url.startswith("chrome-error:")
    page.close()


@pytest.mark.parametrize("piece", ["layer=conv1", "layer=conv1&filter=3&theme=dark", "experiment=perturb-pixel"])
def test_an_embed_breaks_no_rule_of_accessibility(open_page, embedded: str, piece: str):
    page = open_page(f"{embedded}/embed?{piece}#n=15", width=390)

    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_script_of_a_listed_site_uses_the_api(open_page, school: str, embedded: str):
    page = open_page(f"{school}/?")

    predicted = page.evaluate(
        """async (address) => {
            const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"sample": 15}' };
            const response = await fetch(`${address}/api/v1/models/cnn/feature-maps?layers=conv1`, request);
            return (await response.json()).prediction.digit;
        }""",
        embedded,
    )

    assert predicted == 5


def test_each_piece_gives_the_code_of_its_frame(open_page, embedded: str):
    page = open_page(f"{embedded}/#v=1&n=15")
    page.get_by_role("button", name="Embed conv1 in another page").click()
    dialog = page.get_by_role("dialog", name="Embed conv1")

    dialog.get_by_label("Filter").select_option("3")
    dialog.get_by_label("Theme").select_option("dark")

    address = f"{embedded}/embed?layer=conv1&amp;filter=3&amp;theme=dark#v=1&amp;n=15"
    code = re.compile(f'^<iframe src="{re.escape(address)}" title="Kernelscope: conv1" width="100%"')
    expect(dialog.get_by_label("Code")).to_have_value(code)
    dialog.get_by_role("button", name="Copy embed code").click()
    expect(
        dialog.get_by_role("button", name="Copied").or_(dialog.get_by_role("button", name="Selected"))
    ).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
