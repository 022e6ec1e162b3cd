"""Telling ink from paper in a gray image, however it is lit.

Knows nothing of files, digits or networks.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.float32]
Polarity = Literal["light-on-dark", "dark-on-light"]

FRAME_SIZE = 28
FAINTEST = 16
"""Least difference from the paper, of 255, that can be ink."""

SURFACE_SIZE = 64
"""The paper's brightness is fitted to no more than 64×64 means: light falls off slowly."""

SPECK = 0.02
"""Marks with less than this share of the largest mark's ink are dust."""


def find_ink(gray: Gray) -> tuple[NDArray[np.uint8], Polarity | None]:
    """Separate ink from paper.

    An image of 28×28 is taken as it is, light ink or dark: it may be one of MNIST's, whose grays mean what they say.
    In any other the paper's brightness, which light and lens make uneven, is subtracted, and the difference is scaled
    so that full ink is 255 and the paper's noise 0.

    Args:
        gray: (H, W) float32, 0 black, 255 white.

    Returns:
        (H, W) uint8, 0 paper, 255 ink, and which way the ink lay; all paper and None if nothing is to be seen.
    """
    blank = np.zeros(gray.shape, dtype=np.uint8)
    if np.ptp(gray) < FAINTEST:
        return blank, None
    flat = _flat_paper(gray)
    light_ink = _has_light_ink(gray) if flat is None else bool(np.sum((gray - flat) ** 3, dtype=np.float64) > 0)
    polarity: Polarity = "light-on-dark" if light_ink else "dark-on-light"
    if gray.shape == (FRAME_SIZE, FRAME_SIZE):
        return _as_bytes(gray if light_ink else 255 - gray), polarity

    # From here on ink is positive: lighter than its paper, or after turning the sign, darker.
    signed = gray if light_ink else -gray
    contrast = signed - (_paper(signed) if flat is None else flat if light_ink else -flat)
    if np.ptp(contrast) < FAINTEST:
        return blank, None
    above = contrast > _otsu_threshold(contrast)
    strength = float(np.median(contrast[above]))
    noise = 1.4826 * float(np.median(np.abs(contrast[~above] - np.median(contrast[~above]))))
    # Grain divides into halves as well, but those lie close together.
    if strength < max(FAINTEST, 5 * noise):
        return blank, None
    floor = min(3 * noise, strength / 2)
    ink = np.clip((contrast - floor) * (255 / (strength - floor)), 0, 255)
    return _as_bytes(_without_specks(ink)), polarity


def _flat_paper(gray: Gray) -> float | None:
    """The paper's brightness where no light fell on it: in a scan or a drawing, most of the border has one gray."""
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    paper = float(np.median(border))
    return paper if np.mean(np.abs(border - paper) <= 1) > 0.5 else None


def _has_light_ink(gray: Gray) -> bool:
    """Whether the marks are lighter than the paper.

    The paper is what most of the picture shows, and above all its border: a quadratic surface of least absolute
    deviations finds it whichever sign the ink has. Marks count by the cube of their distance from it, so that a thin
    line outweighs wide but gentle shading.
    """
    small, terms = _small_copy(gray)
    importance = np.ones(small.shape)
    importance[2:-2, 2:-2] = 0.25
    values, weights = small.ravel().astype(np.float64), importance.ravel()
    for _ in range(15):
        residuals = values - terms @ _weighted_fit(terms, values, weights)
        weights = importance.ravel() / np.maximum(np.abs(residuals), 0.5)
    return bool(np.sum(residuals**3) > 0)


def _paper(signed: Gray) -> Gray:
    """The paper's brightness everywhere: a quadratic surface below the ink.

    Fitted by asymmetric least squares: what rises above the surface pulls it up fifty times less than what lies below,
    so the surface settles on the paper; a last plain fit to the paper alone takes out the bias.

    Source:
        Eilers (2003), "A perfect smoother", Analytical Chemistry 75(14), for the asymmetric weights.
    """
    small, terms = _small_copy(signed)
    values = small.ravel().astype(np.float64)

    weights = np.ones_like(values)
    for _ in range(20):
        coefficients = _weighted_fit(terms, values, weights)
        residuals = values - terms @ coefficients
        weights = np.where(residuals > 0, 0.02, 1.0)
    spread = 1.4826 * float(np.median(np.abs(residuals[residuals <= 0]))) if (residuals <= 0).any() else 0.0
    on_paper = residuals <= max(3 * spread, FAINTEST / 4)
    coefficients = _weighted_fit(terms, values, np.where(on_paper, 1.0, 1e-6))

    height, width = signed.shape
    y, x = _positions(height)[:, np.newaxis], _positions(width)[np.newaxis, :]
    c = coefficients
    surface = c[0] + c[1] * y + c[2] * x + c[3] * y**2 + c[4] * x * y + c[5] * x**2
    return np.asarray(surface, dtype=np.float32)


def _small_copy(image: Gray) -> tuple[Gray, NDArray[np.float64]]:
    """The image in at most 64×64 means, and (n, 6) the terms of a quadratic surface at each, in reading order."""
    rows, columns = min(image.shape[0], SURFACE_SIZE), min(image.shape[1], SURFACE_SIZE)
    y, x = (axis.ravel() for axis in np.meshgrid(_positions(rows), _positions(columns), indexing="ij"))
    terms = np.stack([np.ones_like(y), y, x, y**2, x * y, x**2], axis=1)
    return _block_means(image, rows, columns), np.asarray(terms, dtype=np.float64)


def _positions(count: int) -> NDArray[np.float64]:
    """Centers of ``count`` pixels, from −1 to 1."""
    return np.asarray((np.arange(count) + 0.5) * (2 / count) - 1, dtype=np.float64)


def _weighted_fit(
    terms: NDArray[np.float64], values: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    # A ridge too weak to matter: an image one pixel wide says nothing of curvature across.
    weighted = terms * weights[:, np.newaxis]
    ridge = 1e-9 * weights.sum() * np.eye(terms.shape[1])
    return np.asarray(np.linalg.solve(terms.T @ weighted + ridge, weighted.T @ values))


def _block_means(image: Gray, rows: int, columns: int) -> Gray:
    """(rows, columns) means of blocks as equal as whole pixels allow."""
    tops = np.arange(rows) * image.shape[0] // rows
    lefts = np.arange(columns) * image.shape[1] // columns
    sums = np.add.reduceat(np.add.reduceat(image, tops, axis=0, dtype=np.float64), lefts, axis=1)
    heights = np.diff(tops, append=image.shape[0])
    widths = np.diff(lefts, append=image.shape[1])
    return np.asarray(sums / np.outer(heights, widths), dtype=np.float32)


def _otsu_threshold(contrast: Gray) -> float:
    """The cut that leaves the least variance on its two sides.

    Source: Otsu (1979), "A threshold selection method from gray-level histograms".
    """
    counts, edges = np.histogram(contrast, bins=256)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between))])


def _without_specks(ink: Gray) -> Gray:
    """Paint over dust, and over shadows at the edge that are not the digit.

    Marks are told apart on a grid of at most 64×64, which is fine enough and bounds the work.
    """
    height, width = ink.shape
    rows, columns = min(height, SURFACE_SIZE), min(width, SURFACE_SIZE)
    mass = _block_means(ink, rows, columns)
    marks = _marks(mass >= FAINTEST)
    masses = np.bincount(marks.ravel(), weights=mass.ravel())
    masses[0] = 0
    kept = masses >= SPECK * masses.max()
    kept[0] = False

    border = np.unique(np.concatenate([marks[0], marks[-1], marks[:, 0], marks[:, -1]]))
    touches = np.isin(np.arange(len(masses)), border)
    inside = masses[kept & ~touches].sum()
    if inside >= 0.3 * masses[kept].sum():
        kept &= ~touches

    # Faint rims of a kept mark lie in neighboring cells, so each mark keeps one cell around it.
    grid = _grown(kept[marks])
    return np.where(_enlarged(grid, height, width), ink, np.float32(0))


def _marks(dark: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(rows, columns) number of the connected mark that each cell belongs to, diagonals included; 0 for paper."""
    rows, columns = dark.shape
    marks = np.zeros(dark.shape, dtype=np.intp)
    count = 0
    for start in zip(*np.nonzero(dark), strict=True):
        if marks[start]:
            continue
        count += 1
        marks[start] = count
        pending = [start]
        while pending:
            row, column = pending.pop()
            for r in range(max(0, row - 1), min(rows, row + 2)):
                for c in range(max(0, column - 1), min(columns, column + 2)):
                    if dark[r, c] and not marks[r, c]:
                        marks[r, c] = count
                        pending.append((r, c))
    return marks


def _grown(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells and their eight neighbors."""
    padded = np.pad(cells, 1)
    rows, columns = cells.shape
    shifted = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return np.asarray(np.any(shifted, axis=0))


def _enlarged(cells: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """The cells that `_block_means` made, back at full size."""
    rows, columns = cells.shape
    row = np.searchsorted(np.arange(rows) * height // rows, np.arange(height), side="right") - 1
    column = np.searchsorted(np.arange(columns) * width // columns, np.arange(width), side="right") - 1
    return np.asarray(cells[row][:, column])


def _as_bytes(gray: Gray) -> NDArray[np.uint8]:
    return np.asarray(np.rint(gray), dtype=np.uint8)
