"""Which web pages may open a WebSocket here: browsers send the page's origin, but let every page try."""

from collections.abc import Collection
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_admitted(origin: str | None, host: str, others: Collection[str]) -> bool:
    """Whether a handshake comes from one of our own pages, from an admitted one, or from no page at all.

    Args:
        origin: The Origin header; programs send none.
        host: The Host header: this server's name in the request.
        others: Further origins that are admitted.

    >>> is_admitted("http://localhost:8000", "localhost:8000", [])
    True
    >>> is_admitted("https://example.org", "example.org:443", [])
    True
    >>> is_admitted("http://evil.example", "localhost:8000", [])
    False
    """
    if origin is None or origin in others:
        return True
    try:
        page = urlsplit(origin)
        default = _DEFAULT_PORTS.get(page.scheme)
        called = urlsplit(f"//{host}")
        return (
            default is not None
            and bool(page.hostname)
            and page.hostname == called.hostname
            and (page.port or default) == (called.port or default)
        )
    except ValueError:  # a port that is not a number
        return False
