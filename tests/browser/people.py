"""What a person does and sees on the workbench."""

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


def pixels(canvas: Locator) -> list[int]:
    """RGBA of every pixel, row by row."""
    return canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")


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


def expect_reading(page: Page, digit: int | None) -> None:
    """Wait until the page says which digit it reads; None for a blank pad."""
    current = page.locator("#prediction li[aria-current] .digit")
    if digit is None:
        expect(current).to_have_count(0)
    else:
        expect(current).to_have_text(str(digit))


def expect_shown(page: Page, *layers: str) -> None:
    """Wait until these layers show the newest answer: those out of sight follow when the pen rests."""
    for layer in layers:
        expect(page.locator(f"#layer-{layer}")).not_to_have_attribute("data-stale", "")


def expect_repainted(canvas: Locator, before: list[int]) -> None:
    """Wait until a canvas shows something else."""
    handle = canvas.element_handle()
    canvas.page.wait_for_function(
        """([canvas, before]) => {
          const now = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return now.length !== before.length || now.some((value, i) => value !== before[i]);
        }""",
        arg=[handle, before],
    )


def expect_live(page: Page) -> None:
    """Wait until drawings go over the live connection."""
    expect(page.locator("#connection")).to_have_attribute("data-status", "live")
    expect(page.locator("#connection")).to_have_text("")
