"""Malformed and hostile ONNX files: ``python -m tests.faults.onnx_files``.

A table of what each gets, the time to the refusal, and the peak memory of a process that reads it, children included.
Ends with a status of 1 if one is not rejected by name, or exceeds a limit. Needs the package onnx, to write the files.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 2.0
BYTES = 300 * 10**6
"""Limits for each file. The memory includes Python, NumPy and this project: about 45 MB."""

Make = Callable[[Path], Path]
"""Writes files into a folder and returns the path of the ONNX file."""


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(0, 0.3, shape).astype(np.float32)


def _file(*operators: tuple[Any, ...], channels: int = 1, size: int = 12) -> Make:
    """Operators that follow one another, each (name, constants, attributes)."""

    def make(folder: Path) -> Path:
        from tests.onnx_files import OnnxFile

        file = OnnxFile(channels, size)
        for name, constants, attributes in operators:
            file.add(name, *constants, **attributes)
        file.model = lambda: _unchecked(file)  # type: ignore[method-assign]
        return file.save(folder / "net.onnx")

    return make


def _unchecked(file: Any) -> Any:
    """The model without inferred shapes, which ONNX cannot infer of malformed files."""
    from onnx import helper

    inputs = [helper.make_tensor_value_info("picture", file.element, file.input_shape)]
    outputs = [helper.make_empty_tensor_value_info(file.last)]
    graph = helper.make_graph(file.nodes, "net", inputs, outputs, file.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


CONV: tuple[Any, ...] = ("Conv", [_normal(3, 1, 3, 3)], {})
MEAN: tuple[Any, ...] = ("GlobalAveragePool", [], {})


def _changed(change: Callable[[Any], None], *operators: tuple[Any, ...]) -> Make:
    """The model of some operators after a change."""

    def make(folder: Path) -> Path:
        import onnx

        path = _file(*(operators or (CONV, MEAN)))(folder)
        model = onnx.load(path)
        change(model)
        path.write_bytes(model.SerializeToString())
        return path

    return make


def _bytes(data: Callable[[], bytes]) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "net.onnx"
        path.write_bytes(data())
        return path

    return make


def _message(number: int, content: bytes) -> bytes:
    """A field of bytes in the encoding of protocol buffers."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def _external(location: str, prepare: Callable[[Path], None] = lambda folder: None, **entries: str) -> Make:
    """Weights in another file."""

    def change(model: Any) -> None:
        from onnx import TensorProto

        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, **entries}.items():
            tensor.external_data.add(key=key, value=value)

    def make(folder: Path) -> Path:
        prepare(folder)
        return _changed(change)(folder)

    return make


def _set(field: Callable[[Any], None]) -> Make:
    return _changed(field)


def _dims(*dims: int) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        del model.graph.initializer[0].dims[:]
        model.graph.initializer[0].dims.extend(dims)

    return change


def _cycle(model: Any) -> None:
    model.graph.node[0].input[0] = model.graph.node[1].output[0]


def _rename_input(model: Any) -> None:
    model.graph.node[0].input[1] = "missing"


def _twice(model: Any) -> None:
    model.graph.node[1].output[0] = model.graph.node[0].output[0]


def _no_output(model: Any) -> None:
    del model.graph.node[0].output[:]


def _strings(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_type = 8
    tensor.string_data.extend([b""] * 27)


def _attribute(index: int, name: str, value: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        from onnx import helper

        node = model.graph.node[index]
        kept = [each for each in node.attribute if each.name != name]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(name, value)])

    return change


def _input(*extents: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        from onnx import TensorProto, helper

        model.graph.input[0].CopyFrom(helper.make_tensor_value_info("picture", TensorProto.FLOAT, extents))

    return change


def _subgraph(model: Any) -> None:
    from onnx import helper

    graph = helper.make_graph([], "nested", [], [])
    model.graph.node.append(helper.make_node("If", [model.graph.node[-1].output[0]], ["y"], then_branch=graph))
    model.graph.output[0].name = "y"


def _function(model: Any) -> None:
    model.graph.node[0].domain = "com.microsoft"


def _many_relus(model: Any) -> None:
    from onnx import helper

    last = model.graph.node[-1].output[0]
    for number in range(990):
        model.graph.node.append(helper.make_node("Relu", [last], [f"r{number}"]))
        last = f"r{number}"
    model.graph.output[0].name = last


def _constant_of_shape(model: Any) -> None:
    from onnx import helper, numpy_helper

    model.graph.initializer.append(numpy_helper.from_array(np.array([10**6, 10**6]), "extents"))
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["extents"], ["large"]))
    model.graph.node[1].input[1] = "large"


def _shared(model: Any) -> None:
    from onnx import helper

    last = model.graph.node[-1].output[0]
    weights = model.graph.node[-1].input[1]
    for number in range(40):
        model.graph.node.append(helper.make_node("Gemm", [last, weights], [f"g{number}"]))
        last = f"g{number}"
    model.graph.output[0].name = last


def _link(folder: Path) -> None:
    (folder / "weights.bin").symlink_to("/etc/passwd")


def _short(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(bytes(20))


def _sparse_file(folder: Path) -> None:
    with (folder / "weights.bin").open("wb") as file:
        file.truncate(10**12)


FILES: Mapping[str, Make] = {
    # Too large
    "4,096 1×1 filters on 64×64": _file(("Conv", [_normal(4096, 1, 1, 1)], {}), MEAN, size=64),
    "256 filters twice on 64×64": _file(
        ("Conv", [_normal(256, 1, 3, 3)], {"pads": [1] * 4}),
        ("Conv", [_normal(256, 256, 3, 3)], {"pads": [1] * 4}),
        MEAN,
        size=64,
    ),
    "64 depthwise kernels of 31×31 on 64×64": _file(
        ("Conv", [_normal(64, 1, 1, 1)], {}),
        ("Conv", [_normal(64, 1, 31, 31)], {"group": 64, "pads": [15] * 4}),
        MEAN,
        size=64,
    ),
    "a pooling window of 60×60 at 123×123 positions of 8 maps": _file(
        ("Conv", [_normal(8, 1, 1, 1)], {}),
        ("MaxPool", [], {"kernel_shape": [60, 60], "pads": [59] * 4}),
        MEAN,
        size=64,
    ),
    "padding of 500,000": _file(
        ("Conv", [_normal(3, 1, 3, 3)], {"pads": [500_000] * 4, "strides": [400_000] * 2}), MEAN
    ),
    "dilation of 500,000": _file(("Conv", [_normal(3, 1, 3, 3)], {"dilations": [500_000] * 2}), MEAN),
    "990 layers": _changed(_many_relus),
    "a file of 68 MB": _bytes(lambda: bytes(68 * 10**6)),
    "30 million empty operators in 60 MB": _bytes(lambda: _message(7, _message(1, b"") * 30_000_000)),
    "one operator with 60 million names": _bytes(lambda: _message(7, _message(1, _message(1, b"") * 30_000_000))),
    "an attribute of 60 million integers": _bytes(
        lambda: _message(
            7, _message(1, _message(4, b"Relu") + _message(5, _message(1, b"a") + _message(8, bytes(60_000_000))))
        )
    ),
    "a constant of 60 million listed integers": _bytes(
        lambda: _message(
            7, _message(5, _message(1, _varint(60_000_000)) + b"\x10\x07" + _message(7, bytes(60_000_000)))
        )
    ),
    "a constant of 2^62 values": _changed(_dims(2**31, 2**31)),
    "a constant with 100,000 axes": _changed(_dims(*[1] * 100_000)),
    "ConstantOfShape of 10^12 values": _changed(_constant_of_shape),
    "one constant as the weights of 40 layers": _changed(
        _shared, ("Flatten", [], {}), ("Gemm", [_normal(144, 2000)], {}), ("Gemm", [_normal(2000, 2000)], {})
    ),
    # Settings
    "stride 0": _changed(_attribute(0, "strides", [0, 0])),
    "negative stride": _changed(_attribute(0, "strides", [-1, 1])),
    "stride as a word": _changed(_attribute(0, "strides", "two")),
    "strides for one axis": _changed(_attribute(0, "strides", [1])),
    "negative padding": _changed(_attribute(0, "pads", [-1, 0, 0, 0])),
    "group 0": _changed(_attribute(0, "group", 0)),
    "group -1": _changed(_attribute(0, "group", -1)),
    "group 7 of 3 filters": _changed(_attribute(0, "group", 7)),
    "dilation 0": _changed(_attribute(0, "dilations", [0, 0])),
    "kernel_shape of another size": _changed(_attribute(0, "kernel_shape", [5, 5])),
    "window of 0×0": _file(("MaxPool", [], {"kernel_shape": [0, 0]}), CONV, MEAN),
    "window without a size": _file(("MaxPool", [], {}), CONV, MEAN),
    "negative variance": _file(
        CONV, ("BatchNormalization", [*[np.ones(3, np.float32)] * 3, -np.ones(3, np.float32)], {}), MEAN
    ),
    "epsilon that is no number": _file(
        CONV, ("BatchNormalization", [np.ones(3, np.float32)] * 4, {"epsilon": float("nan")}), MEAN
    ),
    "normalization of 2 maps for 3": _file(CONV, ("BatchNormalization", [np.ones(2, np.float32)] * 4, {}), MEAN),
    "alpha that is infinite": _file(CONV, ("LeakyRelu", [], {"alpha": float("inf")}), MEAN),
    "clip from 1 to 0": _file(CONV, ("Clip", [np.float32(1), np.float32(0)], {}), MEAN),
    "division by zero": _file(CONV, ("Div", [np.zeros(1, np.float32)], {}), MEAN),
    # Constants
    "weights that are no numbers": _file(("Conv", [np.full((3, 1, 3, 3), np.nan, np.float32)], {}), MEAN),
    "infinite weights": _file(("Conv", [np.full((3, 1, 3, 3), np.inf, np.float32)], {}), MEAN),
    "weights beyond single precision": _file(("Conv", [np.full((3, 1, 3, 3), 1e300)], {}), MEAN),
    "kernels with three axes": _changed(_dims(3, 3, 3)),
    "kernels without values": _changed(_dims(0, 1, 3, 3)),
    "extents that need more bytes": _changed(_dims(4, 1, 3, 3)),
    "negative extents": _changed(_dims(-3, 1, 3, 3)),
    "constants of words": _changed(_strings),
    "constants of an unknown type": _changed(lambda model: setattr(model.graph.initializer[0], "data_type", 99)),
    "bias of another length": _file(("Conv", [_normal(3, 1, 3, 3), _normal(5)], {}), MEAN),
    "missing constant": _changed(_rename_input),
    # Graph
    "cycle": _changed(_cycle),
    "two operators with one output": _changed(_twice),
    "operator without an output": _changed(_no_output),
    "operator without inputs": _changed(lambda model: model.graph.node[0].ClearField("input")),
    "output that nothing makes": _changed(lambda model: setattr(model.graph.output[0], "name", "nothing")),
    "no operators": _changed(lambda model: model.graph.ClearField("node")),
    "no input": _changed(lambda model: model.graph.ClearField("input")),
    "input of 10^9×10^9": _changed(_input(1, 1, 10**9, 10**9)),
    "input of extent 0": _changed(_input(1, 1, 0, 0)),
    "input of negative extent": _changed(_input(1, 1, -28, -28)),
    "input with 9 axes": _changed(_input(*[1] * 9)),
    "reshape to other extents": _file(("Reshape", [np.array([1, 5, 5])], {}), MEAN),
    "reshape to two unknown extents": _file(("Reshape", [np.array([-1, -1])], {}), MEAN),
    "reshape by fractions": _file(("Reshape", [_normal(2)], {}), MEAN),
    "transpose with an axis twice": _file(("Transpose", [], {"perm": [0, 1, 1, 3]}), MEAN),
    "squeeze of an axis that is not there": _file(("Squeeze", [np.array([9])], {}), MEAN),
    "softmax over an axis that is not there": _file(CONV, MEAN, ("Softmax", [], {"axis": 9})),
    "operator with a graph inside": _changed(_subgraph),
    "operator of another domain": _changed(_function),
    # Files beside it
    "weights in ../": _external("../weights.bin"),
    "weights at an absolute path": _external("/etc/passwd"),
    "weights in a link": _external("weights.bin", _link),
    "weights in a folder": _external("weights.bin", lambda folder: (folder / "weights.bin").mkdir()),
    "weights in a file with a name of 10,000 letters": _external("w" * 10_000),
    "weights in a file that is not there": _external("weights.bin"),
    "weights in a file that is too short": _external("weights.bin", _short),
    "weights in a file of 1 TB": _external("weights.bin", _sparse_file),
    "weights at a negative offset": _external("weights.bin", _short, offset="-8"),
    "weights at an offset that is no number": _external("weights.bin", _short, offset="here"),
    # Bytes
    "nothing": _bytes(lambda: b""),
    "text": _bytes(lambda: b"This is no network."),
    "zeros": _bytes(lambda: bytes(1000)),
    "ones": _bytes(lambda: b"\xff" * 1000),
    "a length beyond the end": _bytes(lambda: b"\x3a\xff\xff\xff\xff\x0f"),
    "a network cut in half": _bytes(lambda: _half()),
    "a name that is not UTF-8": _bytes(lambda: _message(7, _message(1, _message(4, b"\xff\xfe")))),
    "messages in messages, 100,000 deep": _bytes(lambda: _nested(100_000)),
}


def _half() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        whole = _file(CONV, MEAN)(Path(folder)).read_bytes()
    return whole[: len(whole) // 2]


def _nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth // 100):
        for number in (7, 1, 5, 6):
            content = _message(number, content)
    return content


def read(path: Path) -> None:
    """Read a file and print, as JSON, what it gets, the seconds, and the peak memory in bytes."""
    from model.errors import ArtifactError
    from model.onnx.reader import load_onnx

    begin = time.perf_counter()
    try:
        load_onnx(path)
        got = ""
    except ArtifactError as error:
        got = str(error)
    seconds = time.perf_counter() - begin
    # VmHWM and not ru_maxrss, which begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    peak = 1024 * max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(json.dumps({"got": got, "seconds": seconds, "bytes": peak}))


def measure(path: Path) -> dict[str, Any]:
    """What a file gets in a process of its own; ``got`` is empty if it is read, and a traceback if that fails."""
    command = [sys.executable, "-m", "tests.faults.onnx_files", "--read", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        return {"got": "", "failed": done.stderr.strip().splitlines()[-1:], "seconds": 0.0, "bytes": 0}
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def is_refused(measured: Mapping[str, Any], name: str = "net.onnx") -> bool:
    """Whether a file was refused by name, within the limits."""
    return name in measured["got"] and measured["seconds"] <= SECONDS and measured["bytes"] <= BYTES


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all files; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.onnx_files", description=__doc__)
    parser.add_argument("--read", type=Path, metavar="FILE", help="read one file and print what it gets")
    options = parser.parse_args(arguments)
    if options.read:
        read(options.read)
        return 0
    broken = []
    print("| file | what it gets | seconds | MB |\n|---|---|---|---|")
    for title, make in FILES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = make(Path(folder))
            measured = measure(path)
            got = measured["got"].replace(str(path), "net.onnx").replace("|", "\\|") or measured.get(
                "failed", "is read"
            )
        if not is_refused({**measured, "got": str(got)}):
            broken.append(title)
        print(f"| {title} | {got} | {measured['seconds']:.2f} | {measured['bytes'] / 1e6:.0f} |", flush=True)
    if broken:
        print(f"\nnot rejected within the limits: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
