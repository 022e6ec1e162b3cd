"""A real server and a real browser: what these tests see is what a visitor sees."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

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


@pytest.fixture(scope="session")
def context_with(browser: Browser, server: str) -> Iterator[Callable[..., BrowserContext]]:
    """One window for all tests that open it with the same options: only its first page compiles every module."""
    contexts: dict[frozenset[tuple[str, object]], BrowserContext] = {}

    def context_with(**options) -> BrowserContext:
        key = frozenset(options.items())
        if key not in contexts:
            contexts[key] = browser.new_context(base_url=server, **options)
        return contexts[key]

    yield context_with
    for context in contexts.values():
        context.close()


@pytest.fixture
def open_page(context_with: Callable[..., BrowserContext]):
    """Open an address of the server in a tab of its own; fails the test on any error in the page's console.

    Nothing is stored from another test. With ``is_first_visit``, nothing is in the browser's cache either.
    """
    pages: list[Page] = []
    errors: list[str] = []

    def open_(
        path: str = "/", *, width: int = 1440, height: int = 900, is_first_visit: bool = False, **options
    ) -> Page:
        page = context_with(**options).new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        if is_first_visit:
            page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield open_
    for page in pages:
        forget(page)
    # The browser itself reports a 4xx response, or a WebSocket that cannot be opened, as an error; the page shows it to
    # the visitor instead.
    reported = ("Failed to load resource", "WebSocket connection to")
    unexpected = [error for error in errors if not any(text in error for text in reported)]
    assert unexpected == []


def forget(page: Page) -> None:
    """Close a tab, and remove what its site stored beyond it."""
    if page.is_closed():
        return
    origin = page.evaluate("location.origin")
    if origin != "null":
        session = page.context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage,cookies"})
    page.close()


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
