"""One operator of an ONNX graph: its attributes and constant inputs, and the errors that name it.

Knows nothing of layers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.errors import ModelError
from model.geometry import Pair
from model.onnx.limits import Budget
from model.onnx.model_file import Operator, Tensor

LARGEST = 2**20
"""Of the integers in attributes: kernels, strides and padding are far smaller."""


class Constants:
    """The arrays that a file holds or that were computed from them, by name."""

    def __init__(self, tensors: Mapping[str, Tensor], external: Mapping[str, bytes], budget: Budget) -> None:
        self._tensors = tensors
        self._computed: dict[str, NDArray[Any]] = {}
        self._external = external
        self.budget = budget

    def __contains__(self, name: str) -> bool:
        return name in self._tensors or name in self._computed

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The array of this name.

        Raises:
            ModelError: Its values are missing or of a type that is not supported.
        """
        return self._computed[name] if name in self._computed else self.read(self._tensors[name])

    def add(self, name: str, array: NDArray[Any]) -> None:
        """Keep a computed array."""
        self._computed[name] = array

    def read(self, tensor: Tensor) -> NDArray[Any]:
        """The values of a tensor, in NumPy's own byte order."""
        self.budget.move(tensor.size, str(tensor))
        array = tensor.array(self._external)
        return array.astype(array.dtype.newbyteorder("="), copy=False)


@dataclass(frozen=True)
class Node:
    """An operator with what the file says about it.

    Attributes:
        declared: Its names and attributes.
        constants: The graph's constants.
        opset: The version of the operators.
    """

    declared: Operator
    constants: Constants
    opset: int

    @property
    def operator(self) -> str:
        return self.declared.operator

    @property
    def inputs(self) -> list[str]:
        return self.declared.inputs

    @property
    def output(self) -> str:
        return self.declared.outputs[0]

    @property
    def data(self) -> list[str]:
        """The inputs that are no constants."""
        return [name for name in self.inputs if name and name not in self.constants]

    def __str__(self) -> str:
        name = self.declared.name
        kind = f"{self.declared.domain}.{self.operator}" if self.declared.domain else self.operator
        return f"operator {kind[:60]} {name[:80]!r}" if name else f"operator {kind[:60]}"

    def has(self, attribute: str) -> bool:
        return attribute in self.declared.attributes

    def integer(self, attribute: str, default: int) -> int:
        """An attribute that must be an integer."""
        value = self.declared.attributes.get(attribute, default)
        if not isinstance(value, int) or abs(value) > LARGEST:
            raise ModelError(
                f"{self} has the attribute {attribute} {_shown(value)}, which must be an integer up to 2^20"
            )
        return value

    def number(self, attribute: str, default: float) -> float:
        """An attribute that must be a finite number."""
        value = self.declared.attributes.get(attribute, default)
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise ModelError(f"{self} has the attribute {attribute} {_shown(value)}, which must be a finite number")
        return float(value)

    def word(self, attribute: str, default: str) -> str:
        """An attribute that must be a word, such as NOTSET."""
        value = self.declared.attributes.get(attribute, default.encode())
        if not isinstance(value, bytes):
            raise ModelError(f"{self} has the attribute {attribute} {_shown(value)}, which must be a word")
        return value.decode(errors="replace")[:80]

    def integers(self, attribute: str, default: Iterable[int]) -> list[int]:
        """An attribute that must be a list of integers."""
        values = self.declared.attributes.get(attribute, default)
        if not isinstance(values, list | tuple) or not all(
            isinstance(each, int) and abs(each) < LARGEST for each in values
        ):
            raise ModelError(f"{self} has the attribute {attribute} {_shown(values)}, which must be a list of integers")
        return list(values)

    def require(self, attribute: str, default: int, *, value: int) -> None:
        """Reject every other value of an attribute."""
        found = self.integer(attribute, default)
        if found != value:
            raise ModelError(f"{self} has {attribute} {found}; only {value} is supported")

    def pair(self, attribute: str, default: Iterable[int] = (1, 1), *, least: int = 1) -> Pair:
        """(height, width) of a list attribute, both at least ``least``."""
        values = self.integers(attribute, default)
        if len(values) != 2:
            raise ModelError(f"{self} has {attribute} {_shown(values)}; there must be two, for height and width")
        if min(values) < least:
            raise ModelError(f"{self} has {attribute} {values}; both must be at least {least}")
        return (values[0], values[1])

    def optional(self, index: int) -> NDArray[Any] | None:
        """A constant input; None if there is no such input."""
        if index >= len(self.inputs) or not self.inputs[index]:
            return None
        if self.inputs[index] not in self.constants:
            raise ModelError(f"{self} computes its weights, which must be constants")
        return self.constants[self.inputs[index]]

    def list_input(self, index: int) -> list[int] | None:
        """A constant input that must be a list of integers, such as axes; None if there is no such input."""
        array = self.optional(index)
        if array is None:
            return None
        if array.ndim > 1 or array.dtype.kind not in "iu" or array.size > LARGEST:
            raise ModelError(f"{self} needs a list of integers, and got {array.dtype} of {array.shape}")
        return [int(each) for each in array.reshape(-1)]

    def scalar_input(self, index: int) -> float | None:
        """A constant input that must be one finite number; None if there is no such input."""
        array = self.optional(index)
        if array is None:
            return None
        if array.size != 1:
            raise ModelError(f"{self} needs one number, and got {array.size:,}")
        value = float(array.reshape(-1)[0])
        if np.isnan(value):
            raise ModelError(f"{self} has a constant that is not a number")
        return value

    def weights(self, index: int = 1) -> Float32:
        """A constant input that must be there and be finite, as float32."""
        found = self.optional(index)
        if found is None:
            raise ModelError(f"{self} has no weights")
        if not found.size:
            raise ModelError(f"{self} has weights of {extents_text(found.shape)}, which is none")
        if found.dtype.kind not in "fiu":
            raise ModelError(f"{self} has weights of {found.dtype}; they must be numbers")
        with np.errstate(over="ignore"):
            # A copy: in the file, arrays begin at any byte, and products of such arrays take longer.
            weights = np.array(found, dtype=np.float32)
        if not np.isfinite(weights).all():
            raise ModelError(f"{self} has weights that are not finite")
        return weights

    def optional_weights(self, index: int) -> Float32 | None:
        """As `weights`; None if there is no such input."""
        return None if index >= len(self.inputs) or not self.inputs[index] else self.weights(index)


def _shown(value: Any) -> str:
    """A value of a file, short enough for a message."""
    listed = str(value) if isinstance(value, int | float | bytes | list | tuple) else type(value).__name__
    return listed if len(listed) <= 60 else f"{listed[:60]}…"


def extents_text(extents: Iterable[int]) -> str:
    """Extents as people write them.

    >>> extents_text((3, 12, 12))
    '3×12×12'
    """
    return "×".join(str(extent) for extent in extents)
