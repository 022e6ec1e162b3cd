"""KnownHostsMiddleware: only requests that are addressed to this server by one of its names.

A page of another site can point its own name at 127.0.0.1 (DNS rebinding). A browser then takes the server for that
site and lets its scripts read everything, but the Host header still has the other name.
"""

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import UnknownHost
from app.middleware.headers import request_header
from app.problems import problem_response

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""A server that listens on one of these is meant for this machine, and is addressed by one of these."""


class KnownHostsMiddleware:
    """Responds with 421 to requests for other hosts."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        """Admit hosts.

        Args:
            app: The application.
            hosts: Names without ports, ``*.example.org`` for all names below one; empty admits every host.
        """
        self._app = app
        self._hosts = tuple(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._hosts or scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = request_header(scope, b"host")
        if not is_known(host[:300], self._hosts):
            error = UnknownHost(
                f"The request is for {host[:100]!r}; this server is known as {', '.join(self._hosts)}.",
                headers={"Connection": "close"},
            )
            await problem_response(HTTPConnection(scope), error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def known_hosts(configured: Collection[str], listening: str) -> Collection[str]:
    """The hosts to admit: the configured ones; without any, those of this machine if the server listens there alone.

    Args:
        configured: Names from the settings.
        listening: The address that the server listens on.
    """
    return configured or (LOOPBACK if listening in LOOPBACK else ())


@lru_cache(maxsize=256)
def is_known(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether a Host header has one of the names.

    >>> is_known("localhost:8000", LOOPBACK), is_known("[::1]:8000", LOOPBACK), is_known("evil.example", LOOPBACK)
    (True, True, False)
    >>> is_known("a.example.org", ("*.example.org",)), is_known("example.org.evil", ("example.org",))
    (True, False)
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets that do not match
        return False
    return any(
        name == known.lower() or (known.startswith("*.") and name.endswith(known[1:].lower())) for known in hosts
    )
