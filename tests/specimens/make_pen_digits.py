"""Make pen_digits.json.gz: synthetic specimens of digits as many hands draw them on a tablet.

Every digit here was written by this code in imitation of tablet writing; no person drew any of them. They are
never trained on: they only check a trained reader, so this file shares neither shapes nor code with what makes
training data, and knows nothing of any network.

A form is one way to write a digit, a few via-points placed by hand. A writer is a fixed style and a choice of
forms. A pen moves through the via-points with little jerk, seen at a constant time step, so its points crowd
where a hand slows down and thin out where it hurries.

The file is ``{"digits": [{"label": 7, "writer": 12, "form": "crossed", "strokes": [[[x, y], ...], ...]}, ...]}``,
compressed, in pad units: 0–1, x to the right, y down, three decimals. Run this file to write it again.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

WRITERS = 44
SEED = 1999
SLOPPY_SHARE = 0.012
STEPS = 12

# Via-points "x,y" in hundredths of the digit's height, y down; "!" marks a corner where the pen halts, "/" a pen
# lift; a stroke has three via-points or more. The number is how common a form is among writers.
FORMS: dict[int, dict[str, tuple[float, str]]] = {
    0: {
        "closed": (5, "36,3 16,12 4,40 8,75 28,98 50,86 60,50 52,16 34,2"),
        "overlapping": (3, "42,8 20,6 5,34 8,74 28,98 50,86 59,50 50,17 34,3 18,8 10,20"),
        "open": (2, "40,4 20,8 5,34 6,74 26,98 48,88 59,54 58,26 51,9"),
        "clockwise": (1, "24,5 44,6 58,34 54,76 32,98 10,82 3,48 12,16 30,3"),
        "curled": (2, "40,7 18,10 4,40 8,76 28,98 50,84 57,46 48,15 35,5 29,13 40,21 60,13"),
        "from the left": (1, "12,24 4,52 14,88 34,98 54,80 58,44 46,10 28,3 11,22"),
        "tapered": (1, "30,2 12,20 3,50 12,86 26,98 42,84 52,48 44,14 26,1"),
    },
    1: {
        "bar": (4, "11,0 9,50 7,100"),
        "flag": (6, "2,29 14,14 !26,0 26,50 25,100"),
        "long flag": (3, "2,43 17,23 !32,0 32,50 30,100"),
        "small flag": (3, "5,14 12,8 !19,0 18,50 16,100"),
        "flag and base": (3, "2,24 14,12 !27,0 27,50 26,97 / 2,98 26,98 52,97"),
        "hooked": (1, "8,7 !16,0 16,50 !16,96 24,92"),
    },
    2: {
        "looped": (4, "4,24 16,5 38,3 50,22 42,48 22,76 9,94 2,89 9,79 28,86 46,96 64,89"),
        "sharp": (5, "3,24 16,5 36,2 49,20 40,50 20,78 !3,97 30,96 60,95"),
        "zed": (2, "3,10 26,3 48,5 !52,13 29,54 !3,95 30,96 60,95"),
        "wavy": (3, "4,26 18,4 42,6 46,28 30,58 !6,91 22,85 40,94 62,91"),
        "hooked": (2, "16,25 5,24 10,8 30,1 48,12 44,40 26,70 !4,96 30,95 62,97"),
        "wide loop": (1, "4,20 22,3 44,8 48,30 34,62 16,90 4,91 5,77 26,79 46,94 66,92"),
        "swan": (1, "2,32 10,8 30,2 42,22 34,56 !8,96 34,92 58,98"),
    },
    3: {
        "round": (6, "4,14 20,2 44,6 46,28 !22,44 48,54 52,80 28,98 2,88"),
        "looped": (4, "4,12 22,2 46,10 43,32 24,47 12,45 14,37 27,43 50,58 50,84 26,98 2,86"),
        "flat top": (2, "!2,4 26,3 !50,4 37,21 !22,38 46,48 52,74 30,97 2,90"),
        "pointed": (2, "3,10 26,2 46,12 38,32 !12,46 42,52 53,74 32,97 0,94"),
        "soft": (2, "3,12 24,1 45,12 40,34 24,44 46,56 52,76 32,97 2,90"),
        "small top": (1, "10,8 26,2 38,12 32,28 !20,36 48,48 54,76 28,98 0,84"),
        "curled": (1, "12,18 5,10 24,1 46,14 36,36 !20,44 46,52 52,80 24,98 3,90 8,80"),
    },
    4: {
        "open": (5, "16,0 10,30 !2,58 30,58 62,56 / 44,22 42,60 40,100"),
        "tall open": (3, "22,0 13,28 !3,56 30,56 62,54 / 46,4 45,50 43,100"),
        "cup": (3, "8,4 4,28 9,47 26,53 47,46 / 52,2 48,50 44,100"),
        "cup in one": (3, "5,1 3,26 12,45 32,46 48,28 !55,-4 51,34 47,66 43,100"),
        "looped in one": (3, "26,0 14,30 !2,56 28,56 53,51 60,40 52,34 45,50 42,74 40,100"),
        "bent in one": (2, "22,0 12,30 !2,58 30,57 !58,53 !50,24 46,60 43,100"),
        "closed": (2, "46,3 26,30 !2,64 30,64 64,63 / 46,2 46,50 45,100"),
        "closed in one": (1, "!42,100 44,50 !46,2 26,32 !3,66 30,66 64,64"),
        "angled": (2, "10,2 8,26 !4,50 30,48 58,47 / 36,14 36,56 34,100"),
    },
    5: {
        "two strokes": (7, "10,4 8,22 !6,42 28,36 48,52 46,82 22,98 0,90 / 9,4 32,3 56,2"),
        "detached bar": (3, "12,10 9,26 !8,46 28,41 48,56 46,84 22,99 1,91 / 21,3 40,2 62,-1"),
        "one stroke": (3, "!54,2 30,3 !11,4 8,24 !6,42 26,36 48,52 46,82 22,98 0,90"),
        "ess": (2, "58,3 34,2 !13,7 11,36 30,42 48,58 42,86 20,98 0,90"),
        "soft": (2, "12,2 9,20 !8,41 30,42 46,58 40,88 4,98 / 12,3 34,4 58,0"),
        "angular": (1, "!9,2 !5,46 24,40 42,46 !47,66 36,92 2,97 / 8,4 30,3 52,2"),
        "bar across": (1, "14,2 10,24 !7,44 28,38 46,54 45,80 24,98 2,92 / 2,6 28,4 58,5"),
    },
    6: {
        "small loop": (4, "44,2 22,22 8,52 6,82 24,98 42,86 37,67 20,67 8,80"),
        "large loop": (4, "40,0 16,26 3,62 14,94 38,96 54,72 44,48 22,50 6,68"),
        "straight": (2, "38,0 23,30 9,62 10,90 30,98 46,84 38,65 21,65 9,79"),
        "hooked": (2, "52,12 40,2 20,16 6,50 10,88 32,98 48,82 40,60 20,62 8,80"),
        "curled in": (2, "42,2 18,26 4,62 14,94 36,97 50,78 40,59 22,64 20,80 32,84"),
        "open": (1, "46,2 22,20 5,58 12,92 34,98 50,82 42,64 26,64 15,72"),
        "stick": (2, "14,0 8,36 6,74 18,97 42,92 48,70 30,58 8,70"),
    },
    7: {
        "plain": (4, "2,6 27,4 !54,4 41,36 29,68 20,100"),
        "crossed": (7, "2,6 27,4 !54,4 41,36 29,68 20,100 / 14,52 34,50 56,48"),
        "serif": (2, "!4,22 !6,5 30,4 !56,5 42,36 32,68 26,100"),
        "serif crossed": (2, "!3,18 !5,4 30,5 !56,4 41,36 30,68 22,100 / 16,50 36,49 56,47"),
        "wavy": (2, "0,17 9,5 27,11 46,9 !62,1 46,36 34,68 28,100"),
        "wavy crossed": (2, "0,15 10,5 28,10 45,9 !60,2 45,36 34,68 30,100 / 16,54 36,51 58,52"),
        "round": (1, "0,9 24,3 48,6 51,24 36,60 24,100"),
        "joined cross": (1.2, "2,7 28,5 !54,4 43,36 32,70 25,96 20,97 17,82 21,63 35,51 61,46"),
        "looped corner": (1, "0,10 24,8 46,6 54,2 52,-3 48,4 41,42 26,98"),
    },
    8: {
        "from the right": (5, "47,13 28,2 9,15 18,37 40,56 48,80 28,98 6,84 14,58 38,40 49,18 44,9"),
        "from the waist": (3, "28,46 9,28 20,4 42,8 44,30 26,48 6,72 20,97 46,92 50,66 28,45"),
        "clockwise": (2, "24,3 44,8 44,28 26,46 7,72 20,97 44,93 47,70 27,47 8,24 22,4"),
        "open top": (3, "47,17 32,2 11,14 20,38 44,62 42,92 17,97 5,78 24,52 44,28 55,5"),
        "two rings": (2, "29,2 11,10 12,34 28,44 45,34 45,11 28,2 / 28,44 6,58 6,86 28,98 50,86 50,58 29,45"),
        "ribbon": (2, "46,8 24,3 10,20 26,42 46,68 32,97 8,90 10,70 34,40 52,10"),
        "overshooting": (2, "40,4 18,6 12,26 30,44 47,70 32,97 7,86 14,60 38,38 46,14 30,2 14,10"),
        "from the left": (1, "8,18 20,42 42,58 48,82 26,98 6,82 18,56 40,40 48,16 28,2 9,17"),
    },
    9: {
        "straight": (4, "46,14 28,2 8,16 10,40 30,46 44,26 !47,10 46,50 43,100"),
        "curled tail": (6, "46,13 27,3 8,20 17,42 36,38 !47,12 49,50 42,84 22,98 2,88"),
        "small loop": (4, "45,11 32,2 16,10 17,28 34,30 !46,10 47,44 42,80 26,98 6,92"),
        "slash": (3, "46,16 26,2 6,20 14,44 36,38 47,16 44,40 30,74 16,100"),
        "ball and stick": (1, "44,16 24,2 6,22 18,46 40,38 45,16 / 47,7 47,50 45,100"),
        "from inside": (2, "45,30 28,46 8,36 8,12 28,2 46,12 48,44 40,78 24,100"),
        "open": (2, "46,7 24,1 5,20 14,44 37,38 !48,9 48,48 42,82 26,98 8,94"),
        "hooked tail": (1, "46,14 26,2 8,20 18,42 38,36 !46,13 46,50 41,86 26,98 10,92 8,80"),
    },
}

# How much more (or less) often a school of handwriting takes a form whose name contains the word.
SCHOOLS: tuple[dict[str, float], ...] = (
    {"flag": 2.5, "bar": 0.3, "crossed": 3.0, "serif": 0.5},
    {"flag": 1.5, "base": 2.0, "crossed": 2.0, "looped": 2.0, "ess": 0.3},
    {"bar": 4.0, "flag": 0.4, "crossed": 0.15, "serif": 4.0, "straight": 2.0},
    {"bar": 2.0, "crossed": 0.4, "in one": 2.5, "one stroke": 2.5},
)


@dataclass(frozen=True)
class Style:
    """A writer's habits; lengths in digit heights, angles in degrees."""

    seed: int
    slant: float
    rotation: float
    widening: float
    waist: float  # exponent on height: above 1 lifts the waist, below 1 lowers it
    height: float  # in pads
    place: Floats  # (2,) favorite center of a digit, in pads
    rate: float  # points seen from one via-point to the next
    smoothing: float  # weight of jerk against reaching the via-points
    halting: float  # share of corners that stay sharp
    sloppiness: float  # how far repetitions differ, 1 is usual
    tremor: float
    hook: float
    forms: dict[int, tuple[str, str]]  # label → (usual form, occasional form)
    loyalty: float  # share of digits in their usual form


def draw_style(writer: int) -> Style:
    """Draw the habits of one writer, always the same for the same number."""
    rng = np.random.default_rng([SEED, writer])
    school = SCHOOLS[rng.choice(len(SCHOOLS), p=[0.35, 0.3, 0.2, 0.15])]
    return Style(
        seed=writer,
        slant=float(np.clip(rng.normal(8, 10), -13, 32)),
        rotation=rng.normal(0, 3),
        widening=float(np.exp(np.clip(rng.normal(0.06, 0.16), -0.3, 0.3))),
        waist=float(np.exp(np.clip(rng.normal(0, 0.13), -0.18, 0.18))),
        height=rng.uniform(0.48, 0.8),
        place=rng.normal(0.5, 0.05, size=2),
        rate=float(np.exp(rng.uniform(np.log(2.2), np.log(8.5)))),
        smoothing=float(np.exp(rng.uniform(np.log(2e-4), np.log(2e-2)))),
        halting=0.4 + 0.6 * rng.beta(2.2, 1.0),
        sloppiness=float(np.exp(rng.normal(0, 0.3))),
        tremor=rng.gamma(1.5, 0.003),
        hook=max(0.0, rng.normal(0.0, 0.025)),
        forms={label: choose_forms(forms, school, rng) for label, forms in FORMS.items()},
        loyalty=rng.uniform(0.65, 1.0),
    )


def choose_forms(
    forms: dict[str, tuple[float, str]], school: dict[str, float], rng: np.random.Generator
) -> tuple[str, str]:
    """Draw a usual and an occasional form, each as likely as it is common in the school."""
    names = list(forms)
    likely = np.array([forms[name][0] for name in names])
    for word, factor in school.items():
        likely = likely * [factor if word in name else 1.0 for name in names]
    usual, occasional = rng.choice(len(names), size=2, replace=False, p=likely / likely.sum())
    return names[usual], names[occasional]


def parse_form(text: str) -> list[tuple[Floats, Bools]]:
    """Read a form as strokes: (via-points (N, 2) in digit heights, corners (N,) bool)."""
    strokes: list[tuple[Floats, Bools]] = []
    for stroke in text.split("/"):
        words = stroke.split()
        points = np.array([[float(part) for part in word.lstrip("!").split(",")] for word in words])
        strokes.append((points / 100, np.array([word.startswith("!") for word in words])))
    return strokes


def bend(points: Floats, size: float, rng: np.random.Generator) -> Floats:
    """Shift points by a slowly varying random field, so neighbors stay neighbors.

    Args:
        points: (N, 2) in digit heights.
        size: Typical shift, in digit heights.
        rng: Draws the field; the same state draws the same field for every stroke.
    """
    bent = points.copy()
    for _wave in range(3):
        frequency = rng.normal(0, 2.6, size=2)
        phase, amplitude = rng.uniform(0, 2 * np.pi), rng.normal(0, size, size=2)
        bent += np.sin(points @ frequency + phase)[:, None] * amplitude
    return bent


def nudge(points: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Move each via-point by a share of the distance to its nearest neighbor, so small loops survive."""
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    nearest = np.minimum(np.r_[gaps, gaps[-1]], np.r_[gaps[0], gaps])
    shift: Floats = rng.normal(0, share, size=points.shape) * np.minimum(nearest, 0.3)[:, None]
    return points + shift


def move_pen(points: Floats, weights: Floats, halts: Bools, smoothing: float) -> Floats:
    """Find the motion of least jerk that passes near the via-points.

    Minimizes ``Σ wᵢ |x(tᵢ) − pᵢ|² + smoothing · ∫ |x‴|² dt`` on a fine grid of time.

    Args:
        points: (N, 2) via-points, N at least 3.
        weights: (N,) how much reaching each one matters.
        halts: (N,) bool, where the pen comes to rest.
        smoothing: How much jerk matters, with the average time between via-points as 1.

    Returns:
        Positions (T, 2), ``STEPS`` of them to the average time between via-points.
    """
    # A longer way is also a faster one, so time grows slower than distance.
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1) ** 0.7 + 0.02
    visits = np.round(np.r_[0, np.cumsum(gaps / gaps.mean())] * STEPS).astype(int)
    count = visits[-1] + 1

    jerk = np.diff(np.eye(count), n=3, axis=0) * STEPS**3
    system = smoothing * jerk.T @ jerk / STEPS
    target = np.zeros((count, 2))
    for visit, point, weight, halt in zip(visits, points, weights, halts, strict=True):
        for step in range(max(visit - halt, 0), min(visit + halt, count - 1) + 1):
            system[step, step] += weight
            target[step] += weight * point
    return np.linalg.solve(system, target)


def write_digit(label: int, style: Style, rng: np.random.Generator) -> dict[str, object]:
    """Write one digit in a style, as an entry of the file."""
    usual, occasional = style.forms[label]
    form = usual if rng.random() < style.loyalty else occasional
    is_sloppy = rng.random() < SLOPPY_SHARE
    mess = min(style.sloppiness * np.exp(rng.normal(0, 0.2)), 1.7) * (1.8 if is_sloppy else 1.0)
    rate = style.rate * np.exp(rng.normal(0, 0.12)) * (0.75 if is_sloppy else 1.0)
    trim = np.minimum(np.abs(rng.normal(0, 0.022 * mess, size=2)), 0.045)

    # All strokes of a digit bend together: partly as this writer always bends this form, partly as just this once.
    habit_seed = [SEED, style.seed, label, list(FORMS[label]).index(form)]
    habit, bend_seed = np.random.default_rng(habit_seed), int(rng.integers(2**32))
    distort = draw_distortion(style, mess, 0.4 if label == 1 else 1.0, rng)

    strokes = []
    for index, (drawn_form, corners) in enumerate(parse_form(FORMS[label][form][1])):
        meant = bend(nudge(drawn_form, 0.09, habit), 0.018, np.random.default_rng([*habit_seed, 1]))
        points = bend(nudge(meant, 0.055 * mess, rng), 0.011 * mess, np.random.default_rng(bend_seed))
        if index:
            points += habit.normal(0, 0.02, size=2) + rng.normal(0, 0.018 * mess, size=2)
        # A corner is sharp only if the hand halts there; a hasty hand runs through it.
        halts = corners & (rng.random(len(corners)) < style.halting)
        weights = np.where(halts, 30.0, np.where(corners, 12.0, 1.0))
        weights[[0, -1]] = 12.0
        path = move_pen(distort(points), weights, halts, style.smoothing)
        first, last = np.array([trim[0], 1 - trim[1]]) * (len(path) - 1)
        seen_at = np.r_[np.arange(first, last, STEPS / rate), last]
        seen = np.column_stack([np.interp(seen_at, np.arange(len(path)), axis) for axis in path.T])
        seen = shake(seen, style.tremor * mess, rng)
        if rng.random() < 0.5:
            seen = np.vstack([seen, seen[-1] + style.hook * rng.normal(0, 1, size=2)])
        strokes.append(seen)

    height = float(np.clip(style.height * np.exp(rng.normal(0, 0.07)), 0.42, 0.84))
    placed = place_on_pad(strokes, height, style.place + rng.normal(0, 0.05, size=2))
    return {"label": label, "writer": style.seed, "form": form, "strokes": [s.tolist() for s in placed]}


def draw_distortion(style: Style, mess: float, breadth: float, rng: np.random.Generator) -> Callable[[Floats], Floats]:
    """Draw how this time the whole digit is widened, slanted, turned, and its waist shifted.

    Args:
        style: The writer's.
        mess: How far this digit may stray from the writer's habit; 1 is usual.
        breadth: How much of the widening the digit takes; a wide hand does not make a wide 1.
        rng: Draws this digit's share.
    """
    shear = np.tan(np.radians(style.slant + rng.normal(0, 3.5 * mess)))
    turn = np.radians(style.rotation + rng.normal(0, 2.5 * mess))
    widening = (style.widening * np.exp(rng.normal(0, 0.07 * mess))) ** breadth
    taper = rng.normal(0, 0.06 * mess)
    waist = style.waist * np.exp(rng.normal(0, 0.05 * mess))

    def distort(points: Floats) -> Floats:
        x, y = points.T
        y = np.sign(y) * np.abs(y) ** waist
        x = (x - 0.3) * widening * (1 + taper * (y - 0.5)) + (0.5 - y) * shear
        cos, sin = np.cos(turn), np.sin(turn)
        return np.column_stack([cos * x - sin * y, sin * x + cos * y])

    return distort


def shake(points: Floats, size: float, rng: np.random.Generator) -> Floats:
    """Add a tremor that remembers half of its last shift."""
    noise = rng.normal(0, size, size=points.shape)
    for step in range(1, len(noise)):
        noise[step] = 0.5 * noise[step - 1] + 0.87 * noise[step]
    return points + noise


def place_on_pad(strokes: list[Floats], height: float, center: Floats) -> list[Floats]:
    """Scale a digit to a height, or to a width of 0.9 if it is very wide, and keep it on the pad."""
    ink = np.vstack(strokes)
    low, high = ink.min(axis=0), ink.max(axis=0)
    scale = min(height / (high[1] - low[1]), 0.9 / (high[0] - low[0]))
    half = (high - low) * scale / 2
    center = np.clip(center, half + 0.02, 0.98 - half)
    return [np.round((stroke - (low + high) / 2) * scale + center, 3) for stroke in strokes]


def write_specimens() -> list[dict[str, object]]:
    """Have every writer write the ten digits three or four times."""
    digits = []
    for writer in range(WRITERS):
        style, rng = draw_style(writer), np.random.default_rng([SEED, writer, 7])
        for _repetition in range(3 + writer % 2):
            digits += [write_digit(label, style, rng) for label in range(10)]
    return digits


if __name__ == "__main__":
    target = Path(__file__).with_name("pen_digits.json.gz")
    text = json.dumps({"digits": write_specimens()}, separators=(",", ":")) + "\n"
    target.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
