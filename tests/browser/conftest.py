"""A real server and a real browser: what these tests see is what a visitor sees."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.network import Network
from tests.recorder.models import write_models
from tests.servers import started

# Debian's Chromium, in a sandbox of the test machine's making: root may not use Chromium's own.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Neither 3D nor canvases in a software GPU, which cost a fifth of the time of a page.
    "--disable-software-rasterizer",
    "--disable-accelerated-2d-canvas",
]

# A busy machine takes longer than Playwright's 5 s for what a quiet one shows at once; who waits does not wait longer.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright's event loop stays in this thread, and asynchronous tests need their own."""
    items.sort(key=lambda item: Path(__file__).parent in item.path.parents)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for all tests."""
    with started() as server:
        yield server.address


@pytest.fixture(scope="session")
def imported_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the 32×32 network wide-32 by default, and pool-before-relu, whose pooling comes before its ReLU."""
    folder = str(write_models(tmp_path_factory.mktemp("imported")))
    with started(KERNELSCOPE_MODELS=folder, KERNELSCOPE_DEFAULT_MODEL="wide-32") as server:
        yield server.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # The same Chromium without windows of its own: with them, each new page cost three times the processor time.
    executable = shutil.which("chromium-headless-shell")
    assert executable, "Chromium is not installed; on Debian: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, server: str):
    """Open an address of the server in a window of its own; fails the test on any error in the page's console."""
    contexts = []
    errors: list[str] = []

    def open_(path: str = "/", *, width: int = 1440, height: int = 900, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=server, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    # The browser itself reports a 4xx response, or a WebSocket that cannot be opened, as an error; the page shows it to
    # the visitor instead.
    reported = ("Failed to load resource", "WebSocket connection to")
    unexpected = [error for error in errors if not any(text in error for text in reported)]
    assert unexpected == []


@pytest.fixture
def network(server: str) -> Iterator[Network]:
    """Another way to the server, which can be slow, and cut, for live sessions alone."""
    with Network(server) as network:
        yield network


@pytest.fixture
def page(open_page) -> Page:
    """The workbench on a desktop, its first digit read."""
    page = open_page()
    page.locator("#prediction li[aria-current]").wait_for()
    return page
