"""What is measured: name → a function that prepares it and returns the call to time.

Each contender runs in a process of its own (`bench.worker`): the threads of one framework go on spinning for a while
after its work is done, and would slow down the next.
"""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.growth import GROWTH
from model.artifact import load_artifact
from model.data.augmentation import augment
from model.memory import keep_freed_memory
from model.network import Network
from model.plan import InferencePlan
from model.train.config import RECIPES
from model.train.loop import images_innermost, start_training, train_step

Call = Callable[[], object]

BATCH = 256
TRAINING_BATCH = RECIPES["cnn"].batch_size
CORES = os.cpu_count() or 1
TOLERANCE = 1e-5


def network() -> Network:
    """The network that is served."""
    return load_artifact(Path(__file__).resolve().parents[1] / "model" / "artifacts" / "cnn").network


def images(count: int) -> np.ndarray:
    """(count, 1, 28, 28) float32 of random ink."""
    return np.random.default_rng(0).random((count, 1, 28, 28), dtype=np.float32)


def _plan() -> Call:
    plan, digit = InferencePlan(network()), images(1)
    return lambda: plan.trace(digit)


def _network_trace() -> Call:
    cnn, digit = network(), images(1)
    return lambda: cnn.trace(digit)


def _network_batch() -> Call:
    keep_freed_memory(array_bytes=2**30, total_bytes=2**30)
    cnn, batch = network(), images(BATCH)
    pool = ThreadPoolExecutor(CORES)
    parts = np.array_split(batch, 2 * CORES)
    return lambda: list(pool.map(cnn.trace, parts))


def _onnx(count: int, threads: int) -> Call:
    from bench.rivals import onnx_session

    cnn, batch = network(), images(count)
    session = onnx_session(cnn, count, threads)
    for output, maps in zip(session.run(None, {"images": batch}), cnn.trace(batch).outputs.values(), strict=True):
        np.testing.assert_allclose(output.ravel(), maps.ravel(), rtol=0, atol=TOLERANCE)
    return lambda: session.run(None, {"images": batch})


def _torch(count: int, threads: int, channels_last: bool) -> Call:
    import torch

    from bench.rivals import torch_modules, torch_trace

    torch.set_num_threads(threads)
    trace = torch.inference_mode()(torch_trace)
    modules = torch_modules(network(), channels_last)
    batch = torch.from_numpy(images(count))
    if channels_last:
        batch = batch.to(memory_format=torch.channels_last)
    for output, maps in zip(trace(modules, batch), network().trace(images(count)).outputs.values(), strict=True):
        np.testing.assert_allclose(output.numpy().ravel(), maps.ravel(), rtol=0, atol=TOLERANCE)
    return lambda: trace(modules, batch)


def _labels() -> np.ndarray:
    return np.arange(TRAINING_BATCH) % 10


def _train() -> Call:
    keep_freed_memory(array_bytes=2**30, total_bytes=2**30)
    config = RECIPES["cnn"]
    state = start_training(network(), config)
    batch = images_innermost(images(TRAINING_BATCH)[:, 0])
    pool = ThreadPoolExecutor(CORES)
    return lambda: train_step(state, config, batch, _labels(), 10**9, pool)


def _train_torch(channels_last: bool) -> Call:
    import torch

    from bench.rivals import torch_training_step

    torch.set_num_threads(CORES)
    batch = torch.from_numpy(images(TRAINING_BATCH))
    if channels_last:
        batch = batch.to(memory_format=torch.channels_last)
    return torch_training_step(network(), batch, torch.from_numpy(_labels()))


def _augment() -> Call:
    batch, rng = images(TRAINING_BATCH)[:, 0], np.random.default_rng(0)
    return lambda: augment(batch, RECIPES["cnn"].augmentation, rng)


def _product(threads: int) -> Call:
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads, user_api="blas")
    a, b = np.random.default_rng(0).random((2, PRODUCT, PRODUCT), dtype=np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, b, out=out)


PRODUCT = 1536
"""Extent of the square matrices whose product tells what the machine can do."""

INFERENCE: Mapping[str, Callable[[], Call]] = {
    "Kernelscope, plan (1 thread)": _plan,
    "Kernelscope, Network.trace (1 thread)": _network_trace,
    "ONNX Runtime (1 thread)": lambda: _onnx(1, 1),
    "PyTorch (1 thread)": lambda: _torch(1, 1, False),
    "PyTorch, channels last (1 thread)": lambda: _torch(1, 1, True),
    f"PyTorch, channels last ({CORES} threads)": lambda: _torch(1, CORES, True),
}
BATCHES: Mapping[str, Callable[[], Call]] = {
    f"Kernelscope, Network.trace ({CORES} threads)": _network_batch,
    f"ONNX Runtime ({CORES} threads)": lambda: _onnx(BATCH, CORES),
    f"PyTorch ({CORES} threads)": lambda: _torch(BATCH, CORES, False),
    f"PyTorch, channels last ({CORES} threads)": lambda: _torch(BATCH, CORES, True),
}
TRAINING: Mapping[str, Callable[[], Call]] = {
    f"Kernelscope, train_step ({CORES} threads)": _train,
    f"PyTorch ({CORES} threads)": lambda: _train_torch(False),
    f"PyTorch, channels last ({CORES} threads)": lambda: _train_torch(True),
    "Kernelscope, augmentation alone (1 thread)": _augment,
}
PRODUCTS: Mapping[str, Callable[[], Call]] = {
    "sgemm (1 thread)": lambda: _product(1),
    f"sgemm ({CORES} threads)": lambda: _product(CORES),
}
GROUPS: Mapping[str, Mapping[str, Callable[[], Call]]] = {
    "inference": INFERENCE,
    "batches": BATCHES,
    "training": TRAINING,
    "products": PRODUCTS,
    "growth": GROWTH,
}
