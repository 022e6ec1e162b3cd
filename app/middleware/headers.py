"""Headers as ASGI has them: pairs of bytes, names in small letters. Finding and adding one needs no class."""

from collections.abc import Iterable, Mapping

from starlette.types import Message, Scope

Pairs = list[tuple[bytes, bytes]]


def request_header(scope: Scope, name: bytes) -> str:
    """The first header of this name, empty if there is none."""
    for own, value in scope["headers"]:
        if own == name:
            return str(value, "latin-1")
    return ""


def encoded(headers: Mapping[str, str]) -> Pairs:
    """Names and values as bytes."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def add_headers(message: Message, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Add headers to the start of a response."""
    message["headers"] = [*message["headers"], *headers]
