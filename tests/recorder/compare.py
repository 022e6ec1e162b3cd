"""What differs between two recorded values, as readable lines. Knows no request and no page."""

import difflib
from collections.abc import Iterator
from typing import Any

from tests.recorder.renames import KEYS, STRINGS, TEXTS


def renamed(value: Any, operation: str) -> Any:
    """A recorded value under today's names."""
    match value:
        case dict():
            return {_key(key, operation): renamed(each, operation) for key, each in value.items()}
        case list():
            return [renamed(each, operation) for each in value]
        case str():
            text = STRINGS.get(value, value)
            for old, new in TEXTS.items():
                text = text.replace(old, new)
            return text
        case _:
            return value


def differences(old: Any, new: Any, pointer: str = "") -> Iterator[str]:
    """One line for each leaf that differs: its JSON pointer, the old value, the new one."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            place = f"{pointer}/{key}"
            if key not in new:
                yield f"- {place}: {_short(old[key])}"
            elif key not in old:
                yield f"+ {place}: {_short(new[key])}"
            else:
                yield from differences(old[key], new[key], place)
    elif _are_lines(old) and _are_lines(new):
        for line in difflib.unified_diff(old, new, lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")):
                yield f"{line[0]} {pointer}: {line[1:]}"
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            place = f"{pointer}/{index}"
            if index >= len(new):
                yield f"- {place}: {_short(old[index])}"
            elif index >= len(old):
                yield f"+ {place}: {_short(new[index])}"
            else:
                yield from differences(old[index], new[index], place)
    elif type(old) is not type(new) or old != new:
        yield f"! {pointer}: {_short(old)} → {_short(new)}"


def _key(key: str, operation: str) -> str:
    return KEYS.get(f"{operation}/{key}", KEYS.get(key, key))


def _are_lines(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
