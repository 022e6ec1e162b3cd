"""``python -m tests.onnx_zoo.generate [NAME …]``: train and export the networks, and record ONNX Runtime's results.

Needs `tests/onnx_zoo/requirements.txt` and onnxruntime, and the MNIST files in MNIST_DIR. Keras's networks need another
environment than PyTorch's if the two cannot be installed together: each run makes those that it can import.
"""

import argparse
import contextlib
import gzip
import importlib.util
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from model.artifact import read_tensors
from model.digits.resampling import resize
from tests.onnx_zoo.training import CONVENTIONS, Recipe, training_data

FOLDER = Path(__file__).parent / "networks"
RECORDS = Path(__file__).parent / "networks.json"
SAMPLES = Path(__file__).resolve().parents[2] / "model" / "artifacts" / "samples.safetensors.gz"

DIGITS = 1000
"""Test digits that each network classifies."""

BATCH = 128
RATE = 0.003


def make_pytorch(names: list[str], folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Train and export these of PyTorch's networks; yields the name and a record of each."""
    import torch
    from torch.nn.functional import cross_entropy

    from tests.onnx_zoo.pytorch_networks import NETWORKS

    for name in (each for each in NETWORKS if each in names or not names):
        export, recipe = NETWORKS[name], NETWORKS[name].recipe
        torch.manual_seed(0)
        network = export.make()
        optimizer = torch.optim.Adam(network.parameters(), RATE)
        inputs, labels = training_data(recipe)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * RATE, total_steps=-(-len(inputs) // BATCH))
        for begin in range(0, len(inputs), BATCH):
            x, y = (torch.from_numpy(each[begin : begin + BATCH]) for each in (inputs, labels))
            optimizer.zero_grad()
            cross_entropy(network(x), y).backward()
            optimizer.step()
            schedule.step()
        for parameter in network.parameters():
            parameter.data = parameter.data.half().float()  # compresses to half
        path = folder / f"{name}.onnx"
        if export.exporter == "documented":
            with contextlib.chdir(folder):
                exec(documented_line(), {"torch": torch, "network": network})  # noqa: S102 - a line of the documentation
        else:
            options = {"dynamo": export.exporter == "dynamo", "opset_version": export.opset, **export.options}
            example = torch.zeros(1, *recipe.shape)
            torch.onnx.export(
                network.eval(), (example,), str(path), input_names=["input"], output_names=["output"], **options
            )
        _add_metadata(path, export.metadata)
        record = _record(path, recipe, f"PyTorch {torch.__version__.split('+')[0]}, {export.exporter}")
        yield name, record | ({"line": documented_line()} if export.exporter == "documented" else {})


def make_keras(names: list[str], folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Train and export these of Keras's networks; yields the name and a record of each."""
    import keras
    import tensorflow
    import tf2onnx

    from tests.onnx_zoo.keras_networks import NETWORKS

    for name in (each for each in NETWORKS if each in names or not names):
        export, recipe = NETWORKS[name], NETWORKS[name].recipe
        keras.utils.set_random_seed(0)
        network = export.make()
        from_logits = network.layers[-1].activation is keras.activations.linear
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
        network.compile(keras.optimizers.Adam(RATE), loss)
        inputs, labels = training_data(recipe)
        network.fit(inputs, labels, batch_size=BATCH, epochs=1, verbose=0, shuffle=False)
        network.set_weights([weights.astype(np.float16).astype(np.float32) for weights in network.get_weights()])
        path = folder / f"{name}.onnx"
        if export.exporter == "keras":
            network.export(path, format="onnx", verbose=False)
        else:
            signature = [tensorflow.TensorSpec((None, *recipe.shape), tensorflow.float32, name="input")]
            function = tensorflow.function(lambda x, network=network: network(x, training=False))
            tf2onnx.convert.from_function(function, signature, opset=export.opset, output_path=str(path))
        yield name, _record(path, recipe, f"Keras {keras.__version__}, {export.exporter}")


def documented_line() -> str:
    """The line by which docs/own-network.md exports a network from PyTorch."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "own-network.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^torch\.onnx\.export.*$", text, re.MULTILINE)
    return str(line)


def _add_metadata(path: Path, metadata: Mapping[str, str]) -> None:
    if metadata:
        model = onnx.load(path, load_external_data=False)
        onnx.helper.set_model_props(model, dict(metadata))
        path.write_bytes(model.SerializeToString())


def _record(path: Path, recipe: Recipe, exporter: str) -> dict[str, Any]:
    """What is known about a file, and how many test digits ONNX Runtime classifies correctly with it."""
    model = onnx.load(path, load_external_data=False)
    record: dict[str, Any] = {
        "exporter": exporter,
        "opset": next(each.version for each in model.opset_import if each.domain in ("", "ai.onnx")),
        "convention": recipe.convention,
        "shape": recipe.shape,
        "operators": sorted({node.op_type for node in model.graph.node}),
    }
    if recipe.classes == 10:
        tensors, _ = read_tensors(SAMPLES)
        images, labels = tensors["images"][:DIGITS].astype(np.float32) / 255, tensors["labels"][:DIGITS]
        session = onnxruntime.InferenceSession(path)
        record["correct"] = int((classify(session, as_inputs(images, recipe)) == labels).sum())
    print(path.stem, record, flush=True)
    return record


def as_inputs(images: np.ndarray, recipe: Recipe) -> np.ndarray:
    """(N, 28, 28) from 0 to 1 → what a network reads; scaled to its input size as the service does."""
    mean, deviation = CONVENTIONS[recipe.convention]
    scaled = images if recipe.size == 28 else np.stack([resize(each, recipe.size, recipe.size) for each in images])
    scaled = np.clip(scaled, 0, 1)
    normalized = ((scaled - mean) / deviation).astype(np.float32)
    if recipe.shape[0] == 3:
        return np.repeat(normalized[:, np.newaxis], 3, axis=1)
    if recipe.shape[-1] == 3:
        return np.repeat(normalized[..., np.newaxis], 3, axis=3)
    return normalized.reshape(-1, *recipe.shape)


def classify(session: Any, inputs: np.ndarray) -> np.ndarray:
    """(N,) the classes; one image at a time, since some files fix the batch."""
    name = session.get_inputs()[0].name
    return np.array([session.run(None, {name: each[np.newaxis]})[0].reshape(-1).argmax() for each in inputs])


def main() -> int:
    """Write the files; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.onnx_zoo.generate", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks to make (default: all that can be)")
    names = parser.parse_args().names
    FOLDER.mkdir(exist_ok=True)
    for package, make in (("torch", make_pytorch), ("tf2onnx", make_keras)):
        if importlib.util.find_spec(package) is None:
            print(f"{package} is not installed, so that its networks are left as they are", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as temporary:
            for name, record in make(names, Path(temporary)):
                for path in sorted(Path(temporary).glob(f"{name}.onnx*")):
                    (FOLDER / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
                records = json.loads(RECORDS.read_text()) if RECORDS.exists() else {}
                RECORDS.write_text(json.dumps(dict(sorted((records | {name: record}).items())), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
