"""Synthetic digits: strokes written by code, drawn and framed exactly as a visitor's are.

MNIST's writers were Americans. What people elsewhere draw, the flagged 1, the crossed 7, the open 4 in one
stroke, hardly occurs there, so these digits are mixed into the training.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model.data.mnist import Digits
from model.data.pen_strokes import draw_pen_width, write_digit
from model.preprocessing import FRAME_SIZE, to_mnist_frame
from model.strokes import rasterize_strokes

BLOCK = 1_000
"""Digits drawn from one seed: the unit of work, so that the result does not depend on how many processes share it."""


def draw_synthetic_digits(count: int, seed: int, processes: int | None = None) -> Digits:
    """Draw labeled digits from pen strokes.

    Args:
        count: How many, the ten classes in turn; drawn in blocks of 1,000, of which the last is cut.
        seed: Names the set: the same seed gives the same digits.
        processes: How many draw at the same time; by default one for each core.

    Returns:
        Digits framed to (28, 28).
    """
    blocks = range(-(-count // BLOCK))
    # Spawned, not forked: a copy of a process whose BLAS has threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes or os.cpu_count(), mp_context=context) as pool:
        drawn = list(pool.map(partial(_draw_block, seed), blocks))
    labels = np.tile((np.arange(BLOCK) % 10).astype(np.uint8), len(drawn))
    return Digits(np.concatenate([np.empty((0, FRAME_SIZE, FRAME_SIZE), np.uint8), *drawn])[:count], labels[:count])


def _draw_block(seed: int, block: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng([seed, block])
    images = np.empty((BLOCK, FRAME_SIZE, FRAME_SIZE), dtype=np.uint8)
    for index in range(BLOCK):
        strokes = write_digit(index % 10, rng)
        extent = float(np.ptp(np.concatenate(strokes), axis=0).max())
        ink = rasterize_strokes(strokes, draw_pen_width(rng, extent))
        images[index] = np.rint(to_mnist_frame(ink).pixels * 255)
    return images
