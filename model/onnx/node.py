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


@dataclass(frozen=True)
class Node:
    """An operator with what the file says about it.

    Attributes:
        operator: ONNX's name of the operator.
        name: The node's name in the file; may be empty.
        inputs: Names of its inputs; an empty name is an optional input that is left out.
        outputs: Names of its outputs.
        attributes: By name.
        constants: The graph's constants, by name.
    """

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    constants: Mapping[str, NDArray[Any]]

    def __str__(self) -> str:
        return f"operator {self.operator} {self.name!r}" if self.name else f"operator {self.operator}"

    def require(self, attribute: str, default: int, *, value: int) -> None:
        """Reject every other value of an attribute."""
        self._require(attribute, [self.attributes.get(attribute, default)], value)

    def require_all(self, attribute: str, *, value: int) -> None:
        """Reject a list attribute that holds any other value."""
        self._require(attribute, self.attributes.get(attribute, []), value)

    def _require(self, attribute: str, found: Iterable[int], value: int) -> None:
        for each in found:
            if each != value:
                raise ModelError(f"{self} has {attribute} {each}; only {value} is supported")

    def pair(self, attribute: str, default: Iterable[int] = (1, 1)) -> Pair:
        """(height, width) of a list attribute."""
        values = list(self.attributes.get(attribute, default))
        if len(values) != 2:
            raise ModelError(f"{self} has {attribute} {values}; there must be two, for height and width")
        return (int(values[0]), int(values[1]))

    def constant(self, index: int) -> Float32 | None:
        """A constant input, as float32; None if there is no such input."""
        if index >= len(self.inputs) or not self.inputs[index]:
            return None
        if self.inputs[index] not in self.constants:
            raise ModelError(f"{self} computes its weights, which must be constants")
        return np.asarray(self.constants[self.inputs[index]], dtype=np.float32)

    def weights(self, index: int = 1) -> Float32:
        """A constant input that must be there and be finite."""
        weights = self.constant(index)
        if weights is None:
            raise ModelError(f"{self} has no weights")
        if not np.isfinite(weights).all():
            raise ModelError(f"{self} has weights that are not finite")
        return weights


def extents_text(extents: Iterable[int]) -> str:
    """Extents as people write them.

    >>> extents_text((3, 12, 12))
    '3×12×12'
    """
    return "×".join(str(extent) for extent in extents)
