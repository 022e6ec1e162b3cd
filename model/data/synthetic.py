"""Synthetic digits: generated strokes, drawn and framed exactly as a visitor's are.

MNIST's writers were Americans. Forms that are common elsewhere (a 1 with a flag, a crossed 7, an open 4 in one
stroke) are rare in it, so these digits are mixed into the training data.
"""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.data.mnist import Digits
from model.data.pen_strokes import draw_pen_width, write_digit
from model.digits.framing import FRAME_SIZE, to_mnist_frame
from model.digits.strokes import Stroke, rasterize_strokes

BLOCK = 1_000
"""Digits drawn from one seed: the unit of work, so that the result does not depend on how many processes share it."""


def draw_synthetic_digits(count: int, seed: int, processes: int | None = None) -> Digits:
    """Draw labeled digits from pen strokes.

    Args:
        count: How many, the ten classes in turn; drawn in blocks of 1,000, of which the last is cut.
        seed: Names the set: the same seed gives the same digits.
        processes: How many draw at the same time; by default one for each core. With 1, this process draws.

    Returns:
        Digits framed to (28, 28).
    """
    images = draw_blocks(partial(_draw_block, seed, BLOCK), range(-(-count // BLOCK)), processes)
    labels = np.resize(np.arange(10, dtype=np.uint8), len(images))
    return Digits(images[:count], labels[:count])


def draw_blocks(
    draw: Callable[[Any], NDArray[np.uint8]], blocks: Sequence[Any], processes: int | None = None
) -> NDArray[np.uint8]:
    """Draw blocks of images, several at the same time.

    Args:
        draw: Block → (n, 28, 28) uint8; importable by other processes.
        blocks: What it draws, in order.
        processes: How many draw at the same time; by default one for each core. With 1, this process draws.

    Returns:
        (N, 28, 28) uint8, the images of all blocks, one after another.
    """
    if processes == 1:
        drawn = [draw(block) for block in blocks]
    else:
        # Spawned, not forked: a copy of a process whose BLAS has threads may hang.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes or os.cpu_count(), mp_context=context) as pool:
            drawn = list(pool.map(draw, blocks))
    return np.concatenate([np.empty((0, FRAME_SIZE, FRAME_SIZE), np.uint8), *drawn])


def frame_strokes(strokes: Sequence[Stroke], pen_width: float) -> NDArray[np.uint8]:
    """What the network reads of a drawing: (28, 28) uint8, 0 paper, 255 ink."""
    return np.rint(to_mnist_frame(rasterize_strokes(strokes, pen_width)).pixels * 255).astype(np.uint8)


def _draw_block(seed: int, count: int, block: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng([seed, block])
    images = np.empty((count, FRAME_SIZE, FRAME_SIZE), dtype=np.uint8)
    for index in range(count):
        strokes = write_digit(index % 10, rng)
        extent = float(np.ptp(np.concatenate(strokes), axis=0).max())
        images[index] = frame_strokes(strokes, draw_pen_width(rng, extent))
    return images
