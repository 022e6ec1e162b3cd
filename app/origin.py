"""Which web pages may open a WebSocket or send a form here: browsers send the page's origin, but let every page try."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from app.errors import ForeignOrigin

_DEFAULT_PORTS = {"http": 80, "https": 443}


def require_own_page(connection: HTTPConnection, others: Collection[str], purpose: str) -> None:
    """Raises ForeignOrigin for the page of another site.

    Args:
        connection: A request or a handshake.
        others: Further origins that are admitted.
        purpose: What such pages may not do, for the message.
    """
    host = connection.headers.get("host", "")
    # Browsers compare the page's address with the one that they call, which a proxy may have replaced in Host.
    is_own = connection.headers.get("sec-fetch-site") == "same-origin"
    if not is_own and not is_admitted(connection.headers.get("origin"), host, others):
        raise ForeignOrigin(f"Pages of another site than {host[:100]} may not {purpose}.")


def is_admitted(origin: str | None, host: str, others: Collection[str]) -> bool:
    """Whether a request comes from one of our own pages, from an admitted one, or from no page at all.

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
