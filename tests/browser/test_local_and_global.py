"""The page /local-and-global, used as a person would use it: the bench, the costs of a layer and the changed pixel."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import SEVEN, draw, open_experiment, pixels
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

PATH = "/local-and-global"


@pytest.fixture
def page(open_page) -> Page:
    """The page of experiments on a desktop, with the predictions for its first digit and the connections drawn."""
    page = open_page(PATH)
    expect_predictions(page, 3)
    expect(costs(page)).to_have_attribute("data-wires", "3136")
    return page


def expect_predictions(page: Page, digit: int | None) -> None:
    """Wait until all three networks predict the same."""
    for row in page.locator("#model-predictions tbody tr").all():
        expect(row.locator(".digit")).to_have_text("–" if digit is None else str(digit))


def costs(page: Page) -> Locator:
    return page.get_by_role("region", name="Local connections with shared weights")


def cell(page: Page, row: str, column: str) -> Locator:
    return page.locator(f'[data-row="{row}"] [data-column="{column}"]')


def perturb_section(page: Page) -> Locator:
    section = page.get_by_role("region", name="One pixel reaches a patch of each map")
    section.scroll_into_view_if_needed()
    return section


def perturb(page: Page, row: int, column: int) -> None:
    """Click the middle of a pixel, and wait for the result."""
    section = perturb_section(page)
    expect(section).to_have_attribute("data-pixel", re.compile(r"\d+,\d+"))
    canvas = section.get_by_role("application", name="Your digit")
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": (column + 0.5) * box["width"] / 28, "y": (row + 0.5) * box["height"] / 28})
    expect(section).to_have_attribute("data-pixel", f"{row},{column}")


def layer(page: Page, model: str, name: str) -> Locator:
    return page.locator(f'[data-model="{model}"] [data-layer="{name}"]')


def painted_cells(canvas: Locator) -> list[tuple[int, int]]:
    """Row and column of every cell that is not of the ground's color, which the canvas's first cell has."""
    width = canvas.evaluate("canvas => canvas.width")
    data = pixels(canvas)
    colors = [tuple(data[i : i + 3]) for i in range(0, len(data), 4)]
    ground = max(set(colors), key=colors.count)
    return [divmod(i, width) for i, color in enumerate(colors) if color != ground]


def picture(canvas: Locator) -> str:
    """What a canvas shows; of a large one much quicker to fetch than its pixels."""
    return canvas.evaluate("canvas => canvas.toDataURL()")


# --- The bench -------------------------------------------------------------------------------------------------------


def test_page_opens_with_predictions_of_the_three_networks_that_it_names(page: Page):
    expect(page.get_by_role("heading", level=1)).to_have_text("Local and global features")
    expect(page.get_by_text("This page always compares the three networks")).to_contain_text("Convolutional (cnn)")
    expect(page.get_by_role("row", name="Convolutional 3")).to_be_visible()
    assert len(set(pixels(page.locator("#input-digit")))) > 8


def test_drawn_digit_is_read_and_undone(page: Page):
    page.get_by_role("button", name="Clear").click()
    expect_predictions(page, None)

    draw(page, SEVEN)
    expect_predictions(page, 7)

    page.get_by_role("button", name="Undo").click()
    expect_predictions(page, None)


def test_digit_goes_along_to_the_workbench_and_back(page: Page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_predictions(page, 7)

    page.get_by_role("link", name="Explore").click()
    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text("7")

    page.get_by_role("button", name="Test digits").click()
    page.get_by_role("button", name="Test digit 2, a 1").click()
    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text("1")
    open_experiment(page, "Local and global")

    expect_predictions(page, 1)
    expect(page).to_have_url(re.compile(r"/local-and-global#v=1&n=2$"))


def test_address_keeps_the_digit_even_after_a_jump_to_a_section(page: Page):
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    page.get_by_role("link", name="2 Change one pixel").click()
    expect(page.get_by_role("heading", name="One pixel reaches")).to_be_in_viewport()
    expect(page).to_have_url(re.compile("#v=1&s="))

    page.reload()

    expect_predictions(page, 7)


# --- The costs of a layer --------------------------------------------------------------------------------------------


def expect_counts_of_the_api(page: Page, server: str, **settings: int) -> None:
    response = httpx.get(f"{server}/api/v1/experiments/layer-costs", params=settings).json()
    for row in response["layers"]:
        for column in ("outputs", "weights", "multiply_adds", "weight_uses", "gradients"):
            expect(cell(page, row["id"], column).get_by_role("link")).to_have_text(f"{row[column]:,}")


def test_table_shows_the_counts_of_the_api(page: Page, server: str):
    expect_counts_of_the_api(page, server)
    expect(cell(page, "convolution", "weights")).to_have_text("400+ 16 biases")
    expect(cell(page, "convolution", "gradients").get_by_role("link")).to_have_text("416")
    expect(cell(page, "fully-connected", "weights")).to_contain_text("9,834,496")


def test_sliders_recompute_the_costs(page: Page, server: str):
    settings = {"kernel_size": 7, "stride": 2, "padding": 3, "filters": 8, "features": 120}
    for name, value in zip(("Kernel size", "Stride", "Padding", "Filters", "Features"), settings.values(), strict=True):
        page.get_by_role("slider", name=name).fill(str(value))

    expect_counts_of_the_api(page, server, **settings)


def test_connections_become_local_and_then_share_their_weights(page: Page):
    expect(page.locator("#wiring-kernels li:visible")).to_have_count(4)
    full = picture(page.locator("#wires"))

    page.get_by_role("button", name="Locally connected").click()
    expect(costs(page)).to_have_attribute("data-wires", "100")
    expect(page.locator("#wiring-sentence")).to_contain_text("25 weights of its own")
    kernels = page.locator("#wiring-kernels canvas")
    expect(kernels.first).to_have_js_property("width", 5)
    assert len({picture(kernel) for kernel in kernels.all()}) == 4
    assert picture(page.locator("#wires")) != full

    page.get_by_role("button", name="Convolution").click()
    expect(page.locator("#wiring-kernels li:visible")).to_have_count(1)
    expect(page.locator("#wiring-kernels li:visible")).to_have_text("A = B = C = D")
    expect(page.locator("#wiring-sentence")).to_contain_text("Each weight is used 784 times")


def test_pointing_at_a_neuron_shows_its_connections_alone(page: Page):
    page.get_by_role("button", name="Convolution").click()
    expect(costs(page)).to_have_attribute("data-wires", "100")

    page.get_by_role("application", name="Neurons of map 0").hover(position={"x": 2, "y": 2})

    # The corner's patch lies outside by two rows and two columns.
    expect(costs(page)).to_have_attribute("data-wires", "9")
    expect(page.locator("#wiring-sentence")).to_contain_text("Neuron row 0, column 0")


def test_neurons_are_visited_by_keyboard(page: Page):
    neurons = page.get_by_role("application", name="Neurons of the perceptron")
    neurons.focus()

    page.keyboard.press("ArrowRight")
    expect(costs(page)).to_have_attribute("data-wires", "784")
    expect(page.locator("#wiring-sentence")).to_contain_text(re.compile(r"Neuron \d+ reads all 784 pixels"))

    page.keyboard.press("Escape")
    expect(costs(page)).to_have_attribute("data-wires", "3136")


def test_layer_that_was_not_trained_has_connections_but_no_weights(page: Page):
    page.get_by_role("button", name="Convolution").click()

    page.get_by_role("slider", name="Kernel size").fill("3")

    expect(page.get_by_role("heading", name="No network has this layer")).to_be_visible()
    expect(costs(page)).to_have_attribute("data-wires", "36")


def test_multiply_adds_link_to_the_lens_that_writes_them_out(page: Page):
    cell(page, "convolution", "multiply_adds").get_by_role("link").click()

    expect(page.locator("#prediction li[aria-current] .digit")).to_have_text("3")
    expect(
        page.get_by_role("complementary", name=re.compile("lens", re.I)).or_(page.locator(".lens")).first
    ).to_be_visible()


# --- One changed pixel -----------------------------------------------------------------------------------------------


def test_changed_pixel_reaches_25_of_each_map_and_all_500(page: Page):
    perturb(page, 13, 14)

    for model, name in (("cnn", "conv1"), ("locally-connected", "local1")):
        expect(layer(page, model, name)).to_have_attribute("data-changed", "400")
        expect(page.locator(f'[data-model="{model}"] .live')).to_contain_text(
            "25 of 784 neurons changed in each of 16 maps"
        )
    expect(layer(page, "mlp-500", "linear1").locator(".count")).to_have_text("500 of 500")
    block = painted_cells(layer(page, "cnn", "conv1").locator(".perturbed-picture canvas"))
    assert block == [(row, column) for row in range(11, 16) for column in range(12, 17)]


def test_fewer_neurons_change_after_the_relu(page: Page):
    perturb(page, 13, 14)

    for model in ("cnn", "locally-connected", "mlp-500"):
        after = layer(page, model, "relu1")
        assert 0 < int(after.get_attribute("data-changed")) < int(after.get_attribute("data-reachable"))


def test_corner_reaches_nine_of_each_map_and_still_all_500(page: Page):
    perturb(page, 0, 0)

    expect(layer(page, "cnn", "conv1")).to_have_attribute("data-changed", "144")
    expect(page.locator('[data-model="cnn"] .live')).to_contain_text("9 of 784")
    expect(layer(page, "mlp-500", "linear1")).to_have_attribute("data-changed", "500")


def test_pixel_is_chosen_and_changed_by_keyboard(page: Page):
    perturb(page, 5, 5)
    perturb_section(page).get_by_role("application", name="Your digit").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft", "Enter"):
        page.keyboard.press(key)

    expect(perturb_section(page)).to_have_attribute("data-pixel", "7,4")
    expect(page.locator("#perturbed-pixel")).to_contain_text("Row 7, column 4: paper to ink, 0 → 1")


def test_changed_pixel_follows_the_digit(page: Page):
    perturb(page, 13, 14)
    expect(page.locator("#perturbed-pixel")).to_contain_text("ink to paper")

    page.get_by_role("button", name="Clear").click()

    expect(page.locator("#perturbed-pixel")).to_contain_text("paper to ink")
    expect(layer(page, "mlp-500", "linear1")).to_have_attribute("data-changed", "500")


# --- For everyone ----------------------------------------------------------------------------------------------------


@on_each_screen
def test_page_breaks_no_rule(open_page, width: str, theme: str):
    page = open_page(PATH, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    expect_predictions(page, 3)
    for section in page.locator(".experiment").all():
        section.evaluate("section => section.scrollIntoView()")
    perturb(page, 13, 14)

    assert violations(page) == []


def test_phone_needs_no_sideways_scrolling(open_page):
    page = open_page(PATH, width=390, height=844, has_touch=True)
    expect_predictions(page, 3)
    perturb(page, 13, 14)

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_role("row", name=re.compile("^Convolution .*12,544"))).to_have_count(1)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_a_link_at_the_top_stays_at_its_section_while_those_above_are_filled(open_page, width: int, height: int):
    page = open_page(f"{PATH}#n=15", width=width, height=height)
    link = page.locator(".contents a").nth(3)

    link.click()

    for above in page.locator("section[data-experiment] [data-wires], [data-residual]").all():
        expect(above).to_be_attached()
    expect(page.locator('[data-experiment="translation"] [data-residual]').first).to_be_attached()
    # Below what is fixed at the top: the header, on a phone the pad, too.
    covered = page.evaluate("parseFloat(getComputedStyle(document.documentElement).scrollPaddingBlockStart)")
    page.wait_for_function(
        "(covered) => Math.abs(document.querySelector('#translation').getBoundingClientRect().top - covered) < 2",
        arg=covered,
    )
