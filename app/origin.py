"""Which web pages may open a WebSocket here: browsers tell whose page asks, but let every page ask."""

from collections.abc import Collection
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_admitted(origin: str | None, host: str, others: Collection[str]) -> bool:
    """Whether a handshake comes from one of our own pages, from an admitted one, or from no page at all.

    Args:
        origin: The Origin header; programs send none.
        host: The Host header: what the client calls this server.
        others: Origins that are admitted besides.

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
        asking = urlsplit(origin)
        default = _DEFAULT_PORTS.get(asking.scheme)
        called = urlsplit(f"//{host}")
        return (
            default is not None
            and bool(asking.hostname)
            and asking.hostname == called.hostname
            and (asking.port or default) == (called.port or default)
        )
    except ValueError:  # a port that is no number
        return False
