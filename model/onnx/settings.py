"""What a file says about a network's input and classes: its metadata, and ``name.json`` beside it.

Keys of both, all optional: ``mean`` and ``std`` (a number, or one for each channel), by which pixels from 0 (paper) to
1 (ink) were normalized in training; or ``input_range``, the values of paper and of ink; and ``classes``, the names of
the classes in their order. In metadata, values are JSON; names may also be separated by commas. What is in the file
beside it takes precedence and must be valid; metadata that is not as described is ignored, since other programs may
mean something else by these keys.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.errors import ModelError

MAX_NAME = 40
"""Characters of a class's name."""

KEYS = ("mean", "std", "input_range", "classes")

OTHER_KEYS: Mapping[Any, str] = {"class_names": "classes", "labels": "classes", "names": "classes", "deviation": "std"}
"""Other spellings."""


@dataclass(frozen=True)
class Normalization:
    """What the network reads for a pixel p from 0 (paper) to 1 (ink): (p − mean) / deviation, for each channel.

    Attributes:
        mean: For each channel.
        deviation: For each channel, not 0; negative for networks that read dark ink on light paper.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @property
    def is_identity(self) -> bool:
        """Whether the network reads pixels as they are."""
        return not any(self.mean) and all(each == 1 for each in self.deviation)


@dataclass(frozen=True)
class NetworkSettings:
    """What is stated; None where nothing is.

    Attributes:
        normalization: How pixels are normalized.
        classes: The names of the classes, in their order.
    """

    normalization: Normalization | None = None
    classes: tuple[str, ...] | None = None


def read_settings(metadata: Mapping[str, str], beside: bytes | None, channels: int, classes: int) -> NetworkSettings:
    """The settings of a network with this many input channels and classes.

    Raises:
        ModelError: A value is not as described above.
    """
    stated: dict[str, Any] = {}
    for key, entry in metadata.items():
        known = OTHER_KEYS.get(key.lower(), key.lower())
        if known in KEYS and _is_valid(known, _parsed(entry), channels, classes):
            stated[known] = _parsed(entry)
    if beside is not None:
        own = _object(beside)
        if {"mean", "std", "input_range"} & own.keys():
            stated = {"classes": stated["classes"]} if "classes" in stated else {}
        stated |= own
    return NetworkSettings(_normalization(stated, channels), _classes(stated.get("classes"), classes))


def _is_valid(key: str, value: Any, channels: int, classes: int) -> bool:
    try:
        _normalization({key: value}, channels)
        _classes(value if key == "classes" else None, classes)
    except ModelError:
        return False
    return True


def _object(beside: bytes) -> dict[str, Any]:
    """The settings of a file, by the keys that are known."""
    try:
        own = json.loads(beside)
    except (ValueError, RecursionError):
        raise ModelError("its settings are not JSON") from None
    if not isinstance(own, dict):
        raise ModelError("its settings are no JSON object")
    unknown = [key for key in own if OTHER_KEYS.get(key, key) not in KEYS]
    if unknown:
        raise ModelError(f"its settings have the unknown key {unknown[0][:40]!r}; known are {', '.join(KEYS)}")
    return {OTHER_KEYS.get(key, key): value for key, value in own.items()}


def _parsed(entry: str) -> Any:
    try:
        return json.loads(entry) if len(entry) <= 2**16 else None
    except (ValueError, RecursionError):
        return [part.strip() for part in entry.split(",")] if "," in entry else entry


def _normalization(stated: Mapping[str, Any], channels: int) -> Normalization | None:
    if "input_range" in stated:
        paper, ink = _numbers("input_range", stated["input_range"], 2)
        if paper == ink:
            raise ModelError(f"its input_range is {paper:g} to {ink:g}; paper and ink must differ")
        # (p − mean) / deviation is paper at p = 0 and ink at p = 1.
        deviation = 1 / (ink - paper)
        return Normalization((-paper * deviation,) * channels, (deviation,) * channels)
    if "mean" not in stated and "std" not in stated:
        return None
    mean = _numbers("mean", stated.get("mean", 0), channels)
    deviation_of = _numbers("std", stated.get("std", 1), channels)
    if 0 in deviation_of:
        raise ModelError("its std is 0; pixels are divided by it")
    return Normalization(mean, deviation_of)


def _numbers(key: str, value: Any, count: int) -> tuple[float, ...]:
    values = value if isinstance(value, list) else [value] * (count if key != "input_range" else 1)
    if len(values) == 1:
        values = values * (count if key != "input_range" else 1)
    try:
        numbers = tuple(float(each) for each in values)
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != count or not all(math.isfinite(each) and abs(each) <= 1e6 for each in numbers):
        raise ModelError(f"its {key} is {str(value)[:60]}; it must be {count} finite numbers")
    return numbers


def _classes(value: Any, count: int) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, dict):  # {"0": "zero", …}
        value = [value.get(str(number)) for number in range(count)]
    names = (
        [str(each) if isinstance(each, str | int | float) else "" for each in value] if isinstance(value, list) else []
    )
    if len(names) != count or not all(name.strip() and name.isprintable() and len(name) <= MAX_NAME for name in names):
        raise ModelError(
            f"its classes are {str(value)[:60]}; they must be {count} names of at most {MAX_NAME} characters"
        )
    return tuple(name.strip() for name in names)
