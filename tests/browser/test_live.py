"""Drawings over the live connection, over a slow one, and over none."""

import itertools
import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, WebSocket, expect

from tests.browser.network import Network
from tests.browser.people import (
    SEVEN,
    ZERO,
    copied_link,
    draw,
    expect_live,
    expect_reading,
    expect_shown,
    feature_map,
    pixels,
    show_all,
)


class Traffic:
    """What goes between a page and the server from the moment the page is opened."""

    def __init__(self, page: Page) -> None:
        self.posts: list[str] = []
        self.log: list[dict[str, Any]] = []
        # Evidence and the exact values of the sweep have requests of their own, after the maps.
        maps = re.compile("/feature-maps(?!.*dtype=float32)")
        page.on("request", lambda request: self.posts.append(request.url) if maps.search(request.url) else None)
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda text: self.log.append(json.loads(text)))
        socket.on("framereceived", lambda frame: self.log.append({"response": frame}))

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [entry for entry in self.log if "response" not in entry]


def open_live_page(open_page, address: str = "/", **options: Any) -> tuple[Page, Traffic]:
    page = open_page("about:blank", **options)
    traffic = Traffic(page)
    page.goto(address)
    expect_reading(page, 3)
    expect_live(page)
    return page, traffic


def maps_of(page: Page, *layers: str) -> list[list[int]]:
    expect_shown(page, *layers)
    for layer in layers:
        show_all(page, layer)
    return [pixels(feature_map(page, layer, number)) for layer in layers for number in (0, 1, 2)]


def maps_of_a_fresh_page(page: Page, open_page, *layers: str) -> list[list[int]]:
    """What another visitor sees who opens this one's drawing, and reads it without any hurry."""
    fresh = open_page(copied_link(page))
    fresh.locator("#prediction li[aria-current]").wait_for()
    return maps_of(fresh, *layers)


def test_drawing_goes_over_the_connection_as_increments(open_page):
    page, traffic = open_live_page(open_page)
    posts = len(traffic.posts)

    page.get_by_role("button", name="Clear").click()
    draw(page, ZERO)
    expect_reading(page, 0)

    assert len(traffic.posts) == posts
    first, *others = traffic.sent
    assert (first["strokes"], first["model"], first["dtype"]) == ([], "cnn", "float16")
    assert others
    assert all(set(message) <= {"sequence", "extend", "begin"} for message in others)
    sequences = [message["sequence"] for message in traffic.sent]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))


def test_maps_of_increments_are_those_of_the_whole_drawing(open_page):
    page, _traffic = open_live_page(open_page)
    page.get_by_role("button", name="Clear").click()
    draw(page, ZERO)
    expect_reading(page, 0)

    drawn = maps_of(page, "conv1", "conv3")

    # An address holds points in 16 bits, so what is opened differs in the last place of a color.
    for shown, fresh in zip(drawn, maps_of_a_fresh_page(page, open_page, "conv1", "conv3"), strict=True):
        assert max(abs(a - b) for a, b in zip(shown, fresh, strict=True)) <= 4


def test_slow_network_has_several_messages_under_way_and_ends_at_the_newest(open_page, network: Network):
    network.delay = 0.1
    page, traffic = open_live_page(open_page, network.address)
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)

    draw(page, SEVEN)
    expect_reading(page, 7)
    draw(page, ZERO)

    sent = [position for position, entry in enumerate(traffic.log) if "response" not in entry]
    assert any(after == before + 1 for before, after in itertools.pairwise(sent))
    # The last message's response is the last to be painted, and nothing comes after it.
    page.wait_for_function("document.querySelector('#prediction li[aria-current] .digit')?.textContent !== '7'")
    expected = maps_of_a_fresh_page(page, open_page, "conv1")
    for shown, fresh in zip(maps_of(page, "conv1"), expected, strict=True):
        assert max(abs(a - b) for a, b in zip(shown, fresh, strict=True)) <= 4


def test_late_answer_to_an_older_digit_is_never_painted(open_page, network: Network):
    page = open_page("about:blank")
    held: list[Route] = []
    page.route("**/feature-maps*", lambda route: held.append(route))
    page.goto(network.address)
    expect_live(page)
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)
    seen = page.evaluate_handle(
        """() => {
          const seen = [];
          const bars = document.querySelector("#prediction");
          new MutationObserver(() => seen.push(bars.querySelector("[aria-current] .digit")?.textContent))
            .observe(bars, { subtree: true, childList: true, characterData: true, attributes: true });
          return seen;
        }"""
    )

    assert held
    with page.expect_response("**/feature-maps*") as late:
        for route in held:
            route.continue_()
    late.value.finished()
    draw(page, [[(0.2, 0.95), (0.22, 0.95)]])

    expect(page.locator("#framing-note")).not_to_have_text("blank")
    assert "3" not in seen.json_value()


def test_lost_connection_is_told_drawing_goes_on_and_the_connection_comes_back(open_page, network: Network):
    page, traffic = open_live_page(open_page, network.address)

    network.cut()
    status = page.get_by_role("status").filter(has_text="Reconnecting")
    expect(status).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)
    assert len(traffic.posts) > 1

    network.mend()
    expect_live(page)
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    draw(page, ZERO)
    expect_reading(page, 0)
    assert any("extend" in message for message in traffic.sent)


def test_browser_that_never_gets_a_connection_draws_all_the_same(open_page, network: Network):
    network.cut()
    page = open_page(network.address)
    expect_reading(page, 3)

    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)

    expect_reading(page, 7)
    expect(page.locator("#connection")).not_to_be_empty()


def test_only_layers_near_the_screen_are_asked_for(open_page):
    page, traffic = open_live_page(open_page, height=600)

    page.locator("#layer-conv5 .sheet").scroll_into_view_if_needed()
    expect(page.locator("#layer-conv1 .unit .map").first).not_to_be_in_viewport()
    draw(page, [[(0.2, 0.9), (0.25, 0.9)]])
    expect(page.locator("#layer-conv1")).to_have_attribute("data-stale", "")

    assert "relu1" not in traffic.sent[-1].get("layers", traffic.sent[0]["layers"])
    assert page.locator("#layer-conv1 canvas.maps").evaluate("map => getComputedStyle(map).visibility") == "hidden"
    page.wait_for_function(
        """() => [...document.querySelectorAll("section.layer")].every((section) => {
          const { top, bottom } = section.getBoundingClientRect();
          return top > innerHeight || bottom < 0 || !section.hasAttribute("data-stale");
        })"""
    )


@pytest.mark.parametrize("delay", [0, 0.1])
def test_layer_that_comes_into_view_shows_the_digit_of_now(open_page, network: Network, delay: float):
    network.delay = delay
    page, _traffic = open_live_page(open_page, network.address, height=600)
    page.locator("#layer-conv5 .sheet").scroll_into_view_if_needed()
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)

    page.locator("#layer-conv1").evaluate("section => section.scrollIntoView()")

    expect(page.locator("#layer-conv1")).not_to_have_attribute("data-stale", "")
    expected = maps_of_a_fresh_page(page, open_page, "conv1")
    for shown, fresh in zip(maps_of(page, "conv1"), expected, strict=True):
        assert max(abs(a - b) for a, b in zip(shown, fresh, strict=True)) <= 4


def test_maps_in_the_picture_are_never_of_another_digit(open_page):
    page, _traffic = open_live_page(open_page)

    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)

    expect(page.locator("[data-column][data-stale]")).to_have_count(0)


def test_image_too_large_for_a_message_goes_as_a_request(open_page, server: str, rng):
    page, traffic = open_live_page(open_page)
    posts = len(traffic.posts)
    limit = page.evaluate("JSON.parse(document.querySelector('#page-data').text).limits.message_bytes")
    sheet = httpx.get(f"{server}/api/v1/samples?limit=1", headers={"Accept": "image/png"}).content

    # Bytes behind the end of a picture are part of the file and not of what it shows.
    page.get_by_label("Upload").set_input_files(
        {"name": "large.png", "mimeType": "image/png", "buffer": sheet + bytes(limit)}
    )

    expect(page.locator("#framing-note")).not_to_have_text("fitted to 20×20, centered")
    assert len(traffic.posts) == posts + 1
    assert not any("image" in message for message in traffic.sent)
    expect_live(page)
