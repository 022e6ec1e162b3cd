"""The workbench, used as a person would use it."""

import io
import re

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.network import Network
from tests.browser.people import (
    SEVEN,
    ZERO,
    copied_link,
    draw,
    expect_reading,
    expect_repainted,
    expect_shown,
    feature_map,
    kernel,
    pad,
    pixels,
    show_all,
)


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
    expect_shown(page, "conv1", "pool1", "conv2")
    show_all(page, "conv2")
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
    thin = pixels(page.locator("#input-digit"))  # painted with the prediction

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
    first = dialog.get_by_role("button", name="Test digit 4, a 4, classified as 4")

    first.click()

    expect(dialog).to_be_hidden()
    expect_reading(page, 4)
    expect(page.get_by_text("test digit 4")).to_be_visible()


def test_gallery_finds_the_digits_that_are_misread(page: Page, server: str):
    total = httpx.get(f"{server}/api/v1/samples", params={"correct": "false", "limit": 1}).json()["total"]

    page.get_by_role("button", name="Test digits").click()
    dialog = page.get_by_role("dialog", name="MNIST test digits")
    dialog.get_by_label("Classified", exact=True).select_option("incorrectly")

    expect(dialog.get_by_role("status")).to_have_text(f"1–{min(40, total)} of {total}")
    expect(dialog.get_by_text(re.compile(r"^\d, not \d$")).first).to_be_visible()


def test_shared_link_restores_drawing_and_view(page: Page, open_page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    page.get_by_role("button", name="Before ReLU").click()
    page.get_by_role("slider", name="Boost faint maps").fill("0.5")
    expect_reading(page, 7)

    again = open_page(copied_link(page))

    expect_reading(again, 7)
    expect(again.get_by_role("button", name="Before ReLU")).to_have_attribute("aria-pressed", "true")
    expect(again.get_by_role("slider", name="Boost faint maps")).to_have_value("0.5")


def test_inactive_maps_are_marked_and_boosted_maps_show_their_factor(page: Page):
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    page.get_by_role("button", name="Undo").click()
    expect_reading(page, 3)
    marks = page.locator("#layer-conv5 .mark")
    expect(marks.filter(has_text="inactive").or_(marks.filter(has_text="dead")).first).to_be_attached()

    page.get_by_role("slider", name="Boost faint maps").fill("1")

    expect(page.locator("#layer-conv1 .mark").filter(has_text="×").first).to_be_attached()


def test_clicked_map_is_isolated_until_escape(page: Page):
    unit = page.locator("#layer-conv1 .unit").nth(2)

    unit.click()
    expect(unit).to_have_attribute("data-isolated", "")

    page.keyboard.press("Escape")
    expect(page.locator("[data-isolated]")).to_have_count(0)


def test_canvas_colors_are_those_of_the_values_on_the_layers_scale(open_page, server: str):
    """A flipped map, a transposed one or one on another range would show here."""
    page = open_page("/#n=0&pre=1")
    expect_reading(page, 7)
    page.get_by_text("test digit 0").wait_for()
    expect_shown(page, "conv1")
    response = httpx.post(f"{server}/api/v1/models/cnn/feature-maps?layers=conv1", json={"sample": 0}).json()
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
        np.testing.assert_allclose(shown, colors(response["layers"][0]["feature_maps"][number], limit), atol=4)

        expect(page.locator("#layer-conv1 .legend").nth(1)).to_contain_text("−0.")  # the kernels are loaded
        shown = np.array(pixels(kernel(page, "conv1", number))).reshape(5, 5, 4)[:, :, :3]
        limit = np.abs(kernels["kernels"]).max()
        np.testing.assert_allclose(shown, colors(kernels["kernels"][number][0], limit), atol=4)


def test_nothing_comes_from_another_host_and_little_comes_at_all(open_page, server: str):
    page = open_page("about:blank", is_first_visit=True)
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
    expect(page.locator(".network-picture .evidence")).to_contain_text("leads")

    assert {httpx.URL(address).netloc for address in addresses} == {httpx.URL(server).netloc}
    assert sum(sizes.values()) < 180_000


def test_every_module_is_announced_in_the_page(page: Page):
    expect(page.get_by_role("button", name="Pause").or_(page.get_by_role("button", name="Play"))).to_be_enabled()
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


def upload(page: Page, data: bytes, name: str = "digit.png") -> None:
    page.get_by_label("Upload").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})


def test_what_was_removed_from_an_image_is_said(page: Page):
    image = Image.open(io.BytesIO(picture_of(SEVEN)))
    for y in range(20, 300, 56):
        ImageDraw.Draw(image).line([(0, y), (300, y)], fill=(120, 140, 200), width=2)
    file = io.BytesIO()
    image.save(file, "PNG")

    upload(page, file.getvalue())

    expect_reading(page, 7)
    expect(page.get_by_text("without ruled lines")).to_be_visible()


def test_an_image_is_cropped_by_keyboard_with_the_result_beside_it(page: Page):
    # Two digits: the 7 is on the right half.
    both = Image.new("RGB", (600, 300), "white")
    both.paste(Image.open(io.BytesIO(picture_of(ZERO))), (0, 0))
    both.paste(Image.open(io.BytesIO(picture_of(SEVEN))), (300, 0))
    file = io.BytesIO()
    both.save(file, "PNG")
    upload(page, file.getvalue())
    expect(page.get_by_text("two separate shapes")).to_be_visible()

    page.get_by_role("button", name="Adjust image").click()
    dialog = page.get_by_role("dialog", name="Adjust image")
    expect(dialog.get_by_text("two separate shapes")).to_be_visible()
    left = dialog.get_by_label("Left")
    left.focus()
    for _ in range(5):
        left.press("PageUp")  # a tenth each
    expect(dialog.get_by_text("two separate shapes")).to_be_hidden()
    dialog.get_by_role("button", name="Use").press("Enter")

    expect(dialog).to_be_hidden()
    expect_reading(page, 7)


def test_the_adjustment_fits_a_narrow_screen(page: Page):
    page.set_viewport_size({"width": 390, "height": 800})
    upload(page, picture_of(SEVEN, size=1200))

    page.get_by_role("button", name="Adjust image").click()
    dialog = page.get_by_role("dialog", name="Adjust image")

    expect(dialog.get_by_role("img", name="The 28×28 result")).to_be_visible()
    assert dialog.evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")


def test_a_large_photo_is_shrunk_before_it_is_uploaded(page: Page, rng: np.random.Generator):
    grain = rng.normal(0, 12, (3000, 4000, 1))
    photo = np.asarray(Image.open(io.BytesIO(picture_of(SEVEN))).resize((4000, 3000))) * 0.8 + 20 + grain
    file = io.BytesIO()
    Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)

    with page.expect_request("**/feature-maps*") as request:
        upload(page, file.getvalue(), "photo.jpg")

    assert len(request.value.post_data_buffer or b"") < 1_500_000 < len(file.getvalue())
    expect_reading(page, 7)


def test_each_layer_has_one_canvas_for_its_maps_and_one_for_its_kernels(page: Page):
    layers = page.locator("section.layer").count()

    assert page.locator("section.layer .sheet canvas").count() == 2 * layers
    assert page.locator("canvas").count() < 50


def test_many_maps_begin_with_the_twelve_most_active_and_all_can_be_shown(page: Page, server: str):
    strokes = "import('/static/js/drawing/example-digit.js').then((module) => module.EXAMPLE_STROKES)"
    body = {"strokes": page.evaluate(strokes)}
    response = httpx.post(f"{server}/api/v1/models/cnn/feature-maps?layers=relu4", json=body).json()
    activity = np.array(response["layers"][0]["feature_maps"]).sum(axis=(1, 2))
    section = page.locator("#layer-conv4")
    section.scroll_into_view_if_needed()
    expect(section.locator(".unit:visible")).to_have_count(12)

    expected = {str(map_) for map_ in np.argsort(-activity)[:12]}
    page.wait_for_function(
        """expected => [...document.querySelectorAll("#layer-conv4 .unit:not([hidden]) .filter-number")]
          .every(({ textContent }) => expected.includes(textContent))""",
        arg=list(expected),
    )
    section.get_by_role("button", name="Show all 64").click()

    expect(section.locator(".unit:visible")).to_have_count(64)
    expect(section.get_by_role("button", name="Show 12 of 64")).to_have_attribute("aria-expanded", "true")


def test_maps_keep_their_order_while_the_pen_is_down(page: Page):
    order = "[...document.querySelectorAll('#layer-conv4 .unit')].map(({ style }) => style.order)"
    page.locator("#layer-conv4").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#layer-conv4 .unit').style.order !== ''")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    before = page.evaluate(order)

    draw(page, SEVEN, lift=False)
    expect_reading(page, 7)
    expect(page.locator("#layer-conv4")).not_to_have_attribute("data-stale", "")
    assert page.evaluate(order) == before

    page.mouse.up()
    page.wait_for_function(f"before => ({order}).some((each, i) => each !== before[i])", arg=before)
