"""An uploaded network: an ONNX file whose layers follow one another becomes a `Network` of this project's layers.

The operators of `model.onnx.operators` become layers, become part of one, or only rearrange values; those that read
only constants are computed (`model.onnx.folding`). The error names any other operator of a file. A fully connected
layer is one whose kernel is as large as its input, so a convolution of that size becomes one.

The file is only data; nothing in it is executed. Every bound of `model.onnx.limits` is checked from the extents that
the file declares.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import ArtifactError, ModelError, ShapeError
from model.layers import Activation, Affine, Layer, Linear, Pad2d, ReLU, Softmax
from model.network import Network
from model.onnx.chain import Arrangement, Chain
from model.onnx.folding import FOLDED, fold, shape_of
from model.onnx.fusing import fused
from model.onnx.limits import LIMITS, MAX_INPUT_SIZE, MIN_INPUT_SIZE, Budget, Limits
from model.onnx.model_file import FLOAT_TYPES, Declared, ModelFile, parse_model
from model.onnx.node import Constants, Node, extents_text
from model.onnx.operators import OPERATORS, REARRANGING
from model.onnx.settings import NetworkSettings, read_settings
from model.onnx.wire import MalformedFileError

UNKNOWN_SIZE = 28
"""Pixels, where a file does not fix the extents of its input."""

UINT8 = 2

SETTINGS_FILE = "model.json"
"""The settings of ``name.onnx`` are in ``name.json`` beside it, or, for all files of the folder, in this file."""

MAX_SETTINGS_BYTES = 2**16


@dataclass(frozen=True)
class OnnxNetwork:
    """What an ONNX file holds.

    Attributes:
        network: The network, in float32. If the file ends in logits, a softmax is added.
        tensors: Layer name → the tensor of the file that has its values, and how that arranges them; none for a softmax
            that the file does not have, nor for the first of two layers from one operator.
        settings: What the file, or the one beside it, says about its input and its classes.
    """

    network: Network
    tensors: Mapping[str, tuple[str, Arrangement]] = field(default_factory=dict)
    settings: NetworkSettings = field(default_factory=NetworkSettings)


def load_onnx(path: Path, limits: Limits = LIMITS) -> OnnxNetwork:
    """Read a file, the settings beside it, and the files beside it that hold its weights.

    Args:
        path: An ONNX file.
        limits: The largest network that is read.

    Raises:
        ArtifactError: As `read_onnx`; the message begins with the path.
    """
    try:
        data = _bytes_of(path, limits.file_bytes)
        model = _parsed(data, limits)
        external: dict[str, bytes] = {}
        for name in model.external_files:
            rest = limits.file_bytes - sum(map(len, external.values()))
            external[name] = _bytes_of(_beside(path, name), rest, name)
        candidates = (path.with_suffix(".json"), path.with_name(SETTINGS_FILE))
        settings = next((each for each in candidates if each.exists()), None)
        beside = None if settings is None else _bytes_of(settings, MAX_SETTINGS_BYTES, settings.name)
        return _read(model, external, beside, limits)
    except ModelError as error:
        raise ArtifactError(f"{path} {error}") from None


def read_onnx(
    data: bytes,
    external: Mapping[str, bytes] | None = None,
    settings: bytes | None = None,
    limits: Limits = LIMITS,
) -> OnnxNetwork:
    """Read a network from the bytes of an ONNX file.

    Every bound is checked from the extents that the file declares, before anything of that size is allocated.

    Args:
        data: The file. Its input is one image of one channel or three, square, from 8×8 to 64×64: N×C×H×W, N×H×W×C,
            N×H×W or a row.
        external: The files beside it that hold its weights, by the names that it gives them.
        settings: JSON with mean, std, input_range and classes: see `model.onnx.settings`.
        limits: The largest network that is read.

    Raises:
        ArtifactError: It cannot be read, or is not a network that can be shown here. The message says why and begins
            with a verb, so that the file's name can stand before it.
    """
    if len(data) > limits.file_bytes:
        raise ArtifactError(f"has {len(data):,} bytes; at most {limits.file_bytes:,} bytes are accepted")
    files = external or {}
    if sum(map(len, files.values())) > limits.file_bytes:
        raise ArtifactError(f"has more than {limits.file_bytes:,} bytes of weights in other files, which is the most")
    return _read(_parsed(data, limits), files, settings, limits)


def _bytes_of(path: Path, most: int, name: str = "") -> bytes:
    """The content of a file of at most this size; a name is that of another file than the network's own."""
    what = f"needs {name[:80]!r}, which " if name else ""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ArtifactError(f"{what}is not a file")
        if size > most:
            raise ArtifactError(f"{what}has {size:,} bytes; at most {most:,} bytes are accepted")
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        raise ArtifactError(f"{what}is not there{': put it into the same folder' if name else ''}") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{what}cannot be read: {error}") from None


def _beside(path: Path, name: str) -> Path:
    """The path of a file in the folder of another one.

    Raises:
        ArtifactError: The name leads elsewhere, or to a link.
    """
    if not name or "/" in name or "\\" in name or "\0" in name or name in (".", "..") or len(name.encode()) > 255:
        raise ArtifactError(
            f"stores weights in {name[:80]!r}; only a file in the same folder is read, named without a path and by at "
            "most 255 bytes"
        )
    beside = path.parent / name
    if beside.is_symlink():
        raise ArtifactError(f"stores weights in {name[:80]!r}, which is a link; only a file in the same folder is read")
    return beside


def _parsed(data: bytes, limits: Limits) -> ModelFile:
    try:
        return parse_model(data, limits)
    except MalformedFileError as error:
        raise ArtifactError(f"is not an ONNX model: {error}") from None
    except ModelError as error:
        raise ArtifactError(f"cannot be shown: {error}") from None


def _read(model: ModelFile, external: Mapping[str, bytes], settings: bytes | None, limits: Limits) -> OnnxNetwork:
    try:
        reader = _GraphReader(model, external, limits)
        network = reader.network()
        classes = network.output_shapes["softmax"][0]
        stated = read_settings(model.metadata, settings, network.input_shape[0], classes)
        tensors = {name: each for name, each in zip(network.layers, reader.tensors, strict=False) if each is not None}
        return OnnxNetwork(network, tensors, stated)
    except ModelError as error:
        raise ArtifactError(f"cannot be shown: {error}") from None


class _GraphReader:
    """Walks through the operators of a file in their order."""

    def __init__(self, model: ModelFile, external: Mapping[str, bytes], limits: Limits) -> None:
        inputs = [each for each in model.inputs if each.name not in model.constants]
        if len(inputs) != 1:
            raise ModelError(f"it has {len(inputs)} inputs; a network must have one, the image")
        budget = Budget(limits)
        self._input = inputs[0].name
        self._constants = Constants(model.constants, external, budget)
        self._nodes = _needed(model, self._constants)
        self._reads = Counter(
            name for node in self._nodes if node.operator not in ("Shape", "Size") for name in node.inputs if name
        )
        arrangement, batch = _input_of(inputs[0])
        self._chain = Chain(arrangement, batch, budget)
        self._last = inputs[0].name
        self.tensors: list[tuple[str, Arrangement] | None] = []
        self._shapes = {self._last: arrangement.shape}

    def network(self) -> Network:
        """The network.

        Raises:
            ModelError: An operator is not supported, or reads something else than the output of the one before it.
        """
        _require_supported(self._nodes)
        index = 0
        while index < len(self._nodes):
            node = self._nodes[index]
            try:
                index = self._step(node, index)
            except ShapeError as error:
                raise ModelError(f"{node} does not fit: {error}") from None
            self._shapes[self._last] = self._chain.value.shape
            self._note_tensor()
        chain = self._chain
        chain.require_nothing_pending()
        if not chain.layers:
            raise ModelError("it has no layers")
        shape = chain.value.maps
        if shape[1:] != (1, 1) or shape[0] < 2:
            raise ModelError(
                f"its output is {extents_text(shape)}; a classifier's output is a row of at least two numbers"
            )
        return Network(chain.input_shape, _named(chain.layers))

    def _note_tensor(self) -> None:
        """Remember which tensor has the values of the last layer; a later operator may still become part of it."""
        chain = self._chain
        if chain.layers and not chain.is_pending:
            del self.tensors[len(chain.layers) - 1 :]
            # Of two layers from one operator, the first has no tensor.
            self.tensors += [None] * (len(chain.layers) - 1 - len(self.tensors))
            self.tensors.append((self._last, chain.value))

    def _step(self, node: Node, index: int) -> int:
        """Read one operator, or several that are one function; returns the index of the next."""
        if not node.data:
            self._constants.add(node.output, fold(node))
            return index + 1
        if node.operator in ("Shape", "Size") and node.data[0] in self._shapes:
            shape = self._shapes[node.data[0]]
            self._constants.add(node.output, shape_of(node, shape if node.operator == "Shape" else (math.prod(shape),)))
            return index + 1
        if self._chain.has_ended and self._last in node.data and node.operator in REARRANGING:
            return index + 1
        if self._last in node.data and self._reads[self._last] > 1:
            function = fused(self._nodes, index, self._last, self._reads)
            if function is not None:
                layer, index = function
                self._require_open(node)
                self._chain.elementwise(node, layer)
                self._last = self._nodes[index].output
                return index + 1
            self._fail_at_branch()
        if node.data != [self._last]:
            raise ModelError(
                f"{node} reads {', '.join(node.data)[:200]}, and the output before it is {self._last[:80]}: "
                "only layers that follow one another can be shown"
            )
        self._require_open(node)
        if node.operator not in OPERATORS:
            raise _unsupported(node)
        OPERATORS[node.operator](node, self._chain)
        self._last = node.output
        return index + 1

    def _require_open(self, node: Node) -> None:
        if self._chain.has_ended:
            raise ModelError(f"the softmax is followed by {node}; it must be the last one")

    def _fail_at_branch(self) -> None:
        readers = [
            str(node) for node in self._nodes if self._last in node.data and node.operator not in ("Shape", "Size")
        ]
        raise ModelError(
            f"the output {self._last[:80]!r} is read by {' and '.join(readers[:4])}: branches, such as residual "
            "additions and concatenations, cannot be shown; only layers that follow one another can"
        )


def _needed(model: ModelFile, constants: Constants) -> list[Node]:
    """The operators that an output depends on, in their order.

    Raises:
        ModelError: An operator has no output, or two have the same.
    """
    made: set[str] = {each.name for each in model.inputs}
    for node in model.nodes:
        if not node.outputs or not node.outputs[0]:
            raise ModelError(f"operator {node.operator[:60]} {node.name[:80]!r} has no output")
        for name in filter(None, node.outputs):
            if name in made or name in constants:
                raise ModelError(f"operator {node.operator[:60]} {node.name[:80]!r} makes {name[:80]!r}, which exists")
            made.add(name)
    wanted = {each.name for each in model.outputs}
    kept = []
    for node in reversed(model.nodes):
        if wanted.intersection(filter(None, node.outputs)):
            wanted.update(node.inputs)
            kept.append(Node(node, constants, model.opset))
    return _without_choice(kept[::-1])


def _without_choice(nodes: list[Node]) -> list[Node]:
    """Without an ArgMax at the end, and what only rearranges its output: the class is read from the probabilities."""
    chosen: set[str] = set()
    rest = []
    for node in nodes:
        if node.operator == "ArgMax" or (chosen.intersection(node.data) and node.operator in REARRANGING):
            chosen.add(node.output)
        else:
            rest.append(node)
    return rest


def _require_supported(nodes: list[Node]) -> None:
    """Raises ModelError if an operator is not supported by itself; whether it can be read where it is shows later."""
    for node in nodes:
        known = {*OPERATORS, *FOLDED, "Erf"}
        if node.declared.domain or node.operator not in known:
            raise _unsupported(node)


def _unsupported(node: Node) -> ModelError:
    return ModelError(f"{node} is not supported; supported are {', '.join(sorted(OPERATORS))}")


def _input_of(declared: Declared) -> tuple[Arrangement, int]:
    """How the input arranges the image, and the number of images that the file fixes."""
    name, extents = f"its input {declared.name[:80]}", declared.extents
    if declared.element_type not in FLOAT_TYPES | {UINT8}:
        raise ModelError(f"{name} is neither of floating-point numbers nor of bytes")
    if not extents:
        raise ModelError(f"{name} has no shape; images have N×C×H×W, N×H×W×C, N×H×W or a row of pixels")
    if any(extent is not None and extent < 1 for extent in extents):
        raise ModelError(f"{name} has the extents {extents[:8]}, which must be at least 1")
    batch = extents[0] or 1
    if len(extents) == 4:
        return _image(name, extents), batch
    if len(extents) == 3:
        height, width = (extent or UNKNOWN_SIZE for extent in extents[1:])
        return _checked(name, (1, height, width)).reshaped((1, height, width)), batch
    if len(extents) == 2:
        pixels = extents[1] or UNKNOWN_SIZE**2
        channels = next((count for count in (1, 3) if math.isqrt(pixels // count) ** 2 * count == pixels), 1)
        size = math.isqrt(pixels // channels)
        if size * size * channels != pixels:
            raise ModelError(f"{name} is a row of {pixels:,}, which is no square image with 1 or 3 channels")
        return _checked(name, (channels, size, size)).reshaped((1, pixels)), batch
    raise ModelError(f"{name} has {len(extents)} axes; images have N×C×H×W, N×H×W×C, N×H×W or a row of pixels")


def _image(name: str, extents: list[int | None]) -> Arrangement:
    """N×C×H×W or N×H×W×C; extents that are not fixed are those of an MNIST digit."""
    last = extents[3]
    if last in (1, 3) and extents[1] not in (1, 3):
        height, width = (extent or UNKNOWN_SIZE for extent in extents[1:3])
        return _checked(name, (last, height, width)).transposed([0, 2, 3, 1])
    channels = extents[1] or 1
    height, width = (extent or UNKNOWN_SIZE for extent in extents[2:])
    return _checked(name, (channels, height, width))


def _checked(name: str, maps: tuple[int, int, int]) -> Arrangement:
    channels, height, width = maps
    if channels not in (1, 3) or height != width or not MIN_INPUT_SIZE <= height <= MAX_INPUT_SIZE:
        raise ModelError(
            f"{name} is {extents_text(maps)}; it must be 1×n×n or 3×n×n with n from {MIN_INPUT_SIZE} to "
            f"{MAX_INPUT_SIZE}"
        )
    return Arrangement.of(maps)


_STEMS = {ReLU.kind: "relu", Linear.kind: "linear", Activation.kind: "act", Affine.kind: "scale", Pad2d.kind: "pad"}


def _stem(layer: Layer) -> str:
    return _STEMS.get(layer.kind) or ("pool" if "pool" in layer.kind else "conv")


def _named(layers: list[Layer]) -> dict[str, Layer]:
    """Each layer by its kind and number: conv1, relu1, pool1, conv2, …; a softmax last, added if there is none."""
    counts: Counter[str] = Counter()
    named: dict[str, Layer] = {}
    for layer in layers:
        if not isinstance(layer, Softmax):
            stem = _stem(layer)
            counts[stem] += 1
            named[f"{stem}{counts[stem]}"] = layer
    return {**named, "softmax": Softmax()}
