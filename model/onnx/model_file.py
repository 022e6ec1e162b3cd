"""An ONNX file as what it declares: operators, constants, inputs and outputs. Knows nothing of layers.

Arrays are views of the file until they are used. Only what a network needs is read: no subgraphs, functions or
training information.

Source:
    The numbers of the fields are those of onnx.proto, ONNX 1.19.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import ModelError
from model.onnx.limits import Limits
from model.onnx.wire import MalformedFileError, WireReader, chunk, integer, packed_integers, single, text

DTYPES: Mapping[int, Any] = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    4: np.uint16,
    5: np.int16,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    10: np.float16,
    11: np.float64,
    12: np.uint32,
    13: np.uint64,
}
"""ONNX's number of an element type → NumPy's type."""

FLOAT16, BFLOAT16 = 10, 16

FLOAT_TYPES = frozenset({1, 10, 11, BFLOAT16})
"""float32, float16, float64 and bfloat16."""

INTEGERS_LISTED = 2**20
"""Most integers of a tensor that is stored as a list of numbers and not as raw bytes."""

MOST_AXES = 8


@dataclass
class Tensor:
    """A constant.

    Attributes:
        name: May be empty.
        shape: Its extents.
        element_type: ONNX's number.
        raw: Its bytes, in row-major order; None if they are listed or stored in another file.
        listed: Its values, if they are stored as lists of numbers.
        location: The name of the file that holds its bytes; None if this one does.
        offset: Of its bytes in that file.
        length: Of its bytes in that file; None: to the end.
    """

    name: str = ""
    shape: tuple[int, ...] = ()
    element_type: int = 0
    raw: memoryview | None = None
    listed: list[NDArray[Any]] = field(default_factory=list)
    location: str | None = None
    offset: int = 0
    length: int | None = None

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"the constant {self.name[:80]!r}" if self.name else "a constant"

    def array(self, external: Mapping[str, bytes]) -> NDArray[Any]:
        """The values; a view of the file where possible.

        Raises:
            ModelError: Its values are missing, too few or too many, or of a type that is not supported.
        """
        if self.location is not None:
            stored = self._external(self.location, external)
        elif self.raw is not None:
            stored = self.raw
        else:
            return self._from_list()
        if self.element_type == BFLOAT16:
            return _wide(self._view(stored, np.uint16))
        return self._view(stored, self._dtype())

    def _dtype(self) -> Any:
        if self.element_type not in DTYPES:
            raise ModelError(f"{self} has elements of ONNX's type {self.element_type}, which is not supported")
        return DTYPES[self.element_type]

    def _view(self, stored: memoryview, dtype: Any) -> NDArray[Any]:
        needed = self.size * np.dtype(dtype).itemsize
        if len(stored) != needed:
            raise ModelError(f"{self} is of {self.shape} and needs {needed:,} bytes, but has {len(stored):,}")
        return np.frombuffer(stored, dtype=np.dtype(dtype).newbyteorder("<")).reshape(self.shape)

    def _from_list(self) -> NDArray[Any]:
        values = np.concatenate(self.listed) if self.listed else np.empty(0)
        if len(values) != self.size:
            raise ModelError(f"{self} is of {self.shape} and needs {self.size:,} values, but has {len(values):,}")
        if self.element_type == BFLOAT16:  # as integers, which are its bits
            return _wide(values.astype(np.uint16)).reshape(self.shape)
        if self.element_type == FLOAT16:
            return values.astype(np.uint16).view(np.float16).reshape(self.shape)
        return values.astype(self._dtype()).reshape(self.shape)

    def _external(self, location: str, external: Mapping[str, bytes]) -> memoryview:
        if location not in external:
            raise ModelError(
                f"{self} is stored in {location[:80]!r}, which is not there; put this file beside it, under this name, "
                "or save the model with its weights inside"
            )
        whole = memoryview(external[location])
        end = len(whole) if self.length is None else self.offset + self.length
        if not 0 <= self.offset <= end <= len(whole):
            raise ModelError(
                f"{self} is stored at bytes {self.offset:,} to {end:,} of {location[:80]!r}, which has "
                f"{len(whole):,} bytes"
            )
        return whole[self.offset : end]


@dataclass
class Operator:
    """A node of the graph; its attributes are numbers, lists of numbers, bytes or tensors.

    Attributes:
        operator: ONNX's name of the operator.
        domain: Empty for ONNX's own.
        name: May be empty.
        inputs: Names; an empty one is an input that is left out.
        outputs: Names.
        attributes: By name.
    """

    operator: str = ""
    domain: str = ""
    name: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Declared:
    """An input or output of the graph.

    Attributes:
        name: Its name.
        element_type: ONNX's number.
        extents: Of each axis; None where it is not fixed. None altogether if they are not declared.
    """

    name: str = ""
    element_type: int = 0
    extents: list[int | None] | None = None


@dataclass
class ModelFile:
    """What an ONNX file declares.

    Attributes:
        nodes: Operators in their order.
        constants: The initializers, by name.
        inputs: Of the graph; some files list constants here, too.
        outputs: Of the graph.
        opset: The version of ONNX's own operators.
        metadata: What the file says about itself.
    """

    nodes: list[Operator] = field(default_factory=list)
    constants: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[Declared] = field(default_factory=list)
    outputs: list[Declared] = field(default_factory=list)
    opset: int = 1
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def external_files(self) -> list[str]:
        """The names of the files that hold weights, each once."""
        nested = (value for node in self.nodes for value in node.attributes.values() if isinstance(value, Tensor))
        tensors = chain(self.constants.values(), nested)
        return list(dict.fromkeys(each.location for each in tensors if each.location is not None))


class UnsupportedAttribute:
    """A graph, a list of tensors or anything else that no supported operator has."""


def parse_model(data: bytes, limits: Limits) -> ModelFile:
    """What a file declares.

    Raises:
        MalformedFileError: It is not an ONNX file.
        ModelError: It exceeds the limits, or has a part that is not supported.
    """
    return _Parser(limits).model(memoryview(data))


class _Parser:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._fields = WireReader(limits.fields).fields
        self._values = 0

    def model(self, message: memoryview) -> ModelFile:
        model = ModelFile()
        graphs = []
        for number, value in self._fields(message):
            if number == 7:
                graphs.append(chunk(value))
            elif number == 8:
                domain, version = self._opset(chunk(value))
                if domain in ("", "ai.onnx"):
                    model.opset = version
            elif number == 14:
                key, entry = self._pair(chunk(value))
                model.metadata[key] = entry
        if len(graphs) != 1:
            raise MalformedFileError(f"it has {len(graphs)} graphs instead of one")
        self._graph(graphs[0], model)
        return model

    def _graph(self, message: memoryview, model: ModelFile) -> None:
        for number, value in self._fields(message):
            if number == 1:
                model.nodes.append(self._node(chunk(value)))
                if len(model.nodes) > self._limits.nodes:
                    raise ModelError(f"it has more than {self._limits.nodes:,} operators")
            elif number == 5:
                tensor = self._tensor(chunk(value))
                model.constants[tensor.name] = tensor
            elif number == 15:
                raise ModelError("it has sparse constants, which are not supported")
            elif number == 11:
                model.inputs.append(self._declared(chunk(value)))
            elif number == 12:
                model.outputs.append(self._declared(chunk(value)))

    def _node(self, message: memoryview) -> Operator:
        node = Operator()
        for number, value in self._fields(message):
            if number == 1:
                node.inputs.append(text(value))
            elif number == 2:
                node.outputs.append(text(value))
            elif number == 3:
                node.name = text(value)
            elif number == 4:
                node.operator = text(value)
            elif number == 7:
                node.domain = "" if text(value) == "ai.onnx" else text(value)
            elif number == 5:
                name, attribute = self._attribute(chunk(value))
                node.attributes[name] = attribute
        return node

    def _attribute(self, message: memoryview) -> tuple[str, Any]:
        name, kind = "", 0
        found: dict[int, Any] = {}
        for number, value in self._fields(message):
            if number == 1:
                name = text(value)
            elif number == 20:
                kind = integer(value)
            elif number == 2:
                found[2] = single(value)
            elif number == 3:
                found[3] = integer(value)
            elif number == 4:
                found[4] = bytes(chunk(value)[:4096])
            elif number == 5:
                found[5] = self._tensor(chunk(value))
            elif number == 7:
                found.setdefault(7, []).extend(_listed(chunk(value)[: 4 * self._limits.fields], "<f4").tolist())
            elif number == 8:
                found.setdefault(8, []).extend(packed_integers(value, self._limits.fields).tolist())
        # Old files do not state the type; a value of zero may be left out.
        fields = {1: 2, 2: 3, 3: 4, 4: 5, 6: 7, 7: 8}
        at = fields.get(kind) if kind else next(iter(found), None)
        empty = {2: 0.0, 3: 0, 4: b"", 7: [], 8: []}
        return name, UnsupportedAttribute() if at is None else found.get(at, empty.get(at, UnsupportedAttribute()))

    def _tensor(self, message: memoryview) -> Tensor:
        tensor, is_external = Tensor(), False
        entries: dict[str, str] = {}
        shape: list[int] = []
        for number, value in self._fields(message):
            if number == 1:
                shape += packed_integers(value, MOST_AXES).tolist()
            elif number == 2:
                tensor.element_type = integer(value)
            elif number == 8:
                tensor.name = text(value)
            elif number == 9:
                tensor.raw = chunk(value)
            elif number in (4, 10):
                tensor.listed.append(_listed(chunk(value), "<f4" if number == 4 else "<f8"))
            elif number in (5, 7, 11):
                tensor.listed.append(packed_integers(value, INTEGERS_LISTED))
            elif number == 13:
                key, entry = self._pair(chunk(value))
                entries[key] = entry
            elif number == 14:
                is_external = integer(value) == 1
        if len(shape) > MOST_AXES or any(extent < 0 for extent in shape):
            raise ModelError(f"{tensor} is of {shape[: MOST_AXES + 1]}, which no constant can be")
        tensor.shape = tuple(shape)
        self._values += tensor.size
        if self._values > self._limits.weights:
            raise ModelError(
                f"its constants have {self._values:,} values or more; at most {self._limits.weights:,} are accepted"
            )
        if is_external:
            _locate(tensor, entries)
        return tensor

    def _declared(self, message: memoryview) -> Declared:
        declared = Declared()
        for number, value in self._fields(message):
            if number == 1:
                declared.name = text(value)
            elif number == 2:
                for kind, of_kind in self._fields(chunk(value)):
                    if kind == 1:
                        self._tensor_type(chunk(of_kind), declared)
        return declared

    def _tensor_type(self, message: memoryview, declared: Declared) -> None:
        for number, value in self._fields(message):
            if number == 1:
                declared.element_type = integer(value)
            elif number == 2:
                declared.extents = []
                for axis, dimension in self._fields(chunk(value)):
                    if axis == 1:
                        fixed = [integer(each) for which, each in self._fields(chunk(dimension)) if which == 1]
                        declared.extents.append(fixed[0] if fixed else None)

    def _opset(self, message: memoryview) -> tuple[str, int]:
        found = dict(self._fields(message))
        return text(found.get(1, EMPTY)), integer(found.get(2, 0))

    def _pair(self, message: memoryview) -> tuple[str, str]:
        found = dict(self._fields(message))
        return text(found.get(1, EMPTY)), text(found.get(2, EMPTY))


EMPTY = memoryview(b"")


def _wide(halves: NDArray[np.uint16]) -> NDArray[np.float32]:
    """bfloat16 → float32: the upper half of its bits."""
    return (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _listed(stored: memoryview, dtype: str) -> NDArray[Any]:
    item = np.dtype(dtype).itemsize
    if len(stored) % item:
        raise MalformedFileError(f"a list of numbers of {item} bytes has {len(stored):,} bytes")
    return np.frombuffer(stored, dtype=dtype)


def _locate(tensor: Tensor, entries: Mapping[str, str]) -> None:
    try:
        tensor.offset = int(entries.get("offset", 0))
        tensor.length = int(entries["length"]) if "length" in entries else None
    except ValueError:
        raise ModelError(f"{tensor} is stored at a position that is no number") from None
    tensor.location = entries.get("location", "")
