"""What a person does and sees on the workbench."""

import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

SEVEN = [[(0.25, 0.22), (0.5, 0.21), (0.72, 0.22), (0.6, 0.45), (0.5, 0.65), (0.42, 0.85)]]
ZERO = [
    [(0.5, 0.15), (0.36, 0.22), (0.28, 0.4), (0.28, 0.6), (0.36, 0.78), (0.5, 0.85)],
    [(0.5, 0.85), (0.64, 0.78), (0.72, 0.6), (0.72, 0.4), (0.64, 0.22), (0.5, 0.15)],
]


def pad(page: Page) -> Locator:
    return page.get_by_role("application", name="Drawing pad")


def feature_map(page: Page, layer: str, number: int) -> Locator:
    # By its name alone: of each layer, the map that Tab reaches is an application, the others are images.
    return page.get_by_label(f"{layer}, map {number}", exact=True)


def kernel(page: Page, layer: str, number: int) -> Locator:
    # In the first layer, what the filter responds to follows its number.
    return page.get_by_role("img", name=re.compile(rf"^{layer}, kernel {number}(:|$)"))


# Of a canvas all of its pixels; of a map or kernel, one pixel for each cell of its part of its layer's canvas.
PIXELS_OF = """element => {
  if (element instanceof HTMLCanvasElement) {
    return [...element.getContext("2d").getImageData(0, 0, element.width, element.height).data];
  }
  const canvas = element.closest(".sheet").querySelector(element.matches(".map") ? "canvas.maps" : "canvas.kernels");
  const [box, all] = [element.getBoundingClientRect(), canvas.getBoundingClientRect()];
  if (!box.width) throw new Error("this map is not shown: show_all(page, layer) first");
  if (canvas.width < 2) return [];
  const scale = canvas.width / all.width;
  const area = [box.x - all.x, box.y - all.y, box.width, box.height].map((value) => Math.round(value * scale));
  const { data } = canvas.getContext("2d").getImageData(...area);
  const [cell, width, height] = [Number(canvas.dataset.cell ?? 1), area[2], area[3]];
  const pixels = [];
  for (let row = 0; row < height; row += cell) {
    for (let column = 0; column < width; column += cell) {
      pixels.push(...data.subarray(4 * (row * width + column), 4 * (row * width + column) + 4));
    }
  }
  return pixels;
}"""


def show_all(page: Page, layer: str) -> None:
    """Show all maps of a layer that has many."""
    button = page.locator(f"#layer-{layer} .show-all")
    if button.count() and button.get_attribute("aria-expanded") == "false":
        button.evaluate("button => button.click()")  # The pointer stays where it is.


def pixels(element: Locator) -> list[int]:
    """RGBA of every pixel, row by row."""
    return element.evaluate(PIXELS_OF)


def expect_same_pixels(one: Locator, other: Locator) -> None:
    """Wait until two elements have the same pixels: the newest response may be painted between two readings."""
    one.page.wait_for_function(
        f"([one, other]) => {{ const of = {PIXELS_OF}; return String(of(one)) === String(of(other)); }}",
        arg=[one.element_handle(), other.element_handle()],
    )


def draw(page: Page, strokes: Sequence[Sequence[tuple[float, float]]], *, lift: bool = True) -> None:
    """Draw with the mouse; coordinates are shares of the pad."""
    box = pad(page).bounding_box()
    assert box is not None
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=1 if number == 0 else 6)
            if number == 0:
                page.mouse.down()
        if lift:
            page.mouse.up()


def open_experiment(page: Page, name: str) -> None:
    """Follow the link to an experiment, in the menu of the header."""
    header = page.get_by_role("banner")
    header.get_by_role("button", name="Experiments").click()
    header.get_by_role("link", name=name).click()


def expect_reading(page: Page, digit: int | None) -> None:
    """Wait until the page says which digit it reads; None for a blank pad."""
    current = page.locator("#prediction li[aria-current] .digit")
    if digit is None:
        expect(current).to_have_count(0)
    else:
        expect(current).to_have_text(str(digit))


def percent(probability: float) -> str:
    """As the page writes it."""
    if probability > 0.9995:
        return ">99.9%"
    return "<0.1%" if probability < 0.0005 else f"{probability:.1%}"


def expect_shown(page: Page, *layers: str) -> None:
    """Wait until these layers show the newest response: those out of sight follow when the pen rests."""
    for layer in layers:
        expect(page.locator(f"#layer-{layer}")).not_to_have_attribute("data-stale", "")


def copied_link(page: Page) -> str:
    """The address that "Copy link" copies, which may not be in the clipboard of a browser without one."""
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name=re.compile("^(Copied|In address bar)$"))).to_be_visible()
    return page.evaluate("location.href")


def expect_at_rest(canvas: Locator) -> None:
    """Wait until a canvas of the workbench stays where it is: kernels that arrive move what lies below them."""
    canvas.page.wait_for_function(
        """async (canvas) => {
          const isNear = (section) => {
            const { top, bottom } = section.getBoundingClientRect();
            return bottom > -300 && top < innerHeight + 300; // Nearer layers than this load their kernels.
          };
          const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
          const y = canvas.getBoundingClientRect().y;
          const kernels = [...document.querySelectorAll("section.layer")].filter(isNear)
            .flatMap((section) => [...section.querySelectorAll(".sheet:has(.kernel) > canvas.kernels")]);
          await frame();
          await frame();
          return kernels.every(({ width }) => width > 1) && canvas.getBoundingClientRect().y === y;
        }""",
        arg=canvas.element_handle(),
    )


def expect_pixels(canvas: Locator, expected: list[int]) -> None:
    """Wait until a canvas shows exactly this."""
    canvas.page.wait_for_function(
        f"""([element, expected]) => {{
          const now = ({PIXELS_OF})(element);
          return now.length === expected.length && now.every((value, i) => value === expected[i]);
        }}""",
        arg=[canvas.element_handle(), expected],
    )


def expect_one_color(canvas: Locator) -> None:
    """Wait until all pixels of a canvas are equal."""
    canvas.page.wait_for_function(
        f"""(element) => {{
          const pixels = ({PIXELS_OF})(element);
          return pixels.length > 4 && pixels.every((value, i) => value === pixels[i % 4]);
        }}""",
        arg=canvas.element_handle(),
    )


def expect_repainted(canvas: Locator, before: list[int]) -> None:
    """Wait until a canvas shows something else."""
    handle = canvas.element_handle()
    canvas.page.wait_for_function(
        f"""([element, before]) => {{
          const now = ({PIXELS_OF})(element);
          return now.length !== before.length || now.some((value, i) => value !== before[i]);
        }}""",
        arg=[handle, before],
    )


def expect_live(page: Page) -> None:
    """Wait until drawings go over the live connection."""
    expect(page.locator("#connection")).to_have_attribute("data-status", "live")
    expect(page.locator("#connection")).to_have_text("")


def a_digit(label: int | str) -> str:
    """A class with its article: "a 3", "an 8"."""
    return f"{'an' if str(label) == '8' else 'a'} {label}"
