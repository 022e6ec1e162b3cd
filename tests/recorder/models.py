"""Two networks from elsewhere, generated: one that reads 32×32, and one whose pooling comes before its ReLU."""

from pathlib import Path

import numpy as np

from tests.onnx_files import OnnxFile, small_network

SEED = 14


def write_models(folder: Path) -> Path:
    """Write ``wide-32.onnx`` and ``pool-before-relu.onnx``, always the same; returns the folder."""
    rng = np.random.default_rng(SEED)
    small_network(rng, channels=1, input_size=32).save(folder / "wide-32.onnx")

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.2, shape).astype(np.float32)

    (
        OnnxFile(1, 28)
        .add("Conv", normal(6, 1, 5, 5), normal(6), pads=[2, 2, 2, 2])
        .add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        .add("Relu")
        .add("Flatten")
        .add("Gemm", normal(10, 6 * 14 * 14), normal(10), transB=1)
        .add("Softmax", axis=1)
        .save(folder / "pool-before-relu.onnx")
    )
    return folder
