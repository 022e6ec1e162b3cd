"""Three engines behind one interface: Selenium's driver, and the errors that the page's scripts reported."""

import os
import re
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.options import ArgOptions
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.wait import WebDriverWait

from tests.engines.marionette import Marionette

SECONDS = 30
"""Until a test gives up waiting; a busy machine takes longer than a quiet one."""


@dataclass(frozen=True)
class Browser:
    """A running browser.

    Attributes:
        driver: Drives it.
        new_errors: Uncaught errors, unhandled rejections and ``console.error`` since the last call.
    """

    driver: WebDriver
    new_errors: Callable[[], list[str]]


def program(name: str) -> str:
    """The path of an installed program."""
    path = shutil.which(name)
    assert path, f"{name} is not installed; `make test-engines` installs it as root"
    return path


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Debian's Chromium without a display."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium-headless-shell")
    for flag in ("--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(program("chromedriver")))
    try:
        yield Browser(driver, lambda: [entry["message"] for entry in driver.get_log("browser")])
    finally:
        driver.quit()


@contextmanager
def firefox(folder: Path) -> Iterator[Browser]:
    """Debian's Firefox ESR without a display."""
    # Any free port, and what scripts write to the console goes to the log.
    options = ('"marionette.port", 0', '"devtools.console.stdout.content", true')
    folder.joinpath("user.js").write_text("".join(f"user_pref({option});\n" for option in options))
    command = [program("firefox-esr"), "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    log, port = folder / "log", folder / "MarionetteActivePort"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            deadline = time.monotonic() + SECONDS
            while not (port.exists() and port.read_text()):
                assert time.monotonic() < deadline, f"Firefox did not start within {SECONDS} s:\n{log.read_text()}"
                time.sleep(0.05)
            with closing(Marionette(int(port.read_text()))) as marionette:
                driver = webdriver.Remote(marionette, options=ArgOptions())
                _open_narrow_window(driver)
                # Firefox's own messages on the console begin with a name, those of a page with a value.
                with _lines_of(log, r"JavaScript error: http|console\.error: \W") as new_errors:
                    yield Browser(driver, new_errors)
        finally:
            process.terminate()


def _open_narrow_window(driver: WebDriver) -> None:
    """Continue in a window that a page has opened: it can be as narrow as a phone, and others at least 500 px wide."""
    first = driver.current_window_handle
    driver.execute_script("open('about:blank', '', 'popup')")
    opened = WebDriverWait(driver, SECONDS).until(lambda _: set(driver.window_handles) - {first})
    driver.switch_to.window(opened.pop())


@contextmanager
def webkit(folder: Path) -> Iterator[Browser]:
    """Debian's WebKitGTK in a window of our own; it needs a display."""
    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(Path(__file__).with_name("webkit_window.py"))
    log = folder / "log"
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    service = webdriver.WebKitGTKService(program("WebKitWebDriver"), log_output=str(log), env=environment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Selenium's own use of what it has deprecated.
        driver = webdriver.WebKitGTK(options, service)
    try:
        with _lines_of(log, "CONSOLE .*ERROR|Unhandled Promise Rejection") as new_errors:
            yield Browser(driver, new_errors)
    finally:
        driver.quit()


@contextmanager
def _lines_of(log: Path, pattern: str) -> Iterator[Callable[[], list[str]]]:
    """A function that returns the lines with this pattern that a log has got since the last call."""
    with log.open(errors="replace") as file:
        yield lambda: [line for line in file.read().splitlines() if re.search(pattern, line)]


ENGINES = {"chromium": chromium, "firefox": firefox, "webkit": webkit}
