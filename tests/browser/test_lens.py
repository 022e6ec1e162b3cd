"""The lens, used as a person would use it: by pointer, by keyboard, by finger."""

import io
import re
import threading
from collections.abc import Callable
from decimal import Decimal

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect
from safetensors.numpy import load

from tests.browser.people import (
    SEVEN,
    ZERO,
    copied_link,
    draw,
    expect_at_rest,
    expect_pixels,
    expect_reading,
    expect_repainted,
    expect_shown,
    feature_map,
    pad,
    pixels,
    show_all,
)
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations


def lens(page: Page) -> Locator:
    return page.get_by_role("region", name="Lens", exact=True)


def position(page: Page) -> tuple[str, int, int, int]:
    """Which neuron the lens says it shows."""
    fields = [lens(page).get_by_label(name, exact=True).input_value() for name in ("Layer", "map", "row", "column")]
    return fields[0], int(fields[1]), int(fields[2]), int(fields[3])


def expect_position(page: Page, *expected: str | int) -> None:
    for name, value in zip(("Layer", "map", "row", "column"), expected, strict=True):
        expect(lens(page).get_by_label(name, exact=True)).to_have_value(str(value))


def number(text: str) -> Decimal:
    """A number as the page writes it, taken at its word."""
    found = re.search(r"[+−]?\d+(\.\d+)?", text)
    assert found, text
    return Decimal(found[0].replace("−", "-"))


def grid(page: Page, name: str) -> Locator:
    return lens(page).get_by_role("table", name=re.compile(f"^{name}"))


def numbers_of(table: Locator) -> list[Decimal]:
    return [Decimal(0) if text == "pad" else number(text) for text in table.get_by_role("cell").all_text_contents()]


def ledger(page: Page) -> dict[str, tuple[Decimal | None, Decimal]]:
    """Rows of what adds up: name → what it adds, and the sum so far."""
    rows = {}
    for row in grid(page, "Added up").locator("tbody tr, tfoot tr").all():
        texts = row.locator(".number").all_text_contents()
        rows[row.locator("th").inner_text()] = (number(texts[0]) if len(texts) > 1 else None, number(texts[-1]))
    return rows


def point_at(page: Page, layer: str, filter_number: int, row: int, column: int) -> None:
    show_all(page, layer)
    map_ = feature_map(page, layer, filter_number)
    map_.scroll_into_view_if_needed()
    expect_at_rest(map_)
    map_.hover(position=cell_position(map_, row, column))
    expect(lens(page)).to_be_visible()
    expect_position(page, layer, filter_number, row, column)


def cell_position(map_: Locator, row: int, column: int) -> dict[str, float]:
    cell = map_.evaluate(
        """map => {
          const canvas = map.closest(".sheet").querySelector("canvas.maps");
          return canvas.getBoundingClientRect().width / canvas.width;
        }"""
    )
    return {"x": (column + 0.5) * cell, "y": (row + 0.5) * cell}


def click_cell(page: Page, layer: str, filter_number: int, row: int, column: int) -> None:
    show_all(page, layer)
    map_ = feature_map(page, layer, filter_number)
    map_.scroll_into_view_if_needed()
    expect_at_rest(map_)
    map_.click(position=cell_position(map_, row, column))
    expect(lens(page).get_by_role("button", name="Pinned")).to_be_visible()
    expect_position(page, layer, filter_number, row, column)


def expect_numbers(page: Page) -> None:
    """Wait until the network's own values are here: until then there are colors, and no numbers."""
    arithmetic = lens(page).get_by_role("region", name="The neuron's arithmetic")
    expect(arithmetic).to_be_visible()
    expect(arithmetic).not_to_contain_text("…")


def expect_painted(page: Page) -> None:
    """Wait until what was asked for last is on the screen: the lens paints with the next frame."""
    page.evaluate("new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))")
    expect_numbers(page)


def neuron(server: str, body: dict, layer: str, filter_number: int, row: int, column: int) -> dict:
    asked = {**body, "layer": layer, "filter": filter_number, "row": row, "column": column}
    return httpx.post(f"{server}/api/v1/models/cnn/neuron", json=asked).json()


def open_sample(open_page, fragment: str = "", **options) -> Page:
    page = open_page(f"/#n=0{fragment}", **options)
    expect_reading(page, 7)
    return page


# --- What is shown adds up -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [(7, 14), (0, 0), (27, 13)])
def test_products_that_are_shown_add_up_to_the_sum_that_is_shown(open_page, server: str, cell: tuple[int, int]):
    page = open_sample(open_page)

    point_at(page, "conv1", 11, *cell)
    expect_numbers(page)

    products = numbers_of(grid(page, "products"))
    assert len(products) == 25
    said = lens(page).get_by_text("products add up to").inner_text()
    assert number(said) == sum(products)
    rows = ledger(page)
    total = rows["sum"][1]
    assert sum(adds for adds, _ in rows.values() if adds is not None) == total
    api = neuron(server, {"sample": 0}, "conv1", 11, *cell)
    assert float(total) == pytest.approx(api["stored"], abs=0.00051)
    expect(lens(page)).to_contain_text(f"ReLU({str(total).replace('-', '−')})")


def test_later_layer_lists_its_strongest_maps_first_and_the_rest_in_one_row(open_page, server: str):
    page = open_sample(open_page)

    click_cell(page, "conv3", 4, 3, 3)
    expect_numbers(page)

    api = neuron(server, {"sample": 0}, "conv3", 4, 3, 3)
    strongest = sorted(range(32), key=lambda channel: -abs(api["channel_sums"][channel]))
    rows = ledger(page)
    assert [name for name in rows if name.startswith("map")] == [f"map {channel}" for channel in strongest[:6]]
    assert rows["26 others"]
    running = Decimal(0)
    for adds, so_far in rows.values():
        if adds is not None:
            running += adds
            assert so_far == running
    assert rows["sum"][1] == running
    assert float(running) == pytest.approx(api["stored"], abs=0.00051)

    lens(page).get_by_role("button", name="All 32 maps").click()

    expect(grid(page, "Added up").get_by_role("row", name=re.compile("^map "))).to_have_count(32)
    every = ledger(page)
    assert len([name for name in every if name.startswith("map")]) == 32
    assert sum(adds for adds, _ in every.values() if adds is not None) == every["sum"][1]


def test_chosen_map_shows_its_own_patch_and_kernel(open_page, server: str):
    page = open_sample(open_page)
    click_cell(page, "conv2", 3, 6, 6)
    expect_numbers(page)
    api = neuron(server, {"sample": 0}, "conv2", 3, 6, 6)
    third = sorted(range(16), key=lambda channel: -abs(api["channel_sums"][channel]))[2]

    lens(page).get_by_role("button", name=f"map {third}", exact=True).click()

    expect(grid(page, f"patch of map {third}$")).to_be_visible()
    expect_numbers(page)
    shown = [float(value) for value in numbers_of(grid(page, "kernel"))]
    np.testing.assert_allclose(shown, np.ravel(api["kernel"][third]), atol=0.00051)
    shown = [float(value) for value in numbers_of(grid(page, "products"))]
    np.testing.assert_allclose(shown, np.ravel(api["products"][third]), atol=0.00051)


def test_pooling_shows_which_value_won(open_page, server: str):
    page = open_sample(open_page)
    point_at(page, "pool1", 11, 4, 7)
    expect_numbers(page)

    api = neuron(server, {"sample": 0}, "pool1", 11, 4, 7)
    row, column = api["winner"]["row"], api["winner"]["column"]
    expect(lens(page)).to_contain_text(
        f"largest: {api['computed']:.3f}, row {row + 1}, column {column + 1} of the patch"
    )
    expect(grid(page, "patch").locator("[data-mark=winner]")).to_have_text(f"{api['computed']:.3f}")


def test_class_bar_shows_what_pushed_it_and_the_exponentials(page: Page):
    page.locator("#prediction li").nth(8).hover()
    expect_position(page, "linear", 8, 0, 0)
    expect_numbers(page)

    expect(lens(page)).to_contain_text(
        "The evidence for and against class 8: every value of relu5 times its weight, added up"
    )
    rows = ledger(page)
    assert sum(adds for adds, _ in rows.values() if adds is not None) == rows["sum"][1]
    shares = grid(page, "softmax").locator("tbody tr")
    values = {row.locator("th").inner_text(): number(row.locator(".number").inner_text()) for row in shares.all()}
    total = values.pop("sum")
    assert sum(values.values()) == total
    own = page.locator("#prediction li").nth(8).locator(".probability").inner_text()
    expect(lens(page)).to_contain_text(f"{values['8']} of {total} is {own}")


def test_all_decimals_of_the_products_add_up_to_the_sum(open_page, server: str):
    page = open_sample(open_page, "&k=conv2.3.6.6")
    expect_numbers(page)

    lens(page).get_by_role("button", name="All decimals").click()

    table = page.get_by_role("dialog").get_by_role("table")
    expect(table.get_by_role("row", name="stored − sum")).to_be_visible()
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    values = {name: Decimal(last.replace("−", "-")) for name, *_, last in rows}
    products = [Decimal(last.replace("−", "-")) for name, *_, last in rows if "," in name]
    assert len(products) == 144
    assert sum(products) + values["bias"] + values["rounding"] == values["sum"]
    api = neuron(server, {"sample": 0}, "conv2", 3, 6, 6)
    np.testing.assert_allclose([float(each) for each in products], np.ravel(api["products"]), atol=1e-12)
    assert float(values["stored"]) == pytest.approx(api["stored"], rel=1e-7)
    assert float(values["stored − sum"]) == pytest.approx(api["difference"], abs=1e-12)


# --- What it sees, and what feeds it ---------------------------------------------------------------------------------


def outlined(page: Page, overlay: str, cells: int) -> tuple[float, ...]:
    """The box drawn over a canvas, in its cells: top, left, height, width."""
    shares = page.locator(f"{overlay} .cell-frame").evaluate(
        "({ style: s }) => [s.insetBlockStart, s.insetInlineStart, s.blockSize, s.inlineSize].map(parseFloat)"
    )
    return tuple(share * cells / 100 for share in shares)


@pytest.mark.parametrize("where", [("conv1", 3, 0, 27), ("pool1", 3, 5, 5), ("conv3", 4, 9, 0), ("conv5", 1, 1, 1)])
def test_receptive_field_is_outlined_on_the_input(open_page, server: str, where: tuple):
    page = open_sample(open_page, "&k=" + ".".join(map(str, where)))
    expect_numbers(page)

    box = neuron(server, {"sample": 0}, *where)["receptive_field"]["inside"]

    expected = (box["top"], box["left"], box["height"], box["width"])
    assert outlined(page, ".input-digit .field-overlay", 28) == pytest.approx(expected, abs=0.001)
    # A test digit lies on the pad as the network reads it.
    assert outlined(page, ".over-pad", 28) == pytest.approx(expected, abs=0.001)


def test_receptive_field_on_a_drawing_goes_back_through_the_framing(page: Page, server: str):
    """What the box on the pad covers is what the box on the input shows: erasing all else leaves its patch as it is."""
    click_cell(page, "conv1", 11, 7, 14)
    expect_numbers(page)

    on_pad = outlined(page, ".over-pad", 1)
    on_input = outlined(page, ".input-digit .field-overlay", 28)

    drawn = pixels(pad(page))
    size = int(len(drawn) / 4) ** 0.5
    ink = 255 - np.array(drawn).reshape(int(size), int(size), 4)[:, :, 0]
    top, left, height, width = (int(share * size) for share in on_pad)
    inside = ink[top : top + height, left : left + width] > 128
    shown = 255 - np.array(pixels(page.locator("#input-digit"))).reshape(28, 28, 4)[:, :, 0]
    top, left, height, width = (round(cell) for cell in on_input)
    patch = shown[top : top + height, left : left + width] > 128
    for part, whole in ((inside[: len(inside) // 2], patch[:2]), (inside[len(inside) // 2 :], patch[3:])):
        assert part.mean() == pytest.approx(whole.mean(), abs=0.25)
    assert inside.mean() == pytest.approx(patch.mean(), abs=0.12)


def test_maps_that_feed_a_neuron_say_how_much_they_add(open_page, server: str):
    page = open_sample(open_page, "&k=conv2.3.6.6")
    expect_numbers(page)

    api = neuron(server, {"sample": 0}, "conv2", 3, 6, 6)
    expect(page.locator('#layer-pool1 .side:not([data-adds=""])[data-adds]')).to_have_count(16)
    said = page.locator("#layer-pool1 .side").evaluate_all("sides => sides.map((side) => side.dataset.adds)")
    np.testing.assert_allclose([float(number(text)) for text in said], api["channel_sums"], atol=0.00051)
    expect(page.locator("#layer-conv1[data-field], #layer-pool1[data-field]")).to_have_count(2)
    expect(page.locator("#layer-conv2[data-field], #layer-conv3[data-field]")).to_have_count(0)


@pytest.mark.parametrize("where", ["conv3.4.3.3", "linear.3.0.0"])
def test_boxes_lie_on_their_maps_even_after_kernels_have_arrived(open_page, where: str):
    page = open_sample(open_page, f"&k={where}")
    expect_numbers(page)
    before = {"conv3": "conv2", "linear": "conv5"}[where.split(".")[0]]

    page.wait_for_function(
        """([name, cells]) => {
          const section = document.querySelector(`#layer-${name}`);
          const corner = section.querySelector("svg").getBoundingClientRect();
          const boxes = section.querySelector(".lines").getAttribute("d").split("z").slice(0, -1);
          const maps = [...section.querySelectorAll(".unit:not([hidden]) .map")];
          return boxes.length === maps.length && section.querySelector("canvas.kernels").width > 1
            && boxes.every((box, i) => {
              const [left, top, width] = box.match(/[\\d.]+/g).map(Number);
              const map = maps[i].getBoundingClientRect();
              return left >= map.left - corner.left - 0.1 && left + width <= map.right - corner.left + 0.1
                && top >= map.top - corner.top - 0.1 && Math.abs(width - map.width * cells) < 0.1;
            });
        }""",
        arg=[before, {"conv2": 3 / 12, "conv5": 1}[before]],
    )


# --- Moving ----------------------------------------------------------------------------------------------------------


def test_pointing_previews_and_leaving_the_network_ends_it(page: Page):
    point_at(page, "conv1", 2, 10, 10)
    expect(lens(page).get_by_role("button", name="Pin", exact=True)).to_be_visible()

    pad(page).hover()

    expect(lens(page)).to_be_hidden()
    expect(page.locator(".field-overlay:visible")).to_have_count(0)


def test_lens_covers_no_map_that_it_shows(page: Page):
    for number_, block in ((0, "end"), (15, "center"), (7, "start")):
        feature_map(page, "conv1", number_).evaluate(
            "(map, block) => map.scrollIntoView({ block, behavior: 'instant' })", block
        )
        expect_at_rest(feature_map(page, "conv1", number_))
        box = feature_map(page, "conv1", number_).bounding_box()
        page.mouse.move(box["x"] + 50, box["y"] + 50)  # not hover(), which would scroll a covered map free
        expect(lens(page)).to_be_visible()
        expect(lens(page).get_by_label("map", exact=True)).to_have_value(str(number_))

        panel = lens(page).bounding_box()

        assert feature_map(page, "conv1", number_).bounding_box() == box
        assert box["y"] >= panel["y"] + panel["height"] or box["y"] + box["height"] <= panel["y"]
        pad(page).hover()
        expect(lens(page)).to_be_hidden()


def hold(page: Page, pattern: str) -> Callable[[], None]:
    """Hold requests back until the returned function is called."""
    held: list[Route] = []
    released = threading.Event()
    page.route(pattern, lambda route: route.continue_() if released.is_set() else held.append(route))

    def release() -> None:
        released.set()
        for route in held:
            route.continue_()

    return release


def test_neuron_is_the_one_that_was_clicked_although_its_map_moves_while_the_lens_loads(open_page):
    page = open_page("about:blank", width=430, height=844)  # on a phone, kernels that arrive move maps down
    release_kernels, release_lens = hold(page, "**/layers/*/kernels*"), hold(page, "**/lens/lens.js*")
    page.goto("/")
    expect_reading(page, 3)
    show_all(page, "conv2")
    map_ = feature_map(page, "conv2", 3)
    map_.scroll_into_view_if_needed()
    position_in_page = "map => map.getBoundingClientRect().y + scrollY"
    before = map_.evaluate(position_in_page)

    map_.click(position=cell_position(map_, 6, 6))
    release_kernels()
    for layer in ("conv1", "conv2"):
        expect(page.locator(f"#layer-{layer} .legend").nth(1)).to_contain_text("−")  # its kernels have arrived
    assert map_.evaluate(position_in_page) != before
    release_lens()

    expect_position(page, "conv2", 3, 6, 6)


def test_lens_says_that_a_click_pins(page: Page):
    point_at(page, "conv1", 11, 14, 14)
    expect(lens(page).get_by_text("Click to pin it.")).to_be_visible()

    click_cell(page, "conv1", 11, 14, 14)

    expect(lens(page).get_by_text("Pinned: Escape lets go.")).to_be_visible()


def test_clicked_neuron_stays_while_the_pointer_goes_elsewhere_until_escape(page: Page):
    click_cell(page, "conv1", 2, 10, 10)

    feature_map(page, "conv1", 9).hover()
    pad(page).hover()

    expect_position(page, "conv1", 2, 10, 10)
    expect(page.locator("#layer-conv1 .unit").nth(2)).to_have_attribute("data-isolated", "")
    page.keyboard.press("Escape")
    expect(lens(page)).to_be_hidden()
    expect(feature_map(page, "conv1", 2)).to_be_focused()


def test_all_of_it_by_keyboard(page: Page):
    feature_map(page, "conv1", 0).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(feature_map(page, "conv1", 0)).to_be_focused()
    expect(lens(page)).to_be_visible()
    expect_numbers(page)
    kernel = grid(page, "kernel").inner_text()
    _, _, row, column = position(page)

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")

    # The neighbor reads another patch with the same kernel.
    expect_position(page, "conv1", 0, row - 1, column + 1)
    expect(grid(page, "kernel")).to_have_text(kernel, use_inner_text=True)

    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    expect_position(page, "conv1", 2, row - 1, column + 1)
    expect(feature_map(page, "conv1", 2)).to_be_focused()
    page.keyboard.press("Home")
    expect_position(page, "conv1", 2, row - 1, 0)
    page.keyboard.press("ArrowLeft")
    expect_position(page, "conv1", 2, row - 1, 0)

    page.keyboard.press("Enter")
    expect(lens(page).get_by_role("button", name="Pinned")).to_be_visible()
    page.keyboard.press("Enter")
    expect(lens(page).get_by_label("Layer")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    expect_position(page, "conv1", 3, row - 1, 0)

    page.keyboard.press("Escape")
    expect(lens(page)).to_be_hidden()
    expect(feature_map(page, "conv1", 3)).to_be_focused()


def test_screen_reader_hears_where_it_is_and_what_it_is(open_page, server: str):
    page = open_sample(open_page)
    map_ = feature_map(page, "conv1", 0)
    expect(map_).to_have_role("application")
    expect(map_).to_have_accessible_description(re.compile("Arrow keys go from cell to cell"))
    map_.focus()
    expect(lens(page)).to_be_visible()
    _, _, above, column = position(page)
    row = above + 1

    page.keyboard.press("ArrowDown")

    expect_position(page, "conv1", 0, row, column)
    value = max(0, neuron(server, {"sample": 0}, "conv1", 0, row, column)["stored"])

    expect(lens(page).get_by_role("status")).to_have_text(f"conv1, map 0, row {row}, column {column}: {value:.3f}")


def test_lens_can_be_sent_anywhere_by_its_fields(page: Page):
    click_cell(page, "conv1", 2, 10, 10)

    lens(page).get_by_label("Layer").select_option("conv4")
    lens(page).get_by_label("map", exact=True).fill("63")
    lens(page).get_by_label("row", exact=True).fill("4")

    expect_numbers(page)
    expect(lens(page)).to_contain_text("Reads the outlined 3×3 patch of each of the 32 maps of pool2")
    expect_painted(page)
    there = ledger(page)
    for nowhere in ("5", "-1", "1.5", ""):
        lens(page).get_by_label("row", exact=True).fill(nowhere)
        expect_painted(page)
        assert ledger(page) == there
    expect(page.locator("#layer-conv4 .unit").nth(63)).to_have_attribute("data-inspected", "")
    expect_numbers(page)


# --- While the pen draws ---------------------------------------------------------------------------------------------


def test_pinned_neuron_is_recomputed_while_the_pen_is_down(page: Page):
    page.get_by_role("button", name="Clear").click()
    expect_reading(page, None)
    click_cell(page, "conv2", 3, 6, 6)
    expect_numbers(page)
    blank = grid(page, "Added up").text_content()

    draw(page, [SEVEN[0][:4]], lift=False)

    expect(grid(page, "Added up")).not_to_have_text(blank)
    expect(lens(page).get_by_role("button", name="Pinned")).to_be_visible()
    page.mouse.up()


def test_lens_ends_at_the_newest_drawing(page: Page, server: str):
    click_cell(page, "conv1", 11, 7, 14)
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)

    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect_reading(page, 3)
    copied_link(page)

    strokes = page.evaluate(
        "import('/static/js/shell/url.js').then((m) => m.fromFragment(location.hash).digit.strokes)"
    )
    expected = neuron(server, {"strokes": strokes}, "conv1", 11, 7, 14)["computed"]
    expect(grid(page, "Added up").locator("tfoot .number")).to_have_text(f"{expected:.3f}".replace("-", "−"))


# --- Sweeping --------------------------------------------------------------------------------------------------------


def test_step_paints_the_map_cell_by_cell_from_its_first(page: Page):
    click_cell(page, "conv1", 11, 7, 14)
    expect_painted(page)
    painted = lens(page).locator(".stage.paints canvas").first
    whole = pixels(painted)

    lens(page).get_by_role("button", name="Step").click()

    expect_position(page, "conv1", 11, 0, 0)
    expect_repainted(painted, whole)
    # At the corner the kernel hangs over the edge: two rows and two columns of padding.
    expect(grid(page, "patch").get_by_text("pad")).to_have_count(16)
    lens(page).get_by_role("button", name="Step").click()
    expect_position(page, "conv1", 11, 0, 1)
    feature_map(page, "conv1", 11).focus()
    page.keyboard.press("Space")
    expect_position(page, "conv1", 11, 0, 2)


def test_play_sweeps_the_whole_grid_and_paints_the_map(page: Page):
    click_cell(page, "pool2", 3, 2, 2)
    expect_painted(page)
    painted = lens(page).locator(".stage.paints canvas").first
    whole = pixels(painted)
    lens(page).get_by_label("Speed").select_option("60")

    lens(page).get_by_role("button", name="Play").click()

    expect_position(page, "pool2", 3, 4, 4)
    expect(lens(page).get_by_role("button", name="Play")).to_be_visible()
    expect_pixels(painted, whole)


def test_play_can_be_paused(page: Page):
    click_cell(page, "conv1", 11, 7, 14)
    lens(page).get_by_role("button", name="Play").click()
    expect(lens(page).get_by_label("row", exact=True)).not_to_have_value("7")

    lens(page).get_by_role("button", name="Pause").click()

    expect(lens(page).get_by_role("button", name="Play")).to_be_visible()
    expect_painted(page)
    _, _, row, column = position(page)
    lens(page).get_by_role("button", name="Step").click()
    expect_position(page, "conv1", 11, *divmod(28 * row + column + 1, 28))


def test_nothing_moves_by_itself_for_those_who_want_stillness(open_page):
    page = open_page("/#n=0&k=conv1.11.7.14", reduced_motion="reduce")
    expect_numbers(page)

    expect(lens(page).get_by_role("button", name="Play")).to_be_hidden()
    lens(page).get_by_role("button", name="Step").click()
    expect_position(page, "conv1", 11, 0, 0)


# --- Sharing, tables, files, comparing -------------------------------------------------------------------------------


def test_address_restores_digit_neuron_and_dials(page: Page, open_page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    page.get_by_role("button", name="Before ReLU").click()
    page.get_by_role("slider", name="Boost faint maps").fill("0.5")
    click_cell(page, "conv2", 3, 6, 6)

    again = open_page(copied_link(page))

    expect_reading(again, 7)
    expect_position(again, "conv2", 3, 6, 6)
    expect(feature_map(again, "conv2", 3)).to_be_in_viewport(ratio=1)
    expect(again.get_by_role("slider", name="Boost faint maps")).to_have_value("0.5")
    expect_numbers(again)
    expect_numbers(page)
    assert ledger(again) == ledger(page)


def test_another_address_in_the_same_page_is_another_view(open_page):
    page = open_sample(open_page, "&k=conv1.11.7.14")
    expect_position(page, "conv1", 11, 7, 14)

    page.evaluate("location.hash = 'n=1&k=conv3.4.3.3'")

    expect_reading(page, 2)
    expect_position(page, "conv3", 4, 3, 3)
    page.evaluate("location.hash = 'layer-conv1'")  # as a link to a layer does
    expect(page.locator("#layer-conv1")).to_be_in_viewport()
    expect_position(page, "conv3", 4, 3, 3)


@pytest.mark.parametrize("fragment", ["conv9.0.0.0", "conv1.16.0.0", "conv1.0.28.0", "relu1.0.0.0"])
def test_neuron_that_does_not_exist_is_left_out(open_page, fragment: str):
    page = open_page(f"/#n=0&k={fragment}")
    expect_reading(page, 7)

    feature_map(page, "conv1", 0).hover()

    expect(lens(page)).to_be_visible()
    expect(page.locator("[data-isolated]")).to_have_count(0)


def test_values_of_a_map_are_a_table(open_page, server: str):
    page = open_sample(open_page, "&k=conv3.4.3.3")
    expect_numbers(page)

    lens(page).get_by_role("button", name="Values").click()

    dialog = page.get_by_role("dialog", name="Map 4 of relu3")
    cells = dialog.get_by_role("table").get_by_role("cell")
    expect(cells).to_have_count(100)
    response = httpx.post(f"{server}/api/v1/models/cnn/feature-maps?layers=relu3&filter=4", json={"sample": 0}).json()
    shown = np.array([float(text.replace("−", "-")) for text in cells.all_text_contents()]).reshape(10, 10)
    np.testing.assert_allclose(shown, response["layers"][0]["feature_maps"][0], rtol=1e-6)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(lens(page)).to_be_visible()


@pytest.mark.parametrize("format_", ["png", "safetensors", "npz"])
@pytest.mark.parametrize(
    ("what", "name", "shape"),
    [
        ("This map", "cnn-relu1-map-11", (1, 28, 28)),
        ("All maps of this layer", "cnn-relu1-maps", (16, 28, 28)),
        ("Its kernels", "cnn-conv1-kernels", (16, 1, 5, 5)),
    ],
)
def test_maps_and_kernels_can_be_saved(open_page, what: str, name: str, shape: tuple, format_: str):
    page = open_sample(open_page, "&k=conv1.11.7.14")

    with page.expect_download() as download:
        lens(page).get_by_label("Save as").select_option(label=f"{what} as {format_}")

    assert download.value.suggested_filename == f"{name}.{format_}"
    content = download.value.path().read_bytes()
    key = "kernels" if "kernels" in name else "relu1"
    if format_ == "png":
        assert Image.open(io.BytesIO(content)).size[0] >= 28 * 8
    elif format_ == "safetensors":
        assert load(content)[key].shape == shape
    else:
        assert np.load(io.BytesIO(content))[key].shape == shape


def test_held_digit_is_compared_with_another_on_the_same_scale(page: Page):
    expect_shown(page, "conv1")
    own = pixels(feature_map(page, "conv1", 11))
    page.get_by_role("button", name="Hold this digit").click()
    expect(page.get_by_role("button", name="Now − held")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#layer-conv1 .mark").first).to_have_text("same")

    page.get_by_role("button", name="Clear").click()
    draw(page, ZERO)
    expect_reading(page, 0)

    expect(page.locator("#layer-conv1 .mark").first).not_to_have_text("same")
    expect(page.locator("#layer-conv1 .legend").first).to_contain_text("−")
    difference = np.array(pixels(feature_map(page, "conv1", 11))).reshape(-1, 4)
    assert (difference[:, 2] > difference[:, 0] + 40).any(), "some of the held digit's map is gone: blue"
    assert (difference[:, 0] > difference[:, 2] + 40).any(), "some is new: orange"
    # The sweep shows the digit's own map, and how its cells are computed.
    expect(page.locator("#sweep .sweep-sum b")).to_have_text(re.compile(r"\d"))
    page.get_by_role("button", name="Held", exact=True).click()
    held = feature_map(page, "conv1", 11)
    expect_repainted(held, difference.ravel().tolist())
    # Once in half precision, once in single: one color level apart at most.
    np.testing.assert_allclose(pixels(held), own, atol=4)

    click_cell(page, "conv1", 11, 7, 14)
    expect_numbers(page)
    captions = lens(page).locator(".maps figcaption").all_text_contents()
    now, then, between = (number(re.sub(r"^now − held", "", text)) for text in captions)
    assert now - then == between

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Let go").click()
    expect(page.get_by_role("button", name="Now − held")).to_be_hidden()


# --- For everyone ----------------------------------------------------------------------------------------------------


def test_lens_is_not_loaded_before_it_is_wanted(page: Page):
    loaded = r"performance.getEntriesByType('resource').filter(({ name }) => /lens\.(js|css)/.test(name))"
    assert page.evaluate(loaded) == []

    point_at(page, "conv1", 0, 3, 3)

    assert len(page.evaluate(loaded)) == 2


@on_each_screen
@pytest.mark.parametrize("where", ["conv1.11.7.14", "conv3.4.3.3", "pool1.11.4.7", "linear.3.0.0"])
def test_open_lens_breaks_no_rule(open_page, where: str, width: str, theme: str):
    page = open_sample(open_page, f"&k={where}", width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_numbers(page)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


def test_open_table_breaks_no_rule(open_page):
    page = open_sample(open_page, "&k=conv2.3.6.6")
    expect_numbers(page)
    lens(page).get_by_role("button", name="All decimals").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    assert violations(page) == []


def test_on_a_phone_the_lens_is_a_sheet_and_the_tapped_map_stays_visible(open_page):
    page = open_page(width=390, height=844, has_touch=True)
    expect_reading(page, 3)
    show_all(page, "conv2")
    map_ = feature_map(page, "conv2", 3)
    map_.scroll_into_view_if_needed()
    expect_at_rest(map_)

    map_.tap(position=cell_position(map_, 6, 6))

    expect_position(page, "conv2", 3, 6, 6)
    expect_numbers(page)
    expect(page.locator("#pad")).to_be_in_viewport(ratio=1)
    page.wait_for_function(
        """([map, lens]) => map.getBoundingClientRect().bottom <= lens.getBoundingClientRect().top""",
        arg=[map_.element_handle(), lens(page).element_handle()],
    )
    bench = page.locator(".bench").bounding_box()
    assert map_.bounding_box()["y"] >= bench["y"] + bench["height"] - 1
    lens(page).get_by_role("button", name="Close the lens").click()
    expect(lens(page)).to_be_hidden()
