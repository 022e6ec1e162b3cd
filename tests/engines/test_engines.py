"""The main uses of the page in Chromium, Firefox and WebKit: drawing, the lens, every page on a phone and a desktop."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.wait import WebDriverWait

from tests.engines.browsers import SECONDS, Browser
from tests.pages import BEYOND, PAGES

SEVEN = [(0.25, 0.22), (0.5, 0.21), (0.72, 0.22), (0.6, 0.45), (0.5, 0.65), (0.42, 0.85)]
"""One stroke, in shares of the pad."""

PREDICTED = "return document.querySelector('#prediction li[aria-current] .digit')?.textContent"
MAPS = "return document.querySelector('#layer-conv1 canvas.maps').toDataURL()"

MAP = "[aria-label='conv1, map 11']"

MAP_AT_REST = f"""
const map = document.querySelector("{MAP}");
const before = window.topOfMap;
map.scrollIntoView({{ block: "center", behavior: "instant" }});
window.topOfMap = map.getBoundingClientRect().y;
return document.querySelector("#layer-conv1 canvas.kernels").width > 1 && window.topOfMap === before;
"""
"""Whether the map is where it was: kernels that arrive move what lies below them."""

PINNED = """
const lens = document.querySelector("#lens:not([hidden])");
const sum = lens?.querySelector("tfoot .number")?.textContent;
if (!sum || sum === "…" || !lens.textContent.includes("Pinned")) return null;
return [...[...lens.querySelectorAll(".position :is(select, input)")].map(({ value }) => value), sum];
"""
"""Layer, map, row and column of the pinned neuron, and its sum."""


@pytest.fixture
def driver(browser: Browser) -> Iterator[WebDriver]:
    """Drives the browser; fails the test on any error that a script has reported since the test before."""
    yield browser.driver
    # The browser itself reports a response of 404, and WebKit the connection and the requests of a page that was left.
    reported = ("Failed to load resource", "WebSocket connection to", "due to access control checks")
    assert [error for error in browser.new_errors() if not any(text in error for text in reported)] == []


def wait_for(driver: WebDriver, script: str, *arguments: Any, message: str = "") -> Any:
    """Wait until a script returns something true; returns it."""
    return WebDriverWait(driver, SECONDS).until(lambda _: driver.execute_script(script, *arguments), message or script)


def expect(driver: WebDriver, script: str, expected: Any) -> None:
    """Wait until a script returns this."""
    WebDriverWait(driver, SECONDS).until(
        lambda _: driver.execute_script(script) == expected, f"not {expected!r}: {script}"
    )


def open_page(driver: WebDriver, address: str, width: int = 1280) -> None:
    """Load a page in a window of this width, even if it is the one that is open."""
    driver.get("about:blank")
    driver.set_window_size(width, 900)
    driver.get(address)


def point(driver: WebDriver, pointer: str, *steps: tuple[float, float] | str) -> None:
    """Move a pointer to points of the window, in CSS pixels, and put it "down" or lift it "up"."""
    actions = ActionBuilder(driver, mouse=PointerInput(pointer, pointer), duration=20)
    for step in steps:
        match step:
            case "down":
                actions.pointer_action.pointer_down()
            case "up":
                actions.pointer_action.pointer_up()
            case x, y:
                actions.pointer_action.move_to_location(round(x), round(y))
    actions.perform()


def points_of(driver: WebDriver, selector: str, *shares: tuple[float, float]) -> list[tuple[float, float]]:
    """Points of the window, from shares of an element's width and height."""
    script = """
      const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
      return arguments[1].map(([across, down]) => [x + across * width, y + down * height]);
    """
    return [(x, y) for x, y in driver.execute_script(script, selector, shares)]


def clear(driver: WebDriver) -> str:
    """Clear the pad; returns the maps of a blank digit."""
    driver.execute_script("[...document.querySelectorAll('button')].find((b) => b.textContent === 'Clear').click()")
    expect(driver, PREDICTED, None)
    return driver.execute_script(MAPS)


def test_errors_of_scripts_are_seen(browser: Browser, server: str):
    browser.driver.get(f"{server}/docs")

    browser.driver.execute_script(
        """
        setTimeout(() => { throw new Error("thrown later"); });
        setTimeout(() => Promise.reject(new Error("rejected")));
        setTimeout(() => console.error("logged"));
        """
    )

    seen: list[str] = []
    for text in ("thrown later", "rejected", "logged"):
        WebDriverWait(browser.driver, SECONDS).until(
            lambda _, text=text: seen.extend(browser.new_errors()) or text in " ".join(seen), f"no {text!r} in {seen}"
        )


def test_maps_follow_the_pen_and_the_digit_is_predicted(driver: WebDriver, server: str):
    open_page(driver, f"{server}/#n=15")
    expect(driver, PREDICTED, "5")
    expect(driver, "return document.querySelector('#connection').dataset.status", "live")
    blank = clear(driver)
    first, *others = points_of(driver, "#pad", *SEVEN)

    point(driver, "mouse", first, "down", *others[:2])

    wait_for(driver, MAPS.replace("return", "return arguments[0] !=="), blank, message="maps while the pen is down")
    point(driver, "mouse", *others[2:], "up")
    expect(driver, PREDICTED, "7")


def test_clicked_cell_shows_its_sum(driver: WebDriver, server: str):
    open_page(driver, f"{server}/#n=0")
    expect(driver, PREDICTED, "7")
    wait_for(driver, MAP_AT_REST)

    point(driver, "mouse", *points_of(driver, MAP, (14.5 / 28, 7.5 / 28)), "down", "up")

    *neuron, total = wait_for(driver, PINNED)
    assert neuron == ["conv1", "11", "7", "14"]
    api = httpx.post(
        f"{server}/api/v1/models/cnn/neuron",
        json={"sample": 0, "layer": "conv1", "filter": 11, "row": 7, "column": 14},
    ).json()
    assert float(total.replace("−", "-")) == pytest.approx(api["stored"], abs=0.00051)


def test_finger_draws_and_opens_the_lens(driver: WebDriver, server: str):
    if driver.name == "MiniBrowser":
        pytest.skip("WebKitWebDriver moves the mouse in place of a finger")
    open_page(driver, f"{server}/#n=15", width=820)
    expect(driver, PREDICTED, "5")
    clear(driver)

    first, *others = points_of(driver, "#pad", *SEVEN)
    point(driver, "touch", first, "down", *others, "up")

    expect(driver, PREDICTED, "7")
    wait_for(driver, MAP_AT_REST)
    point(driver, "touch", *points_of(driver, MAP, (14.5 / 28, 7.5 / 28)), "down", "up")
    assert wait_for(driver, PINNED)[:4] == ["conv1", "11", "7", "14"]


def test_painting_a_kernel_selects_no_numbers(driver: WebDriver, server: str):
    open_page(driver, f"{server}/editor")
    wait_for(driver, "return document.querySelector('.paint .number-grid td') !== null")
    driver.execute_script("document.querySelector('.paint').scrollIntoView({ block: 'center', behavior: 'instant' })")
    first = driver.execute_script("return document.querySelector('.paint .number-grid').textContent")
    start, *others = points_of(driver, ".paint .number-grid", (0.3, 0.3), (0.5, 0.5), (0.7, 0.7))

    point(driver, "mouse", start, "down", *others, "up")

    wait_for(driver, "return document.querySelector('.paint .number-grid').textContent !== arguments[0]", first)
    assert driver.execute_script("return getSelection().toString()") == ""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_page_loads_without_errors_and_fits_the_window(driver: WebDriver, server: str, path: str, width: int):
    open_page(driver, f"{server}{path}", width)
    wait_for(driver, "return document.querySelector(arguments[0]) !== null", PAGES[path])

    assert driver.execute_script("return innerWidth") == width
    assert driver.execute_script(f"return ({BEYOND})()") == []
