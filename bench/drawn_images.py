"""Images of digits of the kinds that people bring, drawn by chance: a scan, a photo with a shadow, a page with ruling.

Each kind takes a digit as coverage and returns an image file's pixels; `KINDS` lists them.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Coverage = NDArray[np.float32]
"""(H, W) float32, 0 paper to 1 ink."""
Picture = NDArray[np.uint8]
"""(H, W, 3) uint8."""


def enlarge(pixels: NDArray[np.uint8], size: int) -> Coverage:
    """An MNIST digit, (28, 28), as coverage of (size, size)."""
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC), np.float32) / 255


def printed(coverage: Coverage, paper: Sequence[float], ink: Sequence[float]) -> NDArray[np.float32]:
    """Ink of one color on paper of another: (H, W, 3), 0–255."""
    shades = coverage[:, :, np.newaxis]
    return np.asarray(paper, np.float32) * (1 - shades) + np.asarray(ink, np.float32) * shades


def finished(image: NDArray[np.floating], rng: np.random.Generator | None = None, noise: float = 0) -> Picture:
    """Grain added, cut to bytes."""
    if rng is not None and noise:
        image = image + rng.normal(0, noise, (*image.shape[:2], 1)) + rng.normal(0, noise / 3, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def page(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """Dark ink on white, as a drawing program saves it."""
    return finished(printed(coverage, [255] * 3, [rng.uniform(0, 60)] * 3))


def blackboard(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """Light ink on a dark ground with grain."""
    return finished(printed(coverage, rng.uniform(20, 60, 3), rng.uniform(190, 255, 3)), rng, 3)


def photo(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """A pen on paper: light from one side, corners darker, grain."""
    return finished(_ink(coverage, rng) * _light(coverage.shape, rng)[:, :, np.newaxis], rng, rng.uniform(1, 6))


def pencil(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """Faint pencil with as much grain as a phone's camera makes indoors."""
    level = rng.uniform(150, 185)
    image = printed(coverage, [215] * 3, [level] * 3) * _light(coverage.shape, rng)[:, :, np.newaxis]
    return finished(image, rng, rng.uniform(2, 5))


def hard_shadow(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """A shadow with a sharp straight edge over a part of the page."""
    shade = np.where(_beyond_a_line(coverage.shape, rng) > 0, 1.0, rng.uniform(0.45, 0.75))
    return finished(_ink(coverage, rng) * shade[:, :, np.newaxis], rng, rng.uniform(0, 3))


def penumbra(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """A deep shadow with a soft edge."""
    soft = rng.uniform(0.02, 0.12)
    depth = rng.uniform(0.3, 0.65)
    shade = 1 - depth / (1 + np.exp(np.clip(_beyond_a_line(coverage.shape, rng) / (soft / 3), -50, 50)))
    return finished(_ink(coverage, rng) * shade[:, :, np.newaxis], rng, rng.uniform(1, 4))


def ruled(coverage: Coverage, rng: np.random.Generator, squared: bool = False) -> Picture:
    """Printed ruling, light or nearly as dark as the ink, at times a little tilted."""
    color = np.array([[90, 110, 190], [60, 60, 60], [150, 170, 210], [70, 80, 150]][rng.integers(4)])
    paper = np.array([252, 252, 250.0])
    size = coverage.shape[0]
    spacing, thickness = rng.uniform(0.1, 0.25) * size, max(1.0, rng.uniform(0.002, 0.007) * size)
    tilt = rng.choice([0, rng.uniform(-0.05, 0.05)])
    y, x = np.mgrid[: coverage.shape[0], : coverage.shape[1]]
    first = rng.uniform(0, spacing)
    lines = _line_coverage(y + tilt * x - first, spacing, thickness)
    if squared:
        lines = np.maximum(lines, _line_coverage(x - tilt * y - rng.uniform(0, spacing), spacing, thickness))
    image = printed(lines.astype(np.float32), paper, color)
    ink = np.asarray(rng.uniform([0, 0, 0], [50, 50, 90]))
    shades = coverage[:, :, np.newaxis]
    return finished(image * (1 - shades) + ink * shades, rng, rng.uniform(0, 2))


def squared(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """Squared paper."""
    return ruled(coverage, rng, squared=True)


def on_table(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """White paper, a little turned, on a table that is darker and has a grain."""
    height, width = coverage.shape
    margin = rng.uniform(0.06, 0.2)
    large = (round(height * (1 + 2 * margin)), round(width * (1 + 2 * margin)))
    table = rng.uniform([20, 15, 10], [120, 90, 70])
    paper = Image.fromarray(finished(_ink(coverage, rng))).convert("RGBA")
    turned = paper.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR, expand=True)
    image = Image.fromarray(finished(np.ones((*large, 3)) * table, rng, 5)).convert("RGBA")
    image.alpha_composite(turned, ((large[1] - turned.width) // 2, (large[0] - turned.height) // 2))
    return finished(np.asarray(image.convert("RGB"), dtype=np.float32), rng, rng.uniform(0, 3))


def figure(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """A plotted digit: white in a black square, with a title, in a white figure; at times with ticks and a frame."""
    side = max(coverage.shape)
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - coverage.shape[0]) // 2, (side - coverage.shape[1]) // 2
    square[top : top + coverage.shape[0], left : left + coverage.shape[1]] = finished(
        printed(coverage, [0] * 3, [255] * 3)
    )
    dark_on_light = rng.random() < 0.4
    image = Image.new("RGB", (round(side * rng.uniform(1.3, 1.9)), round(side * 1.35)), "white")
    corner = ((image.width - side) // 2, round(side * 0.2))
    image.paste(Image.fromarray(255 - square if dark_on_light else square), corner)
    draw = ImageDraw.Draw(image)
    thickness = max(1, side // 150)
    x, y = corner
    if dark_on_light or rng.random() < 0.5:
        draw.rectangle((x, y, x + side, y + side), outline="black", width=thickness)
        for tick in np.linspace(0, side, 6):
            draw.line((x + tick, y + side, x + tick, y + side + side // 60 + 1), fill="black", width=thickness)
            draw.line((x - side // 60 - 1, y + tick, x, y + tick), fill="black", width=thickness)
    draw.text((x + side * 0.35, y - side * 0.12), f"Label: {rng.integers(10)}", fill="black", font_size=side * 0.07)
    return finished(np.asarray(image, dtype=np.float32))


def cell(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """A cell cut out of a printed table: one or two of its lines remain at the border."""
    image = Image.fromarray(photo(coverage, rng))
    draw = ImageDraw.Draw(image)
    width, height = image.size
    thick = max(1, round(rng.uniform(0.02, 0.06) * height))
    inset = round(rng.uniform(0, 0.04) * height)
    sides = rng.permutation(4)[: rng.integers(1, 3)]
    boxes = [
        (0, inset, width, inset + thick),
        (0, height - inset - thick, width, height - inset),
        (inset, 0, inset + thick, height),
        (width - inset - thick, 0, width - inset, height),
    ]
    for side in sides:
        draw.rectangle(boxes[side], fill=(35, 30, 30))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)))


def specks(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """Crumbs, and rests of a neighbor at the edge."""
    image = Image.fromarray(page(coverage, rng))
    draw = ImageDraw.Draw(image)
    size = image.height
    for _ in range(rng.integers(1, 8)):
        x, y, radius = *rng.uniform(0, size, 2), rng.uniform(0.003, 0.012) * size
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="black")
    radius, y = rng.uniform(0.02, 0.05) * size, rng.uniform(0.1, 0.9) * size
    draw.ellipse((image.width - radius, y - radius, image.width + radius, y + radius), fill="black")
    return np.asarray(image)


COLORS = (
    ((250, 200, 30), (150, 215, 235)),
    ((220, 60, 50), (95, 130, 100)),
    ((90, 160, 60), (230, 90, 90)),
    ((60, 90, 220), (110, 105, 60)),
    ((200, 60, 180), (70, 125, 110)),
)


def equally_bright(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """Ink and ground differ in color and hardly in brightness."""
    ink, ground = COLORS[rng.integers(len(COLORS))]
    return finished(printed(coverage, ground, ink), rng, rng.uniform(0, 3))


def small(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """28×28, dark on light, at times faint and with grain."""
    ink = Image.fromarray((coverage * 255).astype(np.uint8)).resize((28, 28), Image.Resampling.BOX)
    paper, level = rng.uniform(180, 255), rng.uniform(0, 150)
    image = printed(np.asarray(ink, np.float32) / 255, [paper] * 3, [min(level, paper - 80)] * 3)
    return finished(image, rng, rng.choice([0, 5]))


def blurred(coverage: Coverage, rng: np.random.Generator) -> Picture:
    """A small cutting out of focus."""
    image = Image.fromarray(photo(coverage, rng)).resize((70, 70), Image.Resampling.BOX)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(1, 3))))


Kind = Callable[[Coverage, np.random.Generator], Picture]
KINDS: dict[str, Kind] = {
    kind.__name__.replace("_", "-"): kind
    for kind in (
        page, blackboard, photo, pencil, hard_shadow, penumbra, ruled, squared, on_table, figure, cell, specks,
        equally_bright, small, blurred,
    )
}  # fmt: skip


def _ink(coverage: Coverage, rng: np.random.Generator) -> NDArray[np.float32]:
    paper = rng.uniform([215, 215, 200], [250, 250, 245])
    ink = np.array([[30, 30, 35], [40, 50, 140], [150, 40, 40], [80, 80, 85]][rng.integers(4)])
    return printed(coverage, paper, ink)


def _light(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    angle, slope, falloff = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.25), rng.uniform(0, 0.12)
    return 1 - slope * (x * np.cos(angle) + y * np.sin(angle) + 1) / 2 - falloff * (x**2 + y**2)


def _beyond_a_line(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """How far each pixel lies beyond a line through the middle part, in units of the image; negative on this side."""
    y, x = np.meshgrid(np.linspace(-0.5, 0.5, shape[0]), np.linspace(-0.5, 0.5, shape[1]), indexing="ij")
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    return x * np.cos(angle) + y * np.sin(angle) - offset


def _line_coverage(at: NDArray[np.float64], spacing: float, thickness: float) -> NDArray[np.float64]:
    distance = np.abs((at + spacing / 2) % spacing - spacing / 2)
    return np.clip(thickness / 2 + 0.5 - distance, 0, 1)
