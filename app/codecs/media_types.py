"""The formats of responses, and which of them a client wants."""

from collections.abc import Sequence
from functools import lru_cache

from app.errors import NotAcceptable

JSON = "application/json"
SAFETENSORS = "application/x-safetensors"
NPZ = "application/x-npz"
PNG = "image/png"

TENSORS = (JSON, SAFETENSORS, NPZ)
"""The formats of every response with arrays."""


@lru_cache(maxsize=256)
def negotiate(accept: str | None, offered: tuple[str, ...]) -> str:
    """The offered format that an Accept header prefers; the first offered of equals.

    Args:
        accept: The header, or its beginning; None or empty accepts anything.
        offered: Formats, the usual one first.

    Raises:
        NotAcceptable: The header rules out all of them.

    >>> negotiate("text/html, image/png;q=0.5, */*;q=0.1", (JSON, PNG))
    'image/png'
    """
    if not accept:
        return offered[0]
    ranges = [_parse_range(part) for part in accept.split(",")]
    best = max(offered, key=lambda media_type: _quality(media_type, ranges))
    if _quality(best, ranges) <= 0:
        raise NotAcceptable(
            f"This response is available as {', '.join(offered)}; the Accept header allows none of them.",
            offered=list(offered),
        )
    return best


def _parse_range(part: str) -> tuple[str, float]:
    """``image/*;q=0.5`` → its range and quality; a quality that is no number counts as none given."""
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_range, min(1.0, max(0.0, float(value)))
            except ValueError:
                return media_range, 1.0
    return media_range, 1.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """What the most specific of the ranges that match says."""
    family = media_type.partition("/")[0] + "/*"
    for wanted in (media_type, family, "*/*"):
        for media_range, quality in ranges:
            if media_range == wanted:
                return quality
    return 0.0
