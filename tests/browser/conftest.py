"""A real server and a real browser: what these tests see is what a visitor sees."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.network import Network

ROOT = Path(__file__).resolve().parents[2]

# Debian's Chromium, in a sandbox of the test machine's making: root may not use Chromium's own.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

START_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright's event loop stays in this thread, and asynchronous tests need their own."""
    items.sort(key=lambda item: Path(__file__).parent in item.path.parents)


@contextmanager
def serving(**environment: str) -> Iterator[str]:
    """The address of ``python -m app`` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _ready(address):
            assert process.poll() is None, f"the server ended with status {process.returncode} instead of starting"
            assert time.monotonic() < deadline, f"the server was not ready within {START_SECONDS} s"
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for all tests."""
    with serving() as address:
        yield address


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    assert executable, "Chromium is not installed; on Debian: apt-get install chromium"
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
    # The browser itself reports a 4xx answer, or a WebSocket that cannot be opened, as an error; the page shows it to
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
