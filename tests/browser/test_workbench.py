"""The workbench, used as a person would use it."""

import io

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.network import Network
from tests.browser.people import SEVEN, ZERO, draw, expect_reading, expect_repainted, feature_map, pad, pixels


def picture_of(strokes, *, ink="black", paper="white", size=300) -> bytes:
    image = Image.new("RGB", (size, size), paper)
    for stroke in strokes:
        ImageDraw.Draw(image).line([(x * size, y * size) for x, y in stroke], fill=ink, width=24, joint="curve")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_page_opens_with_a_digit_already_read(page: Page):
    expect_reading(page, 3)
    assert len(set(pixels(feature_map(page, "conv1", 0)))) > 8
    expect(page.get_by_role("heading", name="conv1")).to_be_visible()


def test_drawn_digit_is_read_and_changes_every_layer(page: Page):
    first = {layer: pixels(feature_map(page, layer, 1)) for layer in ("conv1", "pool1", "conv2")}

    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    draw(page, SEVEN)

    expect_reading(page, 7)
    for layer, before in first.items():
        expect_repainted(feature_map(page, layer, 1), before)


def test_maps_repaint_while_the_pen_is_still_down(page: Page):
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    blank = pixels(feature_map(page, "conv1", 0))

    draw(page, [SEVEN[0][:3]], lift=False)

    expect_repainted(feature_map(page, "conv1", 0), blank)
    half = pixels(feature_map(page, "conv1", 0))
    box = pad(page).bounding_box()
    page.mouse.move(box["x"] + 0.42 * box["width"], box["y"] + 0.85 * box["height"], steps=8)
    expect_repainted(feature_map(page, "conv1", 0), half)
    page.mouse.up()


def test_undo_redo_and_clear_walk_through_the_drawing(page: Page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)

    page.get_by_role("button", name="Undo").click()
    expect_reading(page, None)

    page.get_by_role("button", name="Undo").click()
    expect_reading(page, 3)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()

    page.get_by_role("button", name="Redo").click()
    page.get_by_role("button", name="Redo").click()
    expect_reading(page, 7)
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()


def test_undo_and_redo_by_keyboard_shortcut(page: Page):
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)

    page.keyboard.press("Control+z")
    expect_reading(page, 3)

    page.keyboard.press("Control+Shift+z")
    expect_reading(page, None)


def test_eraser_takes_ink_away(page: Page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)
    whole = sum(pixels(pad(page))[0::4])

    page.get_by_role("button", name="Eraser").click()
    draw(page, [[(0.2, 0.2), (0.8, 0.22)]])

    page.wait_for_function(
        """whole => {
          const pad = document.querySelector("#pad");
          const data = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data;
          let sum = 0;
          for (let i = 0; i < data.length; i += 4) sum += data[i];
          return sum > whole * 1.02; // Paper is lighter than ink.
        }""",
        arg=whole,
    )


def test_pen_width_redraws_what_is_there(page: Page):
    thin = pixels(page.locator("#input-digit"))

    page.get_by_role("slider", name="Width").fill("0.12")

    expect_repainted(page.locator("#input-digit"), thin)


@pytest.mark.parametrize(("ink", "paper"), [("black", "white"), ("#eee", "#224")])
def test_uploaded_picture_is_read(page: Page, ink: str, paper: str):
    page.get_by_label("Upload").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": picture_of(SEVEN, ink=ink, paper=paper)}
    )

    expect_reading(page, 7)


def test_what_is_no_image_is_refused_in_words(page: Page):
    page.get_by_label("Upload").set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"these are no pixels"}
    )

    expect(page.get_by_role("alert")).to_contain_text("PNG, JPEG, WebP, GIF")
    expect_reading(page, 3)
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_dropped_picture_is_read(page: Page):
    transfer = page.evaluate_handle(
        """bytes => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "zero.png", { type: "image/png" }));
          return transfer;
        }""",
        list(picture_of(ZERO)),
    )

    page.dispatch_event("main", "drop", {"dataTransfer": transfer})

    expect_reading(page, 0)


def test_gallery_shows_test_digits_and_opens_one(page: Page):
    page.get_by_role("button", name="Test digits").click()
    dialog = page.get_by_role("dialog", name="MNIST test digits")
    dialog.get_by_label("Digit", exact=True).select_option("4")
    first = dialog.get_by_role("button", name="Test digit 4, a 4, read as 4")

    first.click()

    expect(dialog).to_be_hidden()
    expect_reading(page, 4)
    expect(page.get_by_text("test digit 4")).to_be_visible()


def test_gallery_finds_the_digits_that_are_misread(page: Page, server: str):
    total = httpx.get(f"{server}/api/v1/samples", params={"correct": "false", "limit": 1}).json()["total"]

    page.get_by_role("button", name="Test digits").click()
    dialog = page.get_by_role("dialog", name="MNIST test digits")
    dialog.get_by_label("Read by the network").select_option("wrongly")

    expect(dialog.get_by_role("status")).to_have_text(f"1–{min(40, total)} of {total}")
    expect(dialog.get_by_text("read ").first).to_be_visible()


def test_shared_link_restores_drawing_and_view(page: Page, open_page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    page.get_by_role("button", name="Before ReLU").click()
    page.get_by_role("slider", name="Boost faint maps").fill("0.5")
    expect_reading(page, 7)
    page.get_by_role("button", name="Copy link").click()
    address = page.url

    again = open_page(address)

    expect_reading(again, 7)
    expect(again.get_by_role("button", name="Before ReLU")).to_have_attribute("aria-pressed", "true")
    expect(again.get_by_role("slider", name="Boost faint maps")).to_have_value("0.5")


def test_silent_maps_say_so_and_boosted_maps_wear_their_factor(page: Page):
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    page.get_by_role("button", name="Undo").click()
    expect_reading(page, 3)
    marks = page.locator("#layer-conv5 .mark")
    expect(marks.filter(has_text="silent").or_(marks.filter(has_text="dead")).first).to_be_attached()

    page.get_by_role("slider", name="Boost faint maps").fill("1")

    expect(page.locator("#layer-conv1 .mark").filter(has_text="×").first).to_be_attached()


def test_clicked_map_is_isolated_until_escape(page: Page):
    unit = page.locator("#layer-conv1 .unit").nth(2)

    unit.click()
    expect(unit).to_have_attribute("data-isolated", "")

    page.keyboard.press("Escape")
    expect(page.locator("[data-isolated]")).to_have_count(0)


def test_canvas_colors_are_those_of_the_values_on_the_layers_scale(page: Page, server: str):
    """A flipped map, a transposed one or one on another range would show here."""
    page.goto("/#n=0&pre=1")
    page.reload()
    expect_reading(page, 7)
    page.get_by_text("test digit 0").wait_for()
    answer = httpx.post(f"{server}/api/v1/models/cnn/feature-maps?layers=conv1", json={"sample": 0}).json()
    model = httpx.get(f"{server}/api/v1/models/cnn").json()
    kernels = httpx.get(f"{server}/api/v1/models/cnn/layers/conv1/kernels").json()
    data = page.evaluate("JSON.parse(document.querySelector('#page-data').text)")
    stops = data["colormaps"]["light"]["stops"]

    def colors(values, limit):
        places = np.clip(np.asarray(values) / limit, -1, 1)
        channels = [np.interp(places, [at for at, _ in stops], [rgb[i] for _, rgb in stops]) for i in range(3)]
        return np.stack(channels, axis=-1)

    for number in (0, 5, 11):
        shown = np.array(pixels(feature_map(page, "conv1", number))).reshape(28, 28, 4)[:, :, :3]
        limit = model["layers"][0]["display_range"][1]
        # One of 255 levels either way, and half precision on the way.
        np.testing.assert_allclose(shown, colors(answer["layers"][0]["feature_maps"][number], limit), atol=4)

        kernel = page.get_by_role("img", name=f"conv1, kernel {number}", exact=True)
        shown = np.array(pixels(kernel)).reshape(5, 5, 4)[:, :, :3]
        limit = np.abs(kernels["kernels"]).max()
        np.testing.assert_allclose(shown, colors(kernels["kernels"][number][0], limit), atol=4)


def test_nothing_comes_from_another_host_and_little_comes_at_all(open_page, server: str):
    page = open_page("about:blank")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, float] = {}
    addresses: list[str] = []
    session.on("Network.requestWillBeSent", lambda event: addresses.append(event["request"]["url"]))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    session.on(
        "Network.webSocketFrameReceived", lambda event: sizes.update({"live": len(event["response"]["payloadData"])})
    )

    page.goto(server, wait_until="networkidle")
    expect_reading(page, 3)

    assert {httpx.URL(address).netloc for address in addresses} == {httpx.URL(server).netloc}
    assert sum(sizes.values()) < 150_000


def test_every_module_is_announced_in_the_page(page: Page):
    imported, announced = page.evaluate(
        """() => [
          performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.endsWith(".js")),
          [...document.querySelectorAll("link[rel=modulepreload], script[src]")].map(({ href, src }) => href || src),
        ]"""
    )

    assert sorted(set(imported)) == sorted(announced)


def test_dead_server_is_reported_and_the_last_answer_stays(open_page, network: Network):
    page = open_page(network.address)
    expect_reading(page, 3)
    network.cut()
    page.route("**/feature-maps*", lambda route: route.abort())

    page.get_by_role("button", name="Clear").click()

    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect_reading(page, 3)
    page.unroute("**/feature-maps*")
    draw(page, SEVEN)
    expect_reading(page, 7)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_theme_choice_outlives_the_page(page: Page):
    page.get_by_label("Theme").select_option("dark")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_label("Theme")).to_have_value("dark")
